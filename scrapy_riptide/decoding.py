"""Bytes of a page as text, by what browsers go by."""

from __future__ import annotations

from w3lib.encoding import (
    html_body_declared_encoding,
    html_to_unicode,
    http_content_type_encoding,
    read_bom,
)


def document(body: bytes, content_type: str | None) -> str | bytes:
    """What an extractor gets of a page: the body itself where that is UTF-8, else its text.

    Text has to be made UTF-8 again for the guest: both together take 0.3 ms of a page of 310 KB.
    """
    if read_bom(body)[0] is None:
        declared = http_content_type_encoding(content_type) or html_body_declared_encoding(body)
        if (declared or _undeclared(body)) == "utf-8":
            return body
    return decode(body, content_type)


def decode(body: bytes, content_type: str | None) -> str:
    """Text by byte order mark, header, meta element; else UTF-8, or Windows-1252 where that can't be."""
    return html_to_unicode(content_type, body, auto_detect_fun=_undeclared)[1]


def _undeclared(body: bytes) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
