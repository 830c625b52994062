"""What extraction costs a crawl: the same thousand pages, crawled with and without it.

    python benchmarks/crawl.py [--data DIR] [--pages N] [--rounds N] [--quick] [--plots DIR]

A server in a process of its own serves the pages on eight loopback addresses; each crawl is a
process of its own with 16 requests at once. The ways take turns, so a slow moment of the machine
hits all, and ratios are made within a round. Agreement is the share of pages whose text is the one
that the way's engine gives outside of a crawl (scrapy-riptide), or gave in the pipeline (threads).
DIR has pages (``*.html``), or an archive of them (``*.tar.xz``); without it pages are made, which
extract faster than real ones.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from documents import argument_parser
from one_crawl import WAYS
from page_server import HOSTS, chosen, real_or_made

from scrapy_riptide import ExtractedContent, Extractor, ExtractorConfig

_HERE = Path(__file__).parent
_BASE, _OURS = "nothing", "scrapy-riptide"
_PIPELINE, _THREADS = "trafilatura in a pipeline", "trafilatura in threads"

Digests = dict[str, str]


@dataclass
class Crawl:
    """One crawl's figures."""

    pages_per_s: float
    cpu_ms: float
    #: Of that, on the event loop's thread.
    loop_cpu_ms: float
    peak_mb: float
    late_ms: list[float]
    digests: Digests

    def late(self, q: float) -> float:
        ordered = sorted(self.late_ms)
        return ordered[min(len(ordered) - 1, round(q * (len(ordered) - 1)))]


@contextmanager
def served(directory: Path, pages: int) -> Iterator[str]:
    """The port of a server of the pages, as text."""
    server = subprocess.Popen(
        [sys.executable, str(_HERE / "page_server.py"), str(directory), str(pages)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.communicate()


def crawl(way: str, port: str, paths: list[str]) -> Crawl | None:
    """A crawl in a process of its own; None where it ended in a crash, which is told."""
    done = subprocess.run(
        [sys.executable, str(_HERE / "one_crawl.py"), way, port],
        input="\n".join(paths),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"  {way}: the process ended with {done.returncode}\n{done.stderr[-2000:]}", file=sys.stderr)
        return None
    result: dict[str, Any] = json.loads(done.stdout)
    return Crawl(
        pages_per_s=len(paths) / result["seconds"],
        cpu_ms=result["cpu_seconds"] * 1000 / len(paths),
        loop_cpu_ms=result["loop_cpu_seconds"] * 1000 / len(paths),
        peak_mb=result["peak_mb"],
        late_ms=result["late_ms"],
        digests=result["digests"],
    )


def extracted_outside(pages: list[Path], port: str) -> Digests:
    """The digests of the texts that this project's extractor gives without a crawl around it."""
    digests: Digests = {}
    with Extractor(ExtractorConfig(fallback=None)) as extractor:
        addresses = (f"http://{HOSTS[n % len(HOSTS)]}:{port}/{page.stem}" for n, page in enumerate(pages))
        documents = ((page.read_bytes(), address) for page, address in zip(pages, addresses))
        for page, content in zip(pages, extractor.extract_many(documents)):
            if isinstance(content, ExtractedContent):
                digests[page.stem] = blake2b(content.text.encode(), digest_size=8).hexdigest()
    return digests


def median(values: list[float]) -> float:
    return statistics.median(values) if values else float("nan")


def table(crawls: dict[str, list[Crawl | None]], expected: dict[str, Digests], pages: int) -> None:
    """A row a way: medians over the rounds, and ratios to the crawl without extraction."""
    head = (
        "pages/s",
        "of none",
        "CPU ms",
        "of none",
        "on loop",
        "peak MB",
        "lag p50",
        "p99",
        "most",
        "items",
        "agree",
    )
    print(f"\n{'':<32}" + "".join(f"{each:>9}" for each in head))
    for way, rounds in crawls.items():
        done = [each for each in rounds if each is not None]
        if not done:
            print(f"{way:<32}  no crawl came to its end")
            continue
        pairs = [(each, none) for each, none in zip(rounds, crawls[_BASE]) if each and none]
        wanted = expected.get(way)
        last = done[-1].digests
        agree = sum(last.get(path) == digest for path, digest in wanted.items()) if wanted else len(last)
        cells = (
            f"{median([each.pages_per_s for each in done]):.0f}",
            f"{median([each.pages_per_s / none.pages_per_s for each, none in pairs]):.2f}",
            f"{median([each.cpu_ms for each in done]):.1f}",
            f"{median([each.cpu_ms / none.cpu_ms for each, none in pairs]):.2f}",
            f"{median([each.loop_cpu_ms for each in done]):.1f}",
            f"{max(each.peak_mb for each in done):.0f}",
            *(f"{median([each.late(q) for each in done]):.1f}" for q in (0.5, 0.99, 1.0)),
            str(len(last)),
            f"{agree / pages:.1%}",
        )
        died = len(rounds) - len(done)
        print(f"{way:<32}" + "".join(f"{each:>9}" for each in cells) + (f"  {died} died" if died else ""))


def plot(directory: Path, crawls: dict[str, list[Crawl | None]]) -> None:
    """Pages a second and the event loop's lag, the ways side by side."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    ways = list(crawls)
    done = {way: [each for each in crawls[way] if each] for way in ways}
    colours = ["#8d99ae" if way == _BASE else "#c1121f" if way == _OURS else "#2a6f97" for way in ways]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained", sharey=True)
    rates = [median([each.pages_per_s for each in done[way]]) for way in ways]
    lags = [median([each.late(0.99) for each in done[way]]) for way in ways]
    for axes, label, values in (
        (left, "pages a second", rates),
        (right, "event loop late, p99, ms (logarithmic)", lags),
    ):
        bars = axes.barh(ways, values, color=colours)
        labels = [f"{each:.0f}" if done[way] else "" for way, each in zip(ways, values)]
        axes.bar_label(bars, labels, padding=3, fontsize=9)
        axes.set_xlabel(label)
        axes.spines[["top", "right"]].set_visible(False)
    for place, way in enumerate(ways):
        if not done[way]:
            left.annotate("the process crashed", (0, place), (4, 0), textcoords="offset points", va="center")
    right.set_xscale("log")
    left.invert_yaxis()
    left.margins(x=0.12)
    right.margins(x=0.12)
    directory.mkdir(parents=True, exist_ok=True)
    figure.savefig(directory / "crawl-cost.png", dpi=150)
    print(f"\nchart in {directory / 'crawl-cost.png'}")


def measure(directory: Path, arguments: argparse.Namespace) -> dict[str, list[Crawl | None]]:
    pages = chosen(directory, arguments.pages)
    paths = [page.stem for page in pages]
    size = statistics.mean(page.stat().st_size for page in pages) / 1000
    print(f"{len(pages)} pages, mean {size:.0f} KB, {arguments.rounds} rounds", flush=True)
    crawls: dict[str, list[Crawl | None]] = {way: [] for way in arguments.ways}
    with served(directory, arguments.pages) as port:
        expected = {_OURS: extracted_outside(pages, port)}
        for number in range(arguments.rounds):
            # Every other round backwards: what grows or falls with time favours nobody.
            for way in arguments.ways[:: -1 if number % 2 else 1]:
                result = crawl(way, port, paths)
                crawls[way].append(result)
                if result:
                    print(f"  round {number + 1}: {way}, {result.pages_per_s:.0f} pages/s", flush=True)
    if (first := next(filter(None, crawls.get(_PIPELINE, [])), None)) is not None:
        expected[_THREADS] = first.digests
    table(crawls, expected, len(pages))
    return crawls


def main() -> None:
    parser = argument_parser(__doc__, pages=1000)
    parser.add_argument("--rounds", type=int, default=3, help="crawls of each way [3]")
    parser.add_argument(
        "--ways", nargs="+", default=list(WAYS), choices=WAYS, metavar="WAY", help="only these"
    )
    parser.add_argument("--quick", action="store_true", help="200 pages, one round")
    parser.add_argument(
        "--plots", type=Path, metavar="DIR", help="draw a PNG chart into DIR (needs matplotlib)"
    )
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.pages, arguments.rounds = 200, 1
    if arguments.ways[0] != _BASE:
        arguments.ways = [_BASE, *(way for way in arguments.ways if way != _BASE)]
    with real_or_made(arguments.data, arguments.pages) as directory:
        crawls = measure(directory, arguments)
    if arguments.plots:
        plot(arguments.plots, crawls)


if __name__ == "__main__":
    main()
