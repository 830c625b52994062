"""The plugin's settings: read in one place, and a mistake stops the crawl with a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from crawls import PageSpider, crawl, site
from scrapy.settings import Settings
from scrapy.statscollectors import MemoryStatsCollector

from scrapy_riptide import ExtractorConfig
from scrapy_riptide.errors import ConfigError
from scrapy_riptide.page_options import PageOptions, page_options
from scrapy_riptide.settings import CONTENT_FIELDS, RiptideSettings, setting_names


@dataclass
class Page:
    title: str


def read(environ: dict[str, str] | None = None, **settings: Any) -> RiptideSettings:
    return RiptideSettings.from_settings(
        Settings({f"RIPTIDE_{name}": value for name, value in settings.items()}), environ or {}
    )


def test_without_settings_there_are_the_defaults() -> None:
    assert read() == RiptideSettings(
        enabled=True,
        extract="all",
        mode="article",
        max_body_bytes=32 * 1024 * 1024,
        pool_retry_times=5,
        pool_retry_delay_secs=0.5,
        item_fields=None,
        item_classes=None,
        source_field=None,
        stats_interval_secs=10.0,
        stats_class=MemoryStatsCollector,
        metrics_port=(9410, 9460),
        metrics_host="127.0.0.1",
        metrics_allowed_hosts=(),
        metrics_targets_dir=None,
        metrics_textfile=None,
        extractor=ExtractorConfig(),
    )


def test_settings_may_come_as_values_or_as_the_command_line_gives_them() -> None:
    typed = read(
        ENABLED=True,
        EXTRACT="opt-in",
        MODE=["h1", "article p"],
        MAX_BODY_BYTES=1000,
        ITEM_FIELDS={"title": "headline"},
        ITEM_CLASSES=[Page],
        STATS_INTERVAL_SECS=1,
        MEMORY_LIMIT_MB=64,
    )
    text = read(
        ENABLED="1",
        EXTRACT="opt-in",
        MODE='["h1", "article p"]',
        MAX_BODY_BYTES="1000",
        ITEM_FIELDS='{"title": "headline"}',
        ITEM_CLASSES=f"{__name__}.Page",
        STATS_INTERVAL_SECS="1.0",
        WASM_MEMORY_LIMIT_MB="64",
    )
    assert typed == text
    assert typed.mode == ("h1", "article p")
    assert typed.extractor.memory_limit_mb == 64


def test_settings_win_over_the_environment() -> None:
    environ = {"RIPTIDE_WASM_TIMEOUT_SECS": "7", "RIPTIDE_WASM_MAX_USES": "9"}
    extractor = read(environ, TIMEOUT_SECS=8).extractor
    assert (extractor.timeout_secs, extractor.max_uses) == (8.0, 9)


@pytest.mark.parametrize("value", [9410, "9410", [9410], [9410, 9410], "9410, 9410", "[9410,9410]"])
def test_a_port_is_one_or_a_range(value: Any) -> None:
    assert read(METRICS_PORT=value).metrics_port == (9410, 9410)


def test_a_list_of_content_fields_keeps_their_names() -> None:
    assert read(ITEM_FIELDS=["title", "text"]).item_fields == {"title": "title", "text": "text"}


BAD = [
    ("ENABLED", "maybe", "RIPTIDE_ENABLED = 'maybe' is not allowed: it takes True or False"),
    ("EXTRACT", "some", "RIPTIDE_EXTRACT = 'some' is not allowed: it takes 'all' or 'opt-in'"),
    (
        "MODE",
        "articles",
        "RIPTIDE_MODE = 'articles' is not allowed: it takes 'article', 'full', 'metadata', or a list",
    ),
    ("MODE", "[", "RIPTIDE_MODE = '[' is not allowed"),
    ("MODE", [""], "RIPTIDE_MODE = [''] is not allowed"),
    ("MODE", [1], "RIPTIDE_MODE = [1] is not allowed"),
    (
        "MAX_BODY_BYTES",
        0,
        "RIPTIDE_MAX_BODY_BYTES = 0 is not allowed: it takes a whole number of bytes, at least 1",
    ),
    ("POOL_RETRY_TIMES", -1, "RIPTIDE_POOL_RETRY_TIMES = -1 is not allowed"),
    ("ITEM_FIELDS", {"tilte": "a"}, f"of {', '.join(CONTENT_FIELDS)}, or None."),
    ("ITEM_FIELDS", {"title": 7}, "RIPTIDE_ITEM_FIELDS = {'title': 7} is not allowed"),
    ("ITEM_FIELDS", "title=headline", "RIPTIDE_ITEM_FIELDS = 'title=headline' is not allowed"),
    (
        "ITEM_CLASSES",
        ["no.such.Class"],
        "RIPTIDE_ITEM_CLASSES = ['no.such.Class'] is not allowed: it takes item classes (dict, Item,"
        " dataclass, attrs, pydantic) or their import paths, or None. (No module named 'no')",
    ),
    ("ITEM_CLASSES", [int], "RIPTIDE_ITEM_CLASSES"),
    (
        "SOURCE_FIELD",
        7,
        "RIPTIDE_SOURCE_FIELD = 7 is not allowed: it takes the name of an item field, or None",
    ),
    ("STATS_INTERVAL_SECS", 0, "RIPTIDE_STATS_INTERVAL_SECS = 0 is not allowed"),
    (
        "METRICS_PORT",
        [9460, 9410],
        "RIPTIDE_METRICS_PORT = [9460, 9410] is not allowed: it takes a port, or the first",
    ),
    (
        "STATS_CLASS",
        "scrapy.Spider",
        "RIPTIDE_STATS_CLASS = 'scrapy.Spider' is not allowed: it takes a stats",
    ),
    ("STATS_CLASS", "no.such", "RIPTIDE_STATS_CLASS = 'no.such' is not allowed"),
    ("METRICS_PORT", 0, "RIPTIDE_METRICS_PORT = 0 is not allowed"),
    ("METRICS_PORT", [1, 2, 3], "RIPTIDE_METRICS_PORT = [1, 2, 3] is not allowed"),
    ("METRICS_TEXTFILE", "%(spdier)s.prom", "it takes a file's path, in which %(spider)s, %(project)s and"),
    ("METRICS_TEXTFILE", "%s.prom", "RIPTIDE_METRICS_TEXTFILE = '%s.prom' is not allowed"),
    ("METRICS_HOST", "", "RIPTIDE_METRICS_HOST = '' is not allowed"),
    ("METRICS_ALLOWED_HOSTS", ["http://a/"], "RIPTIDE_METRICS_ALLOWED_HOSTS"),
    ("MEMORY_LIMIT_MB", 5000, "RIPTIDE_MEMORY_LIMIT_MB = 5000 is not allowed"),
    (
        "MEMORY_LIMT_MB",
        64,
        "RIPTIDE_MEMORY_LIMT_MB is no setting of scrapy-riptide: did you mean RIPTIDE_MEMORY_LIMIT_MB?",
    ),
    ("WASM_TIMEOUT", 64, "did you mean RIPTIDE_WASM_TIMEOUT_SECS?"),
    ("MODES", "full", "did you mean RIPTIDE_MODE?"),
    # Of what somebody has pasted by mistake, enough to find it.
    ("MODE", "x" * 10_000, f"RIPTIDE_MODE = '{'x' * 97} … {'x' * 98}' is not allowed"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_a_mistake_is_named_with_what_is_allowed(name: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(**{name: value})
    assert message in str(error.value)


async def test_a_mistake_stops_the_crawl_before_the_first_request() -> None:
    with pytest.raises(ConfigError, match="RIPTIDE_EXTRACT = 'nothing' is not allowed"):
        await crawl(PageSpider, {"RIPTIDE_EXTRACT": "nothing"}, root="http://never.invalid")


async def test_switched_off_the_plugin_is_not_there() -> None:
    async with site({"/": "<p>text"}) as root:
        result = await crawl(PageSpider, {"RIPTIDE_ENABLED": False}, root=root)
    assert result.items == [{"path": "/", "content": None, "error": None}]
    assert result.riptide() == {}


def test_every_name_is_one_setting() -> None:
    names = list(setting_names())
    assert len(names) == len(set(names))
    assert {"RIPTIDE_ENABLED", "RIPTIDE_MODE", "RIPTIDE_FALLBACK", "RIPTIDE_CACHE_DIR"} <= set(names)


def test_page_options_start_from_the_settings() -> None:
    settings = read(MODE="full", MAX_BODY_BYTES=5)
    assert page_options(True, settings) == PageOptions("full", "balanced", 5, None)
    assert page_options({"max_body_bytes": 7}, settings) == PageOptions("full", "balanced", 7, None)
    assert page_options({"links": True}, settings) == PageOptions("full", "balanced", 5, True)
    assert page_options(("h1",), settings) == PageOptions(("h1",), "balanced", 5, None)
