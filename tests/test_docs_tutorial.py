"""The tutorial, done step by step as it is written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from projects import EXAMPLE, bundled_site
from waiting import PATIENCE_S

from scrapy_riptide import ExtractedContent, Extractor

ROOT = Path(__file__).parents[1]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
FENCE = re.compile(
    r"^```(bash|\{code-block\} python)\n(?::caption: ([^\n]*)\n\n)?(.*?)^```$", re.DOTALL | re.MULTILINE
)
#: What the fixtures do instead.
ELSEWHERE = ("cd scrapy-riptide/", "python -m example.bundled_site", "pip install ")


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with bundled_site() as address:
        yield address.strip("/").removeprefix("http://")


def script(site: str) -> str:
    """The tutorial as one script of the shell."""
    steps = ["set -eu"]
    for language, caption, body in FENCE.findall(TUTORIAL):
        if language == "bash":
            steps += [line for line in body.splitlines() if not line.startswith(ELSEWHERE)]
        else:
            steps.append(f"cat > {caption} <<'PYTHON'\n{body}PYTHON")
    return "\n".join(steps).replace("127.0.0.1:8000", site)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, site: str) -> tuple[Path, str]:
    directory = tmp_path_factory.mktemp("tutorial")
    result = subprocess.run(
        ["bash", "-c", script(site)],
        cwd=directory,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        timeout=2 * PATIENCE_S,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return directory / "shelf", result.stdout


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_step_of_the_tutorial_is_understood() -> None:
    assert TUTORIAL.count("\n```") == 2 * len(FENCE.findall(TUTORIAL))


def test_one_page_comes_without_what_surrounds_it(done: tuple[Path, str]) -> None:
    printed = done[1]
    assert "the deck of Saltmere's swing bridge moved for the first time" in printed
    assert '"byline": "Ines Calloway' in printed
    for noise in ("Only what is needed", "The gull's name is Kevin", "Most read"):
        assert noise not in printed


def test_the_first_spider_makes_a_corpus(done: tuple[Path, str]) -> None:
    articles = lines_of(done[0] / "articles.jsonl")
    assert len(articles) >= 11
    assert {(article["language"] or "")[:2] for article in articles} >= {"en", "de", "es", "fr", "ja"}
    assert all(article["title"] and article["text"] for article in articles)


def test_the_second_spider_keeps_the_long_ones(done: tuple[Path, str]) -> None:
    kept = lines_of(done[0] / "long_reads.jsonl")
    assert kept
    assert all(document["minutes"] >= 1 and document["markdown"] for document in kept)


def test_the_same_page_is_the_same_by_every_way(done: tuple[Path, str], site: str) -> None:
    url = f"http://{site}/de/faehre.html"
    html = (EXAMPLE / "example" / "pages" / "de" / "faehre.html").read_text("utf-8")
    with Extractor() as extractor:
        content: ExtractedContent = extractor.extract(html, url)
    article = next(each for each in lines_of(done[0] / "articles.jsonl") if each["url"] == url)
    assert article == {name: getattr(content, name) for name in article}
