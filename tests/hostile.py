"""Documents made to hurt, and a way to run them one after the other against the packaged component.

    hostile.py CACHE_DIRECTORY TIMEOUT_S SCALE CASE...

Prints one JSON line before each case, with its name, and one after it with what became of it: a
crash names its case. ``SCALE`` multiplies a document's size.
"""

from __future__ import annotations

import gc
import gzip
import json
import random
import resource
import sys
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Union

from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.content import ExtractedContent, Mode

if TYPE_CHECKING:
    from typing_extensions import Self

URL = "https://example.com/a/b?c=d"
Document = Union[str, bytes]
Make = Callable[[float], Document]


@dataclass
class Case:
    make: Make
    mode: Mode = "article"
    url: str = URL


CASES: dict[str, Case] = {}


def case(name: str, make: Make, mode: Mode = "article", url: str = URL) -> None:
    CASES[name] = Case(make, mode, url)


def times(count: int, part: str, before: str = "", after: str = "") -> Make:
    """``part`` again and again."""
    return lambda scale: before + part * int(count * scale) + after


def numbered(count: int, part: str, before: str = "", after: str = "") -> Make:
    """``part`` again and again, ``#`` in it being a number."""

    def make(scale: float) -> str:
        return before + "".join(part.replace("#", str(n)) for n in range(int(count * scale))) + after

    return make


def joined(*makes: Make) -> Make:
    """One part behind the other."""
    return lambda scale: "".join(str(make(scale)) for make in makes)


def nested(count: int, opening: str, closing: str, inside: str = "deep") -> Make:
    return lambda scale: opening * int(count * scale) + inside + closing * int(count * scale)


def body(make: Make) -> Make:
    """Inside a document with an article worth extracting."""
    sentence = "This is a sentence of some words, so that there is something to find in the page. "
    article = f"<article><h1>Title</h1><p>{sentence * 5}</p><p>{sentence * 5}</p>"

    def wrapped(scale: float) -> str:
        inside = make(scale)
        assert isinstance(inside, str)
        return (
            f"<html lang=en><head><title>Title</title></head><body>{article}{inside}</article></body></html>"
        )

    return wrapped


def head(make: Make) -> Make:
    """In the head of such a document."""
    whole = body(lambda _: "")(1)
    assert isinstance(whole, str)
    document = whole

    def wrapped(scale: float) -> str:
        inside = make(scale)
        assert isinstance(inside, str)
        return document.replace("</head>", inside + "</head>")

    return wrapped


def noise(count: int) -> Callable[[float], bytes]:
    return lambda scale: random.Random(7).randbytes(int(count * scale))  # noqa: S311


# Nests.
case("nested divs", nested(100_000, "<div>", "</div>"))
case("nested divs in an article", body(nested(100_000, "<div>", "</div>")))
case("nested divs, full", nested(100_000, "<div>", "</div>"), "full")
case("nested inline elements", body(nested(50_000, "<b><i>", "</i></b>")))
case("nested lists", body(nested(50_000, "<ul><li>", "</li></ul>")))
case("nested quotes", body(nested(20_000, "<blockquote><p>x", "</blockquote>")))
case("nested divs, metadata", nested(100_000, "<div>", "</div>"), "metadata")
case("nested tables", body(nested(5_000, "<table><tr><td>", "</td></tr></table>")))
case("nested links", body(nested(50_000, "<a href=/x>", "</a>")))
case("nested SVG", body(nested(50_000, "<svg><g>", "</g></svg>")))
case("nested MathML", body(nested(50_000, "<math><mrow>", "</mrow></math>")))
case("SVG with HTML in it", body(nested(20_000, "<svg><foreignObject><div>", "</div></foreignObject></svg>")))
case("nested templates", body(nested(20_000, "<template>", "</template>")))
case("nested noscript", body(nested(50_000, "<noscript>", "</noscript>")))
case("nested forms and buttons", body(nested(30_000, "<form><button>", "</button></form>")))
case("nested spans with classes", body(nested(50_000, '<span class="content article post">', "</span>")))
case("nested objects and iframes", body(nested(30_000, "<object><iframe>", "</iframe></object>")))
case("nested details", body(nested(30_000, "<details><summary>s</summary>", "</details>")))
case("nested ruby", body(nested(30_000, "<ruby><rb>x<rt>y<rp>(", "</ruby>")))
case("nested definitions", body(nested(20_000, "<dl><dt>a<dd>b", "</dl>")))
case(
    "SVG, MathML and HTML in each other",
    body(
        nested(
            10_000,
            "<math><annotation-xml encoding=text/html><svg><foreignObject><p>x<svg><desc>",
            "</desc></svg></foreignObject></svg></annotation-xml></math>",
        )
    ),
)
# Nothing closed, or closed without an opening.
case("unclosed paragraphs", times(300_000, "<p>text "))
case("unclosed everything", times(20_000, "<div><p><b><ul><li><a href=x><table><tr><td><h2>text "))
case("unclosed formatting", body(times(30_000, "<b><p>")))
case("misnested formatting", body(times(20_000, "<a href=x><b><p></a></b>text")))
case("different formatting", body(numbered(10_000, "<font color=#><p>text")))
case("closing tags alone", times(1_000_000, "</p></div></x>"))
case("unclosed comment", body(times(10_000_000, "-", "<!--")))
case("unclosed script", body(times(5_000_000, "a ", "<script>")))
case("unclosed title", times(5_000_000, "a ", "<title>"))
case("unclosed textarea", body(times(5_000_000, "a ", "<textarea>")))
case("plaintext", body(times(2_000_000, "a<b>c ", "<plaintext>")))
case("unclosed forms", body(times(200_000, "<form><input>")))
case("unclosed attribute", body(times(5_000_000, "a ", '<a href="')))
case("unclosed tables", body(times(20_000, "<table><tr><td>x")))
case("text that a table fosters", body(times(100_000, "x<a href=y>z", "<table>", "</table>")))
case("scripts in comments in scripts", body(times(300_000, "<!--<script>", "<script>")))
# Two things, each of which is asked about the other.
case(
    "closing tags behind a long name", body(joined(times(1_000_000, "y", "<x", ">"), times(250_000, "</z>")))
)
case(
    "closing tags behind a long name in SVG",
    body(joined(times(1_000_000, "y", "<svg><x", ">"), times(250_000, "</z>"))),
)
case(
    "blocks in nested noscript",
    body(joined(times(50_000, "<noscript>", "<p><object>"), times(100_000, "<div>x"))),
)
case(
    "a long class that is opened again",
    body(joined(times(500_000, "y ", "<p><b class='", "'>x"), times(100_000, "<p>x"))),
)
case(
    "a long name that is opened again",
    body(joined(times(1_000_000, "y", "<p><b ", ">x"), times(100_000, "<p>x"))),
)
case(
    "code in a long class",
    body(joined(times(1_000_000, "y", "<div class='", "'>"), times(50_000, "<pre>x</pre>"))),
)
case("paragraphs in nested quotes", body(joined(times(5_000, "<blockquote>"), times(50_000, "<p>x</p>"))))
case(
    "lines of code in nested lists",
    body(joined(times(5_000, "<ul><li>"), times(100_000, "x\n", "<pre>", "</pre>"))),
)
case(
    "line breaks in a long link",
    body(joined(times(500_000, "x", "<a href='/", "'>"), times(100_000, "x<br>"))),
)
case("rows below a wide one", body(joined(times(2_000, "<th>x", "<table><tr>"), times(50_000, "<tr><td>x"))))
# Floods of one thing.
case("50 MB of text", times(10_000_000, "word "))
case("50 MB of text in a paragraph", body(times(10_000_000, "word ", "<p>", "</p>")))
case("50 MB of text in paragraphs", body(times(100_000, "<p>" + "word " * 100 + "</p>")))
case("10 MB without a space", body(times(10_000_000, "a", "<p>")))
case("20 MB of line ends", body(times(20_000_000, "\n")))
case("10 MB in a pre", body(times(1_000_000, "code();  \n", "<pre>", "</pre>")))
case("back ticks", body(times(2_000_000, "`", "<p>text <code>", "</code></p>")))
case("markdown's own characters", body(times(500_000, "*_[]()#>|\\", "<p>")))
case("combining marks", body(times(1_000_000, "\u0301\u0300", "<p>a")))
case("zero width", body(times(1_000_000, "\u200b\u200d\ufeff", "<p>a")))
case("emoji", body(times(500_000, "\U0001f469\u200d\U0001f680", "<p>")))
case("right to left", body(times(1_000_000, "\u202e\u05d0", "<p>")))
case("a million links", times(1_000_000, "<a href=/x>y</a>"))
case("a million links to different pages", numbered(1_000_000, "<a href=/#>y</a>"))
case("200,000 links in an article", body(numbered(200_000, "<a href=/#>link #</a> text ")))
case("paragraphs", body(times(300_000, "<p>short text, with a comma</p>")))
case("headings", body(numbered(200_000, "<h2>heading #</h2>")))
case("list items", body(times(500_000, "<li>item", "<ul>", "</ul>")))
case("line breaks", body(times(1_000_000, "a<br>")))
case("comments", body(times(500_000, "<!-- x -->")))
case("a comment of 10 MB", body(times(10_000_000, "-!", "<!--", "--><p>text")))
case("CDATA", body(times(300_000, "<![CDATA[x]]>")))
case("CDATA of 10 MB in SVG", body(times(5_000_000, "x]", "<svg><![CDATA[", "]]></svg>")))
case("a doctype of 10 MB", times(10_000_000, "x", '<!doctype html PUBLIC "', '"><p>text'))
case("processing instructions", body(times(500_000, "<?php x ?>")))
case("options", body(numbered(100_000, "<option value=#>item #", "<select>", "</select>")))
case("forms", body(times(100_000, "<form><input name=q value=x></form>")))
case("doctypes", times(500_000, "<!doctype html>", after="<p>text"))
case("opening angles", times(5_000_000, "<"))
case("slashes in a tag", body(times(5_000_000, "/", "<p ", ">text")))
case("body tags with new attributes", numbered(50_000, "<body a#=x>", "<p>text"))
case("titles", head(times(200_000, "<title>Title</title>")))
case("bylines", body(times(200_000, "<span class=author rel=author>By by By Name</span>")))
case(
    "authors of a paper",
    head(times(200_000, "A, B; ", "<meta name=citation_author content='", "'>")),
)
case(
    "authors in each other",
    body(times(50_000, "<p class='author vcard'><b class=author>Ann", "<h1>Fish</h1>")),
)
case(
    "dated teasers",
    body(times(50_000, "<div><h2><a href=/x>t</a></h2><p>3 May 2024</p></div>", "<h1>Fish</h1>")),
)
case(
    "degrees of an author",
    head(times(500_000, ", MD", "<meta name=author content='Ann Example", "'>")),
)
case("language attributes", body(numbered(200_000, "<p lang=x-#>text")))
case("giant table", body(times(1_000, "<tr>" + "<td>cell" * 500, "<table>", "</table>")))
case(
    "giant spans of cells",
    body(times(1_000, "<tr><td colspan=1000000 rowspan=65534>x", "<table>", "</table>")),
)
case("a table of one row", body(times(500_000, "<td>x", "<table><tr>", "</table>")))
# Tags and attributes.
case("200,000 attributes in one tag", body(numbered(200_000, " a#=x", "<p", ">text</p>")))
case("200,000 attributes of one name", body(times(200_000, " a=x", "<p", ">text</p>")))
case("a million attributes without values", body(numbered(1_000_000, " a#", "<p", ">text</p>")))
case("10 MB attribute", body(times(10_000_000, "x", '<a href="', '">text</a>')))
case("10 MB tag name", body(times(10_000_000, "x", "<p>text<", ">")))
case("different tags", body(numbered(100_000, "<x#>text")))
case("classes", body(numbered(500_000, "c# ", '<div class="', '">text</div>')))
case("attributes on every element", body(times(20_000, "<p" + "".join(f" a{n}=x" for n in range(50)) + ">t")))
# Encodings.
case("null bytes", body(times(2_000_000, "\0", "<p>a", "b</p>")))
case("null bytes everywhere", lambda scale: "\0".join("<p>text</p><a href=x>y</a>" * int(50_000 * scale)))
case("lone surrogates", body(times(1_000_000, "\ud800", "<p>")))
case("halves of surrogate pairs", body(times(500_000, "\ude00\ud83d", "<p>")))
case(
    "Latin-1 called UTF-8",
    lambda s: ("<meta charset=utf-8><p>" + "caf\xe9 " * int(500_000 * s)).encode("latin-1"),
)
case("UTF-16", lambda s: ("<p>" + "text " * int(500_000 * s)).encode("utf-16"))
case("byte order marks everywhere", body(times(200_000, "\ufeff<p>\ufeffa b\ufeff")))
case("mixed encodings", lambda s: ("é ".encode() + b"\xe9 " + "é ".encode("utf-16-le")) * int(500_000 * s))
case("replacement characters", body(times(1_000_000, "\ufffd", "<p>")))
case("control characters", body(times(100_000, "".join(map(chr, range(1, 32))), "<p>")))
# Entities.
case("entities", body(times(1_000_000, "&amp;", "<p>")))
case("numeric entities", body(times(500_000, "&#x10FFFF;&#0;&#xD800;", "<p>")))
case("entities without an end", body(times(2_000_000, "&a", "<p>")))
case("a long entity", body(times(5_000_000, "a", "<p>&", ";")))
case("a large numeric entity", body(times(5_000_000, "9", "<p>&#", ";")))
case("entities in attributes", body(times(500_000, "&lt;&quot;", '<a href="/', '">x</a>')))
case("ampersands in one word", body(times(1_000_000, "&amp;a", "<p>")))
case("underscores behind a letter", body(times(2_000_000, "_", "<p>a")))
case("half an entity", body(times(1_000_000, "&notin&notit;", "<p>")))
# Metadata.
_LD = '<script type="application/ld+json">'
case(
    "10 MB JSON-LD",
    head(times(200_000, '{"@type":"Thing","name":"a name, quite long"},', f"{_LD}[", "{}]</script>")),
)
case(
    "10 MB JSON-LD text",
    head(times(10_000_000, "a", _LD + '{"@type":"Article","articleBody":"', '"}</script>')),
)
case("deep JSON-LD", head(nested(500_000, "[", "]", "1")))
case("deep JSON-LD in its script", head(lambda s: _LD + str(nested(500_000, "[", "]", "1")(s)) + "</script>"))
case("deep JSON-LD objects", head(lambda s: _LD + str(nested(200_000, '{"a":', "}", "1")(s)) + "</script>"))
case(
    "deep JSON-LD graphs",
    head(lambda s: _LD + str(nested(50_000, '{"@graph":[', "]}", "{}")(s)) + "</script>"),
)
case("JSON-LD scripts", head(numbered(50_000, _LD + '{"@type":"Article","headline":"h #"}</script>')))
case(
    "JSON-LD nodes by name",
    head(
        numbered(
            50_000,
            '{"@id":"p#","@type":"Person","name":"P #"},{"@type":"Article","author":{"@id":"p#"}},',
            _LD + '{"@graph":[',
            "{}]}</script>",
        )
    ),
)
case("broken JSON-LD", head(times(50_000, _LD + '{"@type":"Article",</script>')))
case("JSON-LD escapes", head(times(500_000, "\\u00e9\\n", _LD + '{"headline":"', '"}</script>')))
case("JSON-LD numbers", head(times(5_000_000, "9", _LD + '{"wordCount":', "}</script>")))
case(
    "JSON-LD breadcrumbs",
    head(
        numbered(
            50_000,
            '{"@type":"ListItem","position":#,"name":"crumb #"},',
            _LD + '{"@type":"BreadcrumbList","itemListElement":[',
            "{}]}</script>",
        )
    ),
)
case("meta tags", head(numbered(200_000, '<meta property="og:x#" content="y#">')))
case("og:image tags", head(numbered(100_000, '<meta property="og:image" content="/i#.png">')))
case("article tags", head(numbered(100_000, '<meta property="article:tag" content="tag #">')))
case("keywords", head(numbered(1_000_000, "word#,", '<meta name=keywords content="', '">')))
case("alternate links", head(numbered(100_000, "<link rel=alternate hreflang=x# href=/#>")))
case("dates", body(times(500_000, "2024-", '<time datetime="', '">x</time>')))
case("digits for a date", body(times(5_000_000, "1", '<time datetime="', '">x</time>')))
case(
    "dates everywhere", body(times(100_000, '<time datetime="2024-13-45T99:99:99+99:99">31.02.2024</time> '))
)
case("dates in text", body(times(300_000, "1/1/1/ Jan 1st, ", "<p class=date>")))
case("a title of parts", head(times(500_000, "a | b - ", "<title>", "</title>")))
case(
    "headings beside a long title",
    joined(times(50_000, "word ", "<title>", "</title>"), times(20_000, "<h1>word word</h1><p>text</p>")),
)
case(
    "dates in the address",
    body(times(1_000, "<p>text</p>")),
    "article",
    "https://example.com/" + "2020/01/01/" * 100_000,
)
case(
    "breadcrumbs",
    body(numbered(100_000, "<li><a href=/#>crumb #</a>", "<nav class=breadcrumb><ol>", "</ol></nav>")),
)
# Media and addresses.
case("srcset", body(numbered(200_000, "/i#.png #w, ", '<img srcset="', '">')))
case("srcset of commas", body(times(5_000_000, ",", '<img srcset="', '">')))
case("srcset of spaces", body(times(5_000_000, " ", '<img srcset="/a', '1x">')))
case("srcset of parentheses", body(times(3_000_000, "(", '<img srcset="/a ', '">')))
case(
    "sources of a picture", body(numbered(100_000, '<source srcset="/i#.png 1x">', "<picture>", "</picture>"))
)
case("images of one picture", body(times(100_000, "<img src=a>", "<picture>", "</picture>")))
case(
    "images beside a long srcset",
    body(joined(times(100_000, "a 1w,", "<picture><source srcset='", "'>"), times(50_000, "<img src=a>"))),
)
case("images", body(numbered(200_000, "<img src=/i#.png alt=x>")))
case("data: images", body(times(200, f'<img src="data:image/png;base64,{"A" * 50_000}">')))
case("a data: image of 10 MB", body(times(10_000_000, "A", '<img src="data:image/png;base64,', '">')))
case("javascript: links", body(times(200_000, '<a href="javascript:void(0)">x</a>')))
case("links with white space in them", body(times(100_000, '<a href=" \n\tjava\nscript:x ">x</a>')))
case("links of dots", body(times(50_000, f'<a href="{"../" * 50}x">y</a>')))
case("a link of dots", body(times(2_000_000, "../", '<a href="', '">x</a>')))
case(
    "links that are no addresses", body(times(200_000, '<a href="http://[::1">x</a><a href="//:99999">y</a>'))
)
case("international hosts", body(numbered(50_000, '<a href="http://xn--#é.例え.jp/">x</a>')))
case(
    "a long base for many links",
    body(times(50_000, "<a href=x>y</a>", f'<base href="https://a.de/{"x" * 10_000}/">')),
)
case(
    "a base of 1 MB",
    body(
        joined(times(1_000_000, "x", '<base href="https://a.de/', '/">'), numbered(50_000, "<a href=#>y</a>"))
    ),
)
case("bases", head(numbered(100_000, '<base href="/#/">')))
case("a base that is a script", head(lambda _: '<base href="javascript:alert(1)//">'))
case("a base of data", head(lambda _: '<base href="data:text/html,x">'))
case(
    "an address of 2 MB",
    body(times(1_000, "<a href=x>y</a>")),
    "article",
    "https://example.com/" + "x" * 2_000_000,
)
# What is no HTML.
case("empty", lambda _: "")
case("white space", times(10_000_000, " \n"))
case("random bytes", noise(5_000_000))
case("a PNG's beginning", lambda s: b"\x89PNG\r\n\x1a\n" + noise(1_000_000)(s))
case("a PDF's beginning", lambda s: b"%PDF-1.7\n" + noise(1_000_000)(s))
case("gzip as it is", lambda s: gzip.compress(b"<p>text</p>" * int(1_000_000 * s)))
case("what a gzip bomb becomes", lambda s: zlib.decompress(zlib.compress(bytes(int(50_000_000 * s)))))
case("a gzip bomb of markup", lambda s: zlib.decompress(zlib.compress(b"<p>" * int(10_000_000 * s))))
case("JSON", lambda s: json.dumps({"a": list(range(int(500_000 * s)))}))
case("XML", times(100_000, "<entry><title>t</title></entry>", '<?xml version="1.0"?><feed>', "</feed>"))
case("plain text", times(200_000, "A line of text, nothing else.\n"))
case("framesets", times(100_000, "<frameset><frame src=x>"))
# Selectors.
case("a long selector", body(nested(2_000, "<div>", "</div>")), ["div " * 2_000])
case("many selectors", body(numbered(5_000, "<p class=c#>t")), [f".c{n}" for n in range(5_000)])
case("a selector list", body(numbered(5_000, "<p class=c#>t")), [",".join(f".c{n}" for n in range(5_000))])
case("nested :not()", body(times(5_000, "<p>t")), [":not(" * 500 + "p" + ")" * 500])
case(
    "descendants of descendants",
    body(nested(1_000, "<div>", "</div>")),
    ["div div div div div div div div x"],
)
case("siblings of siblings", body(times(5_000, "<p>t</p>")), ["p ~ p ~ p ~ p ~ x"])
case("siblings without the one that is looked for", body(times(100_000, "<p>t</p>")), ["x ~ p"])
case(
    "a long class around what is selected",
    body(joined(times(1_000_000, "y", "<div class='", "'>"), times(100_000, "<p>t"))),
    [".x p"],
)
case("elements of many types", body(numbered(50_000, "<x#></x#>")), ["article > :nth-of-type(2)"])
case(":has() of :has()", body(nested(1_000, "<div>", "</div>")), ["div:has(div:has(div:has(x)))"])
case(
    "100,000 elements asked for what is in them",
    body(times(100_000, "<p>t</p>")),
    ["p:not(:has(x)):not(:has(~ y))"],
)
case("nth children", body(times(20_000, "<p>t</p>")), ["p:nth-last-child(2n+1)"])
case("attribute selectors", body(times(1_000, f"<a href={'a' * 1_000}>t</a>")), [f'[href*="{"a" * 500}b"]'])
case("nothing but brackets", body(times(10, "<p>")), ["[" * 100_000])
case("a selector of everything", body(nested(2_000, "<div>", "</div>")), ["*"])


class Resident:
    """The most resident memory that the process had inside the block, looked at every few milliseconds."""

    def __enter__(self) -> Self:
        gc.collect()
        self.before_bytes = self.most_bytes = self._now_bytes()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.003):
            self.most_bytes = max(self.most_bytes, self._now_bytes())

    def _now_bytes(self) -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def answer_bytes(content: ExtractedContent | None) -> int:
    """Bytes of an answer: as Python has it, and as wasmtime had it before."""
    if content is None:
        return 0
    strings = [content.text, content.markdown, *content.links, *content.media, *content.categories]
    return sum(sys.getsizeof(each) + len(each.encode("utf-8", "replace")) + 64 for each in strings)


def main() -> None:
    directory, timeout_s, scale, *names = sys.argv[1:]
    config = ExtractorConfig(
        cache_dir=directory,
        fallback=None,
        timeout_secs=float(timeout_s),
        failure_threshold=10**6,
        initial_pool_size=0,
        max_workers=1,
        max_uses=1,  # the peak is one document's
    )
    for name in names or CASES:
        each = CASES[name]
        document = each.make(float(scale))
        size = len(document.encode("utf-8", "replace") if isinstance(document, str) else document)
        print(json.dumps({"case": name}), flush=True)
        with Extractor(config) as extractor:
            extractor.wait_until_ready()
            started, cpu = time.perf_counter(), time.process_time()
            with Resident() as resident:
                outcome = extractor.run(document, each.url, each.mode)
            ms, cpu_ms = (time.perf_counter() - started) * 1000, (time.process_time() - cpu) * 1000
            metrics = extractor.metrics()
        content = outcome.content
        figures = {
            "case": name,
            "bytes": size,
            "ms": round(ms, 1),
            "cpu_ms": round(cpu_ms, 1),
            "worker_ms": round(outcome.duration_ms, 1),
            "kind": outcome.error.kind if outcome.error else "content",
            "error": str(outcome.error)[:200] if outcome.error else None,
            "text": len(content.text) if content else 0,
            "pages": metrics["riptide_wasm_peak_memory_pages"],
            "limit_pages": metrics["riptide_wasm_memory_limit_pages"],
            "grown_bytes": resident.most_bytes - resident.before_bytes,
            "answer_bytes": answer_bytes(content),
        }
        del document, outcome, content
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
