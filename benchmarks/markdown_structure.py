"""How much of the reference Markdown's structure ours has, class by class.

    python benchmarks/markdown_structure.py --data DIR [--pages N]

For each page the headings (with their level and without), list items, rows of tables, blocks of code
and links of the reference, as a CommonMark reader finds them, are compared with ours: precision,
recall and F1 of the two bags, the mean over the pages that have any in the reference. Not all of that is
Markdown's doing: a heading that was not extracted is missing here as well.
"""

from __future__ import annotations

import argparse
import json
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag

from markdown_it import MarkdownIt
from markdown_it.token import Token

from scrapy_riptide import ExtractedContent, Extractor

SET = "wcxb-dev.tar.xz"
_reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_WORD = re.compile(r"\w+")


def structure(markdown: str) -> dict[str, Counter[str]]:
    """The parts of a Markdown text by class, each as its words."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    around: list[str] = []
    row: list[str] = []
    for token in _reader.parse(markdown):
        if token.nesting == 1:
            around.append(token.tag)
            row = [] if token.tag == "tr" else row
        elif token.nesting == -1:
            around.pop()
            if token.tag == "tr":
                found["table rows"][" | ".join(row)] += 1
        elif token.type in {"fence", "code_block"}:
            found["code blocks"][_words(token.content)] += 1
        elif token.type == "inline":
            _count_inline(token, around, row, found)
    for parts in found.values():
        parts.pop("", None)
    return found


def _count_inline(token: Token, around: list[str], row: list[str], found: dict[str, Counter[str]]) -> None:
    children = token.children or []
    text = _words(" ".join(each.content for each in children if not each.content.startswith("<")))
    tag = around[-1] if around else ""
    if re.fullmatch(r"h\d", tag):
        found["headings"][text] += 1
        found["headings with level"][f"{tag} {text}"] += 1
    elif tag in {"td", "th"}:
        row.append(text)
    elif "li" in around:
        found["list items"][text] += 1
    for each in children:
        if each.type == "link_open":
            found["links"][urldefrag(str(each.attrs["href"])).url.rstrip("/")] += 1


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def agreement(ours: Counter[str], reference: Counter[str]) -> tuple[float, float, float]:
    """Precision, recall and F1 of a bag against a reference that is not empty."""
    common = (ours & reference).total()
    precision = common / ours.total() if ours else 0.0
    recall = common / reference.total()
    return precision, recall, 2 * common / (ours.total() + reference.total())


def pages(archive: Path, limit: int) -> Iterator[tuple[str, str, str]]:
    """Address, HTML and reference Markdown of the set's pages, evenly chosen."""
    html: dict[str, str] = {}
    truth = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file is None:
                continue
            name = Path(member.name)
            if name.suffix == ".json":
                record = json.load(file)
                truth[record["id"]] = record
            elif name.suffix == ".html":
                html[name.stem] = file.read().decode("utf-8", "replace")
    known = sorted(each for each in truth if truth[each].get("main_content_markdown") and each in html)
    for each in known[:: max(1, len(known) // limit)]:
        yield truth[each]["url"], html[each], truth[each]["main_content_markdown"]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help=f"where {SET} is")
    parser.add_argument("--pages", type=int, default=1500, help="pages at most [1500]")
    options = parser.parse_args()
    archive: Path = options.data / SET
    if not archive.exists():
        parser.error(f"{archive} is missing: it is the development half of WCXB, which is public")
    sums: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    with Extractor() as extractor:
        chosen = list(pages(archive, options.pages))
        results = extractor.extract_many((html, url) for url, html, _ in chosen)
        for (_, _, reference), result in zip(chosen, results):
            ours = structure(result.markdown if isinstance(result, ExtractedContent) else "")
            for kind, parts in structure(reference).items():
                if parts:
                    sums[kind].append(agreement(ours[kind], parts))
    print(f"{'':20}{'pages':>7}{'precision':>11}{'recall':>9}{'F1':>9}")
    for kind, values in sorted(sums.items()):
        means = [sum(each) / len(values) for each in zip(*values)]
        print(f"{kind:20}{len(values):>7}{means[0]:>11.3f}{means[1]:>9.3f}{means[2]:>9.3f}")


if __name__ == "__main__":
    main()
