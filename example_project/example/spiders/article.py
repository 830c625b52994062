"""Follows a site's links and collects what its pages say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.http import HtmlResponse, Response
from scrapy.linkextractors import LinkExtractor

from example.bundled_site import BundledSite
from example.items import Document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class ArticleSpider(Spider):
    """``scrapy crawl article [-a url=https://...] [-a pages=50]``; without an address, the bundled site."""

    name = "article"

    def __init__(self, url: str | None = None, pages: str = "50", **arguments: Any) -> None:
        super().__init__(**arguments)
        if not pages.isdecimal() or int(pages) < 1:
            raise ValueError(f"pages={pages} is not allowed: give a whole number, at least 1")
        self.page_limit = int(pages)
        self._site: BundledSite | None = None
        if url is None:
            self._site = BundledSite()
            url = self._site.url
        elif "://" not in url:
            url = f"https://{url}"
        self.url = url
        self._asked_for = {url}
        self._links = LinkExtractor(allow_domains=urlsplit(url).netloc.removeprefix("www."))

    async def start(self) -> AsyncIterator[Request]:
        """Begin at the given address."""
        if self._site:
            self._site.start()
        yield Request(self.url)

    def parse(self, response: Response) -> Iterator[Document | Request]:
        """The page as an item, and requests for the pages it links to, up to the limit."""
        if not isinstance(response, HtmlResponse):
            return
        yield Document(url=response.url)
        for link in self._links.extract_links(response):
            if len(self._asked_for) >= self.page_limit:
                return
            if link.url not in self._asked_for and not link.nofollow:
                self._asked_for.add(link.url)
                yield response.follow(link)

    def closed(self, reason: str) -> None:
        """Stop serving the bundled site."""
        if self._site:
            self._site.stop()
