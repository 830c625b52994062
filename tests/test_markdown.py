"""Markdown read back by a CommonMark renderer says what the document said."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from conftest import Configure
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from scrapy_riptide import Extractor

URL = "https://example.com/a/"

_reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])


class Block(NamedTuple):
    """A block of a document: what it is, and its text."""

    kind: str
    text: str


def blocks_of(markdown: str) -> list[Block]:
    """The blocks that a renderer sees, nested ones by the innermost kind."""
    tokens = _reader.parse(markdown)
    blocks = []
    around: list[str] = []
    for token in tokens:
        if token.nesting == 1:
            around.append(token.tag)
        elif token.nesting == -1:
            around.pop()
        elif token.type == "inline":
            kind = "li" if "li" in around and around[-1] == "p" else around[-1]
            blocks.append(Block("blockquote" if "blockquote" in around else kind, _text(token)))
        elif token.type in {"fence", "code_block"}:
            blocks.append(Block("pre", token.content.rstrip("\n")))
        else:
            blocks.append(Block(token.type, token.content))
    return blocks


def _text(inline: Token) -> str:
    ends = {"softbreak": "\n", "hardbreak": "\n"}
    parts = [ends.get(token.type, token.content) for token in inline.children or []]
    return " ".join("".join(parts).split())


@pytest.fixture(scope="module")
def markdown_of(real_config: Configure) -> Iterator[object]:
    with Extractor(real_config()) as extractor:
        yield lambda page: extractor.extract(page, URL, ["body"]).markdown


def _not_meant(sentence: str) -> str:
    """Without what stays markup on purpose: lists typed by hand, and formulas."""
    sentence = re.sub(r"\\+([(\[])", r"\1", sentence)
    return f"a {sentence}" if re.match(r"([-+*]|\d+[.)]) ", sentence) else sentence


# What authors write: words with every sign that Markdown gives a meaning.
_word = st.text("ab1*_`#<>[]()!|\\~-+.=&;:é漢", min_size=1, max_size=6)
_sentence = st.lists(_word, min_size=1, max_size=6).map(" ".join).map(_not_meant)
_kind = st.sampled_from(["p", "h2", "h3", "li", "blockquote", "pre", "td"])


def _page(blocks: list[Block]) -> str:
    parts = []
    for kind, text in blocks:
        escaped = html.escape(text)
        parts.append(
            {
                "li": f"<ul><li>{escaped}</li></ul>",
                "blockquote": f"<blockquote><p>{escaped}</p></blockquote>",
                "td": f"<table><tr><th>x</th><th>y</th></tr><tr><td>{escaped}</td><td>z</td></tr></table>",
            }.get(kind, f"<{kind}>{escaped}</{kind}>")
        )
    return f"<body>{''.join(parts)}"


def _expected(blocks: list[Block]) -> list[Block]:
    expected = []
    for block in blocks:
        if block.kind == "td":
            expected += [Block("th", "x"), Block("th", "y"), block, Block("td", "z")]
        else:
            expected.append(block)
    return expected


@pytest.mark.slow
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.builds(Block, _kind, _sentence), min_size=1, max_size=4))
def test_every_text_survives_with_its_place(markdown_of: object, blocks: list[Block]) -> None:
    assert callable(markdown_of)
    markdown = markdown_of(_page(blocks))
    assert blocks_of(markdown) == _expected(blocks), markdown
