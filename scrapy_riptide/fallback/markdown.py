"""Elements to text and to Markdown, in one pass without recursion: documents nest 2,000 deep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from lxml import etree

from scrapy_riptide.fallback.document import Document

_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "code": "`", "kbd": "`", "samp": "`"}
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "html",
        "main",
        "nav",
        "p",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "caption",
        "option",
    ]
)
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")
_AROUND_BREAK = re.compile(r" *\n *")
_SPACES = re.compile(r" {2,}")
# Marks deeper than this are left out: closing each copies what is inside.
_MAX_MARK_DEPTH = 8
_MAX_INDENTS = 8
_MAX_TABLE_CELLS = 20_000

Skip = Callable[[etree._Element], bool]


def render(document: Document, roots: Iterable[etree._Element], skip: Skip) -> tuple[str, str]:
    """The roots' plain text and their Markdown. What ``skip`` takes is left out."""
    plain, markdown = writers = _Writer(document, plain=True), _Writer(document, plain=False)
    for root in roots:
        _walk(root, writers, skip)
    return plain.result(), markdown.result()


def _walk(root: etree._Element, writers: Iterable[_Writer], skip: Skip) -> None:
    walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    left_out: etree._Element | None = None
    for event, element in walker:
        if event == "start":
            if skip(element) or _written_whole(element, writers):
                left_out = element
                walker.skip_subtree()
            else:
                for writer in writers:
                    writer.start(element)
        elif event == "end":
            if element is left_out:
                left_out = None
            else:
                for writer in writers:
                    writer.end(element)
        if event != "start" and element is not root and element.tail:
            for writer in writers:
                writer.text(element.tail)
    for writer in writers:
        writer.flush()


def _written_whole(element: etree._Element, writers: Iterable[_Writer]) -> bool:
    """Whether the element is of those written in one piece, and then writes it."""
    tag = element.tag
    if tag == "pre":
        code = _text_of(element).strip("\n")
        for writer in writers:
            writer.code(code)
    elif tag == "hr":
        for writer in writers:
            writer.rule()
    elif tag == "img":
        for writer in writers:
            writer.image(element)
    elif tag == "table" and (rows := _data_rows(element)):
        for writer in writers:
            writer.table(rows)
    else:
        return False
    return True


class _Writer:
    def __init__(self, document: Document, *, plain: bool) -> None:
        self._document = document
        self._plain = plain
        self._blocks: list[tuple[str, bool]] = []
        self._inline: list[str] = []
        # Where each open mark or link began in the line.
        self._open_marks: list[int] = []
        self._indents: list[str] = []
        self._counters: list[int | None] = []
        # What the next block opens with: the marker of a list item, the signs of a heading.
        self._marker = self._heading = ""

    def text(self, text: str) -> None:
        self._inline.append(_BLANKS.sub(" ", text))

    def start(self, element: etree._Element) -> None:
        tag = element.tag
        if tag in _HEADINGS:
            self.flush()
            self._heading = _HEADINGS[tag]
        elif tag in ("ul", "ol", "menu"):
            self.flush()
            self._counters.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._start_item()
        elif tag == "blockquote":
            self.flush()
            self._indents.append("> ")
        elif tag in _MARKS or tag == "a":
            self._open_marks.append(len(self._inline))
        elif tag == "br":
            self._inline.append("\n")
        elif tag in _BLOCKS:
            self.flush()
        if element.text:
            self.text(element.text)

    def end(self, element: etree._Element) -> None:
        tag = element.tag
        if tag in ("ul", "ol", "menu"):
            self.flush()
            self._counters.pop()
        elif tag in ("li", "blockquote"):
            self.flush()
            self._indents.pop()
            self._marker = ""
        elif tag in _MARKS:
            self._close_mark(_MARKS[tag], _MARKS[tag])
        elif tag == "a":
            href = None if self._plain else self._document.absolute(element.get("href") or "")
            self._close_mark("[", f"]({href})") if href else self._open_marks.pop()
        elif tag in _BLOCKS or tag in _HEADINGS:
            self.flush()

    def code(self, code: str) -> None:
        self._block(code if self._plain else f"```\n{code}\n```")

    def rule(self) -> None:
        self._block("" if self._plain else "---")

    def table(self, rows: list[list[str]]) -> None:
        self._block(_plain_table(rows) if self._plain else _markdown_table(rows))

    def image(self, element: etree._Element) -> None:
        if self._plain:
            return
        if source := self._document.absolute(element.get("src") or element.get("data-src") or ""):
            alternative = _BLANKS.sub(" ", element.get("alt") or "").strip()
            self._inline.append(f"![{alternative}]({source})")

    def flush(self) -> None:
        """Ends the line that is being written."""
        line = "".join(self._inline)
        self._inline.clear()
        line = _SPACES.sub(" ", _AROUND_BREAK.sub("\n", line)).strip()
        if line:
            self._add(line, tight=bool(self._counters))

    def result(self) -> str:
        """Everything written: a blank line between blocks, none between the items of a list."""
        parts: list[str] = []
        was_tight = False
        for block, tight in self._blocks:
            if parts:
                parts.append("\n" if self._plain or (tight and was_tight) else "\n\n")
            parts.append(block)
            was_tight = tight
        return "".join(parts)

    def _block(self, block: str) -> None:
        self.flush()
        if block:
            self._add(block, tight=False)

    def _add(self, block: str, *, tight: bool) -> None:
        if not self._plain:
            rest = "".join(self._indents[:_MAX_INDENTS])
            first = "".join(self._indents[:-1][:_MAX_INDENTS]) + self._marker if self._marker else rest
            block = first + self._heading + block.replace("\n", f"\n{rest}")
        self._marker = self._heading = ""
        self._blocks.append((block, tight))

    def _start_item(self) -> None:
        self.flush()
        marker = "- "
        if self._counters and (counter := self._counters[-1]) is not None:
            self._counters[-1] = counter + 1
            marker = f"{counter + 1}. "
        self._marker = marker
        self._indents.append(" " * len(marker))

    def _close_mark(self, before: str, after: str) -> None:
        start = self._open_marks.pop()
        if self._plain or len(self._open_marks) >= _MAX_MARK_DEPTH:
            return
        inner = "".join(self._inline[start:])
        core = inner.strip()
        if core and "\n\n" not in core:
            del self._inline[start:]
            lead, trail = inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]
            self._inline.append(f"{lead}{before}{core}{after}{trail}")


def _text_of(element: etree._Element) -> str:
    return str(element.xpath("string()"))


def _data_rows(table: etree._Element) -> list[list[str]]:
    """The cells of a table of data; nothing for a table that only lays out."""
    if next(table.iterdescendants("table"), None) is not None:
        return []
    rows: list[list[str]] = []
    cells = 0
    for row in table.iter("tr"):
        texts = [_BLANKS.sub(" ", _text_of(cell)).strip() for cell in row.iterchildren("td", "th")]
        cells += len(texts)
        if cells > _MAX_TABLE_CELLS:
            return []
        if any(texts):
            rows.append(texts)
    return rows if len(rows) > 1 and max(map(len, rows)) > 1 else []


def _plain_table(rows: list[list[str]]) -> str:
    return "\n".join("\t".join(row) for row in rows)


def _markdown_table(rows: list[list[str]]) -> str:
    width = max(map(len, rows))
    # A cell for every column of the widest row: one long row must not make a million empty cells.
    if width * len(rows) > _MAX_TABLE_CELLS:
        return _plain_table(rows)
    lines = [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row + [""] * (width - len(row))) + " |"
        for row in rows
    ]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])
