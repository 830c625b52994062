"""A link extractor that reads no page: the links come from the extraction in the sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from scrapy.http import HtmlResponse, TextResponse
from scrapy.link import Link as ScrapyLink
from scrapy.linkextractors import LinkExtractor
from scrapy.utils.misc import arg_to_iter
from scrapy.utils.url import url_has_any_extension
from w3lib.url import canonicalize_url

from scrapy_riptide.content import ExtractedContent, Link
from scrapy_riptide.keys import CONTENT_KEY, ERROR_KEY, LINKS_KEY
from scrapy_riptide.shared import any_extractor

_Patterns = str | re.Pattern[str] | Iterable[str | re.Pattern[str]]

_SCHEMES = ("http://", "https://", "ftp://", "file://")
_MARKDOWN_LINK = re.compile(r"\]\(([^()\s]+)\)")
# What Markdown writes otherwise than an address does.
_IN_MARKDOWN = str.maketrans({"(": "%28", ")": "%29", " ": "%20"})

_INSTEAD = {
    "restrict_css": "restrict='content' or restrict='navigation'",
    "restrict_xpaths": "restrict='content' or restrict='navigation'",
    "tags": "Scrapy's LinkExtractor: these links are those of <a> and <area>",
    "attrs": "Scrapy's LinkExtractor: these links are those of href",
    "deny_tags": "Scrapy's LinkExtractor: these links are those of <a> and <area>",
    "deny_attrs": "Scrapy's LinkExtractor: these links are those of href",
    "strip": "nothing: addresses are stripped, as browsers do",
}


class RiptideLinkExtractor(LinkExtractor):
    """Extracts the links of a page, for rules of a ``CrawlSpider`` and by hand.

    It takes the links that :class:`~scrapy_riptide.middleware.RiptideMiddleware` found, in
    ``response.meta["riptide_links"]`` (see ``RIPTIDE_LINKS``). A response without them is given to
    a guest there and then, and the caller waits. A page whose extraction failed has no links.

    The options that Scrapy's ``LinkExtractor`` has as well mean the same:

    :param allow: regular expressions, one of which an address has to match
    :param deny: regular expressions, none of which an address may match
    :param allow_domains: domains of which an address has to be
    :param deny_domains: domains of which an address may not be
    :param canonicalize: whether addresses are canonicalized, which can change what a server answers
    :param unique: whether an address is returned once only
    :param process_value: a function from an absolute address to the one wanted, or to None
    :param deny_extensions: extensions of files to leave out; None: ``IGNORED_EXTENSIONS``
    :param restrict_text: regular expressions, one of which a link's text has to match

    These are its own:

    :param restrict: ``"content"``: only links whose address the main content links to;
        ``"navigation"``: only the others
    :param nofollow: whether links are taken that are marked as not to be followed
    :param ugc: whether links are taken that are marked as other people's, in comments say
    :param sponsored: whether links are taken that are marked as paid for
    :param languages: languages of which a link has to be, where it says so (``hreflang``):
        ``"en"`` takes ``en-GB`` as well
    """

    def __init__(
        self,
        allow: _Patterns = (),
        deny: _Patterns = (),
        allow_domains: str | Iterable[str] = (),
        deny_domains: str | Iterable[str] = (),
        *,
        canonicalize: bool = False,
        unique: bool = True,
        process_value: Callable[[str], str | None] | None = None,
        deny_extensions: str | Iterable[str] | None = None,
        restrict_text: _Patterns | None = None,
        restrict: Literal["content", "navigation"] | None = None,
        nofollow: bool = False,
        ugc: bool = False,
        sponsored: bool = False,
        languages: str | Iterable[str] = (),
        **others: Any,
    ) -> None:
        for name in others:
            instead = f" Use {_INSTEAD[name]}." if name in _INSTEAD else ""
            raise TypeError(f"RiptideLinkExtractor has no option {name}.{instead}")
        if restrict not in ("content", "navigation", None):
            raise ValueError(
                f"restrict={restrict!r} is not allowed: it takes 'content', 'navigation' or None"
            )
        super().__init__(
            allow,
            deny,
            allow_domains,
            deny_domains,
            canonicalize=canonicalize,
            unique=unique,
            deny_extensions=deny_extensions,
            restrict_text=restrict_text,
        )
        self._unique = unique
        self._process_value = process_value
        self._restrict = restrict
        self._unwanted = [
            word
            for word, wanted in (("nofollow", nofollow), ("ugc", ugc), ("sponsored", sponsored))
            if not wanted
        ]
        self._languages = {language.lower() for language in arg_to_iter(languages)}

    def extract_links(self, response: TextResponse) -> list[ScrapyLink]:
        """The response's links, in document order."""
        links = self._restricted(response)
        found = [made for link in links if self._is_wanted(link) and (made := self._made(link))]
        return list({link.url: link for link in reversed(found)}.values())[::-1] if self._unique else found

    def _restricted(self, response: TextResponse) -> Sequence[Link]:
        if not isinstance(response, HtmlResponse):
            return ()
        meta: Mapping[str, Any] = {} if response.request is None else response.meta
        if ERROR_KEY in meta and CONTENT_KEY not in meta:
            return ()
        links: Sequence[Link] | None = meta.get(LINKS_KEY)
        if links is None:
            with any_extractor() as extractor:
                links = extractor.extract_links(response.text, response.url)
        if self._restrict is None:
            return links
        content: ExtractedContent | None = meta.get(CONTENT_KEY)
        if content is None:
            with any_extractor() as extractor:
                content = extractor.extract(response.text, response.url)
        of_content = set(_MARKDOWN_LINK.findall(content.markdown))
        in_content = self._restrict == "content"
        return [link for link in links if (link.url.translate(_IN_MARKDOWN) in of_content) is in_content]

    def _is_wanted(self, link: Link) -> bool:
        if any(getattr(link, word) for word in self._unwanted):
            return False
        if self._languages and link.hreflang:
            language = link.hreflang.lower()
            if not any(language == each or language.startswith(f"{each}-") for each in self._languages):
                return False
        return not self.restrict_text or any(pattern.search(link.text) for pattern in self.restrict_text)

    def _made(self, link: Link) -> ScrapyLink | None:
        url = link.url if self._process_value is None else self._process_value(link.url)
        if (
            not url
            or not url.startswith(_SCHEMES)
            or not self.matches(url)
            or (self.deny_extensions and url_has_any_extension(url, self.deny_extensions))
        ):
            return None
        return ScrapyLink(
            canonicalize_url(url) if self.canonicalize else url, link.text, nofollow=link.nofollow
        )
