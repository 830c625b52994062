"""Who answers when wasm can't, for which failures, and how it is counted."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from conftest import MakeExtractor

from scrapy_riptide import ExtractedContent, errors
from scrapy_riptide.content import Mode
from scrapy_riptide.errors import ConfigError

URL = "https://example.com/"
BODY = " <p>A paragraph that a fallback reads as easily as a guest would, were it not told otherwise.</p>"
MACHINERY = {
    "!t": "trap",
    "!o": "trap",
    "!x": "memory_limit",
    "!s": "timeout",
    "!e3": "resource_limit",
    "!e4": "extractor",
    "!e5": "internal",
}
REJECTED = {"!e0": "invalid_html", "!e1": "network", "!e2": "parse", "!e6": "unsupported_mode"}


class Shouting:
    """A fallback of the user's own."""

    name = "shouting"

    def extract(self, html: str, url: str, mode: Mode) -> ExtractedContent:
        if "cannot" in html:
            raise errors.DocumentTooLarge("shouting takes small documents only")
        if "bug" in html:
            raise ZeroDivisionError("a bug in shouting")
        return ExtractedContent(url=url, text=html.upper(), markdown=repr(mode), links=[URL])


SHOUTING = f"{__name__}.Shouting"


def counts(made: Any) -> dict[str, Any]:
    metrics = made.metrics()
    return {
        name: metrics[f"riptide_{name}_total"]
        for name in ("pages_extracted", "errors", "fallback", "fallback_failed")
    }


@pytest.mark.usefixtures("own_time")
@pytest.mark.parametrize(("what", "kind"), MACHINERY.items())
def test_it_answers_for_every_failure_of_the_machinery(
    extractor: MakeExtractor, what: str, kind: str
) -> None:
    made = extractor(fallback="parsel", timeout_secs=0.5, memory_limit_pages=256)
    outcome = made.run(what + BODY, URL)
    assert outcome.content is not None
    assert outcome.error is not None
    assert outcome.stats is not None
    assert (outcome.content.engine, outcome.error.kind) == ("parsel", kind)
    assert "A paragraph that a fallback reads" in outcome.content.text
    assert counts(made) == {
        "pages_extracted": 0,
        "errors": {kind: 1},
        "fallback": {kind: 1},
        "fallback_failed": {},
    }


@pytest.mark.parametrize(("what", "kind"), REJECTED.items())
def test_it_does_not_answer_for_a_document_that_was_rejected(
    extractor: MakeExtractor, what: str, kind: str
) -> None:
    made = extractor(fallback="parsel")
    outcome = made.run(what + BODY, URL)
    assert (outcome.content, outcome.error and outcome.error.kind) == (None, kind)
    assert counts(made)["fallback"] == {}


def test_it_answers_while_the_breaker_is_open(extractor: MakeExtractor) -> None:
    made = extractor(fallback=SHOUTING, failure_threshold=1)
    made.run("!t", URL)
    assert made.extract("hello", URL).text == "HELLO"
    assert counts(made) == {
        "pages_extracted": 0,
        "errors": {"trap": 1, "circuit_open": 1},
        "fallback": {"trap": 1, "circuit_open": 1},
        "fallback_failed": {},
    }


def test_what_wasm_can_do_is_wasms(extractor: MakeExtractor) -> None:
    made = extractor(fallback="parsel")
    assert made.extract("hello", URL).engine == "wasm"
    assert counts(made)["fallback"] == {}


@pytest.mark.parametrize("mode", ["full", ["p", "h1"]])
def test_a_class_path_names_a_fallback_of_ones_own(extractor: MakeExtractor, mode: Mode) -> None:
    content = extractor(fallback=SHOUTING).extract("!t hello", URL, mode)
    assert content == ExtractedContent(
        url=URL, text="!T HELLO", markdown=repr(mode), links=[URL], engine="shouting"
    )


def test_bytes_reach_it_as_text(extractor: MakeExtractor) -> None:
    assert extractor(fallback=SHOUTING).extract(b"!t caf\xe9", URL).text == "!T CAF\ufffd"


async def test_every_way_to_ask_has_its_answer(extractor: MakeExtractor) -> None:
    made = extractor(fallback=SHOUTING)
    answers = [
        made.extract("!t", URL),
        made.extract_with_stats("!t", URL)[0],
        *made.extract_many([("!t", URL)]),
        await made.extract_async("!t", URL),
        (await made.extract_with_stats_async("!t", URL))[0],
        (await made.run_async("!t", URL)).content,
    ]
    assert (
        answers
        == [ExtractedContent(URL, text="!T", markdown="'article'", links=[URL], engine="shouting")] * 6
    )
    assert made.extract_with_stats("!t", URL)[1].links_found == 1


def test_when_it_fails_as_well_the_first_error_stays(extractor: MakeExtractor) -> None:
    made = extractor(fallback=SHOUTING)
    with pytest.raises(errors.GuestTrap) as caught:
        made.extract("!t cannot", URL)
    assert getattr(caught.value, "__notes__", None) in (
        None,  # Python 3.10
        ["The fallback failed as well: shouting takes small documents only"],
    )
    assert counts(made) == {
        "pages_extracted": 0,
        "errors": {"trap": 1},
        "fallback": {},
        "fallback_failed": {"trap": 1},
    }


def test_a_bug_in_a_fallback_is_logged_and_the_first_error_stays(
    extractor: MakeExtractor, caplog: pytest.LogCaptureFixture
) -> None:
    made = extractor(fallback=SHOUTING)
    with caplog.at_level(logging.ERROR), pytest.raises(errors.GuestTrap):
        made.extract("!t bug", URL)
    assert [record.getMessage() for record in caplog.records] == [f"The fallback shouting failed on {URL}"]
    assert counts(made)["fallback_failed"] == {"trap": 1}
    assert made.extract("fine", URL).engine == "wasm"


def test_a_document_that_the_fallback_would_cut_off_is_a_counted_failure(extractor: MakeExtractor) -> None:
    made = extractor(fallback="parsel")
    outcome = made.run("!t" + "<div>" * 3000 + "text", URL)
    assert (outcome.content, type(outcome.error)) == (None, errors.GuestTrap)
    metrics = made.metrics()
    assert (metrics["riptide_fallback_total"], metrics["riptide_fallback_failed_total"]) == ({}, {"trap": 1})


def test_a_fallback_that_is_none_is_refused_at_the_start(extractor: MakeExtractor) -> None:
    with pytest.raises(ConfigError, match="no_such_module"):
        extractor(fallback="no_such_module.Engine")


def test_health_says_who_answers_and_that_it_is_only_the_fallback(extractor: MakeExtractor) -> None:
    made = extractor(fallback="parsel", failure_threshold=1)
    assert (made.health()["status"], made.health()["fallback"]) == ("ok", "parsel")
    made.run("!t", URL)
    assert made.health()["status"] == "degraded"
    assert "the circuit breaker is open" in made.health()["reason"]
    assert extractor(fallback=None).health()["fallback"] is None
