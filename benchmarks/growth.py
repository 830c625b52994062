"""How time and memory grow with a document, and what a fresh instance's first call costs.

    python benchmarks/growth.py [--data DIR] [--pages N] [--quick]

Made documents from 250 KB to 50 MB, then pages, each in an instance of its own: CPU milliseconds a
megabyte, and the most linear memory as a share of the bound, 16 bytes for a byte of HTML and 4 MB.
``--data`` has unpacked pages (``*.html``); without it they are made.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Callable

from documents import argument_parser, load, made

from scrapy_riptide import ExtractorConfig
from scrapy_riptide.config import PAGE_BYTES
from scrapy_riptide.wasm.contract import lower_mode
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.lifting import lower_string
from scrapy_riptide.wasm.runtime import Runtime

_MEGABYTES = (0.25, 1, 4, 16, 50)
_GUEST_STACK_BYTES = 16 * 1024 * 1024

Extract = Callable[[str], object]


def bound_bytes(document_bytes: int) -> int:
    """The most memory that a document of so many bytes should need."""
    return 16 * document_bytes + 4 * 1024 * 1024


class Guests:
    """Instances of one runtime, made as they are needed, with their memory's peak in sight."""

    def __init__(self) -> None:
        self._config = ExtractorConfig(memory_limit_mb=1024, timeout_secs=600, fallback=None)
        self._runtime = Runtime.load(self._config)
        self._number = 0

    def fresh(self) -> tuple[Instance, Extract]:
        self._number += 1
        guest = Instance(self._runtime, self._config, self._number)
        url, article = lower_string("https://example.com/a"), lower_mode("article")
        return guest, lambda html: guest.call("extract-with-stats", lower_string(html), url, article)

    def cost(self, html: str, *, warm: bool) -> tuple[float, int]:
        """CPU milliseconds of one extraction, and the most bytes of linear memory."""
        guest, extract = self.fresh()
        if warm:
            extract(html[: len(html) // 8])
        started = time.thread_time()
        extract(html)
        took = (time.thread_time() - started) * 1000
        peak = guest.tracker.peak_pages or 0
        guest.close()
        return took, peak * PAGE_BYTES


def grown(megabytes: float) -> str:
    """A made document of about so many megabytes."""
    paragraphs = 40
    size = len(made(paragraphs, 60))
    return made(round(paragraphs * megabytes * 1e6 / size), round(60 * megabytes * 1e6 / size))


def sizes(guests: Guests, largest: float) -> None:
    print(f"{'document':>12}{'ms':>10}{'ms/MB':>9}{'peak MB':>10}{'of bound':>10}")
    for megabytes in _MEGABYTES:
        if megabytes > largest:
            break
        html = grown(megabytes)
        took, peak = guests.cost(html, warm=True)
        size = len(html.encode())
        print(
            f"{size / 1e6:>9.2f} MB{took:>10.1f}{took / size * 1e6:>9.2f}{peak / 1e6:>10.1f}"
            f"{peak / bound_bytes(size):>10.2f}",
            flush=True,
        )


def real(guests: Guests, pages: list[str]) -> None:
    shares = sorted(guests.cost(html, warm=False)[1] / bound_bytes(len(html.encode())) for html in pages)
    over = sum(share > 1 for share in shares)
    print(
        f"\n{len(pages)} pages: most memory as a share of the bound, median {statistics.median(shares):.2f}, "
        f"most {shares[-1]:.2f}, {over} over it"
    )


def first_call(guests: Guests, html: str, rounds: int) -> None:
    ratios = []
    for _ in range(rounds):
        guest, extract = guests.fresh()
        times = []
        for _ in range(6):
            started = time.thread_time()
            extract(html)
            times.append(time.thread_time() - started)
        ratios.append(times[0] / statistics.median(times[1:]))
        guest.close()
    print(
        f"\na fresh instance's first call against a later one, a page of {len(html) / 1000:.0f} KB: "
        f"× {statistics.median(ratios):.2f} of CPU time ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def measure(arguments: argparse.Namespace) -> None:
    guests = Guests()
    sizes(guests, 4 if arguments.quick else _MEGABYTES[-1])
    pages = [html for html, _ in load(arguments.data, 20 if arguments.quick else arguments.pages)]
    real(guests, pages)
    first_call(guests, sorted(pages, key=len)[len(pages) // 2], 5 if arguments.quick else 21)


def main() -> None:
    parser = argument_parser(__doc__, pages=200)
    parser.add_argument("--quick", action="store_true", help="smaller and fewer documents")
    # A guest wants more stack than the main thread is sure to have.
    threading.stack_size(_GUEST_STACK_BYTES)
    thread = threading.Thread(target=measure, args=(parser.parse_args(),))
    thread.start()
    thread.join()


if __name__ == "__main__":
    main()
