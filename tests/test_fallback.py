"""The host-language extractors that answer when wasm can't."""

import contextlib
import random
import string
import time

import pytest

from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.content import ExtractedContent, Mode
from scrapy_riptide.errors import (
    ConfigError,
    DocumentTooLarge,
    ExtractionError,
    InvalidHtmlError,
    ParseError,
    UnsupportedModeError,
)
from scrapy_riptide.fallback import FallbackExtractor, load_fallback
from scrapy_riptide.fallback.document import MAX_ATTRIBUTES, MAX_CHARS, MAX_TAGS

URL = "https://harbour.example/news/2026/tide.html"
PARAGRAPH = (
    "The harbour gates were closed at dusk, and nobody in the old town had expected the water so early."
)
PAGE = f"""<!doctype html>
<html lang="en-gb">
<head>
  <title>A tide before its time | The Harbour Post</title>
  <meta property="og:site_name" content="The Harbour Post">
  <meta property="og:image" content="/img/gates.jpg">
  <meta name="description" content="How the gates held.">
  <meta name="keywords" content="Harbour, Floods, home">
  <script type="application/ld+json">
    {{"@context": "https://schema.org", "@graph": [
      {{"@type": "Organization", "name": "The Harbour Post"}},
      {{"@type": "NewsArticle", "headline": "A tide before its time", "articleSection": "Weather",
        "datePublished": "2026-03-04T05:06:07+01:00",
        "author": [{{"name": "Ada Quay"}}, {{"name": "Ben Sluice"}}]}}]}}
  </script>
</head>
<body>
  <nav><a href="/">Home</a> <a href="/weather">Weather</a></nav>
  <div class="cookie-banner">We use cookies to make this site a little worse for everyone who reads it.</div>
  <article>
    <h1>A tide before its time</h1>
    <p>{PARAGRAPH} Read <a href="../2025/storm.html">what <b>happened</b> last year</a>.</p>
    <img src="small.jpg" srcset="small.jpg 320w, large.jpg 1280w" alt="The gates">
    <h2>What the gauges said</h2>
    <ul><li>North quay</li><li>South quay<ol><li>Inner</li><li>Outer</li></ol></li></ul>
    <table><tr><th>Hour</th><th>Metres</th></tr><tr><td>18</td><td>4.1</td></tr></table>
    <blockquote><p>{PARAGRAPH}</p></blockquote>
    <pre><code>gauge --north
gauge --south</code></pre>
    <p>{PARAGRAPH}<br>{PARAGRAPH}</p>
    <div class="related"><a href="/a">More tides, and why they come</a></div>
  </article>
  <footer>All rights reserved by the harbour.</footer>
</body></html>"""

MARKDOWN = f"""# A tide before its time

{PARAGRAPH} Read [what **happened** last year](https://harbour.example/news/2025/storm.html).

![The gates](https://harbour.example/news/2026/small.jpg)

## What the gauges said

- North quay
- South quay
  1. Inner
  2. Outer

| Hour | Metres |
| --- | --- |
| 18 | 4.1 |

> {PARAGRAPH}

```
gauge --north
gauge --south
```

{PARAGRAPH}
{PARAGRAPH}"""

TEXT = f"""A tide before its time
{PARAGRAPH} Read what happened last year.
What the gauges said
North quay
South quay
Inner
Outer
Hour\tMetres
18\t4.1
{PARAGRAPH}
gauge --north
gauge --south
{PARAGRAPH}
{PARAGRAPH}"""


@pytest.fixture(scope="module")
def parsel() -> FallbackExtractor:
    return load_fallback("parsel")


def test_an_article_comes_out_whole(parsel: FallbackExtractor) -> None:
    assert parsel.extract(PAGE, URL, "article") == ExtractedContent(
        url=URL,
        title="A tide before its time",
        byline="Ada Quay, Ben Sluice",
        published_iso="2026-03-04T05:06:07+01:00",
        markdown=MARKDOWN,
        text=TEXT,
        links=[
            "https://harbour.example/",
            "https://harbour.example/weather",
            "https://harbour.example/news/2025/storm.html",
            "https://harbour.example/a",
        ],
        media=["https://harbour.example/img/gates.jpg", "https://harbour.example/news/2026/large.jpg"],
        language="en-GB",
        reading_time=1,
        quality_score=61,
        word_count=105,
        categories=["Weather", "Harbour", "Floods"],
        site_name="The Harbour Post",
        description="How the gates held.",
        engine="parsel",
    )


def test_metadata_mode_has_no_text(parsel: FallbackExtractor) -> None:
    article = parsel.extract(PAGE, URL, "article")
    metadata = parsel.extract(PAGE, URL, "metadata")
    assert (metadata.title, metadata.byline) == (article.title, article.byline)
    assert (metadata.text, metadata.markdown, metadata.word_count) == ("", "", None)


def test_full_mode_keeps_everything_but_the_chrome(parsel: FallbackExtractor) -> None:
    page = "<nav>Menu</nav><div><p>One short line.</p></div><div>Another.</div><footer>Foot</footer>"
    assert parsel.extract(page, URL, "full").text == "One short line.\nAnother."


def test_selectors_take_their_elements_in_document_order_and_none_twice(parsel: FallbackExtractor) -> None:
    content = parsel.extract(PAGE, URL, ["ul", "h1", "ul > li", "h2"])
    assert (
        content.text == "A tide before its time\nWhat the gauges said\nNorth quay\nSouth quay\nInner\nOuter"
    )
    assert content.links == []


@pytest.mark.parametrize(
    "selector", ["p[", "p:nonsense()", "", "::text::text", "p:nth-child(2", "div " * 2000]
)
def test_a_selector_that_cannot_be_read_is_named(parsel: FallbackExtractor, selector: str) -> None:
    with pytest.raises(ParseError, match="selector"):
        parsel.extract(PAGE, URL, ["h1", selector])


def test_no_selectors_at_all_and_an_unknown_mode_are_errors(parsel: FallbackExtractor) -> None:
    with pytest.raises(ParseError):
        parsel.extract(PAGE, URL, [])
    with pytest.raises(UnsupportedModeError, match="'articles'"):
        parsel.extract(PAGE, URL, "articles")


@pytest.mark.parametrize(
    ("html", "url"), [("", URL), (" \n\t", URL), (PAGE, "/relative"), (PAGE, "http://[half")]
)
def test_no_document_is_an_error_of_its_kind(parsel: FallbackExtractor, html: str, url: str) -> None:
    with pytest.raises(InvalidHtmlError):
        parsel.extract(html, url, "article")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-04", "2026-03-04"),
        ("2026-03-04T05:06", "2026-03-04T05:06"),
        ("2026-03-04T05:06:07.123Z", "2026-03-04T05:06:07Z"),
        ("2026-03-04 05:06:07 +0100", "2026-03-04T05:06:07+0100"),
        ("Wed, 04 Mar 2026 05:06:07 GMT", "2026-03-04T05:06:07+00:00"),
        ("2026-13-04", None),
        ("yesterday", None),
    ],
)
def test_dates_become_iso_or_nothing(parsel: FallbackExtractor, value: str, expected: str | None) -> None:
    page = f'<meta property="article:published_time" content="{value}"><p>x</p>'
    assert parsel.extract(page, URL, "metadata").published_iso == expected


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "mailto:a@b.example", "#part", "data:text/html,x", "http://[", "", " "]
)
def test_what_is_no_web_address_is_no_link(parsel: FallbackExtractor, href: str) -> None:
    assert parsel.extract(f'<a href="{href}">x</a><p>text</p>', URL, "full").links == []


def test_links_are_relative_to_the_base(parsel: FallbackExtractor) -> None:
    page = '<base href="/other/"><a href="x">x</a>'
    assert parsel.extract(page, URL, "full").links == ["https://harbour.example/other/x"]


def test_what_is_too_long_is_no_base_and_no_link(parsel: FallbackExtractor) -> None:
    """A base is copied into every link."""
    page = f'<base href="/{"x" * 2048}/"><a href="y">y</a><a href="{"z" * 16385}">z</a>'
    assert parsel.extract(page, URL, "full").links == ["https://harbour.example/news/2026/y"]


HOSTILE = {
    "nested divs": "<div>" * 100_000 + "x",
    "nested marks": "<b><i>" * 5_000 + "word " * 100_000,
    "nested lists": "<ul><li>" * 20_000 + "x",
    "nested tables": "<table><tr><td>" * 5_000 + "x",
    "a row of many cells": "<table><tr>" + "<td>x" * 100_000 + "</tr><tr><td>a<td>b</tr></table>",
    "unclosed paragraphs": "<p>x" * 100_000,
    "links": '<a href="/x">x</a> ' * 100_000,
    "one word of megabytes": "<p>" + "x" * 4_000_000,
    "entities": "&amp;" * 500_000,
    "null bytes": "<p>a\0b" * 1000,
    "lone surrogates": "<p>\ud800 and \udfff</p>",
    "deep json": '<script type="application/ld+json">' + "[" * 100_000 + "</script><p>x",
    "wide json": '<script type="application/ld+json">[' + "{}," * 300_000 + "{}]</script><p>x",
    "huge number in json": '<script type="application/ld+json">{"a": ' + "9" * 100_000 + "}</script><p>x",
    "srcset flood": '<img srcset="' + "a.jpg 1x, " * 100_000 + '"><p>x',
    "srcset without an end": '<img srcset="' + " " * 19_000 + '"><p>x',
    "tags without an end": "<a " * 300_000,
    "comments without an end": "<!-- " * 300_000,
    "quotes without an end": "<a x=\"'" * 200_000,
    "scripts without an end": "<script>" * 200_000,
    "a long base": f'<base href="/{"x" * 150_000}/">' + "".join(f"<a href={n}>x</a>" for n in range(7500)),
    "selector-like class": '<div class="' + "nav-" * 100_000 + '"><p>x',
    "date trap": '<meta name="date" content="' + "2026-" * 50_000 + '"><p>x',
    "title of separators": "<title>" + " | " * 200_000 + "</title><p>x",
}


@pytest.mark.parametrize("mode", ["article", "full", ["p"]], ids=str)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_end_soon_and_only_with_an_error_of_the_contract(
    parsel: FallbackExtractor, name: str, mode: Mode
) -> None:
    started = time.thread_time()
    with contextlib.suppress(ExtractionError):
        parsel.extract(HOSTILE[name], URL, mode)
    assert time.thread_time() - started < 10


def test_what_lxml_would_cut_off_is_refused_and_not_kept_in_part(parsel: FallbackExtractor) -> None:
    def nested(depth: int) -> str:
        return "<p>before</p>" + "<div>" * depth + "<p>inside</p>" + "</div>" * depth + "<p>after</p>"

    assert parsel.extract(nested(1500), URL, "full").text.split() == ["before", "inside", "after"]
    for depth in (2050, 3000, 50_000):
        with pytest.raises(DocumentTooLarge, match="nested deeper than the fallback reads"):
            parsel.extract(nested(depth), URL, "full")


ATTRIBUTES = " ".join(f"a{i}=1" for i in range(20 * MAX_ATTRIBUTES))


@pytest.mark.parametrize(
    "html",
    [
        f"<p {ATTRIBUTES}>x</p>",
        f"<p {ATTRIBUTES}",
        "<p " + " ".join(f'a{i}=">"' for i in range(20 * MAX_ATTRIBUTES)),
        "<p " + " ".join(f"a{i}" for i in range(20 * MAX_ATTRIBUTES)),
        f"<p ' a=\"'>\" {ATTRIBUTES}>",
        f"<script>'<a x=\"</script><p {ATTRIBUTES}>",
        f'<!-- <a x=" --><p {ATTRIBUTES}>',
        f'<p x=b="><i {ATTRIBUTES}>',
        "<p>" + "x" * MAX_CHARS,
        "<p>x" * (MAX_TAGS + 1),
    ],
)
def test_what_would_take_lxml_minutes_is_refused_at_once(parsel: FallbackExtractor, html: str) -> None:
    started = time.thread_time()
    with pytest.raises(DocumentTooLarge):
        parsel.extract(html, URL, "article")
    assert time.thread_time() - started < 5


def test_many_attributes_that_are_not_too_many_are_read(parsel: FallbackExtractor) -> None:
    attributes = " ".join(f"a{i}=1" for i in range(MAX_ATTRIBUTES))
    assert parsel.extract(f"<p {attributes}>x</p>", URL, "full").text == "x"


def test_random_markup_is_read_or_refused(parsel: FallbackExtractor) -> None:
    dice = random.Random(7)  # noqa: S311
    alphabet = [
        "<",
        ">",
        "/",
        "!",
        "--",
        '"',
        "'",
        "=",
        " ",
        "\n",
        "&",
        ";",
        "<p>",
        "</div>",
        "<table>",
        "<li>",
        "<a href=",
    ]
    alphabet += [*string.ascii_letters, "\0", "\ud800", "é", "漢"]
    for _ in range(300):
        page = "".join(dice.choices(alphabet, k=dice.randrange(1, 400)))
        try:
            assert (
                parsel.extract(page, URL, dice.choice(["article", "full", "metadata", ["p", "a"]])).url == URL
            )
        except InvalidHtmlError:
            assert not page.strip()


class Upper:
    name = "upper"

    def extract(self, html: str, url: str, mode: Mode) -> ExtractedContent:
        return ExtractedContent(url=url, text=html.upper(), engine=self.name)


class NoFallback:
    pass


def test_a_class_path_names_another_fallback() -> None:
    path = ExtractorConfig(fallback=f"{__name__}.Upper").fallback
    assert path is not None
    assert load_fallback(path).extract("x", URL, "article") == ExtractedContent(
        url=URL, text="X", engine="upper"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_package.Fallback", "no_such_package"),
        ("scrapy_riptide.NoSuchClass", "NoSuchClass"),
        (f"{__name__}.NoFallback", "needs a name"),
        ("", "can't be imported"),
    ],
)
def test_what_is_no_fallback_is_named(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_fallback(name)


def test_trafilatura_answers_under_its_own_name() -> None:
    pytest.importorskip("trafilatura")
    fallback = load_fallback("trafilatura")
    content = fallback.extract(PAGE, URL, "article")
    assert content.engine == "trafilatura"
    assert PARAGRAPH in content.text
    assert "cookies" not in content.text
    assert (content.title, content.language) == ("A tide before its time", "en-GB")
    assert fallback.extract(PAGE, URL, "metadata").engine == "trafilatura"
