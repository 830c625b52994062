"""A guest that runs too long is stopped: on time, never early, and told from any other failure.

All of it by epochs and by the guest's polls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from conftest import Configure, MakeExtractor, MakeRuntime
from spinning import spin
from waiting import PATIENCE_S, wait_for

from scrapy_riptide import Extractor, errors
from scrapy_riptide.wasm import memory
from scrapy_riptide.wasm.contract import lower_mode
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.lifting import lower_string
from scrapy_riptide.wasm.memory_tracker import MemoryTracker
from scrapy_riptide.wasm.polling_page import PollingPage

URL = "https://example.com/"
#: A busy machine wakes the thread too late now and then: one guest of so many that is stopped on time shows
#: what the runtime does. That none is stopped early is looked at so many times at least.
ATTEMPTS, AT_LEAST = 50, 5


@pytest.fixture(params=["epochs", "polls"])
def config(request: pytest.FixtureRequest) -> Configure:
    """A configuration of the misbehaving component, which is stopped one way and the other."""
    configure: Configure = request.getfixturevalue(
        {"epochs": "epochs_config", "polls": "polls_config"}[request.param]
    )
    return configure


@pytest.mark.parametrize("timeout_secs", [0.01, 0.05, 0.3])
def test_a_spinning_guest_is_stopped_on_time_and_never_early(
    runtime: MakeRuntime, timeout_secs: float
) -> None:
    made, config = runtime(timeout_secs=timeout_secs)
    is_on_time = False
    for number in range(ATTEMPTS):
        instance = Instance(made, config, number)
        took_s = spin(instance)
        instance.close()
        assert took_s >= timeout_secs
        is_on_time |= took_s <= timeout_secs + 0.1
        if is_on_time and number + 1 >= AT_LEAST:
            return
    raise AssertionError(f"none of {ATTEMPTS} guests was stopped on time")


@pytest.mark.usefixtures("own_time")
def test_the_deadline_is_one_documents_own(extractor: MakeExtractor) -> None:
    made = extractor(timeout_secs=0.5)
    for _ in range(20):  # a second of work in all
        made.extract("!b", URL)
    assert made.metrics()["riptide_errors_total"] == {}


def test_the_deadline_is_for_the_encoding_of_a_large_document_as_well(extractor: MakeExtractor) -> None:
    # A lone surrogate makes the host take its slowest way with the 20 MB.
    document = "!s\ud800" + "é" * 10_000_000
    started = time.monotonic()
    lower_string(document)
    encoded_s = time.monotonic() - started
    made = extractor(timeout_secs=3 * encoded_s, memory_limit_mb=512)
    for _ in range(ATTEMPTS):
        outcome = made.run(document, URL)
        assert isinstance(outcome.error, errors.ExtractionTimeout)
        assert outcome.duration_ms >= 3000 * encoded_s
        if outcome.duration_ms <= 3500 * encoded_s:
            return
    raise AssertionError(f"{ATTEMPTS} times the guest had its whole time, after the encoding")


def test_a_document_that_is_encoded_for_longer_than_its_deadline_is_stopped_at_once(
    runtime: MakeRuntime,
) -> None:
    made, config = runtime(timeout_secs=PATIENCE_S)
    instance = Instance(made, config, 1)
    arguments = lower_string("!s"), lower_string(URL), lower_mode("article")
    started = time.monotonic()
    with pytest.raises(errors.ExtractionTimeout, match=r"after \d+\.\d\d s, the limit is 120 s"):
        instance.call("extract", *arguments, spent_s=2 * PATIENCE_S)
    assert time.monotonic() - started < PATIENCE_S
    instance.close()


def test_a_timeout_says_how_long_the_guest_ran(extractor: MakeExtractor) -> None:
    with pytest.raises(
        errors.ExtractionTimeout, match=r"^the guest was stopped after \d+\.\d\d s, the limit is 0\.05 s$"
    ):
        extractor(timeout_secs=0.05).extract("!s", URL)


def test_without_the_thread_no_guest_is_started(runtime: MakeRuntime) -> None:
    made, config = runtime()
    instance = Instance(made, config, 1)
    made.deadlines.close()
    with pytest.raises(errors.InternalError) as caught:
        instance.call("get-modes")
    assert str(caught.value) == "the thread that keeps deadlines is gone: no guest is started without it"
    instance.close()


def test_after_all_were_expired_no_guest_is_started(runtime: MakeRuntime) -> None:
    made, config = runtime()
    instance = Instance(made, config, 1)
    assert made.deadlines.expire_all()
    with pytest.raises(errors.ExtractorClosed):
        instance.call("get-modes")
    instance.close()


def test_expiring_stops_every_guest_at_once(runtime: MakeRuntime) -> None:
    made, config = runtime(timeout_secs=600)
    stopped: list[BaseException] = []

    def run(instance: Instance) -> None:
        try:
            instance.call("extract", lower_string("!s"), lower_string(URL), lower_mode("article"))
        except errors.ExtractorClosed as error:
            stopped.append(error)
        finally:
            instance.close()

    threads = [threading.Thread(target=run, args=[Instance(made, config, number)]) for number in range(3)]
    for thread in threads:
        thread.start()
    wait_for(lambda: made.deadlines.running == 3, "all run")
    assert made.deadlines.expire_all(PATIENCE_S)
    for thread in threads:
        thread.join()
    assert [str(error) for error in stopped] == ["the extractor was closed while the guest ran"] * 3


def test_expiring_stops_a_guest_whether_there_is_time_to_wait_for_it_or_not(runtime: MakeRuntime) -> None:
    made, config = runtime(timeout_secs=10 * PATIENCE_S)
    instance = Instance(made, config, 1)
    arguments = lower_string("!s"), lower_string(URL), lower_mode("article")

    def run() -> None:
        with pytest.raises(errors.ExtractorClosed):
            instance.call("extract", *arguments)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    wait_for(lambda: made.deadlines.running, "it runs")
    made.deadlines.expire_all(0.0)
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    instance.close()


def test_a_guest_that_starts_as_all_are_expired_is_no_failure_of_the_component(
    runtime: MakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, config = runtime()
    owned_by = memory.owned_by

    @contextmanager
    def expiring(tracker: MemoryTracker, page: PollingPage | None) -> Iterator[None]:
        made.deadlines.expire_all(0.001)
        with owned_by(tracker, page):
            yield

    monkeypatch.setattr(memory, "owned_by", expiring)
    with pytest.raises(errors.ExtractorClosed, match="the extractor was closed while a guest started"):
        Instance(made, config, 1)


# Fuel.


def test_a_fuel_limit_stops_a_guest_that_burns_too_much(extractor: MakeExtractor) -> None:
    made = extractor(fuel_limit=1_000_000)
    with pytest.raises(errors.FuelExhausted) as caught:
        made.extract("!s", URL)
    assert str(caught.value) == "the guest used up its fuel of 1000000"


def test_fuel_is_one_documents_own(extractor: MakeExtractor) -> None:
    made = extractor(fuel_limit=1_000_000)
    for _ in range(300):
        made.extract("small", URL)
    assert made.metrics()["riptide_errors_total"] == {}


def test_with_fuel_the_deadline_holds_as_well(extractor: MakeExtractor) -> None:
    with pytest.raises(errors.ExtractionTimeout):
        extractor(fuel_limit=2**62, timeout_secs=0.05).extract("!s", URL)


# Every way to end is counted as what it was.


@pytest.mark.usefixtures("own_time")
def test_failures_are_counted_by_what_they_were(config: Configure) -> None:
    whats = {
        "!s": "timeout",
        "!x": "memory_limit",
        "!t": "trap",
        "!o": "trap",
        "!d": "trap",
        "!r": "trap",
        "!e0": "invalid_html",
        "!e1": "network",
        "!e2": "parse",
        "!e3": "resource_limit",
        "!e4": "extractor",
        "!e5": "internal",
        "!e6": "unsupported_mode",
    }
    kinds: dict[str, int] = {}
    with Extractor(config(timeout_secs=0.5, memory_limit_pages=256)) as made:
        for repeats, (what, kind) in enumerate(whats.items(), start=1):
            for _ in range(repeats):
                outcome = made.run(what, URL)
                assert outcome.error is not None
                assert outcome.error.kind == kind
            kinds[kind] = kinds.get(kind, 0) + repeats
        for _ in range(7):
            made.run("fine", URL)
        metrics = made.metrics()
    assert metrics["riptide_errors_total"] == kinds
    assert metrics["riptide_pages_extracted_total"] == 7
    assert metrics["riptide_duration_ms_count"] == 7 + sum(kinds.values())
    assert metrics["riptide_wasm_grow_failed_total"] == kinds["memory_limit"]
    assert metrics["riptide_wasm_errors_total"] == sum(kinds.values())
    assert metrics["riptide_pool_retired_total"]["failed"] == sum(
        kinds[each] for each in ("timeout", "memory_limit", "trap")
    )


@pytest.mark.parametrize(
    ("what", "trap"),
    [
        ("!t", "wasm `unreachable` instruction executed"),
        ("!o", "out of bounds memory access"),
        ("!d", "integer divide by zero"),
        ("!r", "call stack exhausted"),
    ],
)
def test_a_trap_says_how(extractor: MakeExtractor, what: str, trap: str) -> None:
    outcome = extractor().run(what, URL)
    error: Any = outcome.error
    assert (type(error), str(error), error.trap) == (errors.GuestTrap, f"the guest trapped: {trap}", trap)
