"""Documents for the benchmarks: real ones from a directory, or made ones that look like pages."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

_WORDS = """
    river council bridge harbour storm market season engine paper minister garden winter school museum
    village railway doctor letter window kitchen mountain island company result question
""".split()


def made(paragraphs: int = 60, links: int = 120, seed: int = 1) -> str:
    """A page with an article of so many paragraphs and so many links around it; 60 are about 40 KB."""
    rng = random.Random(seed)  # noqa: S311 (documents, no secrets)

    def sentence(words: int) -> str:
        return " ".join(rng.choice(_WORDS) for _ in range(words)).capitalize() + "."

    navigation = "".join(
        f'<li class="nav-item"><a href="/section/{n}">{sentence(2)}</a></li>' for n in range(links)
    )
    body = "".join(
        f"<p>{' '.join(sentence(rng.randint(8, 24)) for _ in range(5))}</p>"
        + (f"<h2>{sentence(4)}</h2>" if n % 8 == 7 else "")
        for n in range(paragraphs)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A made page | Benchmarks</title>'
        '<meta property="og:site_name" content="Benchmarks">'
        '<meta name="description" content="A page that was made.">'
        "<style>.nav{display:flex}</style><script>var a = [1, 2, 3];</script></head><body>"
        f"<header><nav><ul>{navigation}</ul></nav></header><main><article><h1>{sentence(6)}</h1>{body}</article></main>"
        "<footer><p>All rights reserved.</p></footer></body></html>"
    )


def argument_parser(description: str, pages: int) -> argparse.ArgumentParser:
    """A benchmark's options, of which these are everybody's: which documents, and how many."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="a directory with *.html [made documents]")
    parser.add_argument("--pages", type=int, default=pages, metavar="N", help=f"how many of them [{pages}]")
    return parser


def load(directory: Path | None, limit: int) -> list[tuple[str, str]]:
    """At most ``limit`` documents (html, url): ``*.html`` below ``directory``, or made ones."""
    if directory is None:
        return [
            (made(20 + 8 * (n % 12), 40 + 20 * (n % 9), n), f"https://example.com/{n}") for n in range(limit)
        ]
    paths = sorted(directory.rglob("*.html"))
    if not paths:
        raise SystemExit(
            f"{directory} has no *.html: give a directory with unpacked pages, or none for made ones"
        )
    step = max(1, len(paths) // limit)
    return [
        (path.read_text(encoding="utf-8", errors="replace"), f"https://example.com/{path.stem}")
        for path in paths[::step][:limit]
    ]
