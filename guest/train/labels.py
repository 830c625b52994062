"""How much of every block is content: the page's words aligned with the words of the reference.

An alignment, not membership: a paragraph that is on the page twice and once in the reference is
content once, and a short label is content where the words around it are.
"""

import hashlib
import re
from pathlib import Path

import numba
import numpy as np
from corpus import Page
from dumps import RawPage

WORD = re.compile(r"\w+")


class Vocabulary:
    """Numbers words."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def numbers(self, text: str) -> np.ndarray:
        known = self._numbers
        return np.array([known.setdefault(word, len(known)) for word in WORD.findall(text.lower())], np.int32)


@numba.njit(cache=True)
def _align(page, reference, weights, start, reference_done, page_done):
    """Marks the words of the best monotonous alignment. A run of matches earns the words' weights
    and pays `start` once, so scattered little words earn nothing."""
    rows, columns = len(page), len(reference)
    ways = np.zeros((rows + 1, columns + 1), np.uint8)
    match_above = np.full(columns + 1, -1e9, np.float32)
    best_above = np.zeros(columns + 1, np.float32)
    match = np.full(columns + 1, -1e9, np.float32)
    best = np.zeros(columns + 1, np.float32)
    for i in range(1, rows + 1):
        word, weight, done = page[i - 1], weights[i - 1], page_done[i - 1]
        match[0] = -1e9
        best[0] = 0
        for j in range(1, columns + 1):
            value = np.float32(-1e9)
            goes_on = 0
            if not done and word == reference[j - 1] and not reference_done[j - 1]:
                longer, fresh = match_above[j - 1], best_above[j - 1] - start
                if longer >= fresh:
                    value = longer + weight
                    goes_on = 4
                else:
                    value = fresh + weight
            match[j] = value
            highest, way = best_above[j], 1
            if best[j - 1] > highest:
                highest, way = best[j - 1], 2
            if value > highest:
                highest, way = value, 3
            best[j] = highest
            ways[i, j] = way | goes_on
        match_above, match = match, match_above
        best_above, best = best, best_above
    i, j = rows, columns
    inside = False
    while i > 0 and j > 0:
        way = ways[i, j]
        if inside or way & 3 == 3:
            page_done[i - 1] = True
            reference_done[j - 1] = True
            inside = way & 4 != 0
            i -= 1
            j -= 1
        elif way & 3 == 1:
            i -= 1
        else:
            j -= 1


def content_shares(blocks: list[np.ndarray], reference: np.ndarray) -> np.ndarray:
    """For every block the share of its words that the reference has, 0 to 1."""
    lengths = np.array([len(block) for block in blocks], np.int64)
    if not lengths.sum() or not len(reference):
        return np.zeros(len(blocks), np.float32)
    page = np.concatenate(blocks)
    _, inverse, counts = np.unique(page, return_inverse=True, return_counts=True)
    rarity = counts[inverse]
    weights = (0.35 + 0.65 * (rarity <= 3) + 0.2 * (rarity <= 1)).astype(np.float32)
    page_done = np.zeros(len(page), np.bool_)
    reference_done = np.zeros(len(reference), np.bool_)
    # Twice more for parts that the reference has in another order than the page.
    for start, enough in ((1.0, 2.0), (1.6, 0.98), (1.6, 0.95)):
        if reference_done.mean() < enough:
            _align(page, reference, weights, np.float32(start), reference_done, page_done)
    ends = np.cumsum(lengths)
    matched = np.concatenate([[0], np.cumsum(page_done)])
    return ((matched[ends] - matched[ends - lengths]) / np.maximum(1, lengths)).astype(np.float32)


class Shares:
    """Content shares, kept in a file: they change only when the cutting into blocks does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = dict(np.load(path)) if path.exists() else {}
        self._used: dict[str, np.ndarray] = {}

    def of(self, page: Page, raw: RawPage, blocks: list[np.ndarray], reference: np.ndarray) -> np.ndarray:
        key = hashlib.sha256("\0".join([page.reference, *raw.texts]).encode()).hexdigest()
        found = self._known.get(key)
        self._used[key] = content_shares(blocks, reference) if found is None else found
        return self._used[key]

    def save(self) -> None:
        np.savez_compressed(self._path, **self._used)
