"""Files of which a reader sees all, or what was there before."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from threading import get_ident

#: The suffix of files that a killed process left behind.
UNFINISHED = ".tmp"


def write_whole(path: Path, content: bytes, *, durable: bool = False, mode: int = 0o666) -> None:
    """Writes a file and puts it in place at once, so that nobody reads a half of it.

    :param durable: whether it is whole after a power cut, too, which costs the wait for the disk
    :param mode: the permissions, of which the process's umask takes some away
    :raises OSError: the file is as it was before, and no part of the new one is left behind
    """
    # A hidden name, without the suffix by which such files are looked for (*.json, *.prom, *.md), and
    # that no other thread writes at.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}{UNFINISHED}")
    try:
        with open(unfinished, "wb", opener=partial(os.open, mode=mode)) as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
