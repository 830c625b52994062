"""Ctrl-C during a crawl: once for a graceful stop, twice for a forced one."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest
from crawl_scripts import command
from misbehaving import write_misbehaving
from waiting import PATIENCE_S

_CRAWL = """
import sys
import scrapy
from crawl_scripts import serve
from scrapy.crawler import AsyncCrawlerProcess

CACHE, COMPONENT, TIMEOUT_S, REACTOR = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4] == "reactor"

root = serve(lambda path: b"!s" if path == "/spin" else b"<p>" + b"Words. " * 50)

class Spider(scrapy.Spider):
    name = "long"
    async def start(self):
        yield scrapy.Request(f"{root}/spin", dont_filter=True)
        for number in range(2000):
            yield scrapy.Request(f"{root}/{number}")
    def parse(self, response):
        if not getattr(self, "said", False):
            self.said = True
            print("under way", flush=True)

process = AsyncCrawlerProcess({
    "ADDONS": {"scrapy_riptide.Addon": 500}, "REMOTE_CONTROL_ENABLED": False, "TELNETCONSOLE_ENABLED": False,
    "TWISTED_REACTOR_ENABLED": REACTOR, "LOG_LEVEL": "INFO", "DOWNLOAD_DELAY": 0.01,
    "RIPTIDE_CACHE_DIR": CACHE, "RIPTIDE_COMPONENT": COMPONENT, "RIPTIDE_FALLBACK": None,
    "RIPTIDE_TIMEOUT_SECS": TIMEOUT_S,
})
process.crawl(Spider)
process.start()
"""


def _stop(tmp_path: Path, cache_dir: Path, times: int, timeout_s: float, loop: str) -> tuple[int, str, float]:
    """A crawl with a spinning guest, interrupted so many times: exit code, log, seconds until it ended."""
    component = write_misbehaving(tmp_path)
    begin = command(_CRAWL, cache_dir, component, timeout_s, loop)
    with subprocess.Popen(begin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert process.stdout.readline() == "under way\n"
            started = time.monotonic()
            log = ""
            for _ in range(times):
                process.send_signal(signal.SIGINT)
                # Two signals that come before the process has looked at the first are one.
                while "Received SIGINT" not in (line := process.stderr.readline()):
                    assert line, log
                    log += line
                log += line
            _, rest = process.communicate(timeout=PATIENCE_S)
            log += rest
        except BaseException:
            process.kill()
            raise
        return process.returncode, log, time.monotonic() - started


@pytest.mark.parametrize("loop", ["reactor", "no reactor"])
def test_one_ctrl_c_finishes_what_is_under_way(tmp_path: Path, cache_dir: Path, loop: str) -> None:
    code, log, _ = _stop(tmp_path, cache_dir, 1, 2.0, loop)
    assert "Spider closed (shutdown)" in log
    # The page whose guest spins is under way too: it gets its outcome.
    assert "'riptide/errors/timeout': 1" in log
    assert "Traceback" not in log, log
    assert code == 0, log


@pytest.mark.parametrize("loop", ["reactor", "no reactor"])
def test_two_end_the_process_long_before_a_spinning_guests_deadline(
    tmp_path: Path, cache_dir: Path, loop: str
) -> None:
    _, log, took_s = _stop(tmp_path, cache_dir, 2, 10 * PATIENCE_S, loop)
    assert "scrapy_riptide" not in log.partition("Traceback")[2], log
    assert "core dumped" not in log
    assert took_s < PATIENCE_S
