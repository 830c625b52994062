"""What wasmtime would end the process over never gets to it, and large pages are checked without the lock."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scrapy_riptide.wasm import utf8 as module
from scrapy_riptide.wasm.utf8 import utf8

LARGE = module._MANY_BYTES

NO_UTF8 = {
    "no byte of any character": b"\xff",
    "of another encoding": b"caf\xe9 au lait",
    "a surrogate": b"\xed\xa0\x80",
    "cut short": b"\xf0\x9f\x98",
    "longer than need be": b"\xc0\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80",
    "the end of a character": b"\x80",
}

#: Any str of Python's, lone surrogates included.
ANY_STR = st.text(st.characters(codec=None) | st.characters(categories=["Cs"]))


@pytest.fixture
def no_turns() -> Iterator[None]:
    """Threads that want the lock get it when its holder gives it away, and not before."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000.0)
    yield
    sys.setswitchinterval(before)


def test_the_check_of_a_large_page_gives_the_lock_away(no_turns: None) -> None:
    page = "é".encode() * LARGE
    utf8(page)
    begin, came = threading.Event(), threading.Event()

    def come() -> None:
        begin.wait()
        came.set()

    other = threading.Thread(target=come)
    other.start()
    begin.set()
    checks = 0
    while not came.is_set() and checks < 100_000:
        utf8(page)
        checks += 1
    seen = came.is_set()
    other.join()
    assert seen


@given(ANY_STR | st.binary())
@example("\ud83d\ude00")
def test_what_comes_out_is_utf8_and_what_pythons_decoder_makes_of_it(value: str | bytes) -> None:
    if isinstance(value, bytes):
        expected = value.decode("utf-8", "replace")
    else:
        expected = value.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
    assert utf8(value).decode() == expected


@settings(max_examples=200)
@given(st.binary(max_size=40) | st.text(max_size=20).map(str.encode), st.integers(0, 40))
def test_a_large_page_is_told_by_the_same_rules(piece: bytes, before: int) -> None:
    for page in (b"a" * before + piece + b"\0" * LARGE, "语".encode() * LARGE + b"a" * before + piece):
        assert utf8(page) == page.decode("utf-8", "replace").encode()


@pytest.mark.parametrize("wrong", NO_UTF8.values(), ids=NO_UTF8)
@pytest.mark.parametrize("size", [0, 100, LARGE])
def test_bytes_that_are_none_are_found_wherever_they_are(wrong: bytes, size: int) -> None:
    for page in (wrong + b"a" * size, b"a" * size + wrong, "é".encode() * size + wrong + b"a" * size):
        assert utf8(page) == page.decode("utf-8", "replace").encode()
        assert b"\xef\xbf\xbd" in utf8(page)


@pytest.mark.parametrize("size", [LARGE - 1, LARGE, LARGE + 1])
def test_bytes_that_are_utf8_are_handed_over_as_they_came(size: int) -> None:
    for page in (b"a" * size, b"a" * (size - 2) + "é".encode(), b"\0" * size):
        assert utf8(page) is page


def test_python_checks_where_wasmtime_takes_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_local", threading.local())
    monkeypatch.setattr(module, "_define_instance", lambda *_: None)
    assert utf8(b"a" * LARGE + b"\xff") == b"a" * LARGE + b"\xef\xbf\xbd"


def test_of_a_page_that_was_checked_nothing_is_kept() -> None:
    pages = [b"%06d" % number + "é".encode() * LARGE for number in (0, 1)]
    for page in pages:
        utf8(page)
    before = psutil.Process().memory_info().rss
    for number in range(2000):
        utf8(b"%06d" % number + pages[0])
        utf8(b"\xff" * LARGE + b"%06d" % number)
    # 128 MB would be the good ones, 64 the others.
    assert psutil.Process().memory_info().rss - before < 20e6


def test_each_thread_checks_for_itself() -> None:
    wrong: list[int] = []

    def check(number: int) -> None:
        good, bad = "é".encode() * LARGE, b"a" * LARGE + b"\xff"
        wrong.extend(number for _ in range(200) if utf8(good) is not good or utf8(bad) == bad)

    threads = [threading.Thread(target=check, args=[number]) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not wrong
