"""The example project, crawled for real."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE_S

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "example_project" / "example" / "pages"
# A page of the site that nothing links to would not be crawled, and one that is not there is a 404.
MISSING = ["/archive/guestbook.html", "/archive/lost.html"]


def served_path(page: Path) -> str:
    return f"/{page.relative_to(PAGES).as_posix()}".removesuffix("index.html")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, so that nobody's own crawl is overwritten."""
    copy = tmp_path_factory.mktemp("example") / "example_project"
    shutil.copytree(ROOT / "example_project", copy, ignore=shutil.ignore_patterns("out", "__pycache__"))
    return copy


def crawl(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "article", *arguments],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        # Another line on a busy machine, which is not what is looked at here.
        env={**os.environ, "COLUMNS": "130", "RIPTIDE_WASM_COLD_START_TARGET_MS": "60000"},
        check=False,
    )


def documents(project: Path) -> list[dict[str, Any]]:
    lines = (project / "out" / "article.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def path_of(document: dict[str, Any]) -> str:
    return re.sub(r"^http://127\.0\.0\.1:\d+", "", document["url"])


@pytest.fixture(scope="module")
def bundled(project: Path) -> subprocess.CompletedProcess[str]:
    result = crawl(project)
    assert result.returncode == 0, result.stderr
    return result


def test_every_page_of_the_bundled_site_is_collected(
    project: Path, bundled: subprocess.CompletedProcess[str]
) -> None:
    by_path = {path_of(document): document for document in documents(project)}
    assert {served_path(page) for page in PAGES.rglob("*.html")} <= by_path.keys()
    assert all(document["title"] and document["text"] for document in by_path.values())
    assert not by_path.keys() & set(MISSING)


def test_documents_have_their_language_their_author_and_their_date(
    project: Path, bundled: subprocess.CompletedProcess[str]
) -> None:
    by_path = {path_of(document): document for document in documents(project)}
    assert {path.split("/")[1]: by_path[path]["language"] for path in by_path if path.endswith("l")} == {
        "archive": "en",
        "blog": "en",
        "de": "de",
        "docs": "en",
        "es": "es",
        "forum": "en",
        "fr": "fr",
        "ja": "ja",
        "news": "en-GB",
        "shop": "en-GB",
    }
    ferry = by_path["/de/faehre.html"]
    assert (ferry["byline"], ferry["published_iso"]) == ("Lena Brandt", "2026-03-08T17:45:00+01:00")
    # Written in Windows-1252, thirty years ago.
    assert "Café au Lait" in by_path["/archive/1998-regatta.html"]["text"]


def test_the_table_has_a_line_for_every_page(bundled: subprocess.CompletedProcess[str]) -> None:
    lines = bundled.stdout.splitlines()
    assert lines[0].split() == ["page", "title", "language", "words", "links", "ms"]
    table = {line.split()[0]: line for line in lines[1 : lines.index("")]}
    for page in PAGES.rglob("*.html"):
        assert any(served_path(page).startswith(start.rstrip("…")) for start in table)
    assert all("(not extracted: status 404)" in table[path] for path in MISSING)


def test_the_figures_add_up(bundled: subprocess.CompletedProcess[str]) -> None:
    outcomes = re.search(
        r"^Outcomes  (\d+) responses = (\d+) extracted \+ (\d+) skipped \((.*)\)$",
        bundled.stdout,
        re.MULTILINE,
    )
    assert outcomes
    seen, extracted, skipped = map(int, outcomes.groups()[:3])
    assert seen == extracted + skipped
    kinds = dict(part.rsplit(" ", 1) for part in outcomes[4].split(", "))
    assert sum(map(int, kinds.values())) == skipped
    assert kinds["not_html"] == kinds["robots_txt"] == "1"
    for name in ("Pool", "Memory", "Start"):
        assert re.search(rf"^{name} +\d", bundled.stdout, re.MULTILINE)


def test_progress_is_a_line_a_page_where_nobody_watches(bundled: subprocess.CompletedProcess[str]) -> None:
    lines = bundled.stderr.splitlines()
    assert lines[0].startswith("Crawling http://127.0.0.1:")
    assert lines[1].startswith("   1  /  ")
    assert "\x1b" not in bundled.stderr + bundled.stdout


def test_the_page_limit_is_kept(project: Path) -> None:
    assert re.search(r"^1 page in ", crawl(project, "-a", "pages=1").stdout, re.MULTILINE)
    few = crawl(project, "-a", "pages=6")
    assert re.search(r"^[4-6] pages in ", few.stdout, re.MULTILINE)


def test_a_wrong_page_limit_is_named(project: Path) -> None:
    result = crawl(project, "-a", "pages=many")
    assert "pages=many is not allowed: give a whole number, at least 1" in result.stderr
    assert result.returncode == 1


def test_another_site_is_crawled_and_stayed_on(project: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "example.bundled_site"], cwd=project, stdout=subprocess.PIPE, encoding="utf-8"
    )
    try:
        assert server.stdout
        address = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
        assert address
        result = crawl(project, "-a", f"url={address[0]}docs/")
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=PATIENCE_S)
    assert (result.returncode, server.returncode) == (0, 0)
    assert f"Crawling {address[0]}docs/" in result.stderr
    found = documents(project)
    assert path_of(found[0]) == "/docs/"
    assert len(found) > 10
    assert all(document["url"].startswith(address[0]) for document in found)


def test_a_site_that_is_not_there_is_said(project: Path) -> None:
    result = crawl(project, "-a", "url=http://127.0.0.1:1/", "-s", "RETRY_ENABLED=0")
    assert "There was no page to read." in result.stdout
    assert "refused" in result.stderr


def test_ctrl_c_ends_with_the_table(project: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "scrapy",
            "crawl",
            "article",
            "-s",
            "DOWNLOAD_SLOTS={}",
            "-s",
            "DOWNLOAD_DELAY=1",
        ],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stderr
    while "   1  /" not in (line := process.stderr.readline()):
        assert line, "it ended without a page"
    process.send_signal(signal.SIGINT)
    output, messages = process.communicate(timeout=PATIENCE_S)
    assert "ended early (shutdown)" in output
    assert "Traceback" not in messages
