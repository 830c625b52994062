"""A crawl's window to the outside: ``/metrics``, ``/health`` and a live page, on the crawl's own loop."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from scrapy_riptide.monitoring.discovery import name_of
from scrapy_riptide.monitoring.live import LiveFeed
from scrapy_riptide.monitoring.scrapes import MetricsText, ScrapeAnswers, ScrapeProtocol
from scrapy_riptide.wording import install

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from scrapy_riptide.crawl import RiptideCrawl

_KEEP_HEALTH_S = 1.0
_HEALTH_TIMEOUT_S = 5.0

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CrawlServer:
    """Serves one crawl, on a port at a time."""

    def __init__(self, crawl: RiptideCrawl, registry: CollectorRegistry | None, feed: LiveFeed) -> None:
        settings = crawl.settings
        self._door = _Door((*settings.metrics_allowed_hosts, name_of(settings.metrics_host)))
        self._text = None if registry is None else MetricsText(registry)
        pages = _Pages(crawl, self._text, feed)
        app = web.Application(middlewares=[self._door.guard])
        app.on_response_prepare.append(_add_headers)
        app.router.add_get("/", pages.live_page)
        app.router.add_get("/live.json", pages.live)
        app.router.add_get("/metrics", pages.metrics)
        app.router.add_get("/health", pages.health)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self._server: asyncio.Server | None = None
        self._scrapers: set[asyncio.Transport] = set()

    async def listen(self, host: str, port: int) -> None:
        """Begins to serve.

        :raises OSError: the port can't be used
        """
        if self._runner.server is None:
            await self._runner.setup()
        self._server = await asyncio.get_running_loop().create_server(self._protocol(), host, port)

    async def close(self) -> None:
        """Ends every connection."""
        if self._server is not None:
            self._server.close()
        for transport in list(self._scrapers):
            transport.abort()
        await self._runner.cleanup()

    def _protocol(self) -> Callable[[], asyncio.Protocol]:
        others = self._runner.server
        assert others is not None
        answers = ScrapeAnswers(self._text, lambda headers: self._door.refusal(headers) is None, _HEADERS)
        return lambda: ScrapeProtocol(answers, others, self._scrapers)


def is_allowed_host(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a Host header names this server and nobody else's page.

    A page that rebinds its own name to this address still asks under that name. Addresses can't
    be rebound.
    """
    try:
        parts = urlsplit(f"//{host}")
        # Its port is asked for because that raises where it is none.
        name, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.netloc != host or "@" in host:
        return False
    if name == "localhost" or name in allowed:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class _Door:
    """Who is answered."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._allowed = allowed

    def refusal(self, headers: Mapping[str, str]) -> str | None:
        """Why a request with these headers gets no answer, or None."""
        host = headers.get("Host", "")
        if not is_allowed_host(host, self._allowed):
            return f"Nothing is served as {host!r}: RIPTIDE_METRICS_ALLOWED_HOSTS would allow it.\n"
        if not _is_for_its_own_page(headers):
            return "Not for pages of other origins.\n"
        return None

    @property
    def guard(self) -> Any:
        """aiohttp's middleware that keeps the door."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            refusal = self.refusal(request.headers)
            if refusal is not None:
                raise web.HTTPForbidden(text=refusal)
            return await handler(request)

        return guard


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """aiohttp's hook for every response, refusals and errors included."""
    response.headers.update(_HEADERS)


def _is_for_its_own_page(headers: Mapping[str, str]) -> bool:
    """Whether no page of another origin asks. A link that a person follows may be anywhere."""
    followed = headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
    return followed or headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")


class _Pages:
    def __init__(self, crawl: RiptideCrawl, text: MetricsText | None, feed: LiveFeed) -> None:
        self._crawl = crawl
        self._text = text
        self._feed = feed
        self._health: tuple[float, dict[str, Any]] = (0.0, {})
        self._asking: asyncio.Task[dict[str, Any]] | None = None

    async def live_page(self, request: web.Request) -> web.Response:
        html = files("scrapy_riptide.monitoring").joinpath("live.html").read_text(encoding="utf-8")
        return web.Response(text=html, content_type="text/html")

    async def live(self, request: web.Request) -> web.Response:
        return web.json_response(self._feed.as_json())

    async def metrics(self, request: web.Request) -> web.Response:
        if self._text is None:
            raise web.HTTPNotImplemented(text=f"Metrics need prometheus-client: {install('metrics')}.\n")
        content_type, text = self._text.render(request.headers.get("Accept", ""))
        return web.Response(body=text, headers={"Content-Type": content_type})

    async def health(self, request: web.Request) -> web.Response:
        made, health = self._health
        if time.monotonic() - made > _KEEP_HEALTH_S or not health:
            health = await self._ask()
            self._health = (time.monotonic(), health)
        body = {
            "status": health["status"],
            "reason": health["reason"],
            "components": {"wasm_extractor": health},
        }
        status = 503 if health["status"] == "unhealthy" else 200
        return web.Response(
            text=json.dumps(body, indent=2) + "\n", status=status, content_type="application/json"
        )

    async def _ask(self) -> dict[str, Any]:
        """The extractor's health. However many ask, a guest is asked once."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._crawl.extractor.health_async())
        try:
            return await asyncio.wait_for(asyncio.shield(self._asking), _HEALTH_TIMEOUT_S)
        except asyncio.TimeoutError:
            reason = f"no guest had time to answer within {_HEALTH_TIMEOUT_S:g} s"
            return {**self._crawl.extractor.health(ask=False), "status": "unhealthy", "reason": reason}
