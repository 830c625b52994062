"""The site that the example crawls unless told otherwise: a few static pages, served on loopback.

To look at it in a browser: ``python -m example.bundled_site [PORT]`` in the project's folder.
"""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

PAGES = Path(__file__).resolve().parent / "pages"


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Keeps a client that never sends a request from holding its thread.
    timeout = 30

    def list_directory(self, path: object) -> None:
        self.send_error(404, "There is no page here")

    def log_message(self, *_: object) -> None:
        pass


class BundledSite:
    """Serves the pages from :meth:`start` to :meth:`stop`, on a thread. Port 0: any free one of 127.0.0.1."""

    def __init__(self, port: int = 0) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, directory=str(PAGES)))
        self._thread = Thread(target=self._server.serve_forever, name="bundled-site", daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def start(self) -> None:
        """Begin to answer requests."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and give the port back."""
        if self._thread.is_alive():  # a server that never began would be waited for in vain
            self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def main() -> None:
    """Serve the pages until Ctrl-C, on a free port or the one that is given."""
    with BundledSite(int(sys.argv[1]) if len(sys.argv) > 1 else 0) as site:
        print(f"The bundled site is at {site.url} until Ctrl-C.", flush=True)
        try:
            site._thread.join()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
