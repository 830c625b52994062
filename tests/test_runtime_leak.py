"""The leak watch: finds slow leaks as well as fast ones, and takes no crawl's documents for one."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from conftest import Configure

from scrapy_riptide import Extractor
from scrapy_riptide.wasm.leak import LeakWatch

MIXED = random.Random(5)  # noqa: S311


def uses_until_found(pages_of: list[tuple[int, int]]) -> int | None:
    """After how many uses, of (bytes of a document, pages it needs), a leak is reported."""
    watch = LeakWatch()
    peak = 0
    for use, (size, needed) in enumerate(pages_of, 1):
        peak = max(peak, needed)
        if watch.record(size, peak):
            return use
    return None


@pytest.mark.parametrize(("every", "uses"), [(1, 15), (2, 30), (5, 75), (20, 300), (60, 900)])
def test_a_leak_of_a_page_now_and_then_is_found(every: int, uses: int) -> None:
    assert uses_until_found([(1000, 75 + use // every) for use in range(1000)]) == pytest.approx(
        uses, rel=0.1
    )


def test_a_leak_below_the_noise_of_mixed_documents_is_found() -> None:
    pages = [(size := round(MIXED.lognormvariate(11, 1)), size // 30_000) for _ in range(1000)]
    found = uses_until_found([(size, 75 + needed + use // 5) for use, (size, needed) in enumerate(pages)])
    assert found is not None


def test_documents_in_no_order_are_no_leak_whatever_memory_they_need() -> None:
    """What a document needs has little to do with its size: three hundred instances' lives."""
    for _ in range(300):
        pages = [(round(MIXED.lognormvariate(11, 1)), round(MIXED.lognormvariate(5, 1))) for _ in range(1000)]
        assert uses_until_found(pages) is None


def test_documents_in_order_of_size_are_no_leak() -> None:
    sizes = sorted(round(MIXED.lognormvariate(11, 1)) for _ in range(1000))
    assert all(one <= other for one, other in pairwise(sizes))
    assert uses_until_found([(size, 75 + size // 1000) for size in sizes]) is None
    assert uses_until_found([(size, 75 + size // 1000) for size in reversed(sizes)]) is None


def test_a_leak_is_reported_once() -> None:
    watch = LeakWatch()
    assert sum(watch.record(1000, 75 + use) for use in range(500)) == 1


@pytest.mark.slow
def test_the_packaged_guest_does_not_leak_over_mixed_documents(real_config: Configure) -> None:
    def document() -> str:
        paragraphs = round(MIXED.lognormvariate(3, 1))
        links = round(MIXED.lognormvariate(3, 1.5))
        table = "<table>" + "<tr><td>cell<td>cell" * MIXED.choice([0, 0, 0, 100]) + "</table>"
        return (
            "<article>"
            + "<p>A sentence of some words, so that there is something to find, and more.</p>" * paragraphs
            + "".join(f'<li><a href="/{number}">link {number}</a>' for number in range(links))
            + table
            + "</article>"
        )

    with Extractor(real_config(max_workers=1, max_uses=10_000)) as made:
        for _ in range(600):
            made.extract(document(), "https://example.com/", MIXED.choice(["article", "full", "metadata"]))
        metrics = made.metrics()
    assert (metrics["riptide_wasm_leaks_total"], metrics["riptide_pool_retired_total"]) == (0, {})
