"""The ready-made spider: where it begins, how far it goes, what it leaves out."""

from __future__ import annotations

import dataclasses
import gzip
import random
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from crawls import Crawl, article, crawl, site

from scrapy_riptide import ExtractedContent
from scrapy_riptide.spiders import ArticleSpider

WORDS = (
    "harbour tide quay rope ferry bridge lamp storm gull net anchor salt market keeper boat wind pilot wall"
    " winter summer morning evening council engine letter ledger window garden bakery school doctor captain"
).split()


def story(name: str, *links: str, lang: str = "en") -> str:
    """A page whose text is its own."""
    random_words = random.Random(name)  # noqa: S311
    sentences = ("The " + " ".join(random_words.choices(WORDS, k=12)) + ". " for _ in range(12))
    anchors = " ".join(f'<a href="{link}">More of {link}</a>' for link in links)
    return article(name, "".join(sentences), anchors).replace('lang="en"', f'lang="{lang}"')


def of_type(kind: str, body: str | bytes) -> web.Response:
    return web.Response(body=body if isinstance(body, bytes) else body.encode(), content_type=kind)


PAGES: dict[str, Any] = {
    "/": story("home", "/a", "/b", "http://elsewhere.example/x", "/a#part"),
    "/a": story("a", "/a1"),
    "/a1": story("a1", "/a2"),
    "/a2": story("a2", "/a3"),
    "/a3": story("a3"),
    "/b": story("b", "/copy", "/de", "/short"),
    "/copy": story("a", "/behind-the-copy"),
    "/de": story("de", "/de1", lang="de"),
    "/short": "<html lang=en><title>Short</title><article><p>Only a few words stand here, no more.</article>",
}

URLSET = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'


async def run(arguments: dict[str, str], pages: dict[str, Any] = PAGES, **settings: Any) -> tuple[str, Crawl]:
    served = dict(pages)
    async with site(served) as root:
        for path, page in pages.items():
            if isinstance(page, web.Response) and isinstance(page.body, bytes):
                served[path] = of_type(page.content_type, page.body.replace(b"ROOT", root.encode()))
        given = {name: value.replace("ROOT", root) for name, value in arguments.items()}
        return root, await crawl(ArticleSpider, {"ADDONS": {}, **settings}, given)


def paths(root: str, done: Crawl) -> set[str]:
    return {item.url.removeprefix(root) for item in done.items}


async def test_it_collects_a_site_and_every_document_once() -> None:
    root, done = await run({"url": "ROOT"})
    # Not /a3, four links deep, nor what only the copy links to.
    assert paths(root, done) - {"/a", "/copy"} == {"", "/a1", "/a2", "/b", "/de", "/short"}
    assert len(paths(root, done) & {"/a", "/copy"}) == 1
    assert all(type(item) is ExtractedContent for item in done.items)
    assert done.riptide("documents") == {"documents/collected": 7, "documents/skipped/near_duplicate": 1}
    outcomes = done.outcomes()
    assert outcomes["pages/extracted"] == 8
    assert outcomes["pages/seen"] == 8 + outcomes.get("skipped/status", 0)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"depth": "0"}, {""}),
        ({"depth": "1"}, {"", "/a", "/b"}),
        ({"pages": "2"}, {"", "/a"}),
        ({"depth": "1", "deny": "/b$"}, {"", "/a"}),
        ({"depth": "1", "allow": "/b$"}, {"", "/b"}),
        ({"depth": "1", "follow": "navigation"}, {""}),
        ({"depth": "1", "follow": "content"}, {"", "/a", "/b"}),
    ],
    ids=str,
)
async def test_how_far_it_goes(arguments: dict[str, str], expected: set[str]) -> None:
    # The navigation's link leads to "/", which is the same as "".
    root, done = await run({"url": "ROOT", **arguments})
    assert paths(root, done) == expected


async def test_it_wants_languages_and_words() -> None:
    root, done = await run({"url": "ROOT", "depth": "2", "languages": "en-gb, EN", "min_words": "20"})
    assert paths(root, done) & {"", "/b", "/de", "/short"} == {"", "/b"}
    assert done.stats["riptide/documents/skipped/language"] == 1
    assert done.stats["riptide/documents/skipped/too_short"] == 1


async def test_addresses_come_from_a_file(tmp_path: Path) -> None:
    async with site(PAGES) as root:
        listed = tmp_path / "urls.txt"
        listed.write_text(f"# two of them\n{root}/a\n\n  {root}/b\n{root}/a\n")
        done = await crawl(ArticleSpider, {"ADDONS": {}}, {"file": str(listed)})
        deeper = await crawl(ArticleSpider, {"ADDONS": {}}, {"file": str(listed), "depth": "1"})
    assert paths(root, done) == {"/a", "/b"}
    assert paths(root, deeper) >= {"/a1", "/de"}


async def test_addresses_come_from_sitemaps() -> None:
    pages = {
        **PAGES,
        "/robots.txt": of_type("text/plain", "User-agent: *\nSitemap: /index.xml\n"),
        "/index.xml": of_type(
            "application/xml",
            '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
            "<sitemap><loc>ROOT/one.xml</loc></sitemap><sitemap><loc>ROOT/two.xml.gz</loc></sitemap></sitemapindex>",
        ),
        "/one.xml": of_type(
            "text/xml", URLSET.format("<url><loc>ROOT/a</loc></url><url><loc>ROOT/b</loc></url>")
        ),
    }
    async with site({"/": "x"}) as other:
        pages["/two.xml.gz"] = of_type(
            "application/gzip", gzip.compress(URLSET.format(f"<url><loc>{other}/</loc></url>").encode())
        )
        root, done = await run({"sitemap": "ROOT/robots.txt", "min_words": "10"}, pages)
        _, limited = await run({"sitemap": "ROOT/one.xml", "pages": "1"}, pages)
    assert paths(root, done) == {"/a", "/b"}
    assert done.stats["riptide/documents/skipped/too_short"] == 1  # the other site's
    assert limited.riptide("documents") == {"documents/collected": 1}


@pytest.mark.parametrize(
    "feed",
    [
        '<rss version="2.0"><channel><link>ROOT</link><item><link> ROOT/a </link></item>'
        '<item><guid>ROOT/b</guid></item><item><guid isPermaLink="false">7</guid></item></channel></rss>',
        '<feed xmlns="http://www.w3.org/2005/Atom"><link href="ROOT"/><entry><link href="/a"/></entry>'
        '<entry><link rel="alternate" href="/b"/><link rel="enclosure" href="/c.mp3"/></entry></feed>',
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        "<channel><link>ROOT</link></channel><item><link>ROOT/a</link></item><item><link>ROOT/b</link></item></rdf:RDF>",
    ],
    ids=["rss", "atom", "rdf"],
)
@pytest.mark.parametrize("kind", ["application/rss+xml", "text/html"])
async def test_addresses_come_from_feeds(feed: str, kind: str) -> None:
    pages = {**PAGES, "/feed": of_type(kind, feed)}
    root, done = await run({"feed": "ROOT/feed"}, pages)
    assert paths(root, done) == {"/a", "/b"}


async def test_a_page_that_is_no_feed_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    root, done = await run({"feed": "ROOT/a"})
    assert done.items == []
    assert f"{root}/a names no pages" in caplog.text


async def test_a_redirection_off_the_site_is_left() -> None:
    async with site({"/": story("elsewhere")}) as other:
        away = web.Response(status=302, headers={"Location": other.replace("127.0.0.1", "localhost")})
        pages = {"/": story("home", "/away"), "/away": away}
        root, done = await run({"url": "ROOT"}, pages)
    assert paths(root, done) == {""}
    assert done.stats["riptide/documents/skipped/off_site"] == 1


async def test_a_project_s_settings_for_other_items_don_t_disturb_it() -> None:
    settings: dict[str, Any] = {
        "RIPTIDE_ITEM_FIELDS": {"title": "headline"},
        "RIPTIDE_EXTRACT": "opt-in",
        "RIPTIDE_LINKS": False,
    }
    _, done = await run({"url": "ROOT", "depth": "1"}, **settings)
    assert len(done.items) == 3
    assert dataclasses.asdict(done.items[0])["title"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "nowhere to begin"),
        ({"url": "a.example", "depth": "deep"}, "depth=deep is not allowed: give a whole number, at least 0"),
        ({"url": "a.example", "pages": "0"}, "pages=0 is not allowed: give a whole number, at least 1"),
        ({"url": "a.example", "follow": "me"}, "follow=me is not allowed: it takes all, content, navigation"),
        ({"url": "a.example", "allow": "/news/("}, r"allow=/news/\( is no regular expression: missing \)"),
        ({"url": "a.example", "language": "de"}, "language=de is no argument .* did you mean languages?"),
        ({"url": "a.example", "max_pages": "5"}, "max_pages=5 is no argument .* did you mean pages?"),
        ({"url": "a.example", "languages": "english"}, "languages=english is not allowed: .* en or pt-BR"),
        ({"file": "/nothing/here"}, "file=/nothing/here can't be read: No such file or directory"),
    ],
)
def test_a_wrong_argument_is_told_in_a_sentence(arguments: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ArticleSpider(**arguments)


def test_other_arguments_are_attributes_as_with_every_spider(tmp_path: Path) -> None:
    (tmp_path / "addresses.txt").write_text("https://a.example/1\r\n# later\r\n", "utf-8-sig")
    spider = ArticleSpider(file=str(tmp_path / "addresses.txt"), tag="harbour", _job="7f")
    assert (spider.listed_urls, spider.tag, spider._job) == (["https://a.example/1"], "harbour", "7f")  # type: ignore[attr-defined]
