"""Checks that the guest computes what training computed, from the shipped model file on.

    python guest/train/verify.py --data DIR

Reads guest/src/classify/model.bin back, judges every page with numpy, and compares with what the
compiled guest says: every chance of every block has to be the same number.
"""

import argparse
import struct
from pathlib import Path

import modelfile
import numpy as np
from boosting import Forest
from corpus import pages
from dumps import GUEST, Dumper
from train import KINDS, asked


def read(path: Path, work: Path) -> list[list[Forest]]:
    """The forests of a model file; its tables go to `work`."""
    data, at, sections = path.read_bytes(), 0, []
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        sections.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    _, lexicon, markup, labels, _, *forests = sections
    work.mkdir(parents=True, exist_ok=True)
    (work / "lexicon.bin").write_bytes(lexicon)
    (work / "markup.bin").write_bytes(markup)
    (work / "labels.bin").write_bytes(labels)
    return [list(_forests(section)) for section in forests]


def _forests(section: bytes):
    at = 0
    while at < len(section):
        depth, _, trees, base = struct.unpack_from("<IIIi", section, at)
        at += 16
        questions = (
            np.frombuffer(section, np.uint8, trees * depth * 4, at).reshape(trees, depth, 4).astype(np.int32)
        )
        at += trees * depth * 4
        leaves = np.frombuffer(section, "<i2", trees << depth, at).reshape(trees, 1 << depth)
        at += (trees << depth) * 2
        features = questions[..., 0] | questions[..., 1] << 8
        scale = modelfile.SCALE
        yield Forest(depth, base / scale, features, questions[..., 2], leaves.astype(np.float32) / scale)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=GUEST.parent.parent / "shared/data", metavar="DIR")
    parser.add_argument(
        "--work", type=Path, default=GUEST / "train/work", metavar="DIR", help="for intermediate files"
    )
    args = parser.parse_args()
    work = args.work.resolve()
    kinds, [first], [second], _ = read(GUEST / "src/classify/model.bin", work / "shipped")
    dumper = Dumper(pages(args.data.resolve(), work), work)
    tables = str(work / "shipped")
    rows = dumper.features(tables, None).pages
    chances = np.array([modelfile.chances(kind.predict(rows)) for kind in kinds], np.int64).T
    totals = np.maximum(1, chances.sum(1, keepdims=True))
    assert len(kinds) == len(KINDS)
    features = dumper.features(tables, (chances * 255 + totals // 2) // totals)
    scores = [
        ((modelfile.chances(first.predict(block)).astype(np.int64) + 128) // 257).astype(np.uint8)
        for block in features.blocks
    ]
    context = dumper.context(tables, scores, len(features.names[2]))
    chances = [
        asked(score, modelfile.chances(second.predict(np.hstack([block, near]))))
        for block, near, score in zip(features.blocks, context, scores)
    ]
    pairs = zip(dumper.settled(tables, scores, chances), dumper.judged(), strict=True)
    wrong = sum(int((wanted != judged).sum()) for wanted, judged in pairs)
    print(f"{sum(map(len, scores))} blocks on {len(scores)} pages, {wrong} with another chance")
    if wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
