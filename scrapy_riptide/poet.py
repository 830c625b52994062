"""Page objects: callbacks and pages that ask for content get it (scrapy-poet, extra ``poet``).

The add-on registers :class:`RiptideProvider` where scrapy-poet is installed. Its middleware builds
what a callback asks for on a response's way up, ahead of the place of
:class:`~scrapy_riptide.middleware.RiptideMiddleware`; so the provider has that one extract the
response there and then, and it is not extracted again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy_poet.page_input_providers import PageObjectInputProvider
from web_poet.serialization import SerializedLeafData, register_serialization

from scrapy_riptide.content import ExtractedContent
from scrapy_riptide.errors import ConfigError, RiptideError
from scrapy_riptide.keys import CONTENT_KEY, ERROR_KEY
from scrapy_riptide.middleware import RiptideMiddleware

try:
    import attrs
    from zyte_common_items import Article

    from scrapy_riptide.article import article_of
except ImportError:
    # scrapy-poet is of use without these items.
    _ITEMS: frozenset[type] = frozenset()
else:
    _ITEMS = frozenset({Article})

logger = logging.getLogger(__name__)

#: Scrapy keeps such a response from the callback, whatever the callback asks for.
_FILTERED = "status"


class NoContent(IgnoreRequest, RiptideError):
    """A callback asks for content that its response doesn't have, so it can't be called.

    The request's errback gets it. ``kind`` is one of the kinds of errors or of skipped pages.
    """

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class RiptideProvider(PageObjectInputProvider):
    """Provides :class:`~scrapy_riptide.ExtractedContent` and ``zyte_common_items.Article``.

    Who asks for one of them wants the page extracted, as ``meta["riptide"] = True`` would.
    """

    name = "riptide"
    provided_classes = {ExtractedContent, *_ITEMS}  # noqa: RUF012 (scrapy-poet's attribute)

    async def __call__(
        self, to_provide: set[Callable[..., Any]], request: Request, response: Response, crawler: Crawler
    ) -> list[Any]:
        """What is wanted of a response.

        :raises NoContent: the response has no content
        :raises ConfigError: the plugin is not on
        """
        content = await self._content(request, response, crawler)
        provided: list[Any] = [content] if ExtractedContent in to_provide else []
        if to_provide & _ITEMS:
            html = response.text if isinstance(response, TextResponse) else ""
            # A parser's work on somebody else's page is nothing for the event loop.
            provided.append(await asyncio.to_thread(article_of, content, html))
        return provided

    async def _content(self, request: Request, response: Response, crawler: Crawler) -> ExtractedContent:
        middleware = crawler.get_downloader_middleware(RiptideMiddleware)
        if middleware is None:
            raise ConfigError(
                "A callback asks for content, and scrapy-riptide is not on. Put"
                ' "scrapy_riptide.Addon" into ADDONS, or remove RIPTIDE_ENABLED = False.'
            )
        skipped = await middleware.extract(request, response, asked=True)
        content: ExtractedContent | None = response.meta.get(CONTENT_KEY)
        if content is not None:
            return content
        if skipped == _FILTERED:
            # Nobody will see it: Scrapy's own word, HttpError, is for the errback to hear.
            return ExtractedContent(url=response.url)
        error = response.meta.get(ERROR_KEY) or {"kind": skipped, "message": "the page was skipped"}
        logger.debug(
            "The callback of %s is not called: it asks for content, and there is none (%s).",
            response.url,
            error["kind"],
            extra={"spider": crawler.spider},
        )
        raise NoContent(f"{response.url}: {error['message']}", kind=error["kind"])


def _serialize(content: ExtractedContent) -> SerializedLeafData:
    return {"json": json.dumps(asdict(content)).encode()}


def _deserialize(cls: type[ExtractedContent], data: SerializedLeafData) -> ExtractedContent:
    return cls(**json.loads(data["json"]))


# For scrapy-poet's cache and web-poet's fixtures.
register_serialization(_serialize, _deserialize)

# From 0.30 on, which needs Python 3.11, zyte-common-items registers its items itself.
if _ITEMS and find_spec("zyte_common_items.serialization") is None:

    def _serialize_article(article: Article) -> SerializedLeafData:
        return {"json": json.dumps(attrs.asdict(article)).encode()}

    def _deserialize_article(cls: type[Article], data: SerializedLeafData) -> Article:
        article: Article = cls.from_dict(json.loads(data["json"]))
        return article

    register_serialization(_serialize_article, _deserialize_article)
