"""Whole crawls: real pages, and pages that hurt, in which nothing may be lost."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest
from crawls import AS_IT_IS, Page, PageSpider, article, crawl, site

ARCHIVE = Path(__file__).parents[2] / "shared" / "data" / "wcxb-dev.tar.xz"
NUMBER_OF_PAGES = 200


def _real_pages() -> dict[str, Page]:
    pages: dict[str, Page] = {}
    with tarfile.open(ARCHIVE) as tar:
        for member in tar:
            if member.name.endswith(".html"):
                content = tar.extractfile(member)
                assert content is not None
                pages[f"/{Path(member.name).name}"] = content.read()
                if len(pages) == NUMBER_OF_PAGES:
                    break
    return pages


@pytest.mark.slow
@pytest.mark.skipif(not ARCHIVE.exists(), reason=f"needs {ARCHIVE.name} in ../shared/data")
async def test_two_hundred_real_pages_have_an_outcome_each(cache_dir: Path) -> None:
    pages = _real_pages()
    async with site(pages) as root:
        result = await crawl(
            PageSpider, {"RIPTIDE_CACHE_DIR": str(cache_dir), **AS_IT_IS}, root=root, paths=tuple(pages)
        )
    outcomes = result.outcomes()
    assert outcomes["pages/seen"] == result.stats["response_received_count"] == NUMBER_OF_PAGES
    assert {item["path"] for item in result.items} == set(pages)
    assert all(item["content"] is not None or item["error"] is not None for item in result.items)
    # These pages are pages: a guest that fails on one of them is broken.
    assert outcomes == {"pages/seen": NUMBER_OF_PAGES, "pages/extracted": NUMBER_OF_PAGES}


@pytest.mark.usefixtures("own_time")
async def test_three_pages_that_hurt_are_counted_as_what_they_were_and_harm_no_other(
    cache_dir: Path, misbehaving: Path
) -> None:
    good = {f"/good/{number}": article(f"Page {number}") for number in range(20)}
    bad = {"/spins": "!s", "/exhausts": "!x", "/traps": "!t"}
    # The bad ones in the middle, so that others are under way beside them.
    paths = (*list(good)[:10], *bad, *list(good)[10:])
    settings: dict[str, Any] = {
        "RIPTIDE_CACHE_DIR": str(cache_dir),
        "RIPTIDE_COMPONENT": str(misbehaving),
        "RIPTIDE_TIMEOUT_SECS": 0.3,
        "RIPTIDE_MEMORY_LIMIT_MB": 32,
        "RIPTIDE_FALLBACK": None,
        **AS_IT_IS,
    }
    async with site({**good, **bad}) as root:
        result = await crawl(PageSpider, settings, root=root, paths=paths)
    assert result.outcomes() == {
        "pages/seen": 23,
        "pages/extracted": 20,
        "errors/timeout": 1,
        "errors/memory_limit": 1,
        "errors/trap": 1,
    }
    errors = {item["path"]: item["error"]["kind"] for item in result.items if item["error"]}
    assert errors == {"/spins": "timeout", "/exhausts": "memory_limit", "/traps": "trap"}
    texts = {item["path"]: item["content"].text for item in result.items if item["content"]}
    assert texts == good
    # It grows by 16 pages until one growth is denied.
    assert result.riptide("wasm/grow_failed", "pool/retired/failed") == {
        "wasm/grow_failed": 1,
        "pool/retired/failed": 3,
    }
