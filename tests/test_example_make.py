"""The commands that the README names, in a fresh copy of the clone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ["Makefile", "pyproject.toml", "README.md", "LICENSE", "NOTICE", "scrapy_riptide", "example_project"]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def make(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments],
        cwd=cwd,
        env={**environ, "COLUMNS": "130"},
        capture_output=True,
        encoding="utf-8",
        timeout=900,
        check=False,
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("a directory with blanks") / "clone"
    directory.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "out", ".scrapy")
            shutil.copytree(ROOT / part, directory / part, ignore=ignored)
        else:
            shutil.copy(ROOT / part, directory / part)
    return directory


@pytest.mark.slow
def test_make_crawl_does_it_all_and_installs_nothing_the_second_time(clone: Path) -> None:
    first = make("crawl", cwd=clone)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Making a virtual environment in .venv with Python 3.")
    assert "日本語" not in first.stdout
    assert "朝の港で鯖を選ぶ" in first.stdout
    assert (clone / "example_project" / "out" / "article.jsonl").stat().st_size > 10_000
    second = make("crawl", "PAGES=3", cwd=clone)
    assert second.returncode == 0, second.stderr
    assert "Installing" not in second.stdout
    assert " pages in " in second.stdout


def test_a_python_that_is_too_old_or_missing_is_said(clone: Path) -> None:
    result = make("crawl", "VENV=other", "PYTHONS=python2.7 no-python", cwd=clone)
    assert result.returncode != 0
    assert "Python 3.10 or later is needed, and none of these is: python2.7 no-python." in result.stderr
    assert not (clone / "other").exists()


def test_a_python_without_virtual_environments_is_said(clone: Path, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n')
    python.chmod(0o755)
    result = make("crawl", "VENV=other", f"PYTHONS={python}", cwd=clone)
    assert result.returncode != 0
    assert (
        "can't make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" in result.stderr
    )


def test_help_names_every_command() -> None:
    result = make("help", cwd=ROOT)
    commands = [line.split()[0] for line in result.stdout.splitlines()]
    assert commands == (
        ["help", "crawl", "test", "golden", "lint", "docs", "guest", "train", "bench", "soak", "clean"]
    )
