"""Pages as an archive, as a crawler would have written it."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path


def write_warc(pages: Iterable[tuple[bytes, str]], path: Path) -> None:
    """Pages (UTF-8, address) as responses, each in a gzip member of its own."""
    with path.open("wb") as file:
        for html, url in pages:
            http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html
            head = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n"
                f"Content-Length: {len(http)}\r\n\r\n"
            )
            # The level of zlib's own choice, and of most archives; Python's is 9.
            file.write(gzip.compress(head.encode() + http + b"\r\n\r\n", compresslevel=6))
