"""Writes what was learned as the guest reads it (`guest/src/classify/model.rs`)."""

import struct
from pathlib import Path

import numpy as np
from boosting import Forest

# Leaves are whole numbers in units of 1 / SCALE; so are their sums.
SCALE = 2048
# The chances cover sums from -SPAN to SPAN in steps of 1 / 64.
CHANCE_SHIFT = 5
SPAN = 8


def whole_leaves(forest: Forest) -> Forest:
    """The forest as it ships: leaves rounded, so that training judges what inference computes."""
    leaves = np.clip(np.round(forest.leaves * SCALE), -32768, 32767) / SCALE
    return Forest(forest.depth, round(forest.base * SCALE) / SCALE, forest.features, forest.borders, leaves)


def chances(sums: np.ndarray) -> np.ndarray:
    """Sums of leaves to chances in 65,535ths, exactly as the guest does it."""
    places = (np.round(np.asarray(sums) * SCALE).astype(np.int64) >> CHANCE_SHIFT) + _TABLE.size // 2
    return _TABLE[np.clip(places, 0, _TABLE.size - 1)]


def _chance_table() -> np.ndarray:
    steps = SPAN * SCALE >> CHANCE_SHIFT
    middles = (np.arange(-steps, steps) + 0.5) / steps * SPAN
    return np.round(65535 / (1 + np.exp(-middles))).astype(np.uint16)


_TABLE = _chance_table()


def write(
    path: Path,
    names: list[list[str]],
    tables: Path,
    kind: list[Forest],
    first: Forest,
    second: Forest,
    outcome: Forest,
) -> None:
    sections = [
        "\n".join("\t".join(line) for line in names).encode(),
        (tables / "lexicon.bin").read_bytes(),
        (tables / "markup.bin").read_bytes(),
        (tables / "labels.bin").read_bytes(),
        _TABLE.astype("<u2").tobytes(),
        *(
            b"".join(_forest(forest) for forest in forests)
            for forests in (kind, [first], [second], [outcome])
        ),
    ]
    with path.open("wb") as file:
        for section in sections:
            section += b"\n" * (-len(section) % 4) if section is sections[0] else bytes(-len(section) % 4)
            file.write(struct.pack("<I", len(section)) + section)


def _forest(forest: Forest) -> bytes:
    trees, depth = forest.features.shape
    questions = np.zeros((trees, depth, 4), np.uint8)
    questions[..., 0] = forest.features & 255
    questions[..., 1] = forest.features >> 8
    questions[..., 2] = forest.borders
    leaves = np.round(forest.leaves * SCALE).astype("<i2")
    head = struct.pack("<IIIi", depth, 1, trees, round(forest.base * SCALE))
    return head + questions.tobytes() + leaves.tobytes()
