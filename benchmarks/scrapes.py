"""What a crawl loses to whoever scrapes its ``/metrics``, a hundred times a second.

    python benchmarks/scrapes.py [--data DIR] [--rate 100] [--pairs 100]

One crawl goes through the same pages again and again. It is scraped for a few rounds of them, then
left alone for as many, and so forth; neighbours are compared: pages a second, and CPU time of the
crawl's process for each page. The scraper itself is another process, whose CPU time is taken from
the same cores: what it uses is shown too, since it counts into the pages a second but is no cost of
the crawl's. A median is given with the limits that hold the true one in 95 of 100 such runs.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar

import psutil
from aiohttp import web
from documents import load
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerRunner

from scrapy_riptide import RiptideExporter

_WARM_UP_S = 6.0
# Whole rounds, so that both sides of a pair have the same pages.
_ROUNDS = 4
_UNDER_WAY = 32
_SETTINGS: dict[str, Any] = {
    "ADDONS": {"scrapy_riptide.Addon": 500},
    "TWISTED_REACTOR_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
    "LOG_LEVEL": "ERROR",
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
}

# Keeps its connection, as Prometheus does. Begins at a line and ends at the next: how many scrapes.
SCRAPER = """
import select, socket, sys, time
port, rate = int(sys.argv[1]), float(sys.argv[2])
connection = socket.create_connection(("127.0.0.1", port))
request = (
    f"GET /metrics HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nUser-Agent: Prometheus/2.42.0\\r\\n"
    "Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\\r\\nAccept-Encoding: gzip\\r\\n\\r\\n"
).encode()
while sys.stdin.buffer.raw.readline():
    started, done = time.perf_counter(), 0
    while not select.select([sys.stdin], [], [], max(0.0, started + done / rate - time.perf_counter()))[0]:
        connection.sendall(request)
        got = b""
        while b"\\r\\n\\r\\n" not in got:
            got += connection.recv(65536)
        head, _, body = got.partition(b"\\r\\n\\r\\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\\r\\n")[0])
        while len(body) < length:
            body += connection.recv(65536)
        done += 1
    sys.stdin.buffer.raw.readline()
    print(done, flush=True)
"""


class EndlessSpider(Spider):
    """Crawls the same pages until the measuring is done."""

    name = "endless"
    root = ""
    pages = 0
    rate = 100.0
    pairs = 100
    results: ClassVar[list[tuple[float, float, float, float]]] = []

    async def start(self) -> Any:
        """As many requests at a time as keep the crawl busy."""
        self._crawled = self._wanted = 0
        self._reached = asyncio.Event()
        self._measuring = asyncio.ensure_future(self._measure())
        for number in range(_UNDER_WAY):
            yield self._request(number)

    def parse(self, response: Any) -> Any:
        """The next request, until the measuring is done."""
        self._crawled += 1
        if self._crawled >= self._wanted:
            self._reached.set()
        if not self._measuring.done():
            yield self._request(response.meta["number"] + _UNDER_WAY)
        else:
            self._measuring.result()

    def _request(self, number: int) -> Request:
        return Request(f"{self.root}/{number % self.pages}", dont_filter=True, meta={"number": number})

    async def _measure(self) -> None:
        exporter = self.crawler.get_extension(RiptideExporter)
        assert exporter is not None
        await asyncio.sleep(_WARM_UP_S)
        scraper = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SCRAPER, str(exporter.port), str(self.rate)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert scraper.stdin
        assert scraper.stdout
        for pair in range(self.pairs):
            order = (True, False) if pair % 2 else (False, True)
            found = {}
            for scraped in order:
                seen, cpu, began = self._crawled, time.process_time(), time.perf_counter()
                theirs = _cpu_s(scraper.pid)
                if scraped:
                    scraper.stdin.write(b"begin\n")
                self._wanted = seen + _ROUNDS * self.pages
                self._reached.clear()
                await self._reached.wait()
                pages, passed = self._crawled - seen, time.perf_counter() - began
                found[scraped] = pages / passed, (time.process_time() - cpu) / pages
                if scraped:
                    scraper.stdin.write(b"end\n")
                    used = (_cpu_s(scraper.pid) - theirs) / passed
                    scrapes = int(await scraper.stdout.readline()) / passed
            self.results.append(
                (found[True][0] / found[False][0], found[True][1] / found[False][1], used, scrapes)
            )
        scraper.stdin.close()
        await scraper.wait()


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


async def _crawl(documents: list[tuple[str, str]], rate: float, pairs: int, cache_dir: str) -> None:
    bodies = [html.encode() for html, _ in documents]

    async def page(request: web.Request) -> web.Response:
        return web.Response(body=bodies[int(request.match_info["number"])], content_type="text/html")

    app = web.Application()
    app.router.add_get("/{number}", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    crawls = AsyncCrawlerRunner({**_SETTINGS, "RIPTIDE_CACHE_DIR": cache_dir})
    root = "http://{}:{}".format(*runner.addresses[0])
    attributes = {"root": root, "pages": len(bodies), "rate": rate, "pairs": pairs}
    await crawls.crawl(type("Measured", (EndlessSpider,), attributes))
    await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="a directory with pages; without, pages are made")
    parser.add_argument("--rate", type=float, default=100.0, help="scrapes a second")
    parser.add_argument("--pairs", type=int, default=100)
    options = parser.parse_args()
    documents = load(options.data, 60)
    with tempfile.TemporaryDirectory() as cache_dir:
        asyncio.run(_crawl(documents, options.rate, options.pairs, cache_dir))
    names = ("pages a second", "CPU a page", "the scraper's cores", "scrapes a second")
    for name, values in zip(names, zip(*EndlessSpider.results, strict=True), strict=True):
        low, high = _limits(values)
        print(f"{name:<20} {statistics.median(values):.4f}  (95 %: {low:.4f} to {high:.4f})")


def _limits(values: tuple[float, ...]) -> tuple[float, float]:
    """The limits of the median, by the order of the values alone: nothing is said of how they spread."""
    ordered = sorted(values)
    beside = round(0.98 * math.sqrt(len(ordered)))
    middle = len(ordered) // 2
    return ordered[max(0, middle - beside)], ordered[min(len(ordered) - 1, middle + beside)]


if __name__ == "__main__":
    main()
