"""What a shared crawl needs: a Redis, a site, and workers that can be killed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from crawls import article
from ports import free_ports
from redis import Redis
from redis.exceptions import ConnectionError as NotConnected
from waiting import wait_for

REDIS_SERVER = shutil.which("redis-server")
WORKER = Path(__file__).with_name("shared_worker.py")


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """A Redis of the test's own, and its address."""
    assert REDIS_SERVER is not None
    port = free_ports()
    command = [REDIS_SERVER, "--port", str(port), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        url = f"redis://127.0.0.1:{port}/0"
        try:
            with Redis.from_url(url) as redis:
                wait_for(lambda: answers(redis), "Redis")
            yield url
        finally:
            process.kill()


def answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except NotConnected:
        return False


class TreeSite:
    """Pages 0 to ``count`` - 1, each with links to two others, and every seventh a guest's end.

    From page 7 on, no answer comes before ``together`` pages have been asked for at once. With more of them
    than one worker may ask for, all workers have their share, however long an idle engine sleeps.
    """

    def __init__(self, count: int, delay_s: float, together: int = 0) -> None:
        self.count = count
        self.fetched: Counter[str] = Counter()
        self._waiting: set[str] = set()
        self._all_here = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.page(self.path)
                time.sleep(delay_s)
                site.wait_for_others(self.path, together)
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """A killed worker hangs up: nothing to tell."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self._server.server_port}/0"

    @property
    def urls(self) -> set[str]:
        """Every page's address."""
        return {self.root[:-1] + str(number) for number in range(self.count)}

    def page(self, path: str) -> bytes:
        if not path[1:].isdecimal():
            return b""
        self.fetched[path] += 1
        number = int(path[1:])
        children = [child for child in (2 * number + 1, 2 * number + 2) if child < self.count]
        links = "".join(f'<a href="/{child}">on</a>' for child in [*children, 0])
        if number % 7 == 6:
            return f"!t{links}".encode()
        return article(f"Page {number}", links=links).encode()

    def wait_for_others(self, path: str, together: int) -> None:
        """Returns once ``together`` pages from 7 on have been asked for, and none of them answered."""
        if path[1:].isdecimal() and int(path[1:]) >= 7:
            self._waiting.add(path)
            if len(self._waiting) >= together:
                self._all_here.set()
            assert self._all_here.wait(60), f"only {self._waiting} are asked for at once"

    def __enter__(self) -> TreeSite:  # noqa: PYI034
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def start_worker(settings: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    """A worker process."""
    return subprocess.Popen([sys.executable, str(WORKER), json.dumps(settings)])
