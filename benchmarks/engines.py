"""The extractors that are compared, each asked for its text alone and for everything it has.

A peer that is not installed is left out with a sentence. "Everything" is what a crawl stores:
text, Markdown where there is any, metadata, links, media and language, as far as the engine goes.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scoring import Prediction

from scrapy_riptide import Extractor, ExtractorConfig

Extract = Callable[[str, str], Prediction]


@dataclass
class Engine:
    """An extractor: how it makes a prediction, and the function that is timed."""

    name: str
    version: str
    extract: Extract
    #: The fields of a prediction that it fills: only those are judged.
    gives: frozenset[str]


_ALL = frozenset({"text", "title", "byline", "date"})
_TEXT = frozenset({"text"})
# Asked for links and images as well, trafilatura writes them into the text: that is timed, and
# its text is judged by the run that asks for the text.
_METADATA = _ALL - _TEXT


def riptide() -> Engine:
    """This project's packaged component, through the Python call."""
    extractor = Extractor(ExtractorConfig(fallback=None, timeout_secs=120))

    def extract(html: str, url: str) -> Prediction:
        content = extractor.extract(html, url)
        return Prediction(content.text, content.title, content.byline, content.published_iso)

    return Engine("scrapy-riptide", extractor.info().version, extract, _ALL)


def _trafilatura(module: Any) -> Extract:
    def extract(html: str, url: str) -> Prediction:
        document = module.bare_extraction(
            html, url=url, with_metadata=True, include_links=True, include_images=True, include_tables=True
        )
        if document is None:
            return Prediction()
        return Prediction(document.text or "", document.title, document.author, document.date)

    return extract


def _trafilatura_text(module: Any) -> Extract:
    return lambda html, url: Prediction(module.extract(html, url=url) or "")


def _readability(module: Any) -> Extract:
    from lxml import html as lxml_html

    def extract(html: str, url: str) -> Prediction:
        document = module.Document(html, url=url)
        summary: Any = lxml_html.fromstring(document.summary() or "<p></p>")
        return Prediction(summary.text_content(), document.short_title())

    return extract


def _resiliparse(module: Any) -> Extract:
    return lambda html, _: Prediction(module.extract_plain_text(html, main_content=True))


def _newspaper(module: Any) -> Extract:
    def extract(html: str, url: str) -> Prediction:
        article = module.Article(url, fetch_images=False)
        article.download(input_html=html)
        article.parse()
        date = article.publish_date.isoformat() if article.publish_date else None
        return Prediction(article.text, article.title, ", ".join(article.authors) or None, date)

    return extract


def _justext(module: Any) -> Extract:
    stop_words = module.get_stoplist("English")

    def extract(html: str, _: str) -> Prediction:
        paragraphs = module.justext(html.encode(), stop_words, encoding="utf-8")
        return Prediction("\n".join(each.text for each in paragraphs if not each.is_boilerplate))

    return extract


def _goose(module: Any) -> Extract:
    goose = module.Goose({"enable_image_fetching": False})

    def extract(html: str, _: str) -> Prediction:
        article = goose.extract(raw_html=html)
        return Prediction(
            article.cleaned_text or "",
            article.title,
            ", ".join(article.authors) or None,
            article.publish_date,
        )

    return extract


_PEERS: tuple[tuple[str, str, str, Callable[[Any], Extract], frozenset[str]], ...] = (
    ("trafilatura", "trafilatura", "trafilatura", _trafilatura, _METADATA),
    ("trafilatura, text", "trafilatura", "trafilatura", _trafilatura_text, _TEXT),
    ("readability-lxml", "readability-lxml", "readability", _readability, frozenset({"text", "title"})),
    ("resiliparse, text", "resiliparse", "resiliparse.extract.html2text", _resiliparse, _TEXT),
    ("newspaper4k", "newspaper4k", "newspaper", _newspaper, _ALL),
    ("jusText", "justext", "justext", _justext, _TEXT),
    ("goose3", "goose3", "goose3", _goose, _ALL),
)


#: Built by cargo from the sources beside it; RS_TRAFILATURA names one that was built elsewhere.
_RS_TRAFILATURA = (
    Path(__file__).parent / "peers" / "rs-trafilatura" / "target" / "release" / "peer-rs-trafilatura"
)


def _rs_trafilatura() -> Engine | None:
    """The crate, in a process of its own that measures itself; None where it is not built."""
    program = Path(os.environ.get("RS_TRAFILATURA", _RS_TRAFILATURA))
    if not program.exists():
        print("rs-trafilatura is left out: it is not built. See extraction.py --help")
        return None
    process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    lines_in, lines_out = process.stdin, process.stdout

    def extract(html: str, url: str) -> Prediction:
        lines_in.write(json.dumps([html, url]) + "\n")
        lines_in.flush()
        return Prediction(**json.loads(lines_out.readline()))

    return Engine("rs-trafilatura", "0.2", extract, _ALL)


def available() -> list[Engine]:
    """This project's engine and every installed peer."""
    from importlib import metadata

    warnings.filterwarnings("ignore")
    engines = [riptide()]
    for name, distribution, module_name, make, gives in _PEERS:
        try:
            module = importlib.import_module(module_name)
            engines.append(Engine(name, metadata.version(distribution), make(module), gives))
        except ImportError as error:
            print(f"{name} is left out: {error}. pip install {distribution}")
    native = _rs_trafilatura()
    return engines if native is None else [*engines, native]
