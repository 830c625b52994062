"""Shows a crawl while it runs, and at its end a table of its pages."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import urlsplit

from scrapy import Spider, signals
from scrapy.http import HtmlResponse, Response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scrapy.crawler import Crawler
    from typing_extensions import Self

_HEADINGS = ("page", "title", "language", "words", "links", "ms")
_CLEAR_LINE = "\r\x1b[K"


@dataclass
class _Row:
    page: str
    title: str
    language: str = "-"
    words: str = "-"
    links: str = "-"
    milliseconds: str = "-"

    def cells(self) -> tuple[str, ...]:
        return (self.page, self.title, self.language, self.words, self.links, self.milliseconds)


class Report:
    """An extension that listens: progress on standard error, the table on standard output."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._rows: list[_Row] = []
        self._started = monotonic()
        self._seconds = 0.0
        self._reason = ""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made once a crawl by Scrapy."""
        report = cls(crawler)
        crawler.signals.connect(report.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(report.response_received, signal=signals.response_received)
        crawler.signals.connect(report.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(report.engine_stopped, signal=signals.engine_stopped)
        return report

    def spider_opened(self, spider: Spider) -> None:
        """Say what is going to happen."""
        self._started = monotonic()
        print(f"Crawling {getattr(spider, 'url', spider.name)}", file=sys.stderr)

    def response_received(self, response: Response) -> None:
        """One more page: keep its row and show that it came."""
        if not isinstance(response, HtmlResponse):
            return
        row = _row(response)
        self._rows.append(row)
        done = f"{len(self._rows):4}  {row.page}  {row.title}"
        if sys.stderr.isatty():
            # The cursor waits at the start of the line, so that a line of the log overwrites this one.
            sys.stderr.write(f"{_CLEAR_LINE}{_fit(done, shutil.get_terminal_size().columns - 1).rstrip()}\r")
            sys.stderr.flush()
        else:
            print(done, file=sys.stderr)

    def spider_closed(self, spider: Spider, reason: str) -> None:
        """Remember how it ended; the last figures are still on their way into the stats."""
        self._reason = reason
        self._seconds = monotonic() - self._started
        if sys.stderr.isatty():
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()

    def engine_stopped(self) -> None:
        """The table, then what it took."""
        if not self._rows:
            print("There was no page to read. Lines of the log above say why, if anything went wrong.")
            return
        _print_table(sorted(self._rows, key=lambda row: row.page), sys.stdout)
        early = "" if self._reason == "finished" else f", ended early ({self._reason})"
        count = f"{len(self._rows)} page" if len(self._rows) == 1 else f"{len(self._rows)} pages"
        print(f"\n{count} in {self._seconds:.1f} s{early}")
        stats = self._crawler.stats.get_stats()
        for line in _figures(stats):
            print(line)
        for feed in self._crawler.settings.getdict("FEEDS"):
            uri = str(feed).replace("%(name)s", self._crawler.spidercls.name)
            place = min(uri, os.path.relpath(uri), key=len)
            print(_line("Items", f"{stats.get('item_scraped_count', 0)} in {place}"))


def _row(response: Response) -> _Row:
    parts = urlsplit(response.url)
    page = parts.path + (f"?{parts.query}" if parts.query else "")
    duration_ms = response.meta.get("riptide_duration_ms")
    milliseconds = "-" if duration_ms is None else f"{duration_ms:.1f}"
    content = response.meta.get("riptide_content")
    if content is None:
        error = response.meta.get("riptide_error")
        reason = error["kind"] if error else f"status {response.status}"
        return _Row(page, f"(not extracted: {reason})", milliseconds=milliseconds)
    return _Row(
        page,
        content.title or "(no title)",
        content.language or "-",
        str(content.word_count or 0),
        str(len(content.links)),
        milliseconds,
    )


def _figures(stats: Mapping[str, Any]) -> Iterator[str]:
    """Lines of the crawl's own stats. What could not be counted is left out."""
    skipped = _by_kind(stats, "riptide/skipped/")
    failed = _by_kind(stats, "riptide/errors/")
    answered = sum(_kinds(stats, "riptide/fallback/").values())
    yield _line(
        "Outcomes",
        f"{stats.get('riptide/pages/seen', 0)} responses =",
        f"{stats.get('riptide/pages/extracted', 0)} extracted",
        f"+ {failed} (of these {answered} answered by the fallback)" if failed else "",
        f"+ {skipped}" if skipped else "",
        between=" ",
    )
    yield _line(
        "Pool",
        _said(stats, "riptide/pool/instances/created", "{} instances made"),
        _said(stats, "riptide/pool/checkouts", "{} checkouts"),
        _said(stats, "riptide/pool/reuse_ratio", "{:.0%} of them reused one"),
        _said(stats, "riptide/pool/pressure", "pressure {}"),
        _said(stats, "riptide/breaker/state", "breaker {}"),
    )
    yield _line(
        "Memory",
        _said(stats, "riptide/wasm/memory_pages", "{:,} pages of 64 KiB in use"),
        _said(stats, "riptide/wasm/peak_memory_pages", "at most {:,} in one instance"),
        _said(stats, "riptide/wasm/grow_failed", "{} growths denied"),
    )
    yield _line(
        "Start",
        _said(stats, "riptide/wasm/cold_start_ms", "{:.1f} ms to the first instance"),
        "compiled component from the cache" if stats.get("riptide/wasm/aot_cache/hits") else "",
        "component compiled and cached" if stats.get("riptide/wasm/aot_cache/misses") else "",
    )


def _line(name: str, *parts: str, between: str = ", ") -> str:
    return f"{name:10}{between.join(filter(None, parts)) or 'no figures'}"


def _said(stats: Mapping[str, Any], stat: str, words: str) -> str:
    return words.format(stats[stat]) if stat in stats else ""


def _kinds(stats: Mapping[str, Any], prefix: str) -> dict[str, int]:
    return {stat.removeprefix(prefix): count for stat, count in stats.items() if stat.startswith(prefix)}


def _by_kind(stats: Mapping[str, Any], prefix: str) -> str:
    kinds = _kinds(stats, prefix)
    if not kinds:
        return ""
    named = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    return f"{sum(kinds.values())} {'skipped' if 'skipped' in prefix else 'failed'} ({named})"


def _print_table(rows: list[_Row], out: TextIO) -> None:
    columns = list(zip(_HEADINGS, *(row.cells() for row in rows), strict=True))
    widths = [max(map(_width, column)) for column in columns]
    # The page and its title share what the figures leave.
    spare = shutil.get_terminal_size((110, 24)).columns - sum(widths[2:]) - 2 * (len(widths) - 1)
    widths[0] = min(widths[0], max(12, spare // 3))
    widths[1] = min(widths[1], max(20, spare - widths[0]))
    bold, plain = ("\x1b[1m", "\x1b[0m") if out.isatty() else ("", "")
    for number, cells in enumerate(zip(*columns, strict=True)):
        line = "  ".join(
            _fit(cell, width) if place < 3 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        print(f"{bold}{line}{plain}" if number == 0 else line, file=out)


def _width(text: str) -> int:
    """Columns of a terminal that ``text`` takes: Chinese, Japanese and Korean letters take two."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fit(text: str, width: int) -> str:
    """``text`` in exactly ``width`` columns, cut with an ellipsis or filled up."""
    text = "".join(character if character.isprintable() else " " for character in text)
    if _width(text) > width:
        kept, used = [], 0
        for character in text:
            used += _columns(character)
            if used >= width:
                break
            kept.append(character)
        text = "".join(kept) + "…"
    return text + " " * (width - _width(text))
