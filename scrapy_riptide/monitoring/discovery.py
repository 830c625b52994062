"""Files by which Prometheus finds a crawl: a target for each server, or the metrics themselves."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path

from scrapy_riptide.whole_files import write_whole

_PREFIX = "riptide-"
_CONNECT_TIMEOUT_S = 0.5


class TargetFile:
    """A ``file_sd`` file for one server: written when it listens, removed before it stops.

    A process that was killed leaves its file behind; whoever starts next in that directory and on
    that machine removes it.

    :param directory: made if it isn't there
    :param labels: what Prometheus is to know about the target
    :raises OSError: the directory can't be written
    """

    def __init__(self, directory: str, host: str, port: int, labels: Mapping[str, str]) -> None:
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        address = with_port(name_of(host), port)
        _sweep(folder, address)
        self._path = folder / f"{_PREFIX}{socket.gethostname()}-{os.getpid()}-{port}.json"
        target = {
            "targets": [address],
            "labels": {key: value for key, value in labels.items() if value},
        }
        write_whole(self._path, json.dumps([target], indent=2).encode() + b"\n")

    def remove(self) -> None:
        """Takes the file away. Idempotent."""
        self._path.unlink(missing_ok=True)


def name_of(host: str) -> str:
    """Under which name, in small letters, others ask a server that listens on ``host``."""
    every_interface = host in {"0.0.0.0", "::"}  # noqa: S104
    return (socket.gethostname() if every_interface else host).lower()


def with_port(host: str, port: int) -> str:
    """Host and port as in a URL, where an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _sweep(folder: Path, own: str) -> None:
    # To the end: the name of another machine may begin with this one's.
    ours = re.compile(rf"{_PREFIX}{re.escape(socket.gethostname())}-(\d+)-\d+\.json")
    for path in folder.iterdir():
        name = ours.fullmatch(path.name)
        if name and not (_is_running(int(name[1])) and _leads_to_another(path, own)):
            path.unlink(missing_ok=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _leads_to_another(path: Path, own: str) -> bool:
    """Whether a target answers that is not this process's own. Process numbers come round again."""
    try:
        address = json.loads(path.read_text())[0]["targets"][0]
        if address == own:
            return False
        host, _, port = address.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_TIMEOUT_S):
            return True
    except (OSError, ValueError, LookupError):
        return False
