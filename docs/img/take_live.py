"""Take the picture of the live page, in a real browser, of a crawl that runs meanwhile.

    python docs/img/take_live.py

The crawl goes over the example project's pages again and again for a minute, some of which are no
pages. Needs Debian's chromium, and the extra ``metrics``.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from pathlib import Path
from typing import Any

from aiohttp import web
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerRunner

from scrapy_riptide import RiptideExporter

HERE = Path(__file__).resolve().parent
PAGES = sorted((HERE.parents[1] / "example_project" / "example" / "pages").rglob("*.html"))
PAUSE_S = 0.1
SECONDS = 60.0

# Name, width and height, and chromium's number for light and dark.
PICTURES = (("live", "1100,900", 1), ("live-phone", "390,1300", 0))


class Harbour(Spider):
    """Asks for ten pages a second, and for its own pictures after a minute."""

    name = "harbour"
    root = ""

    async def start(self) -> Any:
        """The pages, in any order, and now and then something else."""
        chosen = random.Random(1)  # noqa: S311
        pictures = asyncio.ensure_future(self._pictures())
        for number in itertools.count():
            if pictures.done():
                break
            path = "chart.pdf" if number % 40 == 7 else str(chosen.randrange(len(PAGES)))
            yield Request(f"{self.root}/{path}?{number}")
            await asyncio.sleep(PAUSE_S)
        pictures.result()

    async def _pictures(self) -> None:
        await asyncio.sleep(SECONDS)
        exporter = self.crawler.get_extension(RiptideExporter)
        for name, size, scheme in PICTURES:
            await _take(f"http://127.0.0.1:{exporter.port}/", HERE / f"{name}.png", size, scheme)

    def parse(self, response: Any) -> None:
        """Nothing: the content is shown as it is extracted."""


async def _take(url: str, picture: Path, size: str, scheme: int) -> None:
    browser = await asyncio.create_subprocess_exec(
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *(f"--blink-settings=preferredColorScheme={scheme}", "--virtual-time-budget=3000"),
        *(f"--window-size={size}", f"--screenshot={picture}", url),
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await browser.wait() != 0:
        raise SystemExit("chromium took no picture")


async def _answer(request: web.Request) -> web.StreamResponse:
    name = request.path.lstrip("/")
    if not name.isdigit():
        return web.Response(body=b"%PDF-", content_type="application/pdf")
    return web.Response(body=PAGES[int(name)].read_bytes(), content_type="text/html", charset="utf-8")


async def main() -> None:
    """Serves the pages and crawls them."""
    app = web.Application()
    app.router.add_get("/{path:.*}", _answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    settings = {
        "ADDONS": {"scrapy_riptide.Addon": 500},
        "TWISTED_REACTOR_ENABLED": False,
        "BOT_NAME": "tides",
        "LOG_LEVEL": "ERROR",
        "DOWNLOAD_DELAY": 0,
    }
    await AsyncCrawlerRunner(settings).crawl(Harbour, root=f"http://{host}:{port}")
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
