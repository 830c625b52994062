"""The front door: what an ``Extractor`` answers, and what it says when it can't."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import pickle
import re
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Configure, MakeExtractor, MakeRuntime
from misbehaving import INTERFACE, START_PAGES, write_misbehaving
from spinning import guests_running
from waiting import PATIENCE_S, wait_for
from wasmtime import wat2wasm

from scrapy_riptide import (
    ComponentInfo,
    ExtractedContent,
    ExtractionStats,
    Extractor,
    ExtractorConfig,
    errors,
)
from scrapy_riptide import extractor as extractor_module
from scrapy_riptide.config import PAGE_BYTES
from scrapy_riptide.content import Mode
from scrapy_riptide.wasm import component, host, lifting, memory
from scrapy_riptide.wasm import runtime as runtime_module
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.utf8 import utf8

URL = "https://example.com/"


# One document.


def test_content_and_what_it_cost(extractor: MakeExtractor) -> None:
    started = time.perf_counter()
    content, stats = extractor().extract_with_stats("hello", URL)
    elapsed_ms = (time.perf_counter() - started) * 1000
    assert content == ExtractedContent(url=URL, text="hello")
    assert stats == ExtractionStats(
        processing_time_ms=stats.processing_time_ms,
        memory_used=START_PAGES * PAGE_BYTES,
        nodes_processed=None,
        links_found=0,
        images_found=0,
    )
    assert 0 <= stats.processing_time_ms <= round(elapsed_ms)


def test_the_other_functions_of_the_contract(extractor: MakeExtractor) -> None:
    made = extractor()
    assert made.info() == ComponentInfo("misbehaving", "0.2.0", "0.2.0", [], [])
    assert (made.modes(), made.reset(), made.validate("x"), made.extract_links("x", URL)) == (
        ["article"],
        "reset",
        True,
        [],
    )
    assert made.guest_health().trek_version == "misbehaving 1.0"


async def test_every_document_is_encoded_on_a_worker_thread(
    extractor: MakeExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: dict[str, str] = {}

    def noted(text: str | bytes) -> bytes:
        encoded[str(text)] = threading.current_thread().name
        return utf8(text)

    made = extractor()
    monkeypatch.setattr(lifting, "utf8", noted)
    await made.extract_async("a page", URL)
    await made.extract_links_async("a page with links", URL)
    made.validate("a page to validate")
    for page in ("a page", "a page with links", "a page to validate", URL):
        assert encoded[page].startswith("riptide-worker"), page


def test_an_outcome_has_its_error_or_its_content(extractor: MakeExtractor) -> None:
    made = extractor()
    good, bad = made.run("fine", URL), made.run("!t", URL)
    assert (good.content, good.error) == (ExtractedContent(url=URL, text="fine"), None)
    assert (bad.content, type(bad.error), bad.stats) == (None, errors.GuestTrap, None)
    assert good.duration_ms > 0
    assert bad.duration_ms > 0


async def test_awaited_it_is_the_same(extractor: MakeExtractor) -> None:
    made = extractor()
    assert await made.extract_async("fine", URL) == made.extract("fine", URL)
    content, stats = await made.extract_with_stats_async("fine", URL)
    assert (content.text, stats.memory_used) == ("fine", START_PAGES * PAGE_BYTES)
    with pytest.raises(errors.GuestTrap):
        await made.extract_async("!t", URL)
    assert (await made.run_async("!e2", URL)).error is not None


async def test_the_event_loop_goes_on_while_a_guest_spins(extractor: MakeExtractor) -> None:
    made = extractor(timeout_secs=10 * PATIENCE_S)
    task = asyncio.ensure_future(made.run_async("!s", URL))
    while not guests_running(made):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    for _ in range(10):
        await asyncio.sleep(0.01)
    assert not task.done()
    made.close()
    with pytest.raises(errors.ExtractorClosed):
        await task


# Many documents.


def numbered(count: int) -> Iterator[tuple[str, str]]:
    return ((f"page {number}", URL) for number in range(count))


def test_a_batch_keeps_its_order_and_gives_errors_in_their_places(extractor: MakeExtractor) -> None:
    made = extractor(max_pool_size=4, max_workers=4)
    pages = ["!b", "fine", "!t", "!e2", "", "!b", "end"]
    results = list(made.extract_many((page, URL) for page in pages))
    assert [
        result.kind if isinstance(result, errors.ExtractionError) else result.text for result in results
    ] == ["!b", "fine", "trap", "parse", "", "!b", "end"]


def test_a_document_of_a_wrong_type_is_its_own_error_and_the_batch_goes_on(extractor: MakeExtractor) -> None:
    made = extractor()
    pages: Any = [("first", URL), (None, URL), (["x"], URL), ("second", 5), ("last", URL)]
    results = list(made.extract_many(pages))
    assert [each.text if isinstance(each, ExtractedContent) else str(each) for each in results] == [
        "first",
        "a document or an address is str or bytes, not NoneType",
        "a document or an address is str or bytes, not list",
        "a document or an address is str or bytes, not int",
        "last",
    ]
    assert {type(each) for each in results[1:4]} == {errors.InvalidHtmlError}
    metrics = made.metrics()
    assert (metrics["riptide_pages_extracted_total"], metrics["riptide_errors_total"]) == (
        2,
        {"invalid_html": 3},
    )


def test_a_batch_reads_only_as_far_ahead_as_it_needs(extractor: MakeExtractor) -> None:
    made = extractor(max_pool_size=2, max_workers=2)
    read = 0

    def pages() -> Iterator[tuple[str, str]]:
        nonlocal read
        for page in numbered(1000):
            read += 1
            yield page

    most_ahead = 0
    for count, _ in enumerate(made.extract_many(pages()), start=1):
        most_ahead = max(most_ahead, read - count)
    assert (read, count) == (1000, 1000)
    assert most_ahead <= 2 * 2


def test_a_batch_may_be_left_early(extractor: MakeExtractor) -> None:
    made = extractor()
    batch = made.extract_many((f"page {number}", URL) for number in itertools.count())
    first = [next(batch) for _ in range(3)]
    assert [result.text for result in first if isinstance(result, ExtractedContent)] == [
        "page 0",
        "page 1",
        "page 2",
    ]
    batch.close()  # type: ignore[attr-defined]
    assert made.extract("fine", URL).text == "fine"


def test_an_empty_batch_is_empty(extractor: MakeExtractor) -> None:
    assert list(extractor().extract_many([])) == []


def test_a_batch_passes_on_what_its_source_raises(extractor: MakeExtractor) -> None:
    def pages() -> Iterator[tuple[str, str]]:
        yield "fine", URL
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(extractor().extract_many(pages()))


def test_a_batch_waits_for_instances_as_long_as_it_takes(extractor: MakeExtractor) -> None:
    # The first fills the whole budget, so all others have to wait for it.
    made = extractor(max_pool_size=2, max_workers=2, checkout_timeout_secs=0.01, memory_limit_pages=40)
    pages = ["!g", "!g", "!b", "fine", "!b", "fine"]
    assert [type(result).__name__ for result in made.extract_many((page, URL) for page in pages)] == [
        "ExtractedContent"
    ] * 6


# The component.


def broken(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "broken.wasm"
    path.write_bytes(content)
    return str(path)


def component_error(config: Configure, component: str) -> str:
    with pytest.raises(errors.ComponentError) as caught, Extractor(config(component=component)) as made:
        made.extract("hello", URL)
    return str(caught.value)


def test_a_component_that_is_not_there_is_named(config: Configure) -> None:
    assert component_error(config, "/nowhere/x.wasm") == (
        "the component /nowhere/x.wasm can't be read (No such file or directory): "
        "a component is a file's path or package:resource"
    )


def test_a_resource_that_is_not_there_is_named(config: Configure) -> None:
    assert "scrapy_riptide:nothing.wasm can't be read" in component_error(
        config, "scrapy_riptide:nothing.wasm"
    )
    assert "no_such_package:x.wasm can't be read" in component_error(config, "no_such_package:x.wasm")


def test_a_resource_of_a_package_is_taken(config: Configure) -> None:
    with Extractor(config(component="scrapy_riptide.wasm:extractor.wasm")) as made:
        assert made.info().name == "riptide-extractor"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is no WebAssembly: it doesn't begin with \\0asm"),
        (b"<html>", "is no WebAssembly: it doesn't begin with \\0asm"),
        (bytes(wat2wasm("(module)")), "is a core module, no component"),
        (bytes(wat2wasm("(component)")) + b"\xff\xff", "the component can't be compiled"),
        (
            bytes(wat2wasm("(component)")),
            f"the component doesn't export {INTERFACE}; it exports nothing",
        ),
    ],
)
def test_what_is_no_component_of_the_contract_is_refused(
    config: Configure, tmp_path: Path, content: bytes, sentence: str
) -> None:
    assert sentence in component_error(config, broken(tmp_path, content))


def test_a_component_that_imports_is_refused(config: Configure, tmp_path: Path) -> None:
    component = write_misbehaving(tmp_path, imports=True)
    assert component_error(config, str(component)) == (
        "the component imports host: a guest must import nothing"
    )


def test_a_component_of_another_version_is_refused(config: Configure, tmp_path: Path) -> None:
    component = write_misbehaving(tmp_path, interface="riptide:extractor/extractor@0.1.0")
    assert component_error(config, str(component)) == (
        f"the component doesn't export {INTERFACE}; it exports riptide:extractor/extractor@0.1.0"
    )


def test_a_component_without_a_function_is_refused(config: Configure, tmp_path: Path) -> None:
    component = write_misbehaving(tmp_path, without="get-modes")
    assert component_error(config, str(component)) == f"the component's {INTERFACE} has no function get-modes"


def test_a_component_that_can_not_be_used_is_said_by_health_as_well(
    config: Configure, tmp_path: Path
) -> None:
    component = write_misbehaving(tmp_path, imports=True)
    with Extractor(config(component=str(component))) as made:
        with pytest.raises(errors.ComponentError):
            made.wait_until_ready()
        answers = made.health(), made.health(ask=False)
    for health in answers:
        assert (health["status"], health["reason"]) == (
            "unhealthy",
            "the component imports host: a guest must import nothing",
        )


# Health and metrics.


def test_health_of_a_working_extractor(extractor: MakeExtractor) -> None:
    made = extractor()
    made.extract("fine", URL)
    unasked = made.health(ask=False)
    assert (unasked["status"], unasked["version"], unasked["last_health_check"]) == ("ok", None, None)
    before = time.time()
    health = made.health()
    assert made.health(ask=False) == health
    # The page itself asked a guest, long before the pool does.
    assert before <= health.pop("last_health_check") <= time.time()
    assert health == {
        "status": "ok",
        "reason": None,
        "version": "0.2.0",
        "trek_version": "misbehaving 1.0",
        "capabilities": [],
        "memory_usage_mb": START_PAGES / 16,
        "memory_counters": "exact",
        "extraction_count": 1,
        "pool_size": 1,
        "active_instances": 0,
        "circuit_breaker_state": "closed",
        "memory_pressure": "low",
        "fallback": None,
    }


def test_a_sick_guest_is_unhealthy(extractor: MakeExtractor) -> None:
    made = extractor()
    made.extract("!h", URL)
    assert (made.health()["status"], made.health()["reason"]) == ("unhealthy", "the guest says it is 'sick'")


async def test_health_can_be_awaited(extractor: MakeExtractor) -> None:
    made = extractor()
    assert (await made.health_async())["status"] == "ok"


def test_health_and_metrics_of_a_closed_extractor(extractor: MakeExtractor) -> None:
    made = extractor()
    made.extract("fine", URL)
    made.close()
    assert (made.health()["status"], made.health()["reason"]) == ("unhealthy", "the extractor is closed")
    metrics = made.metrics()
    assert (metrics["riptide_pages_extracted_total"], metrics["riptide_workers_busy"]) == (1, 0)


def test_metrics_before_the_first_document(extractor: MakeExtractor) -> None:
    made = extractor()
    made.wait_until_ready()
    metrics = made.metrics()
    assert metrics["riptide_pages_extracted_total"] == 0
    assert metrics["riptide_pool_reuse_ratio"] is None
    assert metrics["riptide_wasm_cold_start_time_ms"] is None


def test_without_metrics_there_are_no_timings_but_counts(extractor: MakeExtractor) -> None:
    made = extractor(enable_metrics=False)
    made.extract("fine", URL)
    metrics = made.metrics()
    assert metrics["riptide_pages_extracted_total"] == 1
    assert {name for name in metrics if "duration" in name and metrics[name] is not None} == set()


def test_a_compilation_is_no_documents_time_and_who_waits_for_it_is_told(
    config: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_component = component.compile_component
    go_on = threading.Event()
    compiling_s = 1000.0

    def when_told(*arguments: Any, **options: Any) -> Any:
        go_on.wait(PATIENCE_S)
        return compile_component(*arguments, **options)

    def clock() -> float:
        return time.perf_counter() + compiling_s * go_on.is_set()

    monkeypatch.setattr(runtime_module, "compile_component", when_told)
    monkeypatch.setattr(
        extractor_module,
        "time",
        SimpleNamespace(perf_counter=clock, monotonic=time.monotonic, time=time.time),
    )
    with Extractor(config(cache_dir=str(tmp_path / "new"))) as made:
        waiting = made._submit("hello", URL, "article", None, PATIENCE_S)
        wait_for(waiting.running, "a thread has the document")
        with pytest.raises(TimeoutError, match=r"^the component is not loaded after 0\.05 s$"):
            made.wait_until_ready(0.05)
        go_on.set()
        outcome = waiting.result(PATIENCE_S)
        assert outcome.content is not None
        assert outcome.duration_ms < compiling_s * 1000
        assert made.metrics()["riptide_duration_ms_sum"] == outcome.duration_ms


def test_a_slow_start_is_one_warning_a_process(
    config: Configure, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_told_of_cold_start", threading.Event())
    Extractor(config()).close()  # fills the cache
    caplog.clear()
    for _ in range(2):
        with Extractor(config(cold_start_target_ms=0.001)) as made:
            made.extract("hello", URL)
    (warning,) = [record.getMessage() for record in caplog.records if "cold start" in record.getMessage()]
    assert re.fullmatch(
        r"A cold start took \d+\.\d ms with a filled cache, the target is 0\.001 ms "
        r"\(cold_start_target_ms\)\. "
        r"It worked for \d+\.\d ms, \d+ pages and blocks had to come from a disk, and for the rest it waited "
        r"for a busy machine\.",
        warning,
    )


@pytest.mark.parametrize(
    ("worked_and_read", "level"),
    [((20.0, 0), logging.WARNING), ((3.0, 1), logging.WARNING), ((3.0, 0), logging.INFO)],
    ids=["it worked too long", "it waited for a disk", "it waited for a processor"],
)
def test_a_busy_machine_s_slow_start_is_no_warning(
    config: Configure,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    worked_and_read: tuple[float, int],
    level: int,
) -> None:
    monkeypatch.setattr(host, "_told_of_cold_start", threading.Event())
    Extractor(config()).close()  # fills the cache
    with caplog.at_level(logging.INFO), Extractor(config(cold_start_target_ms=15)) as made:
        cost = made._host.runtime.start_cost  # type: ignore[union-attr]
        cost.ms, (cost.worked_ms, cost.disk_reads) = 1000.0, worked_and_read
        monkeypatch.setattr(made._host.runtime, "has_started", True)
        made.extract("hello", URL)
    assert [each.levelno for each in caplog.records if "cold start" in each.getMessage()] == [level]


def test_the_first_instance_that_is_there_is_a_part_of_the_start(
    runtime: MakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, config = runtime()
    seen = [made.start_cost.ms]
    with monkeypatch.context() as patch:
        patch.setattr(made, "component", None)
        with pytest.raises(AttributeError):
            Instance(made, config, 1)
    seen.append(made.start_cost.ms)
    for number in (2, 3):
        Instance(made, config, number).close()
        seen.append(made.start_cost.ms)
    loaded, failed, first, second = seen
    assert loaded == failed < first == second


# The end.


def test_a_closed_extractor_refuses_with_a_sentence(extractor: MakeExtractor) -> None:
    made = extractor()
    made.extract("fine", URL)
    made.close()
    made.close()
    assert made.closed
    for use in (
        lambda: made.extract("fine", URL),
        lambda: made.extract_links("fine", URL),
        lambda: list(made.extract_many(numbered(1))),
        made.info,
        made.reset,
        lambda: asyncio.run(made.extract_async("fine", URL)),
    ):
        with pytest.raises(errors.ExtractorClosed, match="the extractor is closed"):
            use()


def test_an_extractor_that_was_never_used_closes(extractor: MakeExtractor) -> None:
    extractor().close()


def test_closing_while_it_compiles_is_no_error(config: Configure, tmp_path: Path) -> None:
    made = Extractor(config(cache_dir=str(tmp_path / "empty")))
    made.close()
    with pytest.raises(errors.ExtractorClosed):
        made.extract("fine", URL)


def test_a_context_manager_closes_whatever_happens(config: Configure) -> None:
    made = Extractor(config())
    with suppress(ZeroDivisionError), made:
        made.extract("fine", URL)
        raise ZeroDivisionError
    assert made.closed


def test_an_extractor_that_is_dropped_gives_everything_back(config: Configure) -> None:
    before, threads = len(memory._memories), set(threading.enumerate())
    made = Extractor(config())
    made.extract("fine", URL)
    gone = weakref.ref(made)
    del made
    gc.collect()
    # The last to refer to it may be the worker thread, which has told the result and is about to forget it.
    wait_for(lambda: gone() is None, "nothing refers to it")
    wait_for(lambda: len(memory._memories) == before, "its memory is given back")
    wait_for(lambda: set(threading.enumerate()) <= threads, "its threads have ended")


def test_an_extractor_can_not_be_pickled_and_says_what_can(extractor: MakeExtractor) -> None:
    made = extractor()
    with pytest.raises(TypeError, match="pass its config, and make one in each process"):
        pickle.dumps(made)
    assert pickle.loads(pickle.dumps(made.config)) == made.config  # noqa: S301


# The packaged component.

PAGE = """<!doctype html><html lang="en"><head><title>A walk</title></head><body><article><h1>A walk</h1>
<p>It was a clear morning, and the path along the river was empty but for a heron and a man with a dog.</p>
<p>We walked as far as the mill, where the water runs fast, and there we sat and ate what we had brought.</p>
<p>Then the rain came, and with it the question of who had been asked to carry the umbrella, and had not.</p>
</article></body></html>"""


@pytest.mark.parametrize("mode", ["article", "full", "metadata", ["p"]])
@pytest.mark.parametrize("simd", [True, False])
def test_the_packaged_component_extracts(real_extractor: MakeExtractor, mode: Mode, simd: bool) -> None:
    content = real_extractor(enable_simd=simd).extract(PAGE, "https://example.com/walk", mode)
    assert (content.url, content.title, content.engine) == ("https://example.com/walk", "A walk", "wasm")
    assert ("heron" in content.text) == (mode != "metadata")


@pytest.mark.parametrize("html", ["", " \n\t", b""])
def test_no_html_is_invalid(real_extractor: MakeExtractor, html: Any) -> None:
    with pytest.raises(errors.InvalidHtmlError):
        real_extractor().extract(html, URL)


@pytest.mark.parametrize("url", ["", "nonsense", "/relative"])
def test_an_address_that_is_none_is_invalid(real_extractor: MakeExtractor, url: str) -> None:
    with pytest.raises(errors.InvalidHtmlError):
        real_extractor().extract(PAGE, url)


def test_a_bad_selector_is_a_parse_error_that_names_it(real_extractor: MakeExtractor) -> None:
    with pytest.raises(errors.ParseError, match=r"p\[\["):
        real_extractor().extract(PAGE, URL, ["h1", "p[["])


def test_a_document_larger_than_the_memory_is_stopped_and_the_next_one_works(
    real_extractor: MakeExtractor,
) -> None:
    made = real_extractor(memory_limit_mb=8)
    with pytest.raises(errors.MemoryLimitExceeded):
        made.extract("<p>" + "text " * 2_000_000, URL)
    assert made.extract(PAGE, URL).title == "A walk"
    assert made.metrics()["riptide_wasm_peak_memory_pages"] <= 128


def test_the_configuration_is_the_environments_unless_given(
    monkeypatch: pytest.MonkeyPatch, cache_dir: Path
) -> None:
    monkeypatch.setenv("RIPTIDE_WASM_MAX_POOL_SIZE", "3")
    monkeypatch.setenv("RIPTIDE_WASM_CACHE_DIR", str(cache_dir))
    with Extractor() as made:
        assert made.config == ExtractorConfig(max_pool_size=3, cache_dir=str(cache_dir))
