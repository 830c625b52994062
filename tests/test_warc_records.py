"""What is read from WARC files, sound and damaged."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import Any

import pytest

pytest.importorskip("fastwarc", reason="the extra 'warc' is not installed")

from warcs import other, pages, record

from scrapy_riptide.archives.records import Damaged, Document, Skipped, read_warc
from scrapy_riptide.decoding import decode, document
from scrapy_riptide.wasm.utf8 import utf8

LIMIT = 1_000_000


def read(data: bytes, limit: int = LIMIT) -> list[Any]:
    return list(read_warc(io.BytesIO(data), limit))


def told(data: bytes, limit: int = LIMIT) -> list[tuple[str, str | None]]:
    """What each record is, and its address."""
    return [
        (each.kind if isinstance(each, (Skipped, Damaged)) else "document", each.url)
        for each in read(data, limit)
    ]


def zipped(records: list[bytes]) -> bytes:
    return b"".join(map(gzip.compress, records))


def url(number: int) -> str:
    return f"https://tides.example/{number}"


@pytest.mark.parametrize("pack", [b"".join, zipped], ids=["plain", "gzip"])
def test_every_response_comes_with_its_place(pack: Any) -> None:
    records = [other("warcinfo"), *pages(3), other("request"), *pages(1, "other.example")]
    found = read(pack(records))
    assert [each.url for each in found] == [url(0), url(1), url(2), "https://other.example/0"]
    assert all(b"<h1>Page" in each.html for each in found)
    assert found[0].date == "2026-01-02T03:04:05Z"
    assert found[0].record_id.startswith("<urn:uuid:")
    # A record can be read again at its place.
    data = pack(records)
    assert [read(data[each.offset :])[0].url for each in found] == [each.url for each in found]


def test_what_is_no_page_is_skipped_by_reason() -> None:
    data = b"".join(
        [
            record(url(0), b"gone", status="404 Not Found"),
            record(url(1), b"GIF89a", headers="Content-Type: image/gif\r\n"),
            record(url(2), b" \n "),
            record(url(3), b"x" * (LIMIT + 1)),
            record(
                url(4),
                gzip.compress(b" x" * LIMIT),
                headers="Content-Type: text/html\r\nContent-Encoding: gzip\r\n",
            ),
            *pages(1),
        ]
    )
    assert told(data) == [
        ("status", url(0)),
        ("not_html", url(1)),
        ("empty", url(2)),
        ("too_large", url(3)),
        ("too_large", url(4)),
        ("document", url(0)),
    ]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Encoding: gzip\r\n", gzip.compress(b"<p>tide</p>")),
        ("Content-Encoding: deflate\r\n", zlib.compress(b"<p>tide</p>")),
        ("Transfer-Encoding: chunked\r\n", b"b\r\n<p>tide</p>\r\n0\r\n\r\n"),
        # Archives whose writer took the encoding off and left the header.
        ("Transfer-Encoding: chunked\r\n", b"<p>tide</p>"),
        ("Content-Encoding: gzip\r\n", b"<p>tide</p>"),
        ("Content-Encoding: identity\r\n", b"<p>tide</p>"),
    ],
)
def test_encodings_come_off(headers: str, body: bytes) -> None:
    (document,) = read(record(url(0), body, headers=f"Content-Type: text/html\r\n{headers}"))
    assert document.html == b"<p>tide</p>"


def test_a_response_without_a_type_of_its_own_is_taken_for_one_of_http() -> None:
    (first,) = pages(1)
    head = b"Content-Type: application/http; msgtype=response\r\n"
    assert head in first
    assert told(first.replace(head, b"")) == [("document", url(0))]


def test_letters_are_those_that_a_browser_would_show() -> None:
    latin = record(
        url(0), "<p>Fähre</p>".encode("latin-1"), headers="Content-Type: text/html; charset=latin-1\r\n"
    )
    meta = record(
        url(1), "<meta charset=shift_jis><p>鯖</p>".encode("shift_jis"), headers="Content-Type: text/html\r\n"
    )
    assert [each.html[-8:] for each in read(latin + meta)] == ["ähre</p>", "<p>鯖</p>"]


@pytest.mark.parametrize(
    "content_type", [None, "text/html", "text/html; charset=utf-8", "text/html; charset=big5"]
)
@pytest.mark.parametrize(
    "body",
    [
        "<p>Fähre</p>".encode(),
        b"\xef\xbb\xbf<p>F\xc3\xa4hre</p>",
        "<p>Fähre</p>".encode("utf-16"),
        b"<meta charset=utf-8><p>F\xe4hre</p>",
        b"<p>F\xe4hre</p>",
        b"",
    ],
)
def test_a_document_is_its_text_whatever_it_comes_as(content_type: str | None, body: bytes) -> None:
    assert utf8(document(body, content_type)) == utf8(decode(body, content_type))


def test_a_body_that_is_utf_8_is_not_decoded() -> None:
    body = "<p>Fähre</p>".encode()
    assert document(body, "text/html; charset=utf8") is document(body, None) is body


def test_a_damaged_member_is_told_and_reading_goes_on_behind_it() -> None:
    members = [bytearray(gzip.compress(each)) for each in pages(5)]
    for index in (30, 31, 32):
        members[2][index] ^= 0xFF
    data = b"".join(map(bytes, members))
    assert [each for each in told(data) if each[0] == "document"] == [
        ("document", url(number)) for number in (0, 1, 3, 4)
    ]
    assert [kind for kind, _ in told(data)].count("damaged") == 1


@pytest.mark.parametrize("pack", [b"".join, zipped], ids=["plain", "gzip"])
def test_rubbish_between_records_is_told_once(pack: Any) -> None:
    records = pages(3)
    data = pack(records[:1]) + b"rubbish\r\n" * 50 + pack(records[1:])
    assert [kind for kind, _ in told(data)] == ["document", "damaged", "document", "document"]


@pytest.mark.parametrize("pack", [b"".join, zipped], ids=["plain", "gzip"])
def test_a_file_that_is_cut_off_ends_with_a_word(pack: Any) -> None:
    data = pack(pages(3))
    for missing in (30, 100, 200):
        *sound, last = told(data[:-missing])
        assert sound == [("document", url(0)), ("document", url(1))], missing
        assert last[0] in {"cut_off", "no_http", "damaged"}, missing


@pytest.mark.parametrize("pack", [b"".join, zipped], ids=["plain", "gzip"])
def test_a_record_that_says_it_is_longer_swallows_no_other(pack: Any) -> None:
    first, second = pages(2)
    data = pack([first.replace(b"Content-Length: ", b"Content-Length: 9"), second])
    assert told(data) == [("cut_off", url(0)), ("document", url(1))]


@pytest.mark.parametrize(
    "data", [b"<html>no archive</html>" * 99, b"\x00" * 9999, b"WARC/1.0\r\n", b"\x1f\x8b\x08"]
)
def test_what_is_no_archive_has_no_documents(data: bytes) -> None:
    assert "document" not in {kind for kind, _ in told(data)}


def test_an_empty_file_has_nothing() -> None:
    assert read(b"") == []


def test_damage_is_no_reason_to_read_a_file_over_and_over() -> None:
    """Many places that look like records and are none."""
    data = (b"\x1f\x8b\x08" + b"\x00" * 20 + b"\nWARC/none\r\n") * 2000 + pages(1)[0]
    reads = 0

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            nonlocal reads
            reads += 1
            return super().read(size)

    found = list(read_warc(Counting(data), LIMIT))
    assert isinstance(found[-1], Document)
    assert reads < 20 * 2000


def test_a_stream_that_can_t_be_read_is_no_damage_of_the_archive() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        list(read_warc(Broken(b"".join(pages(1))), LIMIT))
