"""Bytes of a page as text, by what browsers go by."""

from __future__ import annotations

from w3lib.encoding import html_to_unicode


def decode(body: bytes, content_type: str | None) -> str:
    """Text by byte order mark, header, meta element; else UTF-8, or Windows-1252 where that can't be."""
    return html_to_unicode(content_type, body, auto_detect_fun=_undeclared)[1]


def _undeclared(body: bytes) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
