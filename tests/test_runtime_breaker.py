"""The circuit breaker: when it opens, when it tries again, and what counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from conftest import MakeExtractor
from spinning import guests_running
from waiting import PATIENCE_S, wait_for

from scrapy_riptide import Extractor, errors
from scrapy_riptide.errors import CircuitOpen
from scrapy_riptide.wasm.breaker import CircuitBreaker

URL = "https://example.com/"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(clock=clock)


def state_of(breaker: CircuitBreaker) -> str:
    return breaker.state.value


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.failure(breaker.acquire())


def succeed(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.success(breaker.acquire())


def opened(breaker: CircuitBreaker) -> CircuitBreaker:
    fail(breaker, 5)
    assert state_of(breaker) == "open"
    return breaker


def test_its_word_to_a_health_page_says_when_it_tries_again(breaker: CircuitBreaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 59.6
    assert str(breaker.refusal()).endswith("it tries again in 1 s")
    clock.now += 0.4
    assert str(breaker.refusal()).endswith("it tries again with the next document")


def test_the_fifth_failure_in_a_row_opens_it(breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    assert state_of(breaker) == "closed"
    fail(breaker)
    assert state_of(breaker) == "open"
    assert breaker.transitions() == {"closed": 0, "open": 1, "half_open": 0}


def test_a_success_in_between_starts_the_count_anew(breaker: CircuitBreaker) -> None:
    for _ in range(10):
        fail(breaker, 4)
        succeed(breaker)
    assert state_of(breaker) == "closed"


def test_while_open_it_refuses_and_says_for_how_long(breaker: CircuitBreaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 12.5
    with pytest.raises(CircuitOpen) as caught:
        breaker.acquire()
    assert (caught.value.retry_in_s, str(caught.value)) == (
        47.5,
        "the circuit breaker is open after repeated failures; it tries again in 48 s",
    )


def test_after_the_recovery_time_three_trials_go_through_and_no_fourth(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += 59.999
    with pytest.raises(CircuitOpen):
        breaker.acquire()
    clock.now += 0.001
    permits = [breaker.acquire() for _ in range(3)]
    assert state_of(breaker) == "half_open"
    with pytest.raises(CircuitOpen, match="when the trial extractions under way have succeeded"):
        breaker.acquire()
    for permit in permits[:2]:
        breaker.success(permit)
    assert state_of(breaker) == "half_open"
    breaker.success(permits[2])
    assert state_of(breaker) == "closed"
    assert breaker.transitions() == {"closed": 1, "open": 1, "half_open": 1}


def test_without_a_document_it_reads_as_half_open_after_the_recovery_time(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    opened(breaker)
    clock.now += 59.999
    assert state_of(breaker) == "open"
    clock.now += 0.001
    assert state_of(breaker) == "half_open"
    fail(breaker)
    assert state_of(breaker) == "open"
    assert breaker.transitions() == {"closed": 0, "open": 2, "half_open": 1}


def test_one_failed_trial_opens_it_for_the_whole_time_again(breaker: CircuitBreaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 60
    succeed(breaker, 2)
    fail(breaker)
    assert state_of(breaker) == "open"
    clock.now += 59
    with pytest.raises(CircuitOpen):
        breaker.acquire()
    clock.now += 1
    succeed(breaker, 3)
    assert state_of(breaker) == "closed"


def test_a_trial_that_did_not_take_place_may_be_given_again(breaker: CircuitBreaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 60
    for _ in range(10):
        breaker.abandon(breaker.acquire())
    permits = [breaker.acquire() for _ in range(3)]
    with pytest.raises(CircuitOpen):
        breaker.acquire()
    for permit in permits:
        breaker.success(permit)
    assert state_of(breaker) == "closed"


@pytest.mark.parametrize("end", [CircuitBreaker.success, CircuitBreaker.failure, CircuitBreaker.abandon])
def test_what_began_before_a_transition_counts_no_more(
    breaker: CircuitBreaker, clock: Clock, end: Callable[..., None]
) -> None:
    late = [breaker.acquire() for _ in range(6)]
    opened(breaker)
    end(breaker, late[0])
    assert state_of(breaker) == "open"
    clock.now += 60
    trials = [breaker.acquire()]
    for permit in late[1:]:
        end(breaker, permit)
    assert state_of(breaker) == "half_open"
    trials += [breaker.acquire(), breaker.acquire()]
    with pytest.raises(CircuitOpen):
        breaker.acquire()
    for permit in trials:
        breaker.success(permit)
    assert state_of(breaker) == "closed"


def test_reset_closes_it(breaker: CircuitBreaker) -> None:
    opened(breaker).reset()
    assert state_of(breaker) == "closed"
    fail(breaker, 4)
    assert state_of(breaker) == "closed"
    breaker.reset()
    fail(breaker, 4)
    assert state_of(breaker) == "closed"
    # What was closed already has not been entered again.
    assert breaker.transitions() == {"closed": 1, "open": 1, "half_open": 0}


def test_many_threads_get_no_more_trials_than_there_are(breaker: CircuitBreaker, clock: Clock) -> None:
    opened(breaker)
    clock.now += 60
    given: list[object] = []
    barrier = threading.Barrier(16)

    def ask() -> None:
        barrier.wait()
        for _ in range(50):
            with suppress(CircuitOpen):
                given.append(breaker.acquire())

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(given) == 3


# In front of the pool.


@pytest.mark.parametrize("what", ["!t", "!x", "!s", "!e3", "!e4", "!e5"])
def test_failures_of_the_machinery_open_it(extractor: MakeExtractor, what: str) -> None:
    made = extractor(failure_threshold=3, timeout_secs=0.3, memory_limit_pages=256)
    for _ in range(3):
        made.run(what, URL)
    with pytest.raises(CircuitOpen):
        made.extract("fine", URL)
    metrics = made.metrics()
    assert metrics["riptide_breaker_state"] == "open"
    assert metrics["riptide_breaker_transitions_total"] == {"closed": 0, "open": 1, "half_open": 0}
    assert metrics["riptide_errors_total"]["circuit_open"] == 1
    assert made.health()["circuit_breaker_state"] == "open"


def test_an_idle_crawl_s_health_recovers_without_a_document(
    extractor: MakeExtractor, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrapy_riptide.extractor.CircuitBreaker", partial(CircuitBreaker, clock=clock))
    made = extractor(failure_threshold=1)
    made.run("!t", URL)
    health = made.health()
    assert (health["status"], health["circuit_breaker_state"]) == ("unhealthy", "open")
    clock.now += 60
    health = made.health()
    assert (health["status"], health["circuit_breaker_state"]) == ("degraded", "half_open")
    assert health["reason"].endswith("half-open after repeated failures: the next documents are trials")
    assert made.metrics()["riptide_breaker_state"] == "half_open"
    for _ in range(3):
        made.extract("fine", URL)
    assert (made.health()["status"], made.health()["reason"]) == ("ok", None)


@pytest.mark.parametrize("what", ["!e0", "!e1", "!e2", "!e6"])
def test_a_document_that_is_rejected_does_not_count(extractor: MakeExtractor, what: str) -> None:
    made = extractor(failure_threshold=3)
    for _ in range(10):
        made.run(what, URL)
    assert made.extract("fine", URL).text == "fine"


def test_a_rejected_document_is_a_success_of_the_machinery(extractor: MakeExtractor) -> None:
    made = extractor(failure_threshold=2)
    for _ in range(5):
        made.run("!t", URL)
        made.run("!e0", URL)
    assert made.metrics()["riptide_breaker_state"] == "closed"


def test_a_full_pool_is_no_failure_of_the_machinery(extractor: MakeExtractor) -> None:
    made = extractor(
        failure_threshold=1, max_pool_size=1, checkout_timeout_secs=0.05, timeout_secs=10 * PATIENCE_S
    )
    made._submit("!s", URL, "article", None, PATIENCE_S)
    wait_for(lambda: guests_running(made) == 1, "it spins")
    with pytest.raises(errors.PoolExhausted) as caught:
        made.extract("fine", URL)
    assert str(caught.value) == "no worker thread came free within 0.05 s: 1 of 1 are at work"
    assert made.metrics()["riptide_breaker_state"] == "closed"


def exhaust(made: Extractor) -> None:
    """A document that gets a thread, but no instance: somebody else has the only one."""
    pool = made._host._pool.result()
    held = pool.checkout(PATIENCE_S)
    outcome = made._submit("fine", URL, "article", None, wait_s=0).result()
    pool.give_back(held)
    assert isinstance(outcome.error, errors.PoolExhausted)


def test_a_full_pool_is_no_success_of_the_machinery_either(extractor: MakeExtractor) -> None:
    made = extractor(failure_threshold=2, max_pool_size=1)
    made.run("!t", URL)
    exhaust(made)
    made.run("!t", URL)
    assert made.metrics()["riptide_breaker_state"] == "open"


def test_a_trial_that_no_instance_came_free_for_is_given_again(extractor: MakeExtractor) -> None:
    made = extractor(failure_threshold=1, recovery_timeout_secs=0, half_open_max_requests=1, max_pool_size=1)
    made.run("!t", URL)
    exhaust(made)
    assert made.metrics()["riptide_breaker_state"] == "half_open"
    assert made.extract("fine", URL).text == "fine"
    assert made.metrics()["riptide_breaker_state"] == "closed"


def test_it_closes_again_when_the_trials_succeed(extractor: MakeExtractor) -> None:
    made = extractor(failure_threshold=1, recovery_timeout_secs=0, half_open_max_requests=2)
    made.run("!t", URL)
    seen = [made.metrics()["riptide_breaker_state"]]
    for what in ("fine", "!e0", "fine"):
        made.run(what, URL)
        seen.append(made.metrics()["riptide_breaker_state"])
    assert seen == ["half_open", "half_open", "closed", "closed"]  # its recovery time is zero


def test_resetting_the_extractor_closes_it(extractor: MakeExtractor) -> None:
    made = extractor(failure_threshold=1, recovery_timeout_secs=0)
    made.run("!t", URL)
    assert made.reset() == "reset"
    assert made.metrics()["riptide_breaker_state"] == "closed"


def test_resetting_works_while_it_is_open(extractor: MakeExtractor) -> None:
    made = extractor(failure_threshold=1, recovery_timeout_secs=3600)
    made.run("!t", URL)
    made.reset()
    assert made.extract("fine", URL).text == "fine"
