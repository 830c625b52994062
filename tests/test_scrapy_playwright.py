"""Pages that a script draws: scrapy-playwright has a browser draw them, the plugin extracts what it drew."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from crawl_scripts import command
from waiting import PATIENCE_S

CHROMIUM = shutil.which("chromium")

SCRIPT = """
import json, sys
import scrapy
from crawl_scripts import serve
from scrapy.crawler import AsyncCrawlerProcess

PAGE = b'''<html><head><title>Drawn</title></head><body><main id="main"></main><script>
document.getElementById("main").innerHTML =
    "<h1>Drawn</h1><p>" + "The harbour keeps a book of its tides. ".repeat(20) + "</p>";
</script></body></html>'''

root = serve(lambda path: PAGE)
words = {}

class Spider(scrapy.Spider):
    name = "drawn"
    async def start(self):
        for path, meta in (("sent", {}), ("drawn", {"playwright": True})):
            yield scrapy.Request(f"{root}/{path}", meta=meta)
    def parse(self, response):
        words[response.url.rpartition("/")[2]] = response.meta["riptide_content"].text.count("tides")

handler = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
process = AsyncCrawlerProcess({
    "ADDONS": {"scrapy_riptide.Addon": 500},
    "RIPTIDE_CACHE_DIR": sys.argv[1],
    "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
    "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": sys.argv[2], "args": ["--no-sandbox"]},
    "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": 120_000,
    "REMOTE_CONTROL_ENABLED": False,
    "LOG_LEVEL": "ERROR",
})
process.crawl(Spider)
process.start()
print(json.dumps(words))
"""


@pytest.mark.slow
@pytest.mark.skipif(
    CHROMIUM is None or find_spec("scrapy_playwright") is None,
    reason="there is no chromium, or no scrapy-playwright (pip install scrapy-playwright)",
)
def test_what_a_browser_drew_is_extracted(cache_dir: Path) -> None:
    assert CHROMIUM is not None
    done = subprocess.run(
        command(SCRIPT, cache_dir, CHROMIUM), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"sent": 0, "drawn": 20}, done.stderr
