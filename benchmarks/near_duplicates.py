#!/usr/bin/env python
"""How many texts that differ are taken for the same, and how many that are the same are recognized.

    python benchmarks/near_duplicates.py --data DIR

Takes the main texts of the pages in DIR, compares each with each, and then each with itself after a
change: words replaced by others of the same text, or a paragraph left out.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from itertools import combinations

from documents import argument_parser, load

from scrapy_riptide import Extractor
from scrapy_riptide.near_duplicates import DISTANCE, MIN_WORDS, NearDuplicates, fingerprint

_LONG_WORDS = range(1200, 1800)

Change = Callable[[str, random.Random], str]


def replaced(text: str, rng: random.Random, count: int) -> str:
    words = text.split(" ")
    for at in rng.sample(range(len(words)), min(count, len(words))):
        words[at] = rng.choice(words)
    return " ".join(words)


def without_a_paragraph(text: str, rng: random.Random) -> str:
    paragraphs = text.split("\n")
    paragraphs.remove(rng.choice([each for each in paragraphs if each]))
    return "\n".join(paragraphs)


CHANGES: dict[str, Change] = {
    "one word in a hundred replaced": lambda text, rng: replaced(text, rng, max(1, len(text.split()) // 100)),
    "three words replaced": lambda text, rng: replaced(text, rng, 3),
    "a paragraph left out": without_a_paragraph,
}


def is_recognized(text: str, changed: str) -> bool:
    texts = NearDuplicates()
    texts.seen(text)
    return texts.seen(changed)


def main() -> None:
    assert __doc__
    options = argument_parser(__doc__, pages=100_000).parse_args()
    if options.data is None:
        raise SystemExit("give --data DIR: made documents are all of the same words")
    with Extractor() as extractor:
        documents = load(options.data, options.pages)
        outcomes = [extractor.run(html, url) for html, url in documents]
    texts = [outcome.content.text for outcome in outcomes if outcome.content is not None]
    texts = [text for text in texts if len(text.split()) >= MIN_WORDS]

    values = [fingerprint(text) for text in texts]
    near = [
        (one, other)
        for one, other in combinations(range(len(texts)), 2)
        if _is_near(values[one], values[other])
    ]
    print(f"{len(texts)} texts of {MIN_WORDS} words or more: of {len(texts) * (len(texts) - 1) // 2:,} pairs")
    print(f"  {len(near)} taken for the same")
    for one, other in near:
        print(f"    {texts[one][:60]!r} / {texts[other][:60]!r}")
    rng = random.Random(1)  # noqa: S311 (changes, no secrets)
    for name, change in CHANGES.items():
        share = statistics.fmean(is_recognized(text, change(text, rng)) for text in texts)
        print(f"  {share:.0%} recognized with {name}")
    long = [text for text in texts if len(text.split()) in _LONG_WORDS]
    if long:
        began = time.thread_time()
        for text in long:
            fingerprint(text)
        each_ms = (time.thread_time() - began) / len(long) * 1000
        words = statistics.fmean(len(text.split()) for text in long)
        print(f"  {each_ms:.1f} ms of CPU time for a text of {words:.0f} words")


def _is_near(one: int, other: int) -> bool:
    return (one ^ other).bit_count() <= DISTANCE


if __name__ == "__main__":
    main()
