"""WARC files for tests, by hand: what a library would not write is wanted, too."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from crawls import article


def record(
    url: str,
    body: bytes,
    *,
    status: str = "200 OK",
    headers: str = "Content-Type: text/html; charset=utf-8\r\n",
) -> bytes:
    """A response."""
    http = f"HTTP/1.1 {status}\r\n{headers}\r\n".encode() + body
    head = {
        "WARC-Type": "response",
        "WARC-Target-URI": url,
        "WARC-Date": "2026-01-02T03:04:05Z",
        "WARC-Record-ID": f"<urn:uuid:{uuid5(NAMESPACE_URL, url)}>",
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": len(http),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"WARC/1.0\r\n{lines}\r\n".encode() + http + b"\r\n\r\n"


def other(kind: str) -> bytes:
    """A record that is no response."""
    return f"WARC/1.0\r\nWARC-Type: {kind}\r\nContent-Length: 5\r\n\r\nhello\r\n\r\n".encode()


def pages(count: int, host: str = "tides.example") -> list[bytes]:
    """Records of pages that look like pages."""
    return [
        record(f"https://{host}/{number}", article(f"Page {number} of {host}").encode())
        for number in range(count)
    ]


def write_warc(path: Path, records: Iterable[bytes]) -> Path:
    """A file with a gzip member for each record, as the standard wants it."""
    path.write_bytes(b"".join(map(gzip.compress, [other("warcinfo"), *records])))
    return path
