"""The reference pages say what the code says."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import runpy
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, TypeVar, get_args

import pytest

import scrapy_riptide
from scrapy_riptide import Extractor, errors, keys, page_options
from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.monitoring import metrics, stats
from scrapy_riptide.settings import CONTENT_FIELDS, RiptideSettings, setting_name
from scrapy_riptide.wasm.contract import ERRORS, SIGNATURES

_Error = TypeVar("_Error", bound=errors.RiptideError)

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
SETTINGS = (REFERENCE / "settings.md").read_text()
META = (REFERENCE / "meta.md").read_text()
EXCEPTIONS = (REFERENCE / "exceptions.md").read_text()
STATS = (REFERENCE / "stats.md").read_text()


def test_the_page_of_settings_is_what_the_code_makes_of_it() -> None:
    made = runpy.run_path(str(REFERENCE.parent / "settings_page.py"))["page"]()
    assert made == SETTINGS, "run: python docs/settings_page.py"


OPTIONS: list[Field[Any]] = [
    each for each in (*fields(RiptideSettings), *fields(ExtractorConfig)) if each.name != "extractor"
]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda each: str(each.name))
def test_the_example_of_a_setting_is_a_value_it_takes_and_not_its_default(option: Field[Any]) -> None:
    example = re.search(rf"```python\n{setting_name(option.name)} = (.+)\n```", SETTINGS)
    assert example
    value = eval(example[1])  # noqa: S307
    if option.name != "item_classes":  # this one names a class of the reader's project
        assert option.metadata["allowed"].parse(value) != option.default


def test_every_meta_key_has_its_section() -> None:
    assert re.findall(r"^### (\w+)$", META, re.MULTILINE) == [keys.OPTIONS_KEY, *keys.RESULT_KEYS]
    assert all(f"`{key}`:" in META for key in page_options.KEYS)
    assert all(f"`{name}`" in META for name in CONTENT_FIELDS)


def stats_of_the_code() -> set[str]:
    values = {value for name, value in vars(stats).items() if name.isupper() and isinstance(value, str)}
    by_kind = {
        stats.ERRORS,
        stats.LINK_ERRORS,
        stats.DOCUMENTS_SKIPPED,
        stats.SKIPPED,
        stats.FALLBACK,
        stats.ITEM_ERRORS,
    }
    return {f"{value}/<kind>" if value in by_kind else value for value in values} | set(
        stats.POOL_FIGURES.values()
    )


def test_every_stat_has_its_row() -> None:
    rows = {
        re.sub(r"/<(reason|state)>$", "", row)
        for row in re.findall(r"^\| `(riptide/[^`]+)` \|", STATS, re.MULTILINE)
    }
    assert rows == stats_of_the_code()


def test_every_stat_is_a_metric() -> None:
    shown = {
        stats.TOTAL_MS,  # the sum of riptide_extraction_duration_seconds
        stats.MAX_MS,  # riptide_extraction_duration_max_seconds
        *stats.POOL_FIGURES.values(),
        *(stat for stat, *_ in metrics.FROM_STATS.values()),
        *(stat for stat, *_ in metrics.FROM_STAT.values()),
    }
    assert {stat.removesuffix("/<kind>") for stat in stats_of_the_code()} == shown


def test_every_figure_of_an_extractor_has_its_row() -> None:
    rows = re.findall(r"^\| `(riptide_\w+)` \|", (REFERENCE / "metrics.md").read_text(), re.MULTILINE)
    with Extractor(ExtractorConfig(fallback=None)) as extractor:
        assert set(extractor.metrics()) <= set(rows)


def test_every_kind_of_error_has_its_row() -> None:
    kinds = {each.kind for each in subclasses(errors.ExtractionError)} | {"options"}
    table = STATS.split("Kinds of errors:")[1].split("Kinds of skipped")[0]
    assert set(re.findall(r"`([a-z_]+)`", re.sub(r"\|[^|]*\|$", "", table, flags=re.MULTILINE))) == kinds


def test_every_kind_of_what_did_not_become_content_or_an_item_is_told() -> None:
    skipped = STATS.split("Kinds of skipped pages:")[1].split("##")[0]
    assert re.findall(r"^\| `([a-z_]+)` \|", skipped, re.MULTILINE) == list(get_args(stats.SkippedKind))
    [documents] = re.findall(r"^\| `riptide/documents/skipped/<kind>` \| (.*) \|$", STATS, re.MULTILINE)
    assert set(re.findall(r"`([a-z_]+)` \(", documents)) == set(get_args(stats.DocumentSkippedKind))
    [items] = re.findall(r"^\| `riptide/items/errors/<kind>` \| (.*) \|$", STATS, re.MULTILINE)
    assert set(re.findall(r"`([a-z_]+)`[,:]", items)) == {"source", *get_args(stats.ItemErrorKind)}


def test_every_reason_to_end_a_crawl_has_its_row() -> None:
    rows = re.findall(r"^\| `(riptide_\w+)` \|", STATS, re.MULTILINE)
    assert rows == list(get_args(stats.EndReason))


def test_every_exception_has_its_row_and_says_what_the_code_says() -> None:
    for module in pkgutil.walk_packages(scrapy_riptide.__path__, "scrapy_riptide."):
        # What a test installation may lack has no exception of ours.
        if not module.name.endswith(("__main__", ".trafilatura_engine")):
            importlib.import_module(module.name)
    assert ".. automodule:: scrapy_riptide.errors\n   :members:" in EXCEPTIONS
    assert all(each.__doc__ for each in vars(errors).values() if isinstance(each, type))
    of_documents, others = EXCEPTIONS.split("## Everything else")
    found: set[type[errors.RiptideError]] = {errors.RiptideError, *subclasses(errors.RiptideError)}
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (yes|no) \|", of_documents, re.MULTILINE)
    assert sorted(rows) == sorted(
        (each.__name__, each.kind, "yes" if each.is_machinery else "no")
        for each in found
        if issubclass(each, errors.ExtractionError) and each is not errors.ExtractionError
    )
    assert set(re.findall(r"^\| `(\w+)` \|", others, re.MULTILINE)) == {
        each.__name__
        for each in found
        if not issubclass(each, errors.ExtractionError) or each is errors.ExtractionError
    }


def test_every_function_and_error_of_the_contract_has_its_row() -> None:
    functions, error_cases = (REFERENCE / "wit.md").read_text().split("## Errors")
    assert re.findall(r"^\| `([a-z-]+)` \|", functions, re.MULTILINE) == list(SIGNATURES)
    for name in re.findall(r"`Extractor\.(\w+)`", functions):
        assert hasattr(Extractor, name)
    rows = re.findall(r"^\| `([a-z-]+)` \| `(\w+)` \|", error_cases, re.MULTILINE)
    assert rows == [(case, error.__name__) for case, error in ERRORS.items()]


def test_the_code_names_a_meta_key_in_one_place_only() -> None:
    """Every use of a key goes by a name of ``keys.py``, which the page is compared with."""
    for path in Path(scrapy_riptide.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            owner, key = None, None
            if isinstance(node, ast.Subscript):
                owner, key = node.value, node.slice
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                owner, key = node.func.value, node.args[0]
            is_meta = isinstance(owner, ast.Attribute) and owner.attr == "meta"
            if is_meta and isinstance(key, ast.Constant):
                assert not str(key.value).startswith("riptide"), f"{path}:{key.lineno}"


def subclasses(root: type[_Error]) -> list[type[_Error]]:
    return [found for each in root.__subclasses__() for found in (each, *subclasses(each))]
