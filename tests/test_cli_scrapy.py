"""``scrapy riptide``: the same commands, found by Scrapy, with a project's settings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from projects import scrapy, start_project
from waiting import PATIENCE_S

PAGE = "<html lang=en><title>A page</title><p>Some words, enough of them to be worth the name of a text."


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return start_project(tmp_path_factory.mktemp("projects"))


def test_scrapy_lists_the_command_in_and_out_of_a_project(project: Path, tmp_path: Path) -> None:
    for directory in (project, tmp_path):
        assert "  riptide       Extract a page" in scrapy(cwd=directory).stdout


def test_it_extracts_as_riptide_does(project: Path) -> None:
    arguments = ["extract", "--input-file", "-", "--url", "https://a.example/b"]
    by_scrapy = scrapy("riptide", *arguments, cwd=project, stdin=PAGE)
    by_itself = subprocess.run(
        [sys.executable, "-m", "scrapy_riptide", *arguments],
        input=PAGE,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=True,
    )
    assert (by_scrapy.returncode, by_scrapy.stderr) == (0, "")
    assert json.loads(by_scrapy.stdout) == json.loads(by_itself.stdout)


def test_it_reads_the_project_s_settings(project: Path) -> None:
    settings = project / "shelf" / "settings.py"
    before = settings.read_text()
    settings.write_text(f"{before}\nRIPTIDE_FALLBACK = None\n")
    try:
        health = scrapy("riptide", "health", cwd=project)
    finally:
        settings.write_text(before)
    assert health.returncode == 0
    assert json.loads(health.stdout)["fallback"] is None


def test_a_setting_may_come_from_the_command_line(project: Path) -> None:
    result = scrapy("riptide", "-s", "RIPTIDE_TIMEOUT_SECS=soon", "health", cwd=project)
    assert (result.returncode, result.stdout) == (2, "")
    assert "RIPTIDE_TIMEOUT_SECS = 'soon' is not allowed" in result.stderr
    assert "Traceback" not in result.stderr


def test_exit_codes_are_the_same(project: Path) -> None:
    assert scrapy("riptide", "extract", "--input-file", "nothing", cwd=project).returncode == 1
    assert scrapy("riptide", "extract", "--nonsense", cwd=project).returncode == 2
    assert scrapy("riptide", cwd=project).returncode == 2
