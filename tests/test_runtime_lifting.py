"""Values cross the boundary unchanged, whatever they are, and leave nothing behind."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from itertools import pairwise
from typing import Any

import psutil
import pytest
from conftest import Configure, MakeExtractor
from echo import Echo, signature_of
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from misbehaving import ERROR_TEXT, MANY, WIT_ERRORS
from wasmtime.component import Variant

from scrapy_riptide import ExtractedContent, Extractor, Link, errors
from scrapy_riptide.config import PAGE_BYTES
from scrapy_riptide.errors import ExtractionError, UnsupportedWasmtime
from scrapy_riptide.wasm import contract, engine, lifting
from scrapy_riptide.wasm.lifting import (
    BOOL,
    STRING,
    U8,
    U32,
    U64,
    Case,
    Err,
    ListOf,
    OptionOf,
    RecordOf,
    ResultOf,
    TupleOf,
    Type,
    VariantOf,
    lower_strings,
    lower_variant,
)

URL = "https://example.com/"

# What the misbehaving component takes for an order begins with "!".
ECHOED = st.text().filter(lambda text: not text.startswith("!"))
#: Any str of Python's, lone surrogates included.
ANY_STR = st.text(st.characters(codec=None) | st.characters(categories=["Cs"])).filter(
    lambda text: not text.startswith("!")
)


def reference_utf8(value: str | bytes) -> str:
    """What a value is as Unicode, by Python's own decoders and one code unit at a time."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    units = value.encode("utf-16-be", "surrogatepass")
    return units.decode("utf-16-be", "replace")


@pytest.fixture(scope="module")
def echo(config: Configure) -> Iterator[Extractor]:
    with Extractor(config(enable_leak_detection=False)) as made:
        yield made


@settings(max_examples=200)
@given(html=ECHOED, url=st.text())
def test_any_text_comes_back_as_it_was(echo: Extractor, html: str, url: str) -> None:
    assert echo.extract(html, url) == ExtractedContent(url=url, text=html)


@settings(max_examples=200)
@given(ANY_STR)
@example("\ud800")
@example("a\udfffb")
@example("\udc00\ud800")
@example("\ud83d\ude00")  # a pair in two halves is the character
@example("\0\0")
@example("\U0010ffff")
def test_what_is_no_unicode_in_a_str_becomes_the_replacement_character(echo: Extractor, html: str) -> None:
    assert echo.extract(html, URL).text == reference_utf8(html)


@settings(max_examples=200)
@given(st.binary().filter(lambda html: not html.startswith(b"!")))
@example(b"\xff\xfe")
@example(b"caf\xe9")
@example(b"\xed\xa0\x80")  # a surrogate, encoded
@example(b"\xf0\x9f\x98")  # cut short
@example(b"\xc0\x80")  # an overlong NUL
@example(b"\xf4\x90\x80\x80")  # beyond Unicode
@example(b"\0")
def test_what_is_no_utf8_in_bytes_becomes_the_replacement_character(echo: Extractor, html: bytes) -> None:
    assert echo.extract(html, URL).text == reference_utf8(html)


@settings(max_examples=50)
@given(st.lists(ANY_STR, max_size=5))
def test_selectors_of_any_kind_end_in_no_crash(echo: Extractor, selectors: list[str]) -> None:
    assert echo.extract("hello", URL, selectors).text == "hello"


@pytest.mark.parametrize("size", [0, 1, 7, 8, 65535, 65536, 65537, 5_000_000])
def test_text_of_any_size_comes_back_as_it_was(echo: Extractor, size: int) -> None:
    html = ("äbcdé✓😀 " * (size // 8 + 1))[:size]
    assert echo.extract(html, URL).text == html
    assert echo.extract(html.encode(), URL).text == html


@pytest.mark.parametrize(("number", "case"), list(enumerate(WIT_ERRORS)))
def test_an_error_of_the_contract_is_the_exception_of_its_case(
    echo: Extractor, number: int, case: str
) -> None:
    with pytest.raises(ExtractionError) as caught:
        echo.extract(f"!e{number}", URL)
    assert type(caught.value) is contract.ERRORS[case]
    assert str(caught.value) == ERROR_TEXT


def test_a_record_with_many_links_is_whole(echo: Extractor) -> None:
    assert echo.extract("!n", URL) == ExtractedContent(url=URL, title=URL, text="!n", links=[URL] * MANY)
    link = Link(URL, URL, nofollow=True, ugc=False, sponsored=True, hreflang=URL)
    assert echo.extract_links("!n", URL) == [link] * MANY


@pytest.mark.parametrize("other", [None, 5, ["<p>"], bytearray(b"<p>")])
def test_what_is_neither_str_nor_bytes_is_a_type_error(echo: Extractor, other: Any) -> None:
    for html, url in ((other, URL), ("hello", other)):
        with pytest.raises(TypeError) as caught:
            echo.extract(html, url)
        assert str(caught.value) == f"a document or an address is str or bytes, not {type(other).__name__}"


@pytest.mark.parametrize("mode", ["Article", "", "custom", "article "])
def test_a_mode_that_is_not_known_is_named(echo: Extractor, mode: Any) -> None:
    with pytest.raises(errors.UnsupportedModeError, match=f"mode {mode!r} is not known"):
        echo.extract("hello", URL, mode)


@pytest.mark.parametrize("mode", [[1], None, 5, ["p", None], b"full"])
def test_a_mode_of_another_type_is_named(echo: Extractor, mode: Any) -> None:
    with pytest.raises(errors.UnsupportedModeError) as caught:
        echo.extract("hello", URL, mode)
    assert str(caught.value) == f"mode {mode!r} is neither a name nor a list of CSS selectors"


# Every type of the contract and their combinations, against wasmtime's own lowering.

RECORD = RecordOf(
    lambda *values: values,
    [
        ("a-name", STRING),
        ("is-on", BOOL),
        ("small", OptionOf(U8)),
        ("large", U64),
        ("many", ListOf(STRING)),
        ("inner", TupleOf(U32, OptionOf(STRING))),
    ],
)
VARIANT = VariantOf(
    [
        ("nothing", None),
        ("one", None),
        ("a-text", STRING),
        ("another-text", STRING),
        ("texts", ListOf(STRING)),
    ]
)
TEXT, U8S, U32S, U64S = (
    st.text(),
    st.integers(0, 2**8 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
)
TYPES: dict[str, tuple[Type, st.SearchStrategy[Any]]] = {
    "string": (STRING, TEXT),
    "bool": (BOOL, st.booleans()),
    "(tuple u8)": (TupleOf(U8), st.tuples(U8S)),
    "u32": (U32, U32S),
    "u64": (U64, U64S),
    "(option string)": (OptionOf(STRING), st.none() | TEXT),
    "(option u64)": (OptionOf(U64), st.none() | U64S),
    "(option (list string))": (OptionOf(ListOf(STRING)), st.none() | st.lists(TEXT)),
    "(list (list (option u32)))": (ListOf(ListOf(OptionOf(U32))), st.lists(st.lists(st.none() | U32S))),
    "(tuple string u8 bool)": (TupleOf(STRING, U8, BOOL), st.tuples(TEXT, U8S, st.booleans())),
    "(result string (error string))": (ResultOf(STRING, STRING), TEXT | st.builds(Err, TEXT)),
    "$record": (
        RECORD,
        st.tuples(
            TEXT, st.booleans(), st.none() | U8S, U64S, st.lists(TEXT), st.tuples(U32S, st.none() | TEXT)
        ),
    ),
    "$variant": (
        VARIANT,
        st.sampled_from([Case("nothing", None), Case("one", None)])
        | st.builds(Case, st.just("a-text"), TEXT)
        | st.builds(Case, st.just("another-text"), TEXT)
        | st.builds(Case, st.just("texts"), st.lists(TEXT)),
    ),
}
_FIELDS = ("a-name", "is-on", "small", "large", "many", "inner")


def for_wasmtime(wit: str, value: Any) -> Any:
    """The value as wasmtime-py wants to have it."""
    if wit == "$record":
        record: Any = type("Record", (), {})()
        for name, each in zip(_FIELDS, value, strict=True):
            setattr(record, name, each)
        return record
    if wit == "$variant":
        return Variant(value.name, value.payload)
    if wit.startswith("(result"):
        return Variant("err", value.value) if isinstance(value, Err) else Variant("ok", value)
    return value


@cache
def echo_of(wit: str) -> tuple[Echo, lifting.BoundFunction]:
    echo = Echo(wit)
    return echo, echo.bind(signature_of(TYPES[wit][0]))


@pytest.mark.parametrize("wit", TYPES)
def test_a_declared_type_matches_itself_and_no_other(wit: str) -> None:
    echo, _ = echo_of(wit)
    matching = [other for other, (type_, _) in TYPES.items() if signature_of(type_).matches(echo.type)]
    assert matching == [wit]


@pytest.mark.parametrize("wit", TYPES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_values_of_a_type_come_back_as_they_were(wit: str, data: st.DataObject) -> None:
    echo, bound = echo_of(wit)
    values = data.draw(st.lists(TYPES[wit][1], max_size=6))
    argument, lowered = echo.lower([for_wasmtime(wit, each) for each in values])
    try:
        bound.call(argument)
        assert bound.take() == values
    finally:
        echo.free(lowered)


@given(st.lists(ANY_STR | st.just("!"), max_size=8))
def test_our_own_lowering_of_a_list_of_strings_is_read_back(values: list[str]) -> None:
    _, bound = echo_of("string")
    bound.call(lower_strings(values))
    assert bound.take() == [reference_utf8(each) for each in values]


def test_a_variant_argument_is_the_contracts() -> None:
    argument = lower_variant("custom", lower_strings(["p", "h1"]))
    assert contract._MODE.lift(*argument.words) == Case("custom", ["p", "h1"])
    assert contract._MODE.lift(*lower_variant("full").words) == Case("full", None)


# Another wasmtime has other structures.


@pytest.mark.parametrize("version", ["49.0.0", "50.0.0", "51.0.0", "1.0", "nonsense"])
def test_a_wasmtime_out_of_the_tested_range_is_refused_with_the_remedy(version: str) -> None:
    with pytest.raises(UnsupportedWasmtime) as caught:
        engine.check_wasmtime(version)
    assert str(caught.value) == (
        f"wasmtime {version} can't be used: it is outside of the tested range. "
        "pip install 'wasmtime>=50.0.1,<51'"
    )


@pytest.mark.parametrize("version", ["50.0.1", "50.1.0", "50.99.3"])
def test_a_wasmtime_within_the_tested_range_is_taken(version: str) -> None:
    engine.check_wasmtime(version)


def test_a_wasmtime_with_another_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifting, "_VAL_BYTES", 40)
    with pytest.raises(UnsupportedWasmtime, match="component values are 40 and 48 bytes, not 32 and 48"):
        engine.check_wasmtime("50.0.1")


def test_the_installed_wasmtime_is_the_one_that_pip_says() -> None:
    from importlib import metadata

    assert engine.wasmtime_version() == metadata.version("wasmtime")


# Nothing is left behind by a call.


def resident_growth(call: Callable[[], object], calls: int) -> float:
    """Bytes of resident memory that a call adds, after as many to warm up."""
    process = psutil.Process()
    growth = []
    # Memory that is freed is not always given back: the least of some rounds is the leak.
    for _ in range(4):
        for _ in range(calls):
            call()
        gc.collect()
        growth.append(process.memory_info().rss)
    return min(after - before for before, after in pairwise(growth)) / calls


def _failing(extractor: Extractor) -> Callable[[], object]:
    def call() -> None:
        with suppress(ExtractionError):
            extractor.extract("!e2", URL)

    return call


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "calls"),
    [("a small document", 5_000), ("many links", 1_000), ("an error", 5_000), ("links", 300)],
)
def test_a_call_leaks_not_one_byte(extractor: MakeExtractor, what: str, calls: int) -> None:
    made = extractor(max_pool_size=1, max_uses=10**6)
    call = {
        "a small document": lambda: made.extract("<p>hello</p>", URL),
        "many links": lambda: made.extract("!n", URL, ["p", "h1"]),
        "an error": _failing(made),
        "links": lambda: made.extract_links("!n", URL),
    }[what]
    # The stock lifter leaks 48 bytes for each option: 300 links would be 14,400 bytes a call.
    assert resident_growth(call, calls) < PAGE_BYTES / calls
