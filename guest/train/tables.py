"""Learned weights of words and of class names, written as the guest reads them
(`guest/src/blocks/tables.rs`)."""

from pathlib import Path

import numpy as np
from corpus import FOLDS, Page
from dumps import RawPage

MASK = np.uint64(0xFFFFFFFF)
LEXICON_SLOTS, LEXICON_WORDS, LEXICON_SITES = 16384, 12000, 5
MARKUP_SLOTS, MARKUP_NAMES, MARKUP_SITES = 8192, 6000, 3


class Counts:
    """Sums by (hash, site): how often, and how much of it was content."""

    def __init__(self, keys: list, sites: list, weights: list, contents: list) -> None:
        key, site = np.concatenate(keys).astype(np.uint64), np.concatenate(sites).astype(np.uint64)
        both, where = np.unique(key << np.uint64(20) | site, return_inverse=True)
        self.keys = both >> np.uint64(20)
        self.sites = (both & np.uint64(0xFFFFF)).astype(np.int64)
        self.weights = np.bincount(where, np.concatenate(weights))
        self.contents = np.bincount(where, np.concatenate(contents))

    def without(self, left_out: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        use = ~left_out[self.sites]
        return self.keys[use], self.weights[use], self.contents[use]


def write_all(pages: list[Page], raw: list[RawPage], shares: list[np.ndarray], root: Path) -> None:
    """Writes `root/<fold>/lexicon.bin` and `markup.bin`, learned without the sites of the fold, and
    the same under `root/all`, learned from everything."""
    names = sorted({page.site for page in pages})
    number = {site: at for at, site in enumerate(names)}
    fold = (
        np.array([next(p.fold for p in pages if p.site == site) for site in names]) if names else np.zeros(0)
    )
    known = [(p, r, y, number[p.site]) for p, r, y in zip(pages, raw, shares) if p.reference and len(y)]
    words, markup = _count_words(known), _count_names(known)
    for left_out in [*range(FOLDS), "all"]:
        folder = root / str(left_out)
        folder.mkdir(parents=True, exist_ok=True)
        gone = fold == left_out if left_out != "all" else np.zeros(len(names), bool)
        _write_lexicon(folder / "lexicon.bin", *words.without(gone))
        _write_markup(folder / "markup.bin", *markup.without(gone))


def _count_words(known: list) -> Counts:
    keys, sites, weights, contents = [], [], [], []
    for _, raw, shares, site in known:
        for words, share in zip(raw.words, shares):
            if not len(words):
                continue
            pairs = _pair_hashes(words[:-1], words[1:])
            keys += [words.astype(np.uint64), pairs]
            count = len(words) + len(pairs)
            sites.append(np.full(count, site))
            weights.append(np.ones(count))
            contents.append(np.full(count, share))
    return Counts(keys, sites, weights, contents)


def _count_names(known: list) -> Counts:
    """A name's element counts by how much richer in content it is than its page."""
    keys, sites, weights, contents = [], [], [], []
    for _, raw, shares, site in known:
        lengths = np.array([len(words) for words in raw.words])
        total = np.concatenate([[0], np.cumsum(lengths)])
        content = np.concatenate([[0], np.cumsum(lengths * shares)])
        mean = content[-1] / max(1, total[-1])
        for (_, _, first, last, blocks), names in zip(raw.elements, raw.names):
            if not blocks or not len(names) or total[last + 1] == total[first]:
                continue
            count = total[last + 1] - total[first]
            lift = (content[last + 1] - content[first]) / count - mean
            names = np.unique(names)
            weight = min(count, 100) ** 0.5
            keys.append(names.astype(np.uint64))
            sites.append(np.full(len(names), site))
            weights.append(np.full(len(names), weight))
            contents.append(np.full(len(names), weight * lift))
    return Counts(keys, sites, weights, contents)


def _write_lexicon(path: Path, keys: np.ndarray, counts: np.ndarray, contents: np.ndarray) -> None:
    """Log-odds of content against the mean, every site counting once at most, in 32nds."""
    hashes, where = np.unique(keys, return_inverse=True)
    sites = np.bincount(where)
    weight = np.sqrt(np.minimum(counts, 16))
    prior = contents.sum() / counts.sum()
    share = (np.bincount(where, weight * contents / counts) + 4 * prior) / (np.bincount(where, weight) + 4)
    odds = np.clip(np.log(share / (1 - share)) - np.log(prior / (1 - prior)), -3.9, 3.9)
    _write(path, hashes, np.round(odds * 32), sites, LEXICON_SITES, LEXICON_WORDS, LEXICON_SLOTS)


def _write_markup(path: Path, keys: np.ndarray, weights: np.ndarray, lifts: np.ndarray) -> None:
    hashes, where = np.unique(keys, return_inverse=True)
    sites = np.bincount(where)
    lift = np.bincount(where, lifts / weights) / (sites + 3)
    values = np.clip(np.round(lift * 200), -127, 127)
    _write(path, hashes, values, sites, MARKUP_SITES, MARKUP_NAMES, MARKUP_SLOTS)


def _write(path: Path, hashes, values, sites, least_sites: int, most: int, slots: int) -> None:
    worth = np.abs(values) * np.sqrt(sites)
    worth[(sites < least_sites) | (values == 0)] = 0
    best = np.argsort(-worth, kind="stable")[:most]
    best = best[worth[best] > 0]
    table = np.zeros(slots, np.uint32)
    for mixed, value in zip(_mixed(hashes[best]).tolist(), values[best].astype(int).tolist()):
        slot = mixed & (slots - 1)
        while table[slot] and int(table[slot]) >> 8 != mixed >> 8:
            slot = (slot + 1) & (slots - 1)
        table[slot] = mixed & 0xFFFFFF00 | value & 0xFF
    table.astype("<u4").tofile(path)


def _mixed(hashes: np.ndarray) -> np.ndarray:
    hashes = ((hashes ^ hashes >> np.uint64(16)) * np.uint64(0x7FEB352D)) & MASK
    return ((hashes ^ hashes >> np.uint64(15)) * np.uint64(0x846CA68B)) & MASK


def _pair_hashes(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first, second = first.astype(np.uint64), second.astype(np.uint64)
    turned = ((first << np.uint64(13)) | (first >> np.uint64(19))) & MASK
    return ((turned ^ np.uint64(0x5BD1E995) ^ second) * np.uint64(0x01000193)) & MASK
