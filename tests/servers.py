"""Web servers of a test's own, on free ports of 127.0.0.1."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

HTML: Mapping[str, str] = MappingProxyType({"Content-Type": "text/html"})


class Answers(BaseHTTPRequestHandler):
    """A subclass's :meth:`respond` answers each GET. Nobody is told of a request."""

    def do_GET(self) -> None:
        """The server's hook."""
        self.respond()

    def respond(self) -> None:
        """Sends an :meth:`answer` to ``path``."""
        raise NotImplementedError

    def answer(self, body: bytes, status: int = 200, headers: Mapping[str, str] = HTML) -> None:
        """A whole response."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class Files(SimpleHTTPRequestHandler):
    """Answers with the files of a directory. Nobody is told of a request."""

    @classmethod
    def of(cls, directory: Path) -> Callable[..., Files]:
        """A handler of the files there."""
        return partial(cls, directory=str(directory))

    def log_message(self, *_: object) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *arguments: Any) -> None:
        # Who was killed hangs up: nothing to tell.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(*arguments)


class WebServer:
    """Answers from :meth:`start` to :meth:`stop`, on threads; as a context manager, for the block."""

    def __init__(self, handler: Callable[..., BaseHTTPRequestHandler]) -> None:
        self._server = _Server(("127.0.0.1", 0), handler)
        #: Without a slash at its end.
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Begins to answer."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Answers no more, and gives the port back."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
