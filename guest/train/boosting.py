"""Boosted oblivious trees over bytes.

Own, and small, because of what ships: every node of one depth asks the same question, so that the
guest answers for sixteen blocks at once (`guest/src/classify/forest.rs`), and features are bytes.
Rows are sampled by how much they still matter (minimal variance sampling), which makes pages full
of obvious navigation cheap.
"""

from dataclasses import dataclass

import numba
import numpy as np

BINS = 64


@dataclass
class Forest:
    """Questions (feature, border: is the feature above it?) and leaves of every tree."""

    depth: int
    base: float
    features: np.ndarray  # trees × depth
    borders: np.ndarray  # trees × depth
    leaves: np.ndarray  # trees × 2 ** depth

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """The sums of leaves, before the sigmoid."""
        if not len(rows):
            return np.zeros(0)
        return _predict(np.ascontiguousarray(rows), self.features, self.borders, self.leaves, self.base)


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def train(
    rows: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    *,
    trees: int,
    depth: int = 6,
    rate: float = 0.1,
    l2: float = 5.0,
    columns: float = 0.2,
    sample: float = 0.12,
    seed: int = 1,
) -> Forest:
    """Fits chances to `labels` (0 to 1) by cross-entropy."""
    random = np.random.default_rng(seed)
    data, borders = _binned(rows)
    weights = weights / weights.mean()
    mean = float((labels * weights).sum() / weights.sum())
    base = float(np.log(mean / (1 - mean)))
    sums = np.full(len(rows), base, np.float32)
    labels, weights = labels.astype(np.float32), weights.astype(np.float32)
    usable = np.array([at for at, border in enumerate(borders) if len(border)])
    chosen = np.zeros((trees, depth), np.int32)
    above = np.zeros((trees, depth), np.int32)
    leaves = np.zeros((trees, 1 << depth), np.float32)
    threshold = 1.0
    for tree in range(trees):
        chances = 1 / (1 + np.exp(-sums))
        if tree in (8, 25):
            # Most rows are navigation and settled by now: a fifth of those stands in for all.
            settled = (chances < 0.01) & (labels < 0.01)
            stays = ~settled | (random.random(len(sums), np.float32) < 0.2)
            weights = np.where(settled, weights * 5, weights)[stays]
            data, labels, sums, chances = data[:, stays], labels[stays], sums[stays], chances[stays]
        gradients = weights * (chances - labels)
        curvatures = weights * chances * (1 - chances)
        matter = np.sqrt(gradients**2 + 0.1 * curvatures**2) + 1e-9
        if tree % 10 == 0:
            threshold = np.float32(_threshold(matter, sample * len(rows)))
        keep = np.minimum(1, matter / threshold)
        taken = np.flatnonzero(random.random(len(keep), np.float32) < keep)
        factor = (1 / keep[taken]).astype(np.float32)
        # Sorted, so that columns are read in the order they lie.
        tried = np.sort(random.choice(usable, max(1, int(len(usable) * columns)), replace=False))
        numbers = np.zeros(len(taken), np.uint8)
        part = np.stack([data[at][taken] for at in tried])
        slopes = np.stack([gradients[taken] * factor, curvatures[taken] * factor], axis=1)
        every = np.zeros(len(sums), np.uint8)
        for level in range(depth):
            at, bin_ = _best_split(part, numbers, slopes, 1 << level, np.float32(l2))
            chosen[tree, level] = tried[at]
            above[tree, level] = borders[tried[at]][bin_]
            numbers |= (part[at] > bin_).astype(np.uint8) << level
            every |= (data[tried[at]] > bin_).astype(np.uint8) << level
        g = np.bincount(every, gradients, 1 << depth)
        h = np.bincount(every, curvatures, 1 << depth)
        leaves[tree] = -rate * g / (h + l2)
        sums = sums + leaves[tree][every]
    return Forest(depth, base, chosen, above, leaves)


def _binned(rows: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Columns of bin numbers, and for every column the values at which bins end."""
    data = np.empty((rows.shape[1], len(rows)), np.uint8)
    borders = []
    for at in range(rows.shape[1]):
        column = rows[:, at]
        counts = np.bincount(column, minlength=256)
        values = np.flatnonzero(counts)
        if len(values) > BINS:
            # The square root keeps rare large values apart from each other.
            mass = np.cumsum(np.sqrt(counts[values]))
            ends = np.unique(np.searchsorted(mass, np.linspace(0, mass[-1], BINS + 1)[1:-1]))
            ends = values[ends[ends < len(values) - 1]]
        else:
            ends = values[:-1]
        table = np.searchsorted(ends, np.arange(256), side="left").astype(np.uint8)
        data[at] = table[column]
        borders.append(ends)
    return data, borders


def _threshold(matter: np.ndarray, wanted: float) -> float:
    """The `t` for which min(1, matter / t) sums up to the wanted number of rows."""
    order = np.sort(matter)[::-1]
    sure = np.arange(len(order))
    rest = order.sum() - np.concatenate([[0], np.cumsum(order)[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        t = rest / (wanted - sure)
    good = np.flatnonzero((wanted > sure) & (t >= order))
    return float(t[good[0]]) if len(good) else float(order[-1])


@numba.njit(cache=True, fastmath=True)
def _best_split(part, numbers, slopes, nodes, l2):
    """The column and the bin above which to split, for the largest gain over all nodes together."""
    gains = np.full(len(part), -1.0, np.float64)
    bins = np.zeros(len(part), np.int64)
    for at in range(len(part)):
        column = part[at]
        sums = np.zeros((nodes * BINS, 2), np.float32)
        for row in range(len(column)):
            slot = np.int64(numbers[row]) * BINS + column[row]
            sums[slot, 0] += slopes[row, 0]
            sums[slot, 1] += slopes[row, 1]
        score = np.zeros(BINS, np.float64)
        last = 0
        for node in range(nodes):
            first = node * BINS
            total_g = 0.0
            total_h = 0.0
            for bin_ in range(BINS):
                total_g += sums[first + bin_, 0]
                total_h += sums[first + bin_, 1]
                if sums[first + bin_, 1] > 0 and bin_ > last:
                    last = bin_
            g = 0.0
            h = 0.0
            for bin_ in range(BINS - 1):
                g += sums[first + bin_, 0]
                h += sums[first + bin_, 1]
                score[bin_] += g * g / (h + l2) + (total_g - g) ** 2 / (total_h - h + l2)
        best = 0
        for bin_ in range(1, last):
            if score[bin_] > score[best]:
                best = bin_
        if last > 0:
            gains[at] = score[best]
            bins[at] = best
    best = np.argmax(gains)
    return best, bins[best]


@numba.njit(cache=True)
def _predict(rows, features, borders, leaves, base):
    sums = np.full(len(rows), base, np.float64)
    for row in range(len(rows)):
        for tree in range(len(features)):
            number = 0
            for level in range(features.shape[1]):
                if rows[row, features[tree, level]] > borders[tree, level]:
                    number |= 1 << level
            sums[row] += leaves[tree, number]
    return sums
