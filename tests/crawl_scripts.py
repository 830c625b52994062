"""Scripts that crawl in a process of their own, and the pages that they crawl.

A script is begun with :func:`command`, and serves its pages with ``from crawl_scripts import serve``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from servers import Answers, WebServer

TESTS = Path(__file__).parent


def command(script: str, *arguments: object) -> list[str]:
    """How to begin a script of Python's that may import what the tests share."""
    script = f"import sys; sys.path.insert(0, {str(TESTS)!r})\n{script}"
    return [sys.executable, "-c", script, *map(str, arguments)]


def serve(page: Callable[[str], bytes]) -> str:
    """Answers each path with a page of HTML, on a free port, until the process ends. The root's address."""

    class Handler(Answers):
        def respond(self) -> None:
            self.answer(page(self.path))

    server = WebServer(Handler)
    server.start()
    return server.address
