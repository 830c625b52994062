"""What words, class names and headings say of the text they are in or over: one logistic
regression over all of them together, so that each weight is what its token adds to the others.

A block's chance of content is the sigmoid of a base and, for each family of tokens, of the sum of
their weights by the square root of their number: a long text isn't surer for being long.
"""

from dataclasses import dataclass

import numba
import numpy as np

EPOCHS, RATE = 4, 0.05
# Weights at the end of a run are those of the rows seen last. What is kept is their mean: over runs
# through the rows in other orders, and in each, from the second epoch on, over so many moments.
RUNS, MOMENTS = 2, 10
# Added to the number of tokens, so that a single one says little: as in guest/src/features/mod.rs.
FEW = 3


@dataclass
class Tokens:
    """One family of tokens. By column: its hash and on how many sites it is. `columns` has those of
    all blocks' tokens, block after block, and `starts` where each block's begin."""

    hashes: np.ndarray
    sites: np.ndarray
    columns: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, hashes: np.ndarray, blocks: np.ndarray, sites: np.ndarray, least_sites: int) -> "Tokens":
        """Of tokens and the numbers of their blocks, in any order; `sites` has every block's site.
        Tokens of fewer than `least_sites` sites are left out."""
        found, columns = np.unique(hashes, return_inverse=True)
        number = int(sites.max()) + 1
        together = np.unique(columns * number + sites[blocks])
        spread = np.bincount(together // number, minlength=len(found))
        order = np.argsort(blocks, kind="stable")
        starts = np.searchsorted(blocks[order], np.arange(len(sites) + 1))
        return cls(found, spread, columns[order].astype(np.int32), starts).only(spread >= least_sites)

    def only(self, use: np.ndarray) -> "Tokens":
        """The same with the columns in `use` alone."""
        kept = use[self.columns]
        numbers = (np.cumsum(use) - 1)[self.columns[kept]].astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(kept)])[self.starts]
        return Tokens(self.hashes[use], self.sites[use], numbers, starts)


def fit(
    families: list[Tokens], labels: np.ndarray, weights: np.ndarray, rows: np.ndarray, penalties: list[float]
):
    """Weights of every family's columns, learned from `rows` in random but fixed orders."""
    random = np.random.default_rng(1)
    ends = np.cumsum([len(family.hashes) for family in families])
    shifts = np.concatenate([[0], ends[:-1]])
    data = (
        np.concatenate([f.columns + shift for f, shift in zip(families, shifts)]).astype(np.int32),
        np.stack([f.starts for f in families])
        + np.concatenate([[0], np.cumsum([len(f.columns) for f in families])[:-1]])[:, None],
        labels.astype(np.float64),
        (weights / weights[rows].mean()).astype(np.float64),
    )
    runs = []
    for _ in range(RUNS):
        orders = np.stack([random.permutation(rows) for _ in range(EPOCHS)])
        runs.append(_fit(*data, orders, int(ends[-1]), np.array(penalties)))
    return np.split(np.mean(runs, axis=0), ends[:-1])


@numba.njit(cache=True)
def _fit(columns, starts, labels, weights, orders, count, penalties):
    learned = np.zeros(count)
    squares = np.full(count, 1e-3)
    base, base_squares = 0.0, 1e-3
    scales = np.zeros(len(starts))
    mean, moments = np.zeros(count), 0
    every = len(orders[0]) // MOMENTS
    for epoch, rows in enumerate(orders):
        for place, row in enumerate(rows):
            if epoch and place % every == 0:
                mean += learned
                moments += 1
            total = base
            for family in range(len(starts)):
                first, last = starts[family, row], starts[family, row + 1]
                scales[family] = 1.0 / np.sqrt(last - first + FEW)
                part = 0.0
                for at in range(first, last):
                    part += learned[columns[at]]
                total += part * scales[family]
            slope = weights[row] * (1.0 / (1.0 + np.exp(-total)) - labels[row])
            base_squares += slope * slope
            base -= RATE * slope / np.sqrt(base_squares)
            for family in range(len(starts)):
                for at in range(starts[family, row], starts[family, row + 1]):
                    column = columns[at]
                    step = slope * scales[family] + penalties[family] * weights[row] * learned[column]
                    squares[column] += step * step
                    learned[column] -= RATE * step / np.sqrt(squares[column])
    return mean / moments
