"""Learned weights of words, of class names and of labels, written as the guest reads them
(`guest/src/blocks/tables.rs`)."""

from pathlib import Path
from typing import NamedTuple

import linear
import numpy as np
from corpus import FOLDS, Page
from dumps import RawPage
from linear import Tokens

MASK = np.uint64(0xFFFFFFFF)
# As in guest/src/blocks/text.rs and guest/src/features/block.rs.
LONGEST_LABEL, LEAST_LABELLED = 12, 3
# A weight of one in the file.
UNIT = 32


class Family(NamedTuple):
    """What becomes a table. A slot in four stays empty, so that searches end soon."""

    file: str
    slots: int
    most: int
    least_sites: int
    penalty: float


LEXICON = Family("lexicon.bin", 32768, 22000, 4, 3e-3)
MARKUP = Family("markup.bin", 8192, 6000, 3, 1e-3)
LABELS = Family("labels.bin", 8192, 6000, 3, 1e-3)


def write_all(pages: list[Page], raw: list[RawPage], shares: list[np.ndarray], root: Path) -> None:
    """Writes the tables to `root/<fold>`, learned without the sites of the fold, and to `root/all`,
    learned from everything."""
    known = [(p, r, y) for p, r, y in zip(pages, raw, shares) if p.reference and len(y)]
    names = sorted({page.site for page, _, _ in known})
    counts = [len(y) for _, _, y in known]
    sites = np.repeat([names.index(page.site) for page, _, _ in known], counts)
    folds = np.repeat([page.fold for page, _, _ in known], counts)
    labels = np.concatenate([y for _, _, y in known])
    weights = np.concatenate([_weights(page) for _, page, _ in known])
    offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
    families = [LEXICON, MARKUP, LABELS]
    tokens = []
    for family, read in zip(families, (_words, _names, _labels)):
        found = [read(page) for _, page, _ in known]
        hashes = np.concatenate([hashes for hashes, _ in found]).astype(np.uint32)
        blocks = np.concatenate([blocks + offset for (_, blocks), offset in zip(found, offsets)])
        tokens.append(Tokens.of(hashes, blocks, sites, family.least_sites))
    for left_out in [*range(FOLDS), "all"]:
        folder = root / str(left_out)
        folder.mkdir(parents=True, exist_ok=True)
        rows = np.flatnonzero(folds != left_out) if left_out != "all" else np.arange(len(folds))
        penalties = [family.penalty for family in families]
        # Once to see which tokens are worth their place, and again with these alone.
        learned = linear.fit(tokens, labels, weights, rows, penalties)
        chosen = [
            part.only(_best(np.abs(values) * np.sqrt(part.sites), family.most))
            for family, part, values in zip(families, tokens, learned)
        ]
        learned = linear.fit(chosen, labels, weights, rows, penalties)
        for family, part, values in zip(families, chosen, learned):
            whole = np.clip(np.round(values * UNIT), -127, 127).astype(int)
            _write(folder / family.file, part.hashes, whole, family.slots)


def _weights(raw: RawPage) -> np.ndarray:
    """Every page weighs the same, its blocks by the square root of their length."""
    lengths = np.sqrt([len(words) + 1.0 for words in raw.words])
    return lengths / lengths.sum() * 100


def _best(worth: np.ndarray, most: int) -> np.ndarray:
    use = np.zeros(len(worth), bool)
    use[np.argsort(-worth, kind="stable")[:most]] = True
    return use


def _words(raw: RawPage) -> tuple[np.ndarray, np.ndarray]:
    tokens = [_with_pairs(words) for words in raw.words]
    return np.concatenate(tokens), np.repeat(np.arange(len(tokens)), [len(part) for part in tokens])


def _names(raw: RawPage) -> tuple[np.ndarray, np.ndarray]:
    """The names of all elements around a block."""
    spans = [
        (names, int(first), int(last))
        for (_, _, first, last, blocks), names in zip(raw.elements, raw.names)
        if blocks and len(names)
    ]
    return _spread(spans)


def _labels(raw: RawPage) -> tuple[np.ndarray, np.ndarray]:
    """The words of the two headings a block is under, and of the first blocks of elements around it."""
    last_of: dict[int, int] = {}
    for _, _, first, last, blocks in raw.elements.tolist():
        if blocks >= LEAST_LABELLED:
            last_of[first] = max(last, last_of.get(first, 0))
    spans = [(first, first + 1, last) for first, last in last_of.items()]
    open_: list[tuple[int, int]] = []
    levels = raw.headings.tolist()
    headings = [at for at, level in enumerate(levels) if level]
    for at, following in zip(headings, [*headings[1:], len(levels) - 1]):
        while open_ and open_[-1][1] >= levels[at]:
            open_.pop()
        open_.append((at, levels[at]))
        spans += [(label, at + 1, following) for label, _ in open_[-2:]]
    return _spread(
        [
            (_with_pairs(raw.words[label]), first, last)
            for label, first, last in spans
            if first <= last and len(raw.words[label]) <= LONGEST_LABEL
        ]
    )


def _spread(spans: list[tuple[np.ndarray, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Tokens for all blocks from the first to the last of a span."""
    tokens, blocks = [np.zeros(0, np.uint32)], [np.zeros(0, np.int64)]
    for names, first, last in spans:
        tokens.append(np.tile(names, last - first + 1))
        blocks.append(np.repeat(np.arange(first, last + 1), len(names)))
    return np.concatenate(tokens), np.concatenate(blocks)


def _write(path: Path, hashes: np.ndarray, values: np.ndarray, slots: int) -> None:
    table = np.zeros(slots, np.uint32)
    for mixed, value in zip(_mixed(hashes).tolist(), values.tolist()):
        if not value:
            continue
        slot = mixed & (slots - 1)
        while table[slot] and int(table[slot]) >> 8 != mixed >> 8:
            slot = (slot + 1) & (slots - 1)
        table[slot] = mixed & 0xFFFFFF00 | value & 0xFF
    table.astype("<u4").tofile(path)


def _mixed(hashes: np.ndarray) -> np.ndarray:
    hashes = hashes.astype(np.uint64)
    hashes = ((hashes ^ hashes >> np.uint64(16)) * np.uint64(0x7FEB352D)) & MASK
    return ((hashes ^ hashes >> np.uint64(15)) * np.uint64(0x846CA68B)) & MASK


def _with_pairs(words: np.ndarray) -> np.ndarray:
    """Hashes of the words, and of every two neighbours."""
    first, second = words[:-1].astype(np.uint64), words[1:].astype(np.uint64)
    turned = ((first << np.uint64(13)) | (first >> np.uint64(19))) & MASK
    pairs = ((turned ^ np.uint64(0x5BD1E995) ^ second) * np.uint64(0x01000193)) & MASK
    return np.concatenate([words, pairs.astype(np.uint32)])
