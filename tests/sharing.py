"""What a shared crawl needs: a Redis, a site, and workers that can be killed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crawls import article
from ports import free_ports
from redis import Redis
from redis.exceptions import ConnectionError as NotConnected
from servers import Answers, WebServer
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


class TreeSite(WebServer):
    """Pages 0 to ``count`` - 1, each with links to two others, and every seventh a guest's end.

    From page ``gate`` on, no answer comes before :meth:`let_through` or :meth:`open`: who is held there has
    work in hand for sure.
    """

    def __init__(self, count: int, gate: int) -> None:
        self.count = count
        self.fetched: Counter[str] = Counter()
        #: The pages for which somebody had to wait at the gate, by what that one calls its user agent.
        self.held: defaultdict[str, set[str]] = defaultdict(set)
        self._gate = gate
        self._changed = threading.Condition()
        self._open = False
        self._let_through: set[str] = set()
        site = self

        class Handler(Answers):
            def respond(self) -> None:
                body = site.page(self.path)
                site.hold(self.path, self.headers["User-Agent"])
                self.answer(body, 200 if body else 404)

        super().__init__(Handler)
        self.root = f"{self.address}/0"

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

    def hold(self, path: str, agent: str) -> None:
        """Returns at once before the gate, and behind it once that is open or the page may pass."""
        if path[1:].isdecimal() and int(path[1:]) >= self._gate:
            with self._changed:
                if not self._open:
                    self.held[agent].add(path)
                self._changed.wait_for(lambda: self._open or path in self._let_through)

    def let_through(self, path: str) -> None:
        """One page behind the gate is answered."""
        with self._changed:
            self._let_through.add(path)
            self._changed.notify_all()

    def open(self) -> None:
        """Everybody gets an answer from now on."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Lets go whoever waits, and answers no more."""
        self.open()
        super().stop()


def start_worker(settings: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    """A worker process."""
    return subprocess.Popen([sys.executable, str(WORKER), json.dumps(settings)])
