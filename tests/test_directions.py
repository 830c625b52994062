"""Who may know whom: Scrapy's glue, the extractor, ``wasm/``, wasmtime, and no way back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import scrapy_riptide

PACKAGE = Path(scrapy_riptide.__path__[0])

#: Modules outside of ``wasm/`` that import from it, and why.
DOORS = {
    "extractor.py": "it is the door",
    "installation.py": "component, cache and capacity, whether an extractor runs or not",
    "vitals.py": "the door's figures, put together from where each is kept",
}


def imports() -> Iterator[tuple[str, str]]:
    """Every module, by its path in the package, and what it imports wherever in its code."""
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                # All are absolute: of a relative one this would not tell the module.
                assert node.level == 0, name
                yield from ((name, f"{node.module}.{alias.name}") for alias in node.names)


def importers(*modules: str) -> set[str]:
    return {
        name
        for name, imported in imports()
        if any(imported == module or imported.startswith(f"{module}.") for module in modules)
    }


def test_only_the_doors_know_the_inside() -> None:
    inside = {name for name in importers("scrapy_riptide.wasm") if not name.startswith("wasm/")}
    assert inside == set(DOORS)


def test_only_the_inside_knows_wasmtime() -> None:
    found = importers("wasmtime")
    assert found
    assert all(name.startswith("wasm/") for name in found), found


def test_the_inside_knows_nothing_of_scrapy_or_of_what_is_above_it() -> None:
    known = ("config", "content", "errors", "wasm", "whole_files", "wording")
    leaves = {f"scrapy_riptide.{name}" for name in known}
    for name, imported in imports():
        if name.startswith("wasm/"):
            assert imported.partition(".")[0] != "scrapy", name
            if imported.partition(".")[0] == "scrapy_riptide":
                assert ".".join(imported.split(".")[:2]) in leaves, (name, imported)
