"""How good a selection is, and how much of a page to keep."""

from collections import defaultdict

import numpy as np
from corpus import Page
from dumps import RawPage


def bag_f1(got: np.ndarray, want: np.ndarray) -> float:
    """Overlap of two bags of words."""
    if not len(got) or not len(want):
        return float(len(got) == len(want))
    size = int(max(got.max(), want.max())) + 1
    overlap = np.minimum(np.bincount(got, minlength=size), np.bincount(want, minlength=size)).sum()
    return 2 * overlap / (len(got) + len(want))


def shingles(words: np.ndarray, size: int = 4) -> np.ndarray:
    """Runs of `size` words, as numbers."""
    if len(words) < size:
        return np.zeros(0, np.int64)
    numbers = np.zeros(len(words) - size + 1, np.int64)
    for at in range(size):
        numbers = numbers * 1_000_003 + words[at : len(words) - size + 1 + at]
    return numbers


def shingle_precision_recall(got: np.ndarray, want: np.ndarray) -> tuple[float, float]:
    got, want = shingles(got), shingles(want)
    if not len(got) or not len(want):
        return float(len(got) == len(want)), float(len(got) == len(want))
    keys, counts = np.unique(got, return_counts=True)
    others, other_counts = np.unique(want, return_counts=True)
    _, a, b = np.intersect1d(keys, others, assume_unique=True, return_indices=True)
    overlap = np.minimum(counts[a], other_counts[b]).sum()
    return overlap / len(got), overlap / len(want)


def lowest_kept(chances: np.ndarray, words: np.ndarray) -> int:
    """The same choice as the guest's, see `guest/src/classify/choose.rs`."""
    order = np.lexsort((-words, -chances.astype(np.int64)))
    chance, count = chances[order].astype(np.int64), words[order].astype(np.int64)
    hits, taken = np.cumsum(chance * count), np.cumsum(count)
    if not len(hits) or not hits[-1]:
        return 65535
    score = hits / (taken * 65535 + hits[-1])
    last = np.append(chance[1:] != chance[:-1], True)
    return int(chance[np.argmax(np.where(last, score, -1))])


def is_body_alone(raw: RawPage, words: np.ndarray, shares: np.ndarray) -> bool:
    """Whether one element is the content: the smallest one with 95 % of the content's words has
    next to nothing else, so that neither what is left out of a body nor what is added to it by
    one annotator's rule or another's decides the figures."""
    content = np.concatenate([[0], np.cumsum(words * shares)])
    total = np.concatenate([[0], np.cumsum(words)])
    _, _, first, last, _ = raw.elements[raw.elements[:, 4] > 0].T
    inside, size = content[last + 1] - content[first], total[last + 1] - total[first]
    holds = inside >= 0.95 * content[-1]
    return bool(holds.any() and content[-1] >= 0.9 * size[holds].min())


class Table:
    """Means by kind of page."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))

    def add(self, kind: str, **measures: float) -> None:
        for name, value in measures.items():
            self._values["all"][name].append(value)
            self._values[kind][name].append(value)

    def __str__(self) -> str:
        names = list(self._values["all"])
        lines = [f"{'':<15}{'pages':>6}" + "".join(f"{name:>19}" for name in names)]
        for kind in ["all", *sorted(set(self._values) - {"all"})]:
            values = self._values[kind]
            cells = "".join(f"{np.mean(values[name]):>19.4f}" for name in names)
            lines.append(f"{kind:<15}{len(values[names[0]]):>6}{cells}")
        return "\n".join(lines)


def kept_and_clean(page: Page, text: str) -> tuple[float, float]:
    """Shares of the snippets that are rightly in, and rightly not in, the text."""
    flat = squeeze(text)
    kept = [squeeze(snippet) in flat for snippet in page.must_have]
    clean = [squeeze(snippet) not in flat for snippet in page.must_not_have]
    return float(np.mean(kept or [np.nan])), float(np.mean(clean or [np.nan]))


def squeeze(text: str) -> str:
    return " ".join(text.split())
