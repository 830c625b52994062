"""Which part of a document a reader came for, judged by the density of its text."""

from __future__ import annotations

import re
from collections import defaultdict

from lxml import etree

from scrapy_riptide.fallback.document import Document

_INVISIBLE = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "canvas",
        "head",
        "button",
        "select",
        "input",
        "textarea",
        "label",
        "audio",
        "video",
        "map",
        "datalist",
        "progress",
        "meter",
    ]
)
_CHROME = frozenset(["nav", "footer", "aside", "dialog"])
_CHROME_ROLES = frozenset(
    ["navigation", "banner", "contentinfo", "complementary", "dialog", "alertdialog", "search", "menu"]
)
_CHROME_NAMES = re.compile(
    r"(?:^|[-_\s])(?:ads?|advert\w*|breadcrumbs?|captcha|comments?|consent|cookies?|disqus|footer|gdpr|masthead|menu|modal"
    r"|nav|navbar|navigation|newsletter|pagination|pager|paywall|popup|promo\w*|recommend\w*|related|share|sharing"
    r"|sidebar|skip-link|social|sponsor\w*|subscribe|subscription|tags?|toolbar|widget|yarpp)(?:$|[-_\s])",
    re.IGNORECASE,
)
_KEPT_NAMES = re.compile(r"article|content|main|body|post|entry|story", re.IGNORECASE)
_PARAGRAPHS = frozenset(["p", "pre", "blockquote", "li", "td", "dd", "h2", "h3", "h4"])
_CONTAINERS = frozenset(["ul", "ol", "div", "section", "table", "dl"])
_NAME_MAX_CHARS = 400


def is_invisible(element: etree._Element) -> bool:
    """What a reader never sees as text."""
    return (
        element.tag in _INVISIBLE
        or element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or "display:none" in (element.get("style") or "")[:200].replace(" ", "")
    )


def is_chrome(element: etree._Element) -> bool:
    """What belongs to the site rather than to the document: navigation, footers, banners."""
    if is_invisible(element) or element.tag in _CHROME or element.get("role") in _CHROME_ROLES:
        return True
    if element.tag in ("html", "body", "main", "article"):
        return False
    names = f"{element.get('class') or ''} {element.get('id') or ''}"[:_NAME_MAX_CHARS]
    return bool(_CHROME_NAMES.search(names)) and not _KEPT_NAMES.search(names)


class MainText:
    """The main element of a document, and what to leave out inside of it."""

    def __init__(self, document: Document) -> None:
        #: Characters of text and of linked text inside of each element, chrome left out.
        self._text: defaultdict[etree._Element, int] = defaultdict(int)
        self._linked: defaultdict[etree._Element, int] = defaultdict(int)
        self._scores: defaultdict[etree._Element, float] = defaultdict(float)
        body = next(document.root.iter("body"), document.root)
        self._measure(body)
        self.root: etree._Element = self._choose(body)

    def skip(self, element: etree._Element) -> bool:
        """Chrome, and boxes that are mostly links."""
        if element is self.root:
            return False
        return is_chrome(element) or (
            element.tag in _CONTAINERS
            and self._link_share(element) > 0.6
            and self._text[element] < 0.3 * self._text[self.root]
        )

    def _measure(self, body: etree._Element) -> None:
        walker = etree.iterwalk(body, events=("start", "end", "comment", "pi"))
        stack: list[tuple[int, int]] = []
        text = linked = links_open = 0
        skipped: etree._Element | None = None
        for event, element in walker:
            if event == "start":
                if element is not body and is_chrome(element):
                    skipped = element
                    walker.skip_subtree()
                    continue
                stack.append((text, linked))
                links_open += element.tag == "a"
                size = len((element.text or "").strip())
            else:
                if event == "end":
                    if element is skipped:
                        skipped = None
                    else:
                        before, linked_before = stack.pop()
                        links_open -= element.tag == "a"
                        self._text[element], self._linked[element] = text - before, linked - linked_before
                        self._score(element)
                size = len((element.tail or "").strip()) if element is not body else 0
            text += size
            linked += size if links_open else 0

    def _score(self, element: etree._Element) -> None:
        size = self._text[element]
        if element.tag not in _PARAGRAPHS or size < 25 or self._link_share(element) > 0.5:
            return
        points = 1 + min(size / 100, 5)
        parent = element.getparent()
        for share in (1.0, 0.5, 0.25):
            if parent is None:
                break
            self._scores[parent] += points * share
            parent = parent.getparent()

    def _choose(self, body: etree._Element) -> etree._Element:
        whole = self._text[body]
        for path in (".//*[@itemprop='articleBody']", ".//article", ".//main", ".//*[@role='main']"):
            marked = [each for each in body.iterfind(path) if self._text[each] > max(200, 0.25 * whole)]
            if len(marked) == 1 and self._link_share(marked[0]) < 0.5:
                return marked[0]
        best = max(
            self._scores, key=lambda each: self._scores[each] * (1 - self._link_share(each)), default=body
        )
        if self._text[best] < 0.4 * (whole - self._linked[body]):
            return body
        return self._with_siblings(best, body)

    def _with_siblings(self, best: etree._Element, body: etree._Element) -> etree._Element:
        """The nearest ancestor that adds text rather than links."""
        parent = best.getparent()
        while parent is not None and best is not body:
            added = self._text[parent] - self._text[best]
            added_links = self._linked[parent] - self._linked[best]
            if added_links > 0.4 * max(added, 1) or self._scores[parent] < 0.5 * self._scores[best]:
                break
            best, parent = parent, parent.getparent()
        return best

    def _link_share(self, element: etree._Element) -> float:
        return self._linked[element] / max(self._text[element], 1)
