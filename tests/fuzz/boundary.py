"""Fuzzes the host boundary: what a guest gone wrong could hand over must never hurt the process.

    python tests/fuzz/boundary.py [--seconds 60] [--seed N]

Three things take turns, each made from random numbers of one seed:

* records: a guest answers with bytes that are almost a result, its strings and lists pointing
  anywhere, its flags of any value;
* guests: a component with bytes changed is compiled and, if it still passes for one of the
  contract, asked for everything the contract has;
* pools: threads give one extractor documents that spin, trap, leak and grow, and close it at some
  moment.

Everything must end with a value of the right types or an exception of the package, every linear
memory must be given back, and the extractor must still work. It runs in a process of its own: a
crash is reported with the seed that leads to it again. Exit code 1 when something was found.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from misbehaving import HEAD_BYTES, HTML_AT, RECORD_AT, RECORD_BYTES, RECORD_LAYOUT, write_misbehaving

from scrapy_riptide import ExtractedContent, Extractor, ExtractorConfig, RiptideError
from scrapy_riptide.errors import ExtractionError, ExtractorClosed
from scrapy_riptide.wasm import memory

URL = "https://example.com/"
# Rounds until another thing takes its turn; a guest takes as long to compile as many records to read.
RECORDS, GUESTS = 300, 3
INTERESTING = (0, 1, 2, 4, 7, 8, 16, 255, 256, 65535, HTML_AT, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)
DEEDS = ["fine", "!t", "!o", "!r", "!d", "!g", "!l", "!x", "!c", "!s", "!n", "!e3", "x" * 100_000]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, help="the first seed; the clock's, if not given")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    seed = time.time_ns() % 2**32 if options.seed is None else options.seed
    if options.child:
        run(seed, options.seconds)
        return 0
    command = [sys.executable, __file__, "--child", f"--seconds={options.seconds}", f"--seed={seed}"]
    child = subprocess.run(command, check=False, env={**os.environ, "PYTHONFAULTHANDLER": "1"})
    if child.returncode:
        print(f"found something: exit code {child.returncode}; the last seed above leads to it again")
    return int(child.returncode != 0)


def run(seed: int, seconds: float) -> None:
    """Goes on for so many seconds, a seed for each turn."""
    end = time.monotonic() + seconds
    counts: Counter[str] = Counter()
    turns: list[Callable[[random.Random, Path, Counter[str]], None]] = [records, guests, pools]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o700)
        write_misbehaving(directory)
        while time.monotonic() < end:
            print(f"seed {seed}", flush=True)
            for turn in turns:
                turn(random.Random(seed), directory, counts)  # noqa: S311
                assert not memory._memories, f"{turn.__name__} left {len(memory._memories)} memories"
            seed += 1
    print(", ".join(f"{what}: {count}" for what, count in sorted(counts.items())))


@contextlib.contextmanager
def extractor(directory: Path, component: str = "misbehaving.wasm", **options: object) -> Iterator[Extractor]:
    settings: dict[str, object] = {
        "component": str(directory / component),
        "cache_dir": str(directory / "cache"),
        "enable_aot_cache": component == "misbehaving.wasm",
        "fallback": None,
        "failure_threshold": 10**9,
        "memory_limit_pages": 600,
        "timeout_secs": 0.2,
        "cold_start_target_ms": 1e9,
        **options,
    }
    with Extractor(ExtractorConfig(**settings)) as made:  # type: ignore[arg-type]
        yield made


def records(rng: random.Random, directory: Path, counts: Counter[str]) -> None:
    """Answers that are almost a result."""
    with extractor(directory, max_workers=1) as made:
        for _ in range(RECORDS):
            outcome = made.run(spelled(rng), URL)
            counts[f"record {outcome.error.kind if outcome.error else 'read'}"] += 1
            if outcome.content is not None:
                check_types(outcome.content)
        assert made.extract("fine", URL).text == "fine"


def spelled(rng: random.Random) -> str:
    record = bytearray(HEAD_BYTES + RECORD_BYTES)
    # Most fields are what they should be, or nothing would ever be read.
    for at, kind in RECORD_LAYOUT:
        place = HEAD_BYTES + at
        if kind.startswith("(option"):
            record[place] = rng.choice([0, 1, 1])
            place += 4 if "u8" not in kind else 1
        if "list" in kind:
            # The record's first field is a string: a list of one, where it lies.
            struct.pack_into("<II", record, place, RECORD_AT, rng.randrange(2))
        elif "string" in kind:
            struct.pack_into("<II", record, place, HTML_AT + rng.randrange(64), rng.randrange(256))
        else:
            record[place] = rng.randrange(256)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 5])):
        place = rng.randrange(0, len(record) - 4, 4)
        wild = [
            rng.choice(INTERESTING),
            rng.getrandbits(32),
            HTML_AT + rng.randrange(4000),
            rng.randrange(64),
        ]
        struct.pack_into("<I", record, place, rng.choice(wild))
    told = "!m" + "".join(chr(97 + (byte >> 4)) + chr(97 + (byte & 15)) for byte in record)
    return told + "".join(rng.choice("text\0é\U0001f680") for _ in range(rng.randrange(2000)))


def check_types(content: ExtractedContent) -> None:
    """Every field is of a type that the contract allows, and a string is one through and through."""
    for each in fields(content):
        value = getattr(content, each.name)
        for part in value if isinstance(value, list) else [value]:
            assert part is None or isinstance(part, (str, int)), (each.name, part)
            if isinstance(part, str):
                part.encode()


def guests(rng: random.Random, directory: Path, counts: Counter[str]) -> None:
    """Components with bytes changed."""
    whole = (directory / "misbehaving.wasm").read_bytes()
    for _ in range(GUESTS):
        changed = bytearray(whole)
        for _ in range(rng.choice([1, 1, 2, 5, 20])):
            # The custom section with the names, at the end, does nothing.
            changed[rng.randrange(8, len(changed))] = rng.choice(
                [rng.randrange(256), rng.choice(b"\0\1\x7f")]
            )
        if rng.random() < 0.1:
            del changed[rng.randrange(len(changed)) :]
        (directory / "changed.wasm").write_bytes(changed)
        try:
            with extractor(directory, "changed.wasm", max_workers=1) as made:
                made.wait_until_ready()
                counts["guest runs"] += 1
                ask_everything(made, counts)
        except RiptideError as error:
            counts[f"guest {type(error).__name__}"] += 1


def ask_everything(made: Extractor, counts: Counter[str]) -> None:
    asks: list[Callable[[], object]] = [
        made.info,
        made.modes,
        made.guest_health,
        made.reset,
        *(partial(made.extract, deed, URL) for deed in ("fine", "!n", "!g", "!e2")),
        lambda: made.extract_links("!n", URL),
        lambda: made.validate("fine"),
    ]
    counts.update(answer_to(ask) for ask in asks)


def answer_to(ask: Callable[[], object]) -> str:
    try:
        ask()
    except ExtractionError as error:
        return f"guest answers {error.kind}"
    return "guest answers"


def pools(rng: random.Random, directory: Path, counts: Counter[str]) -> None:
    """Threads at one extractor, closed at some moment."""
    options = {
        "max_pool_size": rng.choice([1, 2, 3, "auto"]),
        "max_workers": rng.choice([1, 2, 3]),
        "max_uses": rng.choice([1, 3, 1000]),
        "enable_reuse": rng.random() < 0.8,
        "checkout_timeout_secs": rng.choice([0.001, 0.01, 5]),
        "timeout_secs": 0.05,
    }
    with extractor(directory, "misbehaving.wasm", **options) as made:
        deeds = [[rng.choice(DEEDS) for _ in range(30)] for _ in range(4)]
        close_at = rng.random() * 0.4
        failed: list[BaseException] = []

        def work(mine: list[str]) -> None:
            try:
                for deed in mine:
                    outcome = made.run(deed, URL)
                    counts[f"pool {outcome.error.kind if outcome.error else 'extracted'}"] += 1
            except ExtractorClosed:
                pass
            except BaseException as error:  # noqa: BLE001 (told below)
                failed.append(error)

        threads = [threading.Thread(target=work, args=[mine]) for mine in deeds]
        for thread in threads:
            thread.start()
        time.sleep(close_at)
        made.close()
        for thread in threads:
            thread.join(30)
        assert not failed, failed
        assert not any(thread.is_alive() for thread in threads), "a thread waits for ever"


if __name__ == "__main__":
    sys.exit(main())
