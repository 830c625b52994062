"""Collects the documents of sites: ``scrapy crawl article -a url=https://example.com -O out.jsonl``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urldefrag, urlsplit

from scrapy import Request, Selector
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.settings import BaseSettings
from scrapy.spiders import SitemapSpider
from w3lib.url import canonicalize_url

from scrapy_riptide.addon import Addon
from scrapy_riptide.content import ExtractedContent
from scrapy_riptide.keys import CONTENT_KEY, OPTIONS_KEY
from scrapy_riptide.linkextractors import RiptideLinkExtractor
from scrapy_riptide.monitoring.stats import DOCUMENTS_COLLECTED, DOCUMENTS_SKIPPED, DocumentSkippedKind
from scrapy_riptide.near_duplicates import NearDuplicates

_FOLLOW = ("all", "content", "navigation")
# The name of a language would be the language of no page, and the crawl would end with nothing.
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8})*")
_FEED_LINKS = (
    "//item/link/text()"  # RSS
    " | //item[not(link)]/guid[not(@isPermaLink='false')]/text()"
    " | //entry/link[not(@rel) or @rel='alternate']/@href"  # Atom
)


class ArticleSpider(SitemapSpider):
    """Yields each document's :class:`~scrapy_riptide.ExtractedContent`, near-identical ones once.

    Arguments that take several addresses take them separated by blanks.

    :param url: pages to begin with; ``https://`` may be left out
    :param file: the path of a file with the addresses of such pages, one a line
    :param sitemap: sitemaps, their indexes, or a robots.txt that names some
    :param feed: RSS or Atom feeds
    :param depth: how many links deep to follow; without it, 3 from ``url`` and 0 from the others
    :param pages: how many pages are asked for at most
    :param languages: languages of the documents wanted, ``en,de``; ``en`` takes ``en-GB`` as well
    :param min_words: how many words a document has at least
    :param follow: links to follow: ``all``, or those of the ``content`` or the ``navigation``
    :param allow: a regular expression that an address has to match to be followed
    :param deny: a regular expression that an address may not match to be followed
    :raises ValueError: an argument is not allowed
    """

    name = "article"
    #: Above a project's, which may be about other items.
    custom_settings = {  # noqa: RUF012 (Scrapy's attribute)
        "RIPTIDE_EXTRACT": "all",
        "RIPTIDE_ITEM_FIELDS": {},
        "RIPTIDE_LINKS": True,
    }

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Scrapy's hook: the spider works in a project, or a script, that does not turn the plugin on."""
        super().update_settings(settings)
        settings.setdefault_in_component_priority_dict("ADDONS", Addon, 500)
        # A runner that is given a crawler writes its own settings over those of lower priorities.
        settings.set("ADDONS", settings.getdict("ADDONS"), "spider")

    def __init__(
        self,
        *,
        url: str = "",
        file: str | None = None,
        sitemap: str = "",
        feed: str = "",
        depth: str | None = None,
        pages: str = "100",
        languages: str = "",
        min_words: str = "1",
        follow: str = "all",
        allow: str = "",
        deny: str = "",
        **arguments: Any,
    ) -> None:
        if type(self) is ArticleSpider:
            _refuse_misspelt(arguments)
        super().__init__(**arguments)
        self.urls = _addresses(url.split())
        self.listed_urls = _addresses(_lines(file)) if file else []
        self.sitemap_urls = _addresses(sitemap.split())
        self.feed_urls = _addresses(feed.split())
        if not (self.urls or self.listed_urls or self.sitemap_urls or self.feed_urls):
            raise ValueError("nowhere to begin: give -a url=..., -a file=..., -a sitemap=... or -a feed=...")
        if follow not in _FOLLOW:
            raise ValueError(f"follow={follow} is not allowed: it takes {', '.join(_FOLLOW)}")
        self.depth = _number("depth", "3" if depth is None else depth, least=0)
        self.depth_of_lists = 0 if depth is None else self.depth
        self.page_limit = _number("pages", pages, least=1)
        self.min_words = _number("min_words", min_words, least=0)
        self.languages = {_language(word) for word in languages.replace(",", " ").split()}
        self._links = RiptideLinkExtractor(
            allow=_pattern("allow", allow),
            deny=_pattern("deny", deny),
            languages=self.languages,
            restrict=None if follow == "all" else cast('Literal["content", "navigation"]', follow),
        )
        self._sites: set[str] = set()
        self._asked_for: set[str] = set()
        self._duplicates = NearDuplicates()

    async def start(self) -> AsyncIterator[Any]:
        """The pages to begin with, and the sitemaps and feeds that name some."""
        for request in (
            *self._pages(self.urls, self.depth, begins=True),
            *self._pages(self.listed_urls, self.depth_of_lists, begins=True),
        ):
            yield request
        for url in self.sitemap_urls:
            yield Request(url, self._parse_sitemap, meta={OPTIONS_KEY: False})
        for url in self.feed_urls:
            yield Request(url, self.parse_feed, meta={OPTIONS_KEY: False})

    def parse(self, response: Response, left: int = 0, begins: bool = False) -> Iterator[Any]:
        """The page's document, and the pages it links to, ``left`` links deep."""
        content: ExtractedContent | None = response.meta.get(CONTENT_KEY)
        if content is None or not isinstance(response, HtmlResponse):
            return  # counted already, with the reason
        if begins:
            self._sites.add(_site(response.url))
        if not self._is_within_sites(response.url):
            self._count_skipped("off_site")
            return
        reason = self._reason_to_skip(content)
        if reason is None:
            self._count(DOCUMENTS_COLLECTED)
            yield content
        else:
            self._count_skipped(reason)
        # Where pages repeat themselves under ever new addresses, their links do, too.
        if left > 0 and reason != "near_duplicate":
            links = (link.url for link in self._links.extract_links(response))
            yield from self._pages(filter(self._is_within_sites, links), left - 1)

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """The pages that a feed names."""
        urls: list[str] = []
        if isinstance(response, TextResponse):
            feed = Selector(text=response.text, type="xml")
            feed.remove_namespaces()
            urls = [response.urljoin(url.strip()) for url in feed.xpath(_FEED_LINKS).getall()]
        if not urls:
            self.logger.warning(
                "%s names no pages: it is no RSS or Atom feed, or an empty one.", response.url
            )
        yield from self._pages(urls, self.depth_of_lists, begins=True)

    # Private to Scrapy, whose public hooks see the entries but not which of them are pages.
    def _parse_sitemap(self, response: Response) -> Iterator[Request]:
        for request in super()._parse_sitemap(response):
            if request.callback == self.parse:
                yield from self._pages([request.url], self.depth_of_lists, begins=True)
            else:
                yield request.replace(meta={OPTIONS_KEY: False})

    def _pages(self, urls: Iterable[str], left: int, *, begins: bool = False) -> Iterator[Request]:
        for address in urls:
            url = urldefrag(address).url
            if len(self._asked_for) >= self.page_limit:
                return
            key = canonicalize_url(url)
            if key in self._asked_for:
                continue
            self._asked_for.add(key)
            if begins:
                self._sites.add(_site(url))
            # What is near to the beginning first: the limit cuts off what is far.
            yield Request(url, cb_kwargs={"left": left, "begins": begins}, priority=left)

    def _is_within_sites(self, url: str) -> bool:
        labels = _site(url).split(".")
        return any(".".join(labels[at:]) in self._sites for at in range(len(labels)))

    def _reason_to_skip(self, content: ExtractedContent) -> DocumentSkippedKind | None:
        """Why a document is not collected, if it isn't."""
        if (content.word_count or 0) < self.min_words:
            return "too_short"
        language = (content.language or "").lower()
        if self.languages and not self.languages & {language, language.partition("-")[0]}:
            return "language"
        return "near_duplicate" if self._duplicates.seen(content.text) else None

    def _count_skipped(self, kind: DocumentSkippedKind) -> None:
        self._count(f"{DOCUMENTS_SKIPPED}/{kind}")

    def _count(self, stat: str) -> None:
        assert self.crawler.stats is not None
        self.crawler.stats.inc_value(stat)


def _addresses(urls: Iterable[str]) -> list[str]:
    return [url if "://" in url else f"https://{url}" for url in urls]


def _site(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:  # a bracket that closes no IPv6 address
        return ""


def _lines(file: str) -> list[str]:
    try:
        # Some editors begin a file with a byte order mark.
        lines = Path(file).read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"file={file} can't be read: {reason}") from None
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _refuse_misspelt(arguments: Mapping[str, Any]) -> None:
    """Other arguments become attributes, of use to a feed's path; a limit must not get lost so."""
    known = ArticleSpider.__init__.__kwdefaults__ or {}
    for name in arguments:
        if close := get_close_matches(name, known, n=1):
            raise ValueError(
                f"{name}={arguments[name]} is no argument of this spider: did you mean {close[0]}?"
            )


def _pattern(name: str, value: str) -> tuple[re.Pattern[str], ...]:
    try:
        return (re.compile(value),) if value else ()
    except re.error as error:
        raise ValueError(f"{name}={value} is no regular expression: {error}") from None


def _language(word: str) -> str:
    if not _LANGUAGE.fullmatch(word):
        raise ValueError(f"languages={word} is not allowed: give languages as pages name them, en or pt-BR")
    return word.lower()


def _number(name: str, value: str, least: int) -> int:
    if not str(value).isdecimal() or int(value) < least:
        raise ValueError(f"{name}={value} is not allowed: give a whole number, at least {least}")
    return int(value)
