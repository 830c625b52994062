"""Whole results of hand-written pages, as files that a person can read.

A page is ``golden/<name>.html``, its result ``golden/<name>.md``: every field, then the Markdown and the
text of article mode, then the Markdown of full mode. ``make golden`` (``pytest tests/test_golden.py
--update-golden``) writes the results anew; the diff is for a person to judge.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from difflib import unified_diff
from pathlib import Path

import pytest
from conftest import Configure

from scrapy_riptide import ExtractedContent, Extractor

GOLDEN = Path(__file__).parent / "golden"

URLS = {
    "arabic": "https://www.marfa.example/local/jisr-2024",
    "blog-post": "https://ryeandseawater.example/2023/11/sourdough-stopped-rising/",
    "chinese": "http://www.matou.example/bendi/qiao.html",
    "code": "https://saltandpointers.example/ring-buffer",
    "documentation": "https://tidal.example/docs/start.html",
    "forum-thread": "https://forum.smallboat.example/threads/outboard-dies-after-ten-minutes.9001/",
    "japanese": "https://www.hatoba.example/chiiki/hashi",
    "layout-soup": "http://wreckers.example/lv7.htm",
    "listing": "https://www.quaycourier.example/local",
    "news-article": "https://www.quaycourier.example/local/harbour-bridge-reopens",
    "product": "https://shop.chandlery.example/p/tide-clock",
    "recipe": "https://phare.example/soupe-de-poissons",
    "single-page-app": "https://sealanes.example/story/night-ferries",
    "tables": "https://almanac.example/wiki/Tidal_range",
}


@pytest.fixture(scope="module")
def golden_extractor(real_config: Configure) -> Iterator[Extractor]:
    with Extractor(real_config()) as extractor:
        yield extractor


def test_every_page_has_an_address() -> None:
    assert sorted(page.stem for page in GOLDEN.glob("*.html")) == sorted(URLS)
    assert {result.stem for result in GOLDEN.glob("*.md")} <= set(URLS)


@pytest.mark.parametrize("name", sorted(URLS))
def test_the_whole_result_is_the_known_one(
    name: str, golden_extractor: Extractor, request: pytest.FixtureRequest
) -> None:
    html = (GOLDEN / f"{name}.html").read_text(encoding="utf-8")
    article = golden_extractor.extract(html, URLS[name])
    full = golden_extractor.extract(html, URLS[name], "full")
    found = _as_file(article, full)
    known = GOLDEN / f"{name}.md"
    if request.config.getoption("--update-golden"):
        known.write_text(found, encoding="utf-8")
        return
    expected = known.read_text(encoding="utf-8")
    if found != expected:
        diff = unified_diff(expected.splitlines(), found.splitlines(), "known", "found", lineterm="")
        pytest.fail("\n".join(["the result has changed:", *diff]), pytrace=False)


def test_metadata_is_the_same_in_every_mode(golden_extractor: Extractor) -> None:
    for name, url in URLS.items():
        html = (GOLDEN / f"{name}.html").read_text(encoding="utf-8")
        article = golden_extractor.extract(html, url)
        metadata = golden_extractor.extract(html, url, "metadata")
        fields = ("title", "byline", "published_iso", "site_name", "description", "categories")
        assert [getattr(metadata, each) for each in fields] == [getattr(article, each) for each in fields]
        assert (metadata.text, metadata.markdown, metadata.links) == ("", "", [])


def test_favor_keeps_less_or_more(golden_extractor: Extractor) -> None:
    words = {"precision": 0, "balanced": 0, "recall": 0}
    for name, url in URLS.items():
        html = (GOLDEN / f"{name}.html").read_text(encoding="utf-8")
        kept = {}
        for favor in ("precision", "balanced", "recall"):
            content = golden_extractor.extract(html, url, favor=favor)
            kept[favor] = set(content.text.split())
            words[favor] += content.word_count or 0
        assert kept["precision"] <= kept["balanced"] <= kept["recall"], name
    assert 0 < words["precision"] < words["recall"]


def _as_file(article: ExtractedContent, full: ExtractedContent) -> str:
    fields = asdict(article)
    markdown, text = fields.pop("markdown"), fields.pop("text")
    lines = ["---"]
    for name, value in fields.items():
        if isinstance(value, list):
            lines += [f"{name}:", *(f"  - {each}" for each in value)] if value else [f"{name}: []"]
        else:
            lines.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    lines += ["---", ""]
    for title, body in (
        ("article, Markdown", markdown),
        ("article, text", text),
        ("full, Markdown", full.markdown),
    ):
        lines += [f"<!-- {title} -->", "", body, ""]
    return "\n".join(lines)
