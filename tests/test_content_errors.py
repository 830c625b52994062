"""The records and the exceptions: plain data that crosses processes, one type for each case."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import asdict, fields

import pytest
from itemadapter import ItemAdapter
from misbehaving import WIT_ERRORS

import scrapy_riptide
from scrapy_riptide import ComponentInfo, ExtractedContent, ExtractionStats, HealthStatus, Link, errors
from scrapy_riptide.errors import ExtractionError, RiptideError

CONTENT = ExtractedContent(
    url="https://example.com/a",
    title="Title",
    byline=None,
    published_iso="2026-01-02T03:04:05Z",
    markdown="# Title",
    text="Title",
    links=["https://example.com/b"],
    media=[],
    language="en",
    reading_time=1,
    quality_score=90,
    word_count=1,
    categories=["News"],
    site_name="Example",
    description=None,
)
RECORDS = [
    CONTENT,
    ExtractionStats(
        processing_time_ms=3, memory_used=65536, nodes_processed=None, links_found=1, images_found=0
    ),
    Link("https://example.com/b", "b", nofollow=True, ugc=False, sponsored=False, hreflang="en"),
    HealthStatus("ok", "0.2.0", "engine 1", ["article"], 65536, 3),
    ComponentInfo("extractor", "0.2.0", "0.2.0", ["simd"], ["article"]),
]

# Every exception with the word it is counted under, whether the machinery failed, and one made.
KINDS: dict[type[ExtractionError], tuple[str, bool, ExtractionError]] = {
    errors.InvalidHtmlError: ("invalid_html", False, errors.InvalidHtmlError("no")),
    errors.NetworkError: ("network", False, errors.NetworkError("no")),
    errors.ParseError: ("parse", False, errors.ParseError("no")),
    errors.ResourceLimitError: ("resource_limit", True, errors.ResourceLimitError("no")),
    errors.ExtractorError: ("extractor", True, errors.ExtractorError("no")),
    errors.InternalError: ("internal", True, errors.InternalError("no")),
    errors.UnsupportedModeError: ("unsupported_mode", False, errors.UnsupportedModeError("no")),
    errors.ExtractionTimeout: ("timeout", True, errors.ExtractionTimeout("no")),
    errors.FuelExhausted: ("fuel", True, errors.FuelExhausted("no")),
    errors.MemoryLimitExceeded: ("memory_limit", True, errors.MemoryLimitExceeded("no", grow_failures=3)),
    errors.GuestTrap: ("trap", True, errors.GuestTrap("no", trap="unreachable")),
    errors.PoolExhausted: ("pool_exhausted", False, errors.PoolExhausted("no", active=2, max=4)),
    errors.CircuitOpen: ("circuit_open", False, errors.CircuitOpen("no", retry_in_s=1.5)),
    errors.DocumentTooLarge: ("too_large", False, errors.DocumentTooLarge("no")),
}


def test_the_public_names_are_sorted_and_there() -> None:
    assert list(scrapy_riptide.__all__) == sorted(scrapy_riptide.__all__)
    assert all(hasattr(scrapy_riptide, name) for name in scrapy_riptide.__all__)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_pickles_and_copies(record: object) -> None:
    assert pickle.loads(pickle.dumps(record)) == copy.deepcopy(record) == record  # noqa: S301


def test_content_goes_through_itemadapter_as_it_is() -> None:
    assert ItemAdapter(CONTENT).asdict() == asdict(CONTENT)


def test_content_has_the_fields_of_the_contract_and_its_engine() -> None:
    assert [each.name for each in fields(ExtractedContent)] == [
        "url",
        "title",
        "byline",
        "published_iso",
        "markdown",
        "text",
        "links",
        "media",
        "language",
        "reading_time",
        "quality_score",
        "word_count",
        "categories",
        "site_name",
        "description",
        "engine",
    ]
    assert ExtractedContent("u").engine == "wasm"


def test_two_contents_share_no_list() -> None:
    first, second = ExtractedContent("u"), ExtractedContent("u")
    first.links.append("x")
    assert second.links == []


def test_every_exception_of_an_extraction_has_its_own_word() -> None:
    defined = {
        each
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, ExtractionError) and each is not ExtractionError
    }
    assert defined == set(KINDS)
    assert {each: (each.kind, each.is_machinery) for each in defined} == {
        each: (kind, machinery) for each, (kind, machinery, _) in KINDS.items()
    }
    assert len({each.kind for each in defined}) == len(defined)


def test_the_contract_has_an_exception_for_each_of_its_cases() -> None:
    words = {each.kind.replace("_", "-") for each in KINDS}
    assert [case for case in WIT_ERRORS if case.removesuffix("-error") not in words] == []


@pytest.mark.parametrize("error", [each for _, _, each in KINDS.values()], ids=lambda error: error.kind)
def test_an_exception_crosses_processes_with_all_it_says(error: ExtractionError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), again.args, again.__dict__) == (type(error), error.args, error.__dict__)
    assert isinstance(again, RiptideError)


def test_an_exhausted_pool_is_worth_another_try() -> None:
    error = errors.PoolExhausted("no", active=2, max=4)
    assert (error.retryable, error.active, error.max) == (True, 2, 4)
