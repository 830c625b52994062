"""Items that carry their own document: extracted in the pipeline, there and then."""

from __future__ import annotations

import logging
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from itemadapter import ItemAdapter
from scrapy import Spider, signals
from scrapy.exceptions import NotConfigured
from scrapy.http import Response, TextResponse
from scrapy.selector import Selector

from scrapy_riptide import decoding
from scrapy_riptide.crawl import RiptideCrawl
from scrapy_riptide.errors import RiptideError
from scrapy_riptide.items import ItemFiller
from scrapy_riptide.wording import in_short

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from typing_extensions import Self

logger = logging.getLogger(__name__)


class RiptidePipeline:
    """Fills items from the response or the HTML in their ``RIPTIDE_SOURCE_FIELD``.

    HTML, as text or bytes, stays in the item, whose own ``url`` field is the document's address. The
    encoding of bytes is found as browsers do: byte order mark, meta element, else UTF-8 or Windows-1252.
    A response is taken out of the item, because no feed can hold one.

    (Items that come from a response with content have been filled before any pipeline sees them,
    by :class:`~scrapy_riptide.middleware.RiptideSpiderMiddleware`.)
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawl = RiptideCrawl.of(crawler)
        settings = self._crawl.settings
        if settings.source_field is None:
            raise NotConfigured(
                "RIPTIDE_SOURCE_FIELD is not set. Set it to the item field that holds a response or HTML;"
                " to fill items from the page they come from, RiptideSpiderMiddleware is enough."
            )
        self._crawler = crawler
        self._source_field = settings.source_field
        self._url_field = (settings.item_fields or {}).get("url", "url")
        self._filler = ItemFiller(settings)
        self._has_been_there = False
        self._other_fields: set[str] = set()
        crawler.signals.connect(self._spider_closed, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Fills the item if it has a source, and passes it on whatever happens."""
        if not ItemAdapter.is_item(item):
            return item
        adapter = ItemAdapter(item)
        if self._source_field in adapter:
            self._has_been_there = True
        elif not self._has_been_there:
            self._other_fields.update(map(str, adapter))
        source = _only(adapter.get(self._source_field))
        if isinstance(source, Response):
            _take_out(adapter, self._source_field)
        if not source:
            return item
        await self._crawl.selectors_checked()
        try:
            html, url = _html(source), self._address(source, adapter)
            content = await self._crawl.extractor.extract_async(html, url, self._crawl.settings.mode)
        except (RiptideError, TypeError) as error:
            kind = "source" if isinstance(error, TypeError) else getattr(error, "kind", "internal")
            self._crawl.stats.source_failed(kind)
            logger.warning(
                "Extraction of an item's %s failed: %s: %s",
                self._source_field,
                kind,
                error,
                extra={"spider": self._crawler.spider},
            )
            return item
        self._crawl.stats.item_extracted()
        self._filler.fill(item, content, self._crawl)
        return item

    def _address(self, source: Any, adapter: ItemAdapter) -> str:
        """The document's address.

        :raises TypeError: the source doesn't say, and neither does the item
        """
        if isinstance(source, Response):
            return source.url
        url = _only(adapter.get(self._url_field))
        if not isinstance(url, str) or not url:
            raise TypeError(
                f"HTML needs its address, and the item's field {self._url_field!r} has {in_short(repr(url))}"
            )
        return url

    def _spider_closed(self, spider: Spider) -> None:
        if self._has_been_there or not self._other_fields:
            return
        close = get_close_matches(self._source_field, sorted(self._other_fields), n=1, cutoff=0.0)
        logger.warning(
            "RIPTIDE_SOURCE_FIELD = %r: no item of this crawl has that field, so none was extracted"
            " from its own document. Did you mean %r?",
            self._source_field,
            close[0],
            extra={"spider": spider},
        )


def _only(value: Any) -> Any:
    """The one element of a list, which is what an item loader without output processors makes."""
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value


def _html(source: Any) -> str | bytes:
    """The document, as text or as its UTF-8.

    :raises TypeError: there is none
    """
    if isinstance(source, str):
        return source
    if isinstance(source, bytes):
        return decoding.document(source, None)
    if isinstance(source, Selector):
        html: str = source.get()
        return html
    if isinstance(source, TextResponse):
        return source.text
    if isinstance(source, Response):
        return decoding.document(source.body, None)
    raise TypeError(f"HTML as text or bytes, a response or a selector is wanted, not {type(source).__name__}")


def _take_out(adapter: ItemAdapter, name: str) -> None:
    """Removes a field's value, and the field where the item's kind allows that."""
    if ItemAdapter.get_field_names_from_class(type(adapter.item)) is None:
        del adapter[name]
    else:
        adapter[name] = None
