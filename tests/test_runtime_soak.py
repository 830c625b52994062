"""Ten thousand documents in one process: resident memory and linear memory stay where they are."""

from __future__ import annotations

import gc
import random
from pathlib import Path

import psutil
import pytest
from conftest import Configure
from peak_memory import peak_bytes

from scrapy_riptide import Extractor
from scrapy_riptide.config import MIB

URL = "https://example.com/"
WARM_UP, DOCUMENTS = 500, 10_000
PAGE = """<!doctype html><html lang="en"><head><title>Number {n}</title>
<meta property="og:image" content="/i{n}.png"></head><body><nav><a href="/">Home</a></nav><article>
<h1>Number {n}</h1><p>It was a clear morning, and the path along the river was empty but for a heron.</p>
<p>We walked as far as the mill, where the water runs <a href="/fast/{n}">fast</a>, and there we sat.</p>
</article></body></html>"""


def resident_bytes() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


@pytest.mark.slow
@pytest.mark.parametrize("component", ["packaged", "misbehaving"])
def test_memory_stays_where_it_is(config: Configure, real_config: Configure, component: str) -> None:
    make = real_config if component == "packaged" else config
    # One instance for all of them: what it doesn't give back would add up.
    options = {"max_pool_size": 1, "max_uses": 10**6, "enable_leak_detection": False}
    with Extractor(make(**options)) as extractor:

        def extract(count: int) -> None:
            pages = ((PAGE.format(n=n), f"https://example.com/{n}") for n in range(count))
            for result in extractor.extract_many(pages):
                assert not isinstance(result, Exception)

        extract(WARM_UP)
        resident, pages = resident_bytes(), extractor.metrics()["riptide_wasm_memory_pages"]
        extract(DOCUMENTS)
        metrics = extractor.metrics()
        assert resident_bytes() - resident < 5 * MIB
        assert metrics["riptide_wasm_memory_pages"] == pages
        assert metrics["riptide_pool_instances_created_total"] == 1
        assert metrics["riptide_pages_extracted_total"] == WARM_UP + DOCUMENTS


@pytest.mark.slow
def test_failures_leave_nothing_behind_either(config: Configure) -> None:
    fates = ["!t", "!o", "!d", "!x", "!e0", "fine"]
    with Extractor(config(max_pool_size=2, max_workers=2, memory_limit_pages=64)) as extractor:

        def extract(count: int) -> None:
            for _ in extractor.extract_many((fates[n % 6], "https://example.com/") for n in range(count)):
                pass

        extract(WARM_UP)
        resident = resident_bytes()
        extract(4 * WARM_UP)
        assert resident_bytes() - resident < 5 * MIB


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak can't be reset here")
def test_a_steady_crawl_of_ordinary_pages_has_no_spike_and_uses_its_instances_again(
    real_config: Configure,
) -> None:
    """With the defaults, so that instances come to their thousandth use."""
    chosen = random.Random(3)  # noqa: S311
    body = PAGE[PAGE.index("<article>") :]
    pages = [(PAGE.format(n=n) + body.format(n=n) * chosen.randrange(100), URL) for n in range(2500)]
    with Extractor(real_config()) as extractor:
        assert not any(isinstance(each, Exception) for each in extractor.extract_many(pages[:WARM_UP]))
        steady = resident_bytes()
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        assert not any(isinstance(each, Exception) for each in extractor.extract_many(pages))
        peak = peak_bytes()
        metrics = extractor.metrics()
    assert peak - steady < 200 * MIB
    assert metrics["riptide_pool_reuse_ratio"] >= 0.94
    assert metrics["riptide_pool_retired_total"].keys() <= {"uses"}
