"""What is in a WARC file: documents, records that are none, and damage, each by its place.

fastwarc reads the records. It ends at the first that is damaged, and says nothing of one that is
cut off; here reading goes on at the next record that can be found, and both are told.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

from fastwarc.stream_io import BrotliReader, ChunkedReader, GzipReader, ZstdReader
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from scrapy_riptide import decoding

Skip = Literal["status", "not_html", "empty", "too_large"]
Damage = Literal["damaged", "cut_off", "no_http", "encoding"]

_HTML = ("text/html", "application/xhtml+xml")
_GZIP = b"\x1f\x8b\x08"
_WARC = b"WARC/"
_SEARCH_BYTES = 1 << 20
# From a gzip member's first bytes its first letters must come out.
_PROBE_BYTES = 512


@dataclass(frozen=True)
class Place:
    """Where in a file a record begins, and which it is."""

    #: Bytes from the file's start, of the compressed file where it is compressed.
    offset: int
    #: None where the record says none.
    url: str | None


@dataclass(frozen=True)
class Document(Place):
    """A record with a web page."""

    url: str
    #: Text, or the UTF-8 of it.
    html: str | bytes
    record_id: str | None
    #: As the record has it, ISO 8601.
    date: str | None


@dataclass(frozen=True)
class Skipped(Place):
    """A response that is sound, and not to be extracted."""

    kind: Skip


@dataclass(frozen=True)
class Damaged(Place):
    """A place where there should have been a record."""

    kind: Damage
    message: str


def read_warc(stream: BinaryIO, max_body_bytes: int) -> Iterator[Document | Skipped | Damaged]:
    """Every response of a WARC file, in order. Records of other types are passed over.

    :param stream: the file, which can be sought in; gzip, zstd and lz4 are recognized
    :param max_body_bytes: larger bodies are skipped, compressed and as they are
    :raises OSError: the stream itself can't be read
    """
    start: int | None = 0
    told: Damaged | None = None
    while start is not None:
        last = None
        try:
            for found in _records(stream, start, max_body_bytes):
                if told is not None:
                    yield told
                    told = None
                last = found.offset
                yield found
                if isinstance(found, Damaged) and found.kind == "cut_off":
                    # It may have swallowed the next ones.
                    break
            else:
                return
        except _BadStreamError as error:
            # Told once reading goes on: only then is known where the damage ends.
            told = Damaged(start if last is None else last, None, "damaged", str(error))
        start = _next_record(stream, (start if last is None else last) + 1)
    if told is not None:
        yield told


class _BadStreamError(Exception):
    """There is no record where there should be one."""


def _records(stream: BinaryIO, start: int, max_body_bytes: int) -> Iterator[Document | Skipped | Damaged]:
    stream.seek(start)
    watched = _Watched(stream)
    try:
        for record in ArchiveIterator(
            watched,  # type: ignore[arg-type]
            record_types=WarcRecordType.response,
            parse_http=False,
        ):
            yield _read(record, max_body_bytes)
            record.consume()
    except OSError as error:
        if watched.error is not None:
            raise watched.error from None
        raise _BadStreamError(str(error)) from error
    except BaseException as error:
        # A panic of the library's, which derives from nothing that one would catch.
        if type(error).__name__ == "PanicException":
            raise _BadStreamError(f"fastwarc gave up: {error}") from error
        raise


class _Watched:
    """A stream that remembers its own failure: fastwarc's are of the same type."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.tell = stream.tell
        self.seek = stream.seek
        self.error: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return self._stream.read(size)
        except OSError as error:
            self.error = error
            raise


def _read(record: WarcRecord, max_body_bytes: int) -> Document | Skipped | Damaged:
    offset = record.stream_pos
    url = _header(record, "WARC-Target-URI")
    if url is not None:
        # Some writers of the year 2010 follow the standard's grammar by the letter.
        url = url.removeprefix("<").removesuffix(">")
    # Some writers leave out the header that says so.
    record.is_http = True
    record.parse_http()
    headers = record.http_headers
    if headers is None or headers.status_code is None or url is None:
        # What is cut off within its headers as well.
        return Damaged(offset, url, "no_http", "the record has no address or is no answer of HTTP")
    if not 200 <= headers.status_code < 300:
        return Skipped(offset, url, "status")
    content_type = headers.get("Content-Type") or _header(record, "WARC-Identified-Payload-Type")
    if content_type is None or content_type.partition(";")[0].strip().lower() not in _HTML:
        return Skipped(offset, url, "not_html")
    length = record.content_length
    if length > max_body_bytes:
        return Skipped(offset, url, "too_large")
    raw = _read_all(record.reader, length)
    if len(raw) < length:
        return Damaged(offset, url, "cut_off", f"{len(raw)} of {length} bytes are there")
    try:
        body = _decompressed(raw, headers, max_body_bytes + 1)
    except (OSError, zlib.error, EOFError) as error:
        return Damaged(offset, url, "encoding", str(error))
    if len(body) > max_body_bytes:
        return Skipped(offset, url, "too_large")
    if not body or body.isspace():
        return Skipped(offset, url, "empty")
    return Document(
        offset,
        url,
        html=decoding.document(body, content_type),
        record_id=_header(record, "WARC-Record-ID"),
        date=_header(record, "WARC-Date"),
    )


def _header(record: WarcRecord, name: str) -> str | None:
    return record.headers.get(name)


_DECODERS: dict[str, Any] = {
    "gzip": GzipReader,
    "x-gzip": GzipReader,
    "br": BrotliReader,
    "zstd": ZstdReader,
    "chunked": ChunkedReader,
}


def _decompressed(raw: bytes, headers: Any, limit: int) -> bytes:
    """The body without its encodings, of which at most ``limit`` bytes."""
    # The last that was applied comes off first, and the transfer's were applied last.
    names = [
        name.strip().lower()
        for header in ("Content-Encoding", "Transfer-Encoding")
        for name in (headers.get(header) or "").split(",")
    ]
    body = raw
    for name in reversed(names):
        if name == "deflate":
            body = zlib.decompressobj(zlib.MAX_WBITS if body[:1] == b"\x78" else -zlib.MAX_WBITS).decompress(
                body, limit
            )
        elif name == "chunked" and not _is_chunked(body):
            # Archives that took the chunks apart and kept the header: Common Crawl among them.
            continue
        elif name in ("gzip", "x-gzip") and not body.startswith(_GZIP[:2]):
            continue
        elif name in _DECODERS:
            body = _read_all(_DECODERS[name](io.BytesIO(body)), limit)
    return body


def _is_chunked(body: bytes) -> bool:
    size = body[:20].partition(b"\r\n")[0].partition(b";")[0].strip()
    return bool(size) and all(byte in b"0123456789abcdefABCDEF" for byte in size)


def _read_all(reader: Any, limit: int) -> bytes:
    parts, missing = [], limit
    while missing and (part := reader.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _next_record(stream: BinaryIO, position: int) -> int | None:
    """Where the next record begins that can be found from a position on."""
    tail = b""
    while True:
        stream.seek(position)
        block = stream.read(_SEARCH_BYTES)
        if not block:
            return None
        window, window_start = tail + block, position - len(tail)
        for index in _candidates(window):
            stream.seek(window_start + index)
            if _begins_record(stream.read(_PROBE_BYTES)):
                return window_start + index
        # A mark may lie across the end of a block.
        tail = window[-(len(_WARC) + 1) :]
        position += len(block)


def _candidates(window: bytes) -> Iterator[int]:
    found = sorted({index for mark in (_GZIP, b"\n" + _WARC) for index in _all(window, mark)})
    for index in found:
        yield index + (window[index : index + 1] == b"\n")


def _all(window: bytes, mark: bytes) -> Iterator[int]:
    index = window.find(mark)
    while index >= 0:
        yield index
        index = window.find(mark, index + 1)


def _begins_record(data: bytes) -> bool:
    if data.startswith(_WARC):
        return True
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, len(_WARC)) == _WARC
    except zlib.error:
        return False
