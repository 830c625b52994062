"""Reads what the dumper (`guest/examples/dump.rs`) writes."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from corpus import Page

GUEST = Path(__file__).resolve().parents[1]


class Dumper:
    """The dumper, built from the code that ships, over one list of pages."""

    def __init__(self, pages: list[Page], work: Path) -> None:
        # The shipped model is compiled in; before there is one, an empty file stands in for it.
        model = GUEST / "src/classify/model.bin"
        if not model.exists():
            model.touch()
        subprocess.run(["cargo", "build", "--release", "--example", "dump"], cwd=GUEST, check=True)
        target = Path(os.environ.get("CARGO_TARGET_DIR", GUEST / "target"))
        self._program = target / "release/examples/dump"
        self._list = work / "pages.tsv"
        self._list.write_text("".join(f"{page.path}\t{page.fold}\t{page.url}\n" for page in pages))
        self._count = len(pages)
        self._work = work

    def _run(self, what: str, *arguments: str) -> Path:
        out = self._work / f"{what}.bin"
        subprocess.run([self._program, what, self._list, out, *arguments], check=True)
        return out

    def raw(self) -> "list[RawPage]":
        reader = _Reader(self._run("raw").read_bytes())
        return [RawPage.read(reader) for _ in range(self._count)]

    def features(self, tables: str, kinds: np.ndarray | None) -> "Features":
        """`tables` is the folder of the learned tables, `{fold}` in it stands for a page's fold;
        `kinds` one row of chances a page, or none yet."""
        argument = "-"
        if kinds is not None:
            argument = str(self._work / "kinds.bin")
            kinds.astype(np.uint8).tofile(argument)
        out = self._run("features", tables, argument)
        names = [line.split("\t") for line in Path(f"{out}.names").read_text().splitlines()]
        data = np.fromfile(out, np.uint8)
        width = len(names[0])
        blocks, rows, at = [], [], 0
        for _ in range(self._count):
            count, page_width = (int(number) for number in data[at : at + 8].view("<u4"))
            at += 8
            rows.append(data[at : at + page_width])
            at += page_width
            blocks.append(data[at : at + count * width].reshape(count, width))
            at += count * width
        return Features(names, blocks, np.array(rows))

    def context(self, tables: str, scores: list[np.ndarray], width: int) -> list[np.ndarray]:
        np.concatenate(scores).astype(np.uint8).tofile(self._work / "scores.bin")
        out = self._run("context", tables, str(self._work / "scores.bin"))
        rows = np.fromfile(out, np.uint8).reshape(-1, width)
        return np.split(rows, np.cumsum([len(score) for score in scores])[:-1])

    def settled(self, tables: str, scores: list[np.ndarray], chances: list[np.ndarray]) -> list[np.ndarray]:
        """What the rules of `guest/src/classify/settle.rs` make of the two stages' verdicts."""
        np.concatenate(scores).astype(np.uint8).tofile(self._work / "scores.bin")
        np.concatenate(chances).astype("<u2").tofile(self._work / "asked.bin")
        inputs = [str(self._work / name) for name in ("scores.bin", "asked.bin")]
        settled = np.fromfile(self._run("settled", tables, *inputs), "<u2")
        return np.split(settled, np.cumsum([len(score) for score in scores])[:-1])

    def judged(self) -> list[np.ndarray]:
        """What the compiled model makes of every block: chances in 65,535ths."""
        data = self._run("judged").read_bytes()
        pages, at = [], 0
        for _ in range(self._count):
            count = int.from_bytes(data[at : at + 4], "little")
            pages.append(np.frombuffer(data, "<u2", count, at + 4))
            at += 4 + 2 * count
        return pages

    def outcome(self, kinds: np.ndarray, chances: list[np.ndarray], width: int) -> np.ndarray:
        """One row a page and a way of weighing: see the dumper."""
        np.concatenate(chances).astype("<u2").tofile(self._work / "chances.bin")
        kinds.astype(np.uint8).tofile(self._work / "kinds.bin")
        out = self._run("outcome", str(self._work / "kinds.bin"), str(self._work / "chances.bin"))
        return np.fromfile(out, np.uint8).reshape(self._count, -1, width)


@dataclass
class Features:
    """Names of the block, page, context and outcome features; rows of blocks by page; rows of pages."""

    names: list[list[str]]
    blocks: list[np.ndarray]
    pages: np.ndarray


@dataclass
class RawPage:
    """A page cut into blocks. `headings` has every block's level as a heading, 0 for none; `elements`
    has parent, words, first block, last block, blocks."""

    texts: list[str]
    words: list[np.ndarray]
    headings: np.ndarray
    elements: np.ndarray
    names: list[np.ndarray]

    @classmethod
    def read(cls, reader: "_Reader") -> "RawPage":
        texts, words, headings = [], [], []
        for _ in range(reader.number()):
            reader.number()
            headings.append(reader.number())
            texts.append(reader.text(reader.number()))
            words.append(reader.numbers(reader.number()))
        count = reader.number()
        elements, names = np.zeros((count, 5), np.int64), []
        for at in range(count):
            elements[at] = reader.numbers(5)
            names.append(reader.numbers(reader.number()))
        return cls(texts, words, np.array(headings, np.int64), elements, names)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def numbers(self, count: int) -> np.ndarray:
        found = np.frombuffer(self._data, "<u4", count, self._at)
        self._at += 4 * count
        return found

    def number(self) -> int:
        return int(self.numbers(1)[0])

    def text(self, length: int) -> str:
        found = self._data[self._at : self._at + length].decode()
        self._at += length
        return found
