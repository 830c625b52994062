"""Corpora: Parquet feeds and Markdown files, what is in them, and what happens when they can't be written."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
import yaml
from crawls import PageSpider, article, crawl, messages, site
from scrapy.http import Response
from scrapy.settings import Settings

from scrapy_riptide import Addon, ExtractedContent, whole_files
from scrapy_riptide.errors import ConfigError
from scrapy_riptide.parquet import ParquetItemExporter
from scrapy_riptide.spiders import ArticleSpider

CONTENT = ExtractedContent(
    url="https://a.example/b",
    title="A tide: before its “time”",
    markdown="# A tide\n\nIt came early.",
    text="It came early.",
    links=["https://a.example/c"],
    language="en",
    word_count=3,
)


def parquet(items: list[Any], **options: Any) -> Any:
    file = io.BytesIO()
    exporter = ParquetItemExporter(file, **options)
    exporter.start_exporting()
    for item in items:
        exporter.export_item(item)
    exporter.finish_exporting()
    file.seek(0)
    return pyarrow.parquet.read_table(file)


def test_parquet_has_the_types_of_the_fields_even_where_they_are_empty() -> None:
    empty = ExtractedContent(url="https://a.example/empty")
    table = parquet([empty, CONTENT])
    assert table.to_pylist() == [dataclasses.asdict(empty), dataclasses.asdict(CONTENT)]
    kinds = {field.name: str(field.type) for field in table.schema}
    assert set(kinds) == {field.name for field in dataclasses.fields(ExtractedContent)}
    assert (kinds["title"], kinds["quality_score"], kinds["media"]) == (
        "string",
        "int64",
        "list<element: string>",
    )


def test_parquet_takes_dicts_and_infers_their_types() -> None:
    rows = [{"a": 1, "b": None, "c": [1.5]}, {"a": None, "b": None, "d": {"e": "f"}}]
    table = parquet(rows)
    assert {field.name: str(field.type) for field in table.schema} == {
        "a": "int64",
        "b": "string",
        "c": "list<element: double>",
        "d": "struct<e: string>",
    }
    assert table.to_pylist() == [
        {"a": 1, "b": None, "c": [1.5], "d": None},
        {"a": None, "b": None, "c": None, "d": {"e": "f"}},
    ]


def test_parquet_is_written_in_row_groups() -> None:
    file = io.BytesIO()
    exporter = ParquetItemExporter(file)
    for number in range(2500):
        exporter.export_item({"number": number})
    exporter.finish_exporting()
    metadata = pyarrow.parquet.ParquetFile(file).metadata
    assert (metadata.num_rows, metadata.num_row_groups) == (2500, 3)
    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_parquet_has_the_columns_that_the_feed_names() -> None:
    table = parquet([CONTENT], fields_to_export={"title": "headline", "word_count": "words"}, encoding="utf8")
    assert table.to_pylist() == [{"headline": CONTENT.title, "words": 3}]
    assert parquet([{"b": 1}], fields_to_export=["a", "b"]).to_pylist() == [{"a": None, "b": 1}]


def test_a_field_that_comes_after_the_columns_are_fixed_is_told_of() -> None:
    exporter = ParquetItemExporter(io.BytesIO())
    for _ in range(1000):
        exporter.export_item({"a": 1})
    with pytest.raises(ConfigError, match=r"no column b, .* name all columns"):
        exporter.export_item({"a": 1, "b": 2})


def test_a_column_whose_first_values_have_no_type_in_common_is_text() -> None:
    rows: list[Any] = [{"price": 9}, {"price": "49 €"}, {"price": None}]
    later = [*rows * 400, {"price": 2.5}]
    assert parquet(rows).column("price").to_pylist() == ["9", "49 €", None]
    assert parquet(later).column("price").to_pylist()[-1] == "2.5"


def test_an_item_that_comes_later_and_has_no_such_type_costs_no_other_one() -> None:
    file = io.BytesIO()
    exporter = ParquetItemExporter(file)
    for number in range(1001):
        exporter.export_item({"price": number})
    with pytest.raises(
        ConfigError, match=r"column price is int64, .* this one has '49 €': the item is left out"
    ):
        exporter.export_item({"price": "49 €"})
    exporter.finish_exporting()
    assert pyarrow.parquet.read_table(file).column("price").to_pylist() == list(range(1001))


async def test_a_parquet_feed_that_can_t_be_written_ends_the_crawl_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "out.parquet").write_bytes(b"PAR1")
    settings = {"FEEDS": {tmp_path / "out.parquet": {"format": "parquet"}}}
    async with site({"/": story("A")}) as root:
        done = await crawl(ArticleSpider, settings, {"url": root})
    assert done.stats["finish_reason"] == "riptide_parquet"
    assert [
        line for line in messages(caplog.records) if line.startswith("The crawl ends: Nothing can be app")
    ]
    assert (tmp_path / "out.parquet").read_bytes() == b"PAR1"


async def test_a_parquet_feed_without_pyarrow_stops_the_crawl_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    settings = {"FEEDS": {tmp_path / "out.parquet": {"format": "parquet"}}}
    with pytest.raises(ConfigError, match=r"pip install 'scrapy-riptide\[corpus\]'"):
        await crawl(PageSpider, settings)


def test_nothing_is_appended_to_a_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "out.parquet").write_bytes(b"PAR1")
    with (tmp_path / "out.parquet").open("ab") as file, pytest.raises(ConfigError, match="-O"):
        ParquetItemExporter(file)


def test_parquet_without_pyarrow_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigError, match=r"pip install 'scrapy-riptide\[corpus\]'"):
        ParquetItemExporter(io.BytesIO())


def files_below(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def story(title: str) -> str:
    return article(title, f"The story of {title}, as it was told to us. " * 8, '<a href="/b">And b</a>')


async def test_a_crawl_makes_every_kind_of_corpus_at_once(tmp_path: Path) -> None:
    feeds = {
        tmp_path / "out.jsonl": {"format": "jsonlines"},
        tmp_path / "out.csv": {"format": "csv"},
        tmp_path / "out.parquet": {"format": "parquet", "item_export_kwargs": {"compression": "snappy"}},
    }
    settings = {"FEEDS": feeds, "RIPTIDE_MARKDOWN_DIR": tmp_path / "corpus" / "new"}
    async with site({"/": story("A: día #1"), "/b": story("../../etc/passwd")}) as root:
        done = await crawl(ArticleSpider, settings, {"url": root})
    wanted = sorted((dataclasses.asdict(item) for item in done.items), key=str)
    assert len(wanted) == 2
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert sorted(lines, key=str) == wanted
    assert sorted(pyarrow.parquet.read_table(tmp_path / "out.parquet").to_pylist(), key=str) == wanted
    assert (tmp_path / "out.csv").read_text().startswith("url,title,byline,")
    files = files_below(tmp_path / "corpus")
    host = root.removeprefix("http://").replace(":", "-")
    assert [path.parent for path in files] == [tmp_path / "corpus" / "new" / host] * 2
    assert [path.name[:-14] for path in files] == ["a-día-1", "etc-passwd"]
    for path in files:
        _, front, markdown = path.read_text("utf-8").split("---\n", 2)
        known = yaml.safe_load(front)
        [item] = [each for each in wanted if each["url"] == known["url"]]
        assert markdown == f"\n{item['markdown'].rstrip()}\n"
        left_out = ("markdown", "text", "links")
        assert known == {key: value for key, value in item.items() if key not in left_out and value}


class ItemsSpider(PageSpider):
    def parse(self, response: Response) -> Any:
        yield {"url": response.url, "title": "A page"}
        yield {"url": "", "title": "A page"}


async def test_items_of_a_project_s_own_become_files_too(tmp_path: Path) -> None:
    settings = {
        "RIPTIDE_MARKDOWN_DIR": str(tmp_path),
        "RIPTIDE_ITEM_FIELDS": {"markdown": "body", "url": "address"},
    }
    async with site({"/": story("A page")}) as root:
        done = await crawl(ItemsSpider, settings, root=root)
    [path] = files_below(tmp_path)
    # Both are about the same page: it is one file, the last one's.
    known = yaml.safe_load(path.read_text().split("---\n")[1])
    assert (known["title"], known["address"]) == ("A page", f"{root}/")
    assert done.riptide("items") == {"items/filled": 2}


async def test_an_item_without_markdown_is_counted_and_no_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = {"RIPTIDE_MARKDOWN_DIR": str(tmp_path), "RIPTIDE_ITEM_FIELDS": {}}
    async with site({"/": story("A page")}) as root:
        done = await crawl(ItemsSpider, settings, root=root)
    assert files_below(tmp_path) == []
    assert done.riptide("items/errors") == {"items/errors/no_markdown": 2}
    lines = [each for each in caplog.records if "became no file" in each.getMessage()]
    # A crawl may have as many of them as it has pages.
    assert [each.levelno for each in lines] == [logging.DEBUG] * 2
    assert len(done.items) == 2


async def test_a_directory_that_can_t_be_written_stops_the_crawl_before_it_starts(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"RIPTIDE_MARKDOWN_DIR = '.*/file/corpus' can't be written to: "):
        await crawl(
            ArticleSpider, {"RIPTIDE_MARKDOWN_DIR": str(tmp_path / "file" / "corpus")}, {"url": "a.example"}
        )


async def test_a_disk_that_is_full_ends_the_crawl_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, *_: Any, **__: Any) -> None:
        path.touch()
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(whole_files, "open", full, raising=False)
    async with site({"/": story("A page"), "/b": story("b")}) as root:
        done = await crawl(ArticleSpider, {"RIPTIDE_MARKDOWN_DIR": str(tmp_path)}, {"url": root})
    assert done.stats["finish_reason"] == "riptide_markdown_dir"
    assert [line for line in messages(caplog.records, logging.ERROR) if "No space left on device" in line]
    assert files_below(tmp_path) == []


def test_a_feed_format_that_a_project_has_is_left_alone() -> None:
    settings = Settings({"FEED_EXPORTERS": {"parquet": "their.Exporter", "xls": "their.Xls"}})
    Addon.update_pre_crawler_settings(settings)
    assert dict(settings["FEED_EXPORTERS"]) == {"parquet": "their.Exporter", "xls": "their.Xls"}
