"""Scripts that crawl in a process of their own, and the pages that they crawl.

A script is begun with :func:`command`, and serves its pages with ``from crawl_scripts import serve``.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TESTS = Path(__file__).parent


def command(script: str, *arguments: object) -> list[str]:
    """How to begin a script of Python's that may import what the tests share."""
    script = f"import sys; sys.path.insert(0, {str(TESTS)!r})\n{script}"
    return [sys.executable, "-c", script, *map(str, arguments)]


def serve(page: Callable[[str], bytes]) -> str:
    """Answers each path with a page of HTML, on a free port, until the process ends. The root's address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
