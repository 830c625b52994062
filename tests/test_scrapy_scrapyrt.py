"""The example project under ScrapyRT: pages are asked for over HTTP, and come back as their content."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from ports import free_ports
from projects import EXAMPLE, bundled_site
from waiting import PATIENCE_S, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("scrapyrt") is None, reason="there is no ScrapyRT (pip install scrapyrt)"),
]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with bundled_site() as address:
        yield address


@pytest.fixture
def scrapyrt(tmp_path: Path, cache_dir: Path) -> Iterator[str]:
    """A ScrapyRT of the example project; its address.

    Each test has its own: two pages at once can cost a spider its ``start``, which ScrapyRT takes away for
    such requests and puts back in the order in which they end.
    """
    port = free_ports()
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("out"))
    with (project / "example" / "settings.py").open("a") as settings:
        settings.write(f"RIPTIDE_CACHE_DIR = {str(cache_dir)!r}\n")
    with ExitStack() as stack:
        process = subprocess.Popen(
            [sys.executable, "-m", "scrapyrt.cmdline", "--port", str(port)],
            cwd=project,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)
        wait_for(lambda: is_open(port), "ScrapyRT listens")
        yield f"127.0.0.1:{port}"


def is_open(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port)):
        return True


def ask(scrapyrt: str, **query: Any) -> Any:
    query = {"spider_name": "article", **query}
    with urlopen(f"http://{scrapyrt}/crawl.json?{urlencode(query)}", timeout=PATIENCE_S) as answer:
        return json.load(answer)


def test_two_pages_asked_for_at_once_come_back_as_their_content(scrapyrt: str, site: str) -> None:
    pages = ["news/swing-bridge.html", "de/faehre.html"]
    with ThreadPoolExecutor() as threads:
        answers = threads.map(lambda page: ask(scrapyrt, url=site + page, max_requests=1), pages)
    found = {answer["items"][0]["url"]: answer for answer in answers}
    assert found.keys() == {site + page for page in pages}
    item = found[site + pages[0]]["items"][0]
    assert item["title"] == "Swing bridge to reopen in May, eleven months late"
    assert item["language"] == "en-GB"
    assert "Priya Nandakumar" in item["markdown"]
    for answer in found.values():
        assert answer["stats"]["riptide/pages/extracted"] == len(answer["items"]) == 1


def test_a_whole_crawl_takes_the_spider_s_arguments(scrapyrt: str, site: str) -> None:
    arguments = json.dumps({"url": site, "pages": "4"})
    answer = ask(scrapyrt, start_requests="true", crawl_args=arguments)
    assert len(answer["items"]) == answer["stats"]["riptide/pages/extracted"] >= 3
    assert all(item["text"] for item in answer["items"])
