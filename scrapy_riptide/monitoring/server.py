"""A crawl's window to the outside: ``/metrics``, ``/health`` and a live page, on the crawl's own loop."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from scrapy_riptide.monitoring.live import LiveFeed

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from scrapy_riptide.crawl import RiptideCrawl

# What several scrapers ask for within this time is made once.
_KEEP_S = 0.25
_KEEP_HEALTH_S = 1.0
_HEALTH_TIMEOUT_S = 5.0

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(crawl: RiptideCrawl, registry: CollectorRegistry | None, feed: LiveFeed) -> web.Application:
    """The application that serves one crawl."""
    pages = _Pages(crawl, registry, feed)
    app = web.Application(
        middlewares=[_guard(crawl.settings.metrics_host, crawl.settings.metrics_allowed_hosts)]
    )
    app.router.add_get("/", pages.live_page)
    app.router.add_get("/live.json", pages.live)
    app.router.add_get("/metrics", pages.metrics)
    app.router.add_get("/health", pages.health)
    return app


def is_allowed_host(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a Host header names this server and nobody else's page.

    A page that rebinds its own name to this address still asks under that name. Addresses can't
    be rebound.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name in allowed:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _guard(own_name: str, allowed: tuple[str, ...]) -> Any:
    allowed = (*allowed, own_name.lower())

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_allowed_host(request.host, allowed):
            raise web.HTTPForbidden(
                text=f"Nothing is served as {request.host!r}: RIPTIDE_METRICS_ALLOWED_HOSTS would allow it.\n"
            )
        if not _is_for_its_own_page(request):
            raise web.HTTPForbidden(text="Not for pages of other origins.\n")
        response = await handler(request)
        response.headers.update(_HEADERS)
        return response

    return guard


def _is_for_its_own_page(request: web.Request) -> bool:
    """Whether no page of another origin asks. A link that a person follows may be anywhere."""
    headers = request.headers
    followed = headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
    return followed or headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")


class _Pages:
    def __init__(self, crawl: RiptideCrawl, registry: CollectorRegistry | None, feed: LiveFeed) -> None:
        self._crawl = crawl
        self._registry = registry
        self._feed = feed
        self._rendered: dict[str, tuple[float, bytes]] = {}
        self._health: tuple[float, dict[str, Any]] = (0.0, {})
        self._asking: asyncio.Task[dict[str, Any]] | None = None

    async def live_page(self, request: web.Request) -> web.Response:
        html = files("scrapy_riptide.monitoring").joinpath("live.html").read_text(encoding="utf-8")
        return web.Response(text=html, content_type="text/html")

    async def live(self, request: web.Request) -> web.Response:
        return web.json_response(self._feed.as_json())

    async def metrics(self, request: web.Request) -> web.Response:
        if self._registry is None:
            raise web.HTTPNotImplemented(
                text="Metrics need prometheus-client: pip install 'scrapy-riptide[metrics]'.\n"
            )
        from prometheus_client.exposition import choose_encoder

        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        made, body = self._rendered.get(content_type, (0.0, b""))
        if time.monotonic() - made > _KEEP_S or not body:
            body = encode(self._registry)
            self._rendered[content_type] = (time.monotonic(), body)
        return web.Response(body=body, headers={"Content-Type": content_type})

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
            return {"status": "unhealthy", "reason": reason}
