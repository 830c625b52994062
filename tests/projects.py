"""Projects of ``scrapy startproject``, and Scrapy's commands in them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from waiting import PATIENCE_S


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
