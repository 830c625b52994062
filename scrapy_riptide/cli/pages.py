"""A page from a file, from standard input or from the web, decoded as a browser would."""

from __future__ import annotations

import http.client
import sys
import time
import zlib
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from w3lib.url import safe_url_string

from scrapy_riptide.cli.main import CommandError
from scrapy_riptide.decoding import decode

_MAX_BYTES = 64 * 1024 * 1024
_SILENCE_S = 30
_WHOLE_S = 120
_READ_BYTES = 64 * 1024
_SCHEMES = ("http", "https")


class Page(NamedTuple):
    """A page's HTML and its absolute address."""

    html: str
    url: str


def read(name: str, url: str | None) -> Page:
    """The page saved as ``name``, ``-`` for standard input. Without an address it has its file's."""
    path = Path("/dev/stdin" if name == "-" else name)
    try:
        body = sys.stdin.buffer.read() if name == "-" else path.read_bytes()
    except OSError as error:
        raise CommandError(f"{name} can't be read: {error.strerror}.") from error
    return Page(decode(body, None), url or path.absolute().as_uri())


def fetch(url: str) -> Page:
    """The page at ``url``, after redirects. Only the web is asked, never a file or another scheme."""
    if urlsplit(url).scheme not in _SCHEMES:
        raise CommandError(
            f"{url} is no address on the web: it takes one that begins with http:// or https://."
        )
    asked = request.Request(  # noqa: S310 (the scheme is checked, redirects too)
        safe_url_string(url),
        headers={
            "User-Agent": f"scrapy-riptide/{version('scrapy-riptide')}",
            "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
            "Accept-Encoding": "gzip",
        },
    )
    try:
        with _opener().open(asked, timeout=_SILENCE_S) as response:
            return _page(response)
    except HTTPError as error:
        raise CommandError(f"{url} answered {error.code} {error.reason}.") from error
    except URLError as error:
        raise CommandError(f"{url} can't be fetched: {_reason(error.reason)}.") from error
    except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
        raise CommandError(f"{url} can't be fetched: {_reason(error)}.") from error


def _reason(error: BaseException | str) -> str:
    # Without the number that str() of a system's error begins with.
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _opener() -> request.OpenerDirector:
    # build_opener would add handlers of file:, ftp: and data: addresses.
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler,
        request.HTTPHandler,
        request.HTTPSHandler,
        request.HTTPDefaultErrorHandler,
        request.HTTPErrorProcessor,
        request.HTTPRedirectHandler,
        # Says so of an address that it is redirected to and that none of the above can fetch.
        request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def _page(response: http.client.HTTPResponse) -> Page:
    content_type = response.headers.get("Content-Type")
    kind = response.headers.get_content_type()
    if content_type and not (kind.startswith("text/") or kind.endswith(("xml", "html"))):
        raise CommandError(f"{response.url} is {kind}, not HTML.")
    return Page(decode(_body(response), content_type), response.url)


def _body(response: http.client.HTTPResponse) -> bytes:
    deadline = time.monotonic() + _WHOLE_S
    zipped = response.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip", "deflate")
    # 32 more than the window's size: gzip or zlib, whichever it is.
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32) if zipped else None
    body = bytearray()
    while chunk := response.read(_READ_BYTES):
        body += inflater.decompress(chunk, _MAX_BYTES + 1) if inflater else chunk
        if len(body) > _MAX_BYTES:
            raise CommandError(f"{response.url} is larger than {_MAX_BYTES // 2**20} MiB.")
        if time.monotonic() > deadline:
            raise CommandError(f"{response.url} took longer than {_WHOLE_S} s.")
    if inflater and not inflater.eof:
        raise CommandError(f"{response.url} ended before all of it was there.")
    return bytes(body)
