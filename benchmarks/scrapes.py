"""What a crawl loses to whoever scrapes its ``/metrics``, a hundred times a second.

    python benchmarks/scrapes.py [--data DIR] [--rate 100] [--pairs 20]

One crawl runs on and on. It is scraped for two seconds, then left alone for two, and so forth;
neighbouring windows are compared: pages a second, and CPU time of the crawl for each page. The
scraper itself is another process, whose CPU time is taken from the same cores: what it uses is
shown too, since it counts into the pages a second but is no cost of the crawl's.
"""

from __future__ import annotations

import argparse
import asyncio
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

_WINDOW_S = 2.0
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

# Keeps its connection, as Prometheus does. Reads a line for each window: how many scrapes.
SCRAPER = """
import socket, sys, time
port, rate = int(sys.argv[1]), float(sys.argv[2])
connection = socket.create_connection(("127.0.0.1", port))
request = (
    f"GET /metrics HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nUser-Agent: Prometheus/2.42.0\\r\\n"
    "Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\\r\\nAccept-Encoding: gzip\\r\\n\\r\\n"
).encode()
for line in sys.stdin:
    started, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - started) < float(line):
        if done > passed * rate:
            time.sleep(done / rate - passed)
        connection.sendall(request)
        got = b""
        while b"\\r\\n\\r\\n" not in got:
            got += connection.recv(65536)
        head, _, body = got.partition(b"\\r\\n\\r\\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\\r\\n")[0])
        while len(body) < length:
            body += connection.recv(65536)
        done += 1
    print(done, flush=True)
"""


class EndlessSpider(Spider):
    """Crawls the same pages until the measuring is done."""

    name = "endless"
    root = ""
    pages = 0
    rate = 100.0
    pairs = 20
    results: ClassVar[list[tuple[float, float, float, float]]] = []

    async def start(self) -> Any:
        """As many requests at a time as keep the crawl busy."""
        self._measuring = asyncio.ensure_future(self._measure())
        for number in range(_UNDER_WAY):
            yield self._request(number)

    def parse(self, response: Any) -> Any:
        """The next request, until the measuring is done."""
        if not self._measuring.done():
            yield self._request(response.meta["number"] + _UNDER_WAY)
        else:
            self._measuring.result()

    def _request(self, number: int) -> Request:
        return Request(f"{self.root}/{number % self.pages}", dont_filter=True, meta={"number": number})

    async def _measure(self) -> None:
        exporter = self.crawler.get_extension(RiptideExporter)
        assert exporter is not None
        await asyncio.sleep(3 * _WINDOW_S)
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
                seen, cpu, began = self._seen(), time.process_time(), time.perf_counter()
                theirs = _cpu_s(scraper.pid)
                if scraped:
                    scraper.stdin.write(f"{_WINDOW_S}\n".encode())
                    scrapes = int(await scraper.stdout.readline())
                else:
                    await asyncio.sleep(_WINDOW_S)
                pages, passed = self._seen() - seen, time.perf_counter() - began
                found[scraped] = pages / passed, (time.process_time() - cpu) / pages
                if scraped:
                    used = (_cpu_s(scraper.pid) - theirs) / passed
            self.results.append(
                (found[True][0] / found[False][0], found[True][1] / found[False][1], used, scrapes / passed)
            )
        scraper.stdin.close()
        await scraper.wait()

    def _seen(self) -> int:
        return int(self.crawler.stats.get_value("riptide/pages/seen", 0))


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
    parser.add_argument("--pairs", type=int, default=20)
    options = parser.parse_args()
    documents = load(options.data, 60)
    with tempfile.TemporaryDirectory() as cache_dir:
        asyncio.run(_crawl(documents, options.rate, options.pairs, cache_dir))
    names = ("pages a second", "CPU a page", "the scraper's cores", "scrapes a second")
    for name, values in zip(names, zip(*EndlessSpider.results, strict=True), strict=True):
        quarters = statistics.quantiles(values, n=4)
        print(f"{name:<20} {quarters[1]:.4f}  (quartiles {quarters[0]:.4f} to {quarters[2]:.4f})")


if __name__ == "__main__":
    main()
