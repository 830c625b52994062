"""RiptideLinkExtractor: in rules, by hand, and what each option does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from crawls import AS_IT_IS, WORDS, PageSpider, article, crawl, site
from scrapy import Request
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.linkextractors import LinkExtractor
from scrapy.spiders import CrawlSpider, Rule

from scrapy_riptide import Extractor
from scrapy_riptide.linkextractors import RiptideLinkExtractor

ROOT = "https://a.example"
PAGE = f"""<!doctype html><html lang="en"><head><title>A page</title></head><body>
<nav><a href="/">Home</a> <a href="/about">About us</a></nav>
<article><h1>A page</h1><p>{WORDS * 2} <a href="/tides?b=2&amp;a=1#low">Tide tables</a> {WORDS}</p>
<p>{WORDS} <a href="/tides?b=2&amp;a=1#low">Tables again</a> <a href="/quay_(old)">The old quay</a>
{WORDS}</p>
<p>{WORDS} <a href="/paid" rel="sponsored nofollow">Our sponsor</a>
<a href="/de/" hreflang="de">Auf Deutsch</a>
<a href="/us/" hreflang="en-US">In American</a> <a href="/book.pdf">The book</a>
<a href="https://b.example/c">Elsewhere</a> {WORDS}</p></article>
<section id="comments"><p><a href="/guest" rel="ugc">A guest</a>
<a href="/trap" rel="nofollow">Don't</a></p></section>
<footer><a href="mailto:post@a.example">Write</a> <a href="javascript:void(0)">No</a></footer>
</body></html>"""

NAVIGATION = ["/", "/about"]
CONTENT = ["/tides?b=2&a=1#low", "/quay_(old)", "/de/", "/us/", "https://b.example/c"]


@pytest.fixture(scope="module")
def response(extracted: dict[str, Any]) -> HtmlResponse:
    """What a callback gets."""
    return HtmlResponse(f"{ROOT}/page", body=PAGE, encoding="utf-8", request=Request(ROOT, meta=extracted))


@pytest.fixture(scope="module")
def extracted() -> dict[str, Any]:
    with Extractor() as extractor:
        content = extractor.extract(PAGE, f"{ROOT}/page")
        return {"riptide_content": content, "riptide_links": extractor.extract_links(PAGE, f"{ROOT}/page")}


def urls(response: TextResponse, **options: Any) -> list[str]:
    return [link.url.removeprefix(ROOT) for link in RiptideLinkExtractor(**options).extract_links(response)]


OPTIONS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, NAVIGATION + CONTENT),
    ({"restrict": "content"}, CONTENT),
    ({"restrict": "navigation"}, NAVIGATION),
    ({"restrict": "navigation", "ugc": True, "nofollow": True}, [*NAVIGATION, "/guest", "/trap"]),
    ({"restrict": "content", "sponsored": True}, CONTENT),  # that one is nofollow as well
    ({"allow": "/paid", "sponsored": True, "nofollow": True}, ["/paid"]),
    ({"restrict": "content", "languages": "en"}, [*CONTENT[:2], "/us/", "https://b.example/c"]),
    ({"allow": [r"/tides", r"/us/$"], "deny": r"a=1"}, ["/us/"]),
    ({"allow_domains": "b.example"}, ["https://b.example/c"]),
    ({"deny_domains": ["a.example"]}, ["https://b.example/c"]),
    ({"allow": "book", "deny_extensions": []}, ["/book.pdf"]),
    ({"restrict_text": ["^Home$", "(?i)QUAY"]}, ["/", "/quay_(old)"]),
    ({"allow": "tides", "unique": False}, ["/tides?b=2&a=1#low"] * 2),
    ({"allow": "tides", "canonicalize": True}, ["/tides?a=1&b=2"]),
    ({"allow": "quay", "process_value": lambda url: url.replace("old", "quay")}, ["/quay_(quay)"]),
    ({"process_value": lambda url: None}, []),
]


@pytest.mark.parametrize(("options", "expected"), OPTIONS, ids=lambda each: str(each)[:60])
def test_what_an_option_does(response: HtmlResponse, options: dict[str, Any], expected: list[str]) -> None:
    assert urls(response, **options) == expected


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"allow": ["tides", "about"]},
        {"deny": "tides"},
        {"allow_domains": "a.example", "deny": "quay"},
        {"deny_extensions": ["old"]},
        {"restrict_text": "[Tt]"},
        {"canonicalize": True},
        {"unique": False},
        {"process_value": lambda url: url if "de" in url else None},
    ],
    ids=str,
)
def test_options_of_both_mean_what_they_mean_to_scrapy(
    response: HtmlResponse, options: dict[str, Any]
) -> None:
    everything = RiptideLinkExtractor(**options, nofollow=True, ugc=True, sponsored=True)
    of_scrapy = LinkExtractor(**options).extract_links(response)
    assert [(link.url, link.text, link.nofollow) for link in everything.extract_links(response)] == [
        (link.url, link.text, link.nofollow) for link in of_scrapy
    ]


def test_a_link_has_its_text_and_says_whether_it_may_be_followed(response: HtmlResponse) -> None:
    [paid] = RiptideLinkExtractor("/paid", nofollow=True, sponsored=True).extract_links(response)
    assert (paid.url, paid.text, paid.nofollow) == (f"{ROOT}/paid", "Our sponsor", True)


@pytest.mark.parametrize("restrict", [None, "content", "navigation"])
def test_by_hand_a_response_without_a_crawl_is_extracted_there_and_then(
    response: HtmlResponse, restrict: str | None
) -> None:
    bare = HtmlResponse(f"{ROOT}/page", body=PAGE, encoding="utf-8")
    assert urls(bare, restrict=restrict) == urls(response, restrict=restrict)


def test_what_is_no_page_or_could_not_be_extracted_has_no_links() -> None:
    failed = Request(ROOT, meta={"riptide_error": {"kind": "timeout"}})
    assert urls(TextResponse(ROOT, body=b"<a href=/b>", encoding="utf-8")) == []
    assert urls(HtmlResponse(ROOT, body=b"<a href=/b>", encoding="utf-8", request=failed)) == []


@pytest.mark.parametrize(
    ("option", "instead"), [("restrict_css", "restrict='content'"), ("tags", "LinkExtractor")]
)
def test_an_option_that_makes_no_sense_here_says_what_to_use_instead(option: str, instead: str) -> None:
    with pytest.raises(TypeError, match=f"no option {option}. Use .*{instead}"):
        RiptideLinkExtractor(**{option: "main"})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"no option alow\.$"):
        RiptideLinkExtractor(alow="x")
    with pytest.raises(ValueError, match="restrict='main' is not allowed"):
        RiptideLinkExtractor(restrict="main")  # type: ignore[arg-type]


class RuledSpider(CrawlSpider):
    name = "ruled"
    root = ""
    rules = (
        Rule(RiptideLinkExtractor(restrict="content", deny="private"), callback="parse_page", follow=True),
    )

    async def start(self) -> AsyncIterator[Request]:
        yield Request(self.root)

    def parse_page(self, response: Response) -> Any:
        yield {"path": response.url.removeprefix(self.root), "links": len(response.meta["riptide_links"])}


def linking(*links: str) -> str:
    return article("A page", links=" ".join(f'<a href="{link}">To {link}</a> {WORDS}' for link in links))


async def test_rules_follow_the_links_of_the_main_content() -> None:
    pages = {"/": linking("/a", "/private"), "/a": linking("/b", "/a"), "/b": linking()}
    async with site({**pages, "/private": linking()}) as root:
        result = await crawl(RuledSpider, AS_IT_IS, root=root)
    # each has a link in its navigation, too
    assert sorted(result.items, key=str) == [{"path": "/a", "links": 3}, {"path": "/b", "links": 1}]
    assert result.outcomes() == {"pages/seen": 3, "pages/extracted": 3}


@pytest.mark.parametrize(
    ("settings", "meta", "there"),
    [
        ({}, {}, False),
        ({"RIPTIDE_LINKS": True}, {}, True),
        ({}, {"riptide": {"links": True}}, True),
        ({"RIPTIDE_LINKS": True}, {"riptide": {"links": False}}, False),
    ],
)
async def test_links_come_where_they_are_wanted(
    settings: dict[str, Any], meta: dict[str, Any], there: bool
) -> None:
    class LinksSpider(PageSpider):
        def parse(self, response: Response) -> Any:
            links = response.meta.get("riptide_links")
            yield {"links": links and [link.text for link in links]}

    async with site({"/": linking("/a")}) as root:
        result = await crawl(LinksSpider, {**AS_IT_IS, **settings}, root=root, meta=meta)
    assert result.items == [{"links": ["Home", "To /a"] if there else None}]


async def test_links_that_can_t_be_read_are_those_of_the_content(monkeypatch: pytest.MonkeyPatch) -> None:
    from scrapy_riptide.errors import GuestTrap

    async def trap(*_: Any) -> Any:
        raise GuestTrap("the guest trapped", trap="unreachable")

    monkeypatch.setattr(Extractor, "extract_links_async", trap)
    async with site({"/": linking("/a"), "/a": linking()}) as root:
        result = await crawl(RuledSpider, AS_IT_IS, root=root)
    assert [item["path"] for item in result.items] == ["/a"]
    assert result.riptide("links") == {"links/errors/trap": 2}
    assert result.outcomes() == {"pages/seen": 2, "pages/extracted": 2}
