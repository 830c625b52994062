"""How much of an extraction holds Python's global lock, and where one process stops scaling.

    python benchmarks/scaling.py [--data DIR] [--pages N] [--quick] [--put PAGE]

Measured: the CPU time of a process that extracts pages from its event loop, less that of the same
tasks doing nothing, and how much of it passed inside guests, by their threads' clocks: they run
without the lock. The rest counts as holding it, the kernel's part in waking threads and the clock of
deadlines too, so it is an upper bound. And the CPU time of a crawl without extraction, all of which
holds it. Simulated from these: one process on n cores, whose threads wait for the lock and for a core
in the order they come; handing the lock over costs nothing there. On a busy machine threads find
their caches cold, and the figures are larger. ``--data`` has pages (``*.html``) or
an archive of them (``*.tar.xz``); without it pages are made.
"""

from __future__ import annotations

import asyncio
import heapq
import statistics
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from crawl import crawl, served
from documents import argument_parser
from figures import put
from page_server import chosen, real_or_made

from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.wasm import lifting

_AT_ONCE = 16
_CORES = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Shares:
    """Milliseconds of CPU time a page."""

    #: With the lock, for the extraction: on the event loop's thread and on worker threads.
    held: float
    #: Without it, inside the guest.
    free: float
    #: With the lock, for the crawl itself: downloading, scheduling, spider, items.
    crawl: float = 0.0
    #: Of ``held``, on the event loop's thread.
    on_loop: float = 0.0


async def _at_once(work: Callable[[bytes], Awaitable[object]], pages: list[bytes]) -> float:
    """Calls ``work`` for every page, some at once; the CPU seconds of this thread."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(page: bytes) -> None:
        async with gate:
            await work(page)

    started = time.thread_time()
    await asyncio.gather(*(one(page) for page in pages))
    return time.thread_time() - started


def measured(pages: list[bytes], rounds: int) -> Shares:
    """The shares of an extraction, as the median of some rounds."""
    inside_s: list[float] = []
    call = lifting._call

    def timed(*arguments: object) -> object:
        started = time.thread_time()
        try:
            return call(*arguments)
        finally:
            inside_s.append(time.thread_time() - started)

    held, free, on_loop = [], [], []
    lifting._call = timed
    try:
        with Extractor(ExtractorConfig(fallback=None)) as extractor:

            def extract(page: bytes) -> Awaitable[object]:
                return extractor.run_async(page, "https://example.com/a")

            asyncio.run(_at_once(extract, pages))
            for _ in range(rounds):
                idle_s = asyncio.run(_at_once(lambda _: asyncio.sleep(0), pages))
                inside_s.clear()
                started = time.process_time()
                loop_s = asyncio.run(_at_once(extract, pages)) - idle_s
                total_s = time.process_time() - started - idle_s
                free.append(sum(inside_s) * 1000 / len(pages))
                held.append(total_s * 1000 / len(pages) - free[-1])
                on_loop.append(loop_s * 1000 / len(pages))
    finally:
        lifting._call = call
    return Shares(statistics.median(held), statistics.median(free), on_loop=statistics.median(on_loop))


class _Resource:
    """So many places, given in the order in which they were asked for."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: deque[Callable[[], None]] = deque()

    def take(self, then: Callable[[], None]) -> None:
        if self._free:
            self._free -= 1
            then()
        else:
            self._waiting.append(then)

    def give_back(self) -> None:
        if self._waiting:
            self._waiting.popleft()()
        else:
            self._free += 1


def simulated(shares: Shares, cores: int, pages: int = 4000) -> float:
    """Pages a second of one process: what holds the lock takes turns, guests only want a core.

    A page's crawl comes before its extraction; half of what holds the lock for the extraction comes
    before the guest, half after it. The lock's holder wants a core too.
    """
    lock, processor = _Resource(1), _Resource(cores)
    events: list[tuple[float, int, Callable[[], None]]] = []
    now, number, left, done = 0.0, 0, pages, 0

    def after(milliseconds: float, then: Callable[[], None]) -> None:
        nonlocal number
        number += 1
        heapq.heappush(events, (now + milliseconds, number, then))

    def work(milliseconds: float, then: Callable[[], None], *, locked: bool) -> None:
        def end() -> None:
            processor.give_back()
            if locked:
                lock.give_back()
            then()

        def run() -> None:
            processor.take(lambda: after(milliseconds, end))

        if locked:
            lock.take(run)
        else:
            run()

    def start() -> None:
        nonlocal left
        if left:
            left -= 1
            work(shares.crawl + shares.held / 2, extract, locked=True)

    def extract() -> None:
        work(shares.free, finish, locked=False)

    def finish() -> None:
        work(shares.held / 2, end_page, locked=True)

    def end_page() -> None:
        nonlocal done
        done += 1
        start()

    for _ in range(max(_AT_ONCE, 2 * cores)):
        start()
    while events:
        now, _, then = heapq.heappop(events)
        then()
    return done * 1000 / now


def table(name: str, shares: Shares) -> list[str]:
    """Pages a second by cores, and how many processes use them up, as Markdown."""
    total = shares.held + shares.free + shares.crawl
    locked = shares.held + shares.crawl
    lines = [
        f"{name}: {locked:.2f} of {total:.2f} ms a page hold the lock, so one process uses"
        f" {total / locked:.1f} cores at most.",
        "",
        "| cores | one process, pages/s | of its cores | processes to run |",
        "| --- | --- | --- | --- |",
    ]
    for cores in _CORES:
        rate = simulated(shares, cores)
        share = rate * total / 1000 / cores
        # The fewest processes that each have no more cores than nine tenths of which they use.
        processes = next(
            count
            for count in range(1, cores + 1)
            if simulated(shares, -(-cores // count)) * total / 1000 >= 0.9 * cores / count or count == cores
        )
        lines.append(f"| {cores} | {rate:.0f} | {share:.0%} | {processes} |")
    return lines


def main() -> None:
    parser = argument_parser(__doc__, pages=300)
    parser.add_argument("--put", type=Path, metavar="PAGE", help="a page of docs/ that gets the figures")
    parser.add_argument("--quick", action="store_true", help="100 pages, one round")
    arguments = parser.parse_args()
    count, rounds = (100, 1) if arguments.quick else (arguments.pages, 5)
    with real_or_made(arguments.data, count) as directory:
        paths = chosen(directory, count)
        shares = measured([path.read_bytes() for path in paths], rounds)
        with served(directory, count) as port:
            crawls = [crawl("nothing", port, [path.stem for path in paths]) for _ in range(rounds)]
    cpu = [each.cpu_ms for each in crawls if each is not None]
    crawling = Shares(shares.held, shares.free, statistics.median(cpu))
    bound = simulated(crawling, 2) / simulated(Shares(0, 0, crawling.crawl), 2)
    lines = [
        *table("`extract_many`, no crawl around it", shares),
        "",
        *table("A crawl", crawling),
        "",
        f"Of an extraction's {shares.held:.2f} ms with the lock, {shares.on_loop:.2f} pass on the event loop."
        f" On two cores of its own a crawl has at most {bound:.2f} of the pages a second of one without"
        " extraction.",
    ]
    print("\n".join(lines))
    if arguments.put:
        put(arguments.put, lines)


if __name__ == "__main__":
    main()
