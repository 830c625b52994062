"""Projects: those of ``scrapy startproject``, Scrapy's commands in them, and the example with its site."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import PATIENCE_S

EXAMPLE = Path(__file__).parents[1] / "example_project"


def scrapy(*arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """What ``scrapy`` says in a directory."""
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )


def start_project(directory: Path) -> Path:
    """What ``scrapy startproject shelf`` makes: nothing in it knows of the plugin."""
    started = scrapy("startproject", "shelf", cwd=directory)
    assert started.returncode == 0, started.stderr
    return directory / "shelf"


@contextmanager
def bundled_site() -> Iterator[str]:
    """The example's own site, served by its command; the address that it prints."""
    command = [sys.executable, "-m", "example.bundled_site"]
    with subprocess.Popen(command, cwd=EXAMPLE, stdout=subprocess.PIPE, encoding="utf-8") as server:
        try:
            assert server.stdout
            yield next(word for word in server.stdout.readline().split() if "://" in word)
        finally:
            server.kill()
