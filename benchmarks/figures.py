"""Where a benchmark's figures stand in the documentation: between two comments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_BEGIN = "<!-- figures: begin -->"
_END = "<!-- figures: end -->"


def put(page: Path, lines: Sequence[str]) -> None:
    """Puts lines in the place of those that a page of the documentation has from an earlier run.

    :raises SystemExit: the page has no place for figures
    """
    text = page.read_text()
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise SystemExit(f"{page} has no place for figures: {_BEGIN} and {_END}, each on a line")
    page.write_text("\n".join([f"{before}{_BEGIN}", "", *lines, "", f"{_END}{after}"]))
