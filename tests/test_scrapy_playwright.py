"""Pages that a script draws: scrapy-playwright has a browser draw them, the plugin extracts what it drew."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")

SCRIPT = """
import json, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import scrapy
from scrapy.crawler import AsyncCrawlerProcess

PAGE = b'''<html><head><title>Drawn</title></head><body><main id="main"></main><script>
document.getElementById("main").innerHTML =
    "<h1>Drawn</h1><p>" + "The harbour keeps a book of its tides. ".repeat(20) + "</p>";
</script></body></html>'''

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)
    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
words = {}

class Spider(scrapy.Spider):
    name = "drawn"
    async def start(self):
        for path, meta in (("sent", {}), ("drawn", {"playwright": True})):
            yield scrapy.Request(f"http://127.0.0.1:{server.server_port}/{path}", meta=meta)
    def parse(self, response):
        words[response.url.rpartition("/")[2]] = response.meta["riptide_content"].text.count("tides")

handler = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
process = AsyncCrawlerProcess({
    "ADDONS": {"scrapy_riptide.Addon": 500},
    "RIPTIDE_CACHE_DIR": sys.argv[1],
    "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
    "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": sys.argv[2], "args": ["--no-sandbox"]},
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
        [sys.executable, "-c", SCRIPT, str(cache_dir), CHROMIUM],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"sent": 0, "drawn": 20}, done.stderr
