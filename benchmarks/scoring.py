"""How good an extraction is: the measures of the data sets, each 0 to 1.

word F1: overlap of the bags of words with the reference. Shingle F1, precision and recall: the
same for runs of four words, where order and boundaries count. Kept and clean: shares of the
snippets that must, and must not, be in the text. Title, byline, date: the share that is right, of
the pages that have one; precision: of the bylines or dates that were given; invented: how often
one was given where the truth has none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

_WORD = re.compile(r"\w+")


@dataclass
class Page:
    """A document with its truth. What the truth doesn't say is None or empty."""

    id: str
    url: str
    html: str
    kind: str | None = None
    main_content: str | None = None
    must_have: list[str] = field(default_factory=list)
    must_not_have: list[str] = field(default_factory=list)
    title: str | None = None
    author: str | None = None
    #: Whether the truth speaks of authors at all: where it does and names none, one is invented.
    knows_author: bool = False
    date: str | None = None
    #: The same of dates.
    knows_date: bool = False

    @classmethod
    def from_truth(cls, truth: dict[str, Any], html: str) -> Page:
        """A page from one record of a data set's truth."""
        return cls(
            id=truth["id"],
            url=truth.get("url") or "https://example.com/",
            html=html,
            kind=truth.get("page_type"),
            main_content=truth.get("main_content"),
            must_have=truth.get("must_have") or [],
            must_not_have=truth.get("must_not_have") or [],
            title=truth.get("title"),
            author=_author(truth.get("author")),
            knows_author="author" in truth,
            date=truth.get("publish_date") or truth.get("date"),
            knows_date="publish_date" in truth or "date" in truth,
        )


def _author(named: str | list[str] | None) -> str | None:
    """As one text; several are a list in some truths."""
    return " ".join(named) or None if isinstance(named, list) else named


@dataclass
class Prediction:
    """What an engine made of a page. None where the engine doesn't do that."""

    text: str = ""
    title: str | None = None
    byline: str | None = None
    date: str | None = None
    #: Where an engine of another process measured itself; None leaves that to the caller.
    milliseconds: float | None = None


def words(text: str | None) -> list[str]:
    """The words of a text, in lower case."""
    return _WORD.findall((text or "").lower())


def _overlap(predicted: Counter[Any], reference: Counter[Any]) -> tuple[float, float, float]:
    """F1, precision and recall of two bags."""
    if not reference or not predicted:
        same = float(not reference and not predicted)
        return same, same, same
    common = sum((predicted & reference).values())
    if not common:
        return 0.0, 0.0, 0.0
    precision, recall = common / sum(predicted.values()), common / sum(reference.values())
    return 2 * precision * recall / (precision + recall), precision, recall


def _shingles(tokens: list[str], size: int = 4) -> Counter[Hashable]:
    if len(tokens) < size:
        return Counter([tuple(tokens)] if tokens else [])
    return Counter(zip(*(tokens[start:] for start in range(size))))


def _agree(one: str | None, other: str | None) -> float:
    return float(_overlap(Counter(words(one)), Counter(words(other)))[0] >= 0.8)


def score(page: Page, prediction: Prediction, gives: frozenset[str]) -> dict[str, float]:
    """Every measure that the page's truth allows, of the fields that the engine gives."""
    row = _score_text(page, prediction) if "text" in gives else {}
    if page.title and "title" in gives:
        row["title"] = _agree(prediction.title, page.title)
    if "byline" in gives:
        agrees = _agree(prediction.byline, page.author)
        row |= _found("byline", page.author, page.knows_author, prediction.byline, agrees)
    if "date" in gives:
        agrees = float((prediction.date or "")[:10] == (page.date or "")[:10])
        row |= _found("date", page.date, page.knows_date, prediction.date, agrees)
    return row


def _found(
    name: str, truth: str | None, knows: bool, predicted: str | None, agrees: float
) -> dict[str, float]:
    """Recall, precision and inventions of a field that a page may lack: its mean is each of them.

    Precision is that of all predictions, also on pages whose truth has none.
    """
    row: dict[str, float] = {}
    if truth:
        row[name] = agrees
    elif knows:
        row[f"{name} invented"] = float(bool(predicted))
    if predicted and (truth or knows):
        row[f"{name} precision"] = agrees if truth else 0.0
    return row


def _score_text(page: Page, prediction: Prediction) -> dict[str, float]:
    row: dict[str, float] = {}
    got = words(prediction.text)
    if page.main_content:
        want = words(page.main_content)
        row["word F1"] = _overlap(Counter(got), Counter(want))[0]
        row["shingle F1"], row["shingle precision"], row["shingle recall"] = _overlap(
            _shingles(got), _shingles(want)
        )
    flat = f" {' '.join(got)} "
    for name, snippets, wanted in (("kept", page.must_have, True), ("clean", page.must_not_have, False)):
        if snippets:
            found = [f" {' '.join(words(snippet))} " in flat for snippet in snippets]
            row[name] = sum(each is wanted for each in found) / len(found)
    return row
