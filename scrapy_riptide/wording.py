"""How messages put what they repeat, what they count, and what there is to install."""

from __future__ import annotations


def in_short(text: str, limit: int = 200) -> str:
    """The beginning and the end of what a message repeats, in at most ``limit`` characters."""
    half = limit // 2
    return text if len(text) <= limit else f"{text[: half - 2]} … {text[1 - half :]}"


def counted(count: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def install(extra: str) -> str:
    """The command that brings what an extra is for."""
    return f"pip install 'scrapy-riptide[{extra}]'"
