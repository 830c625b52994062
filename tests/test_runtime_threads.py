"""One extractor, many threads and tasks: every document has its own result, and the counts add up."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Configure, MakeExtractor
from spinning import guests_running
from waiting import PATIENCE_S, wait_for

from scrapy_riptide import ExtractedContent, Extractor, errors
from scrapy_riptide.wasm import host, memory, workers
from scrapy_riptide.wasm.workers import LoopJob

URL = "https://example.com/"
# What the misbehaving component is told, and what becomes of it.
FATES = {
    "fine": "extracted",
    "!g": "extracted",
    "!c": "extracted",
    "!t": "trap",
    "!o": "trap",
    "!r": "trap",
    "!x": "memory_limit",
    "!s": "timeout",
    "!e0": "invalid_html",
    "!e5": "internal",
}


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Runs ``work`` on some threads at once and raises what any of them raised."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            barrier.wait()
            work(number)
        except BaseException as error:  # noqa: BLE001 (raised below)
            failures.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def fate_of(outcome: Any) -> str:
    return outcome.error.kind if outcome.error else "extracted"


def assert_counts(extractor: Extractor, fates: Counter[str]) -> None:
    metrics = extractor.metrics()
    failed = {kind: count for kind, count in fates.items() if kind != "extracted"}
    assert metrics["riptide_pages_extracted_total"] == fates["extracted"]
    assert metrics["riptide_errors_total"] == failed
    assert metrics["riptide_duration_ms_count"] == sum(fates.values())
    assert metrics["riptide_pool_checkouts_total"] == sum(fates.values())
    assert metrics["riptide_wasm_errors_total"] == sum(failed.values())
    assert metrics["riptide_pool_instances_active"] == 0


@pytest.mark.usefixtures("own_time")
def test_sixteen_threads_with_every_failure_mixed_in(extractor: MakeExtractor) -> None:
    # Much more than any of the others takes, while its neighbours work: so only few of them spin.
    made = extractor(timeout_secs=2, memory_limit_pages=256, max_pool_size=4, max_workers=4)
    fates: Counter[str] = Counter()
    lock = threading.Lock()
    quick = [what for what in FATES if what != "!s"]

    def work(number: int) -> None:
        chosen = random.Random(number)  # noqa: S311
        for turn in range(40):
            what = "!s" if number % 4 == 0 and turn in (10, 30) else chosen.choice(quick)
            url = f"{URL}{number}/{turn}"
            outcome = made.run(what, url)
            assert fate_of(outcome) == FATES[what]
            if outcome.content:
                assert outcome.content == ExtractedContent(url=url, text=what)
            with lock:
                fates[FATES[what]] += 1

    in_threads(16, work)
    assert sum(fates.values()) == 16 * 40
    assert_counts(made, fates)


def test_sixteen_threads_and_one_that_closes(config: Configure) -> None:
    before = len(memory._memories)
    for _ in range(5):
        made = Extractor(config(timeout_secs=10 * PATIENCE_S, max_pool_size=4, max_workers=4))
        closed: list[int] = []

        def work(number: int, made: Extractor = made, closed: list[int] = closed) -> None:
            if number == 0:
                time.sleep(0.1)
                made.close()
                return
            with suppress(errors.ExtractorClosed):
                while True:
                    made.run(("fine", "!t", "!b", "!s")[number % 4], URL)
            closed.append(number)

        started = time.monotonic()
        in_threads(16, work)
        assert sorted(closed) == list(range(1, 16))
        assert time.monotonic() - started < PATIENCE_S
    assert len(memory._memories) == before


def test_closing_while_busy_stops_the_guests_and_cancels_what_waits(config: Configure) -> None:
    made = Extractor(config(timeout_secs=10 * PATIENCE_S, max_pool_size=2, max_workers=2))
    made.wait_until_ready()
    answers: list[str] = []

    def ask(what: str) -> None:
        try:
            made.extract(what, URL)
        except errors.ExtractorClosed as error:
            answers.append(str(error))

    threads = [threading.Thread(target=ask, args=["!s"]) for _ in range(6)]
    for thread in threads:
        thread.start()
    wait_for(lambda: guests_running(made) == 2 and made.metrics()["riptide_queue_depth"] == 4, "two guests")
    started = time.monotonic()
    made.close()
    took = time.monotonic() - started
    for thread in threads:
        thread.join()
    assert sorted(answers) == [
        *["the extractor was closed while the document waited"] * 4,
        *["the extractor was closed while the guest ran"] * 2,
    ]
    assert took < PATIENCE_S


def test_closing_waits_for_all_threads_together_no_longer_than_for_one(
    config: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fallback can't be stopped: four threads inside of one kept a closing for twenty seconds."""
    at_work, end = threading.Semaphore(0), threading.Event()
    waits: list[float] = []
    join = threading.Thread.join
    now = 1000.0

    def work() -> None:
        at_work.release()
        end.wait(PATIENCE_S)

    def waits_in_vain(thread: threading.Thread, timeout_s: float | None = None) -> None:
        nonlocal now
        if not thread.name.startswith("riptide-worker"):
            join(thread, timeout_s)
            return
        assert timeout_s is not None
        waits.append(timeout_s)
        now += timeout_s

    monkeypatch.setattr(threading.Thread, "join", waits_in_vain)
    monkeypatch.setattr(workers, "time", SimpleNamespace(monotonic=lambda: now))
    made = Extractor(config(max_workers=4))
    made.wait_until_ready()
    futures = [made._host.submit(work) for _ in range(4)]
    for _ in futures:
        at_work.acquire(timeout=PATIENCE_S)
    made.close()
    end.set()
    assert waits == [host._CLOSE_TIMEOUT_S, 0.0, 0.0, 0.0]


def test_closing_from_a_worker_thread_is_possible(extractor: MakeExtractor) -> None:
    made = extractor(max_workers=1)
    made.wait_until_ready()
    made._host.submit(made.close).result(PATIENCE_S)
    with pytest.raises(errors.ExtractorClosed):
        made.extract("fine", URL)


def test_batches_at_once_do_not_mix(extractor: MakeExtractor) -> None:
    made = extractor(max_pool_size=4, max_workers=4)

    def work(number: int) -> None:
        pages = [(f"batch {number} page {page}", f"{URL}{number}/{page}") for page in range(100)]
        results = list(made.extract_many(pages))
        assert results == [ExtractedContent(url=url, text=html) for html, url in pages]

    in_threads(8, work)
    assert made.metrics()["riptide_pages_extracted_total"] == 800


# asyncio.


async def test_tasks_cancelled_at_any_moment_leave_nothing_behind(config: Configure) -> None:
    before = len(memory._memories)
    chosen = random.Random(3)  # noqa: S311
    options = {"max_pool_size": 3, "max_workers": 3, "checkout_timeout_secs": PATIENCE_S}
    with Extractor(config(timeout_secs=0.2, **options)) as made:
        made.wait_until_ready()

        async def extract() -> str:
            return fate_of(await made.run_async(chosen.choice(["fine", "!b", "!t", "!g", "!s"]), URL))

        tasks = [asyncio.ensure_future(extract()) for _ in range(150)]
        for task in tasks:
            await asyncio.sleep(chosen.choice([0, 0, 0.001, 0.005]))
            if chosen.random() < 0.6:
                task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(each) for each in ended} <= {str, asyncio.CancelledError}
        assert any(isinstance(each, asyncio.CancelledError) for each in ended)

        def counted() -> int | None:
            metrics = made.metrics()
            if metrics["riptide_workers_busy"] or metrics["riptide_queue_depth"]:
                return None
            counts = metrics["riptide_pages_extracted_total"] + sum(metrics["riptide_errors_total"].values())
            # A thread that has taken its job and is about to begin it is neither of the two.
            begun = metrics["riptide_pool_checkouts_total"], metrics["riptide_duration_ms_count"]
            return counts if begun == (counts, counts) else None

        # Whether anybody waits for it or not.
        finished = wait_for(counted, "what was begun is finished and counted")
        assert finished is not None
        assert finished >= sum(isinstance(each, str) for each in ended)
        assert made.metrics()["riptide_pool_instances_active"] == 0
        assert (await made.extract_async("fine", URL)).text == "fine"
    assert len(memory._memories) == before


async def test_a_task_that_waits_too_long_is_told_that_the_pool_is_exhausted(
    extractor: MakeExtractor,
) -> None:
    made = extractor(timeout_secs=10 * PATIENCE_S, max_pool_size=1, checkout_timeout_secs=0.1)
    made.wait_until_ready()
    spinning = made._submit("!s", URL, "article", None, PATIENCE_S)
    wait_for(lambda: guests_running(made) == 1, "it spins")
    with pytest.raises(errors.PoolExhausted) as caught:
        await made.extract_async("fine", URL)
    assert (caught.value.retryable, caught.value.active, caught.value.max) == (True, 1, 1)
    assert not spinning.done()
    metrics = made.metrics()
    assert (metrics["riptide_errors_total"], metrics["riptide_pool_exhausted_total"]) == ({}, 1)


async def test_what_nobody_waits_for_any_more_is_not_begun(extractor: MakeExtractor) -> None:
    made = extractor(max_workers=1)
    go_on = threading.Event()
    made._host.submit(lambda: go_on.wait(PATIENCE_S))
    task = asyncio.ensure_future(made.extract_async("fine", URL))
    await asyncio.sleep(0)
    assert made.metrics()["riptide_queue_depth"] >= 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert (await made.extract_async("fine", URL)).text == "fine"
    assert made.metrics()["riptide_pages_extracted_total"] == 1


def test_an_event_loop_that_ended_takes_no_thread_with_it(extractor: MakeExtractor) -> None:
    made = extractor(max_workers=1)
    go_on = threading.Event()

    async def leave() -> None:
        made._host.submit_async(lambda: go_on.wait(PATIENCE_S))

    asyncio.run(leave())
    go_on.set()
    assert made.extract("fine", URL).text == "fine"


async def test_a_timeout_of_the_callers_own_is_the_callers(extractor: MakeExtractor) -> None:
    made = extractor(timeout_secs=10 * PATIENCE_S, max_pool_size=2, max_workers=2)
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(made.extract_async("!s", URL), 0.05)
    assert (await made.extract_async("fine", URL)).text == "fine"


async def test_many_tasks_have_each_its_own_result(extractor: MakeExtractor) -> None:
    made = extractor(max_pool_size=4, max_workers=4)
    results = await asyncio.gather(*(made.extract_async(f"page {n}", f"{URL}{n}") for n in range(300)))
    assert results == [ExtractedContent(url=f"{URL}{n}", text=f"page {n}") for n in range(300)]


# The same page, the same result.


def _page(number: int) -> str:
    """One of many pages that differ in every respect that an extraction has."""
    chosen = random.Random(number)  # noqa: S311
    words = ["river", "Häuser", "été", "質問", "mill", "count", "umbrella", "path", "rain", "morning"]

    def sentence() -> str:
        return " ".join(chosen.choices(words, k=chosen.randrange(5, 25))).capitalize() + "."

    paragraphs = "".join(f"<p>{sentence()} {sentence()}</p>" for _ in range(chosen.randrange(1, 12)))
    rows = "".join(f"<tr><td>{sentence()}<td>{number}</tr>" for _ in range(chosen.randrange(5)))
    links = "".join(f'<li><a href="/{n}">{sentence()}</a>' for n in range(chosen.randrange(20)))
    language = chosen.choice(["en", "de", "fr", "ja", ""])
    return f"""<!doctype html><html lang="{language}"><head><title>{sentence()}</title>
<meta property="og:image" content="/i{number}.png"><meta name="author" content="Author {number}">
<script type="application/ld+json">
{{"@type": "Article", "datePublished": "2024-01-{number % 28 + 1:02}"}}</script>
</head><body><nav><ul>{links}</ul></nav><main><h1>{sentence()}</h1>{paragraphs}<table>{rows}</table>
<pre><code>{sentence()}</code></pre><img src="a{number}.jpg" alt="x"></main>
<footer>{sentence()}</footer></body></html>"""


@pytest.mark.slow
def test_a_result_is_the_same_whatever_happened_before_and_beside_it(real_config: Configure) -> None:
    """1,000 pages, on fresh instances and old ones, alone and beside neighbours that fail, compared whole."""
    pages = [(_page(number), f"https://example.com/{number}") for number in range(1000)]
    hurtful = "<p>" + "text " * 1_500_000  # over the memory limit
    with Extractor(real_config(memory_limit_mb=16, max_pool_size=1, enable_reuse=False)) as fresh:
        expected = list(fresh.extract_many(pages))
    assert all(isinstance(each, ExtractedContent) for each in expected)

    with Extractor(real_config(memory_limit_mb=16, max_pool_size=1, max_uses=10**6)) as one:
        assert [one.extract(*page) for page in pages] == expected
        # The same instance again, with a long history.
        assert [one.extract(*page) for page in reversed(pages)] == expected[::-1]
        assert one.metrics()["riptide_pool_instances_created_total"] == 1

    mixed = []
    for number, page in enumerate(pages):
        mixed += [page, (hurtful, URL)] if number % 20 == 0 else [page]
    options = {"max_pool_size": 4, "max_workers": 4, "max_uses": 50, "failure_threshold": 10**6}
    with Extractor(real_config(memory_limit_mb=16, **options)) as many:
        results = list(many.extract_many(mixed))
        assert many.metrics()["riptide_errors_total"] == {"memory_limit": 50}
    assert [each for each in results if isinstance(each, ExtractedContent)] == expected


def test_the_guest_with_simd_and_the_one_without_agree(real_config: Configure) -> None:
    pages = [(_page(number), f"https://example.com/{number}") for number in range(50)]
    with Extractor(real_config()) as with_simd, Extractor(real_config(enable_simd=False)) as without:
        assert list(without.extract_many(pages)) == list(with_simd.extract_many(pages))


async def test_an_event_loop_is_woken_once_for_all_jobs_that_end_before_it_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    woken: list[int] = []

    def wake(callback: Callable[..., object], *arguments: Any) -> asyncio.Handle:
        woken.append(len(woken))
        return loop.call_soon(callback, *arguments)

    monkeypatch.setattr(loop, "call_soon_threadsafe", wake)
    jobs = [LoopJob[int]() for _ in range(4)]
    jobs[0].set_result(0)
    jobs[1].set_exception(ValueError("one"))
    jobs[2].future.cancel()
    for number in (2, 3):
        jobs[number].set_result(number)
    assert len(woken) == 1
    assert await jobs[3].future == 3
    assert jobs[0].future.result() == 0
    assert jobs[2].future.cancelled()
    with pytest.raises(ValueError, match="one"):
        await jobs[1].future
    later = LoopJob[int]()
    later.set_result(4)
    assert await later.future == 4
    assert len(woken) == 2


def test_a_loop_that_was_closed_meanwhile_loses_its_jobs_and_nothing_else() -> None:
    async def begin() -> list[LoopJob[int]]:
        return [LoopJob(), LoopJob()]

    for _ in range(2):
        for job in asyncio.run(begin()):
            job.set_result(1)
            assert not job.future.done()
