"""Serves a directory of pages from memory on several loopback addresses, in a process of its own.

    python benchmarks/page_server.py DIRECTORY PAGES

Prints the port, then serves ``http://127.0.0.N:PORT/<stem>`` for N from 1 to 8 until its standard
input ends. Each answer is bytes made beforehand, so that the server costs the crawl's machine as
little as it can: on Linux every address of 127.0.0.0/8 is this machine, so hosts need no resolver.
"""

from __future__ import annotations

import asyncio
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from documents import made

HOSTS = tuple(f"127.0.0.{n}" for n in range(1, 9))

_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def chosen(directory: Path, limit: int) -> list[Path]:
    """At most ``limit`` pages below a directory, evenly chosen, in the order of their names."""
    paths = sorted(directory.rglob("*.html"))
    if not paths:
        raise SystemExit(f"{directory} has no *.html: give a directory with unpacked pages")
    return paths[:: max(1, len(paths) // limit)][:limit]


@contextmanager
def real_or_made(directory: Path | None, count: int) -> Iterator[Path]:
    """A directory of pages: ``directory``, the pages of its archive (the last ``*.tar.xz``), or made ones."""
    archives = sorted(directory.glob("*.tar.xz")) if directory else []
    if directory and not archives:
        yield directory
        return
    with tempfile.TemporaryDirectory() as temporary:
        target = Path(temporary)
        if archives:
            with tarfile.open(archives[-1]) as tar:
                for member in tar:
                    content = tar.extractfile(member) if member.name.endswith(".html") else None
                    if content is not None:
                        (target / Path(member.name).name).write_bytes(content.read())
        else:
            for n in range(count):
                (target / f"{n:04}.html").write_text(made(20 + 8 * (n % 12), 40 + 20 * (n % 9), n))
        yield target


def _answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class _Connection(asyncio.Protocol):
    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            request, self._received = self._received.split(b"\r\n\r\n", 1)
            path = request.split(b" ", 2)[1]
            self._transport.write(self._answers.get(path, _NOT_FOUND))


async def _serve(answers: dict[bytes, bytes]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(answers), HOSTS[0], 0)
    port: int = server.sockets[0].getsockname()[1]
    for host in HOSTS[1:]:
        await loop.create_server(lambda: _Connection(answers), host, port)
    print(port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    paths = chosen(Path(sys.argv[1]), int(sys.argv[2]))
    asyncio.run(_serve({f"/{path.stem}".encode(): _answer(path.read_bytes()) for path in paths}))


if __name__ == "__main__":
    main()
