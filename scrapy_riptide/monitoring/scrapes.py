"""Answers ``GET /metrics`` for next to nothing, however often a crawl is asked.

A hundred scrapes a second cost 4.5 % of a core in aiohttp's request, router and response alone. But
a scraper asks with the same bytes each time, so they are understood once, and answered with bytes
that are made once a second. Whatever else comes by a connection is aiohttp's, from there on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from http.client import HTTPException, parse_headers
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web
    from prometheus_client import CollectorRegistry

# A text is kept for a second, or longer where so many scrapes were more than half a percent of a core.
_KEEP_S = 1.0
_KEEP_TIMES = 200
_REQUEST_LINE = b"GET /metrics HTTP/1.1\r\n"
_END = b"\r\n\r\n"
# What asks for more than an answer on this connection.
_NOT_PLAIN = ("Connection", "Content-Length", "Expect", "Transfer-Encoding", "Upgrade")
_SCRAPERS = 64
# Whoever connects keeps a descriptor, of which the crawl needs some itself.
_CONNECTIONS = 256

#: Whether a request with these headers is answered at all.
IsWelcome = Callable[[Mapping[str, str]], bool]


class MetricsText:
    """A crawl's metrics as Prometheus reads them, made anew once a second at most."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        #: By content type: until when a text is kept, and the text.
        self._made: dict[str, tuple[float, bytes]] = {}

    def render(self, accept: str) -> tuple[str, bytes]:
        """The content type and the text for an ``Accept`` header."""
        from prometheus_client.exposition import choose_encoder

        encode, content_type = choose_encoder(accept)
        keep_until, text = self._made.get(content_type, (0.0, b""))
        if time.monotonic() > keep_until:
            began = time.thread_time()
            text = encode(self._registry)
            took_s = time.thread_time() - began
            self._made[content_type] = (time.monotonic() + max(_KEEP_S, took_s * _KEEP_TIMES), text)
        return content_type, text


class ScrapeAnswers:
    """Requests for the metrics, as they come over the wire, and the answers to them.

    :param text: None, where there are none
    """

    def __init__(self, text: MetricsText | None, is_welcome: IsWelcome, headers: Mapping[str, str]) -> None:
        self._text = text
        self._is_welcome = is_welcome
        self._head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._accepted = lru_cache(_SCRAPERS)(self._understand)
        self._answers: dict[str, tuple[bytes, bytes]] = {}

    def answer(self, request: bytes) -> bytes | None:
        """The whole response to a scrape, or None where these bytes are something else."""
        if self._text is None or not request.startswith(_REQUEST_LINE):
            return None
        accept = self._accepted(request)
        if accept is None:
            return None
        content_type, text = self._text.render(accept)
        made_from, answer = self._answers.get(content_type, (b"", b""))
        if made_from is not text:
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n"
                f"Content-Length: {len(text)}\r\n{self._head}\r\n"
            )
            answer = head.encode("latin-1") + text
            self._answers[content_type] = (text, answer)
        return answer

    def _understand(self, request: bytes) -> str | None:
        """The ``Accept`` header of a plain scrape that is welcome."""
        if request.find(_END) != len(request) - len(_END):
            return None
        try:
            headers = parse_headers(BytesIO(request.removeprefix(_REQUEST_LINE)))
        except HTTPException:
            return None
        plain = headers.defects == [] and len(headers.get_all("Host", [])) == 1
        if not plain or any(name in headers for name in _NOT_PLAIN):
            return None
        fields = {name.title(): value for name, value in headers.items()}
        return fields.get("Accept", "") if self._is_welcome(fields) else None


class ScrapeProtocol(asyncio.Protocol):
    """A connection that may be a scraper's. The first request that is no scrape goes to ``others``.

    :param others: makes the protocols that take over, with what came last, and keeps them
    :param connections: where the connection is kept as long as it is this protocol's
    """

    def __init__(
        self,
        answers: ScrapeAnswers,
        others: web.Server,
        connections: set[asyncio.Transport],
    ) -> None:
        self._answers = answers
        self._others = others
        self._connections = connections
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's hook."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._connections) + len(self._others.connections) >= _CONNECTIONS:
            transport.abort()
            return
        self._connections.add(transport)

    def data_received(self, data: bytes) -> None:
        """asyncio's hook."""
        answer = self._answers.answer(data)
        if answer is None:
            self._hand_over(data)
        elif self._transport.get_write_buffer_size():
            # It asks on and doesn't read: that would end with all memory.
            self._transport.abort()
        else:
            self._transport.write(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's hook."""
        self._connections.discard(self._transport)

    def _hand_over(self, data: bytes) -> None:
        self._connections.discard(self._transport)
        protocol = self._others()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)
