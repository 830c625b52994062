"""The Scrapy side's settings, each in one place: a field of :class:`RiptideSettings`.

The runtime's settings stand in :mod:`scrapy_riptide.config`; together they are every ``RIPTIDE_*``
setting there is, so that a name that is none of them is a misspelling.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from itemadapter import ItemAdapter
from scrapy.statscollectors import MemoryStatsCollector, StatsCollector
from scrapy.utils.misc import load_object

from scrapy_riptide.config import (
    ENV_PREFIX,
    MIB,
    SETTING_PREFIX,
    Allowed,
    ExtractorConfig,
    boolean,
    choice,
    decimal,
    integer,
    option,
    optional,
    parse_option,
    text,
)
from scrapy_riptide.content import MODE_NAMES, ExtractedContent, Mode
from scrapy_riptide.errors import ConfigError

#: What ``RIPTIDE_ITEM_FIELDS`` can map.
CONTENT_FIELDS = tuple(each.name for each in fields(ExtractedContent))

_EXTRACTOR = "extractor"


def mode_or_selectors() -> Allowed:
    """A mode's name, or CSS selectors as a sequence or as a JSON list."""

    def parse(value: Any) -> Mode:
        if isinstance(value, str) and value.startswith("["):
            value = json.loads(value)
        if isinstance(value, str):
            if value not in MODE_NAMES:
                raise ValueError
            return value
        if not isinstance(value, (list, tuple)) or not value:
            raise ValueError
        if not all(isinstance(selector, str) and selector.strip() for selector in value):
            raise ValueError
        return tuple(value)

    names = ", ".join(repr(name) for name in MODE_NAMES)
    return Allowed(parse, f"{names}, or a list of CSS selectors")


def _item_fields() -> Allowed:
    def parse(value: Any) -> dict[str, str]:
        if isinstance(value, str):
            value = json.loads(value)
        if not isinstance(value, Mapping):
            value = {name: name for name in value}
        if not all(name in CONTENT_FIELDS and isinstance(to, str) and to for name, to in value.items()):
            raise ValueError
        return dict(value)

    names = ", ".join(CONTENT_FIELDS)
    return Allowed(
        parse, f"a dict from content fields to item fields, or a list of content fields, of {names}"
    )


def _item_classes() -> Allowed:
    def parse(value: Any) -> tuple[type, ...]:
        if isinstance(value, str):
            value = [path.strip() for path in value.split(",")]
        elif isinstance(value, type):
            value = [value]
        try:
            classes = tuple(load_object(each) for each in value)
        except (ImportError, NameError) as error:
            raise ValueError from error
        if not all(isinstance(each, type) and ItemAdapter.is_item_class(each) for each in classes):
            raise ValueError
        return classes

    return Allowed(parse, "item classes (dict, Item, dataclass, attrs, pydantic) or their import paths")


def _stats_class() -> Allowed:
    def parse(value: Any) -> type[StatsCollector]:
        try:
            found = load_object(value)
        except (ImportError, NameError) as error:
            raise ValueError from error
        if not isinstance(found, type) or not issubclass(found, StatsCollector):
            raise ValueError
        return found

    return Allowed(parse, "a stats collector class or its import path")


def _ports() -> Allowed:
    port = integer(1, 65535)

    def parse(value: Any) -> tuple[int, int]:
        if isinstance(value, str):
            value = [each.strip(" []()") for each in value.split(",")]
        if not isinstance(value, (list, tuple)):
            value = [value]
        first, last = (value[0], value[-1]) if len(value) in (1, 2) else (1, 0)
        first, last = port.parse(first), port.parse(last)
        if first > last:
            raise ValueError
        return first, last

    return Allowed(parse, "a port, or the first and the last of a range, from 1 to 65535")


def _host_names() -> Allowed:
    def parse(value: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            value = [each.strip() for each in value.split(",")]
        if not all(isinstance(each, str) and each and "/" not in each for each in value):
            raise ValueError
        return tuple(each.lower() for each in value)

    return Allowed(parse, "a list of host names")


def _path_of_a_crawl() -> Allowed:
    path = text("a file's path, in which %(spider)s, %(project)s and %(job)s stand for the crawl's")

    def parse(value: Any) -> str:
        template: str = path.parse(value)
        names = dict.fromkeys(("spider", "project", "job"), "")
        try:
            made = template % names
        except (KeyError, TypeError):
            raise ValueError from None
        # A bare %s takes all of them, and makes a file of that name.
        if str(names) in made:
            raise ValueError
        return template

    return Allowed(parse, path.sentence)


@dataclass(frozen=True, kw_only=True)
class RiptideSettings:
    """What a crawl's settings say to the plugin. Made by :meth:`from_settings`, read everywhere."""

    enabled: bool = option(True, boolean(), "Off: the crawl runs as if the plugin weren't there.")
    extract: str = option(
        "all",
        choice("all", "opt-in"),
        "Which HTML responses are extracted: all of them, or those whose request has ``meta['riptide']``.",
    )
    mode: Mode = option(  # noqa: RUF009
        "article", mode_or_selectors(), "How much of a document is wanted, where a request says nothing else."
    )
    max_body_bytes: int = option(
        32 * MIB, integer(1, unit="bytes"), "Larger bodies are passed through without extraction."
    )
    links: bool | None = option(
        None,
        optional(boolean()),
        "Whether links come with their text, rel words and language, into ``meta['riptide_links']``."
        " None: in spiders one of whose rules has a ``RiptideLinkExtractor``.",
    )
    pool_retry_times: int = option(
        5, integer(0, 1000), "How often a page is tried again after no instance came free for it."
    )
    pool_retry_delay_secs: float = option(
        0.5,
        decimal(0, 3600, unit="seconds"),
        "The pause before the first of these tries, give or take a half; it doubles with each, up to 5"
        " seconds.",
    )
    item_fields: dict[str, str] | None = option(  # noqa: RUF009
        None,
        optional(_item_fields()),
        "Which content fields fill which item fields. None: those of the same name; in a dict, all.",
    )
    item_classes: tuple[type, ...] | None = option(
        None, optional(_item_classes()), "Whose items are filled, and checked at the start. None: all items."
    )
    source_field: str | None = option(
        None,
        optional(text("the name of an item field")),
        "The item field with a response or HTML from which the item is filled.",
    )
    markdown_dir: str | None = option(
        None,
        optional(text("a directory's path")),
        "Where every item with Markdown becomes a file, with front matter (extra ``corpus``).",
    )
    stats_interval_secs: float = option(
        10.0, decimal(0.1, 86400, unit="seconds"), "How often the pool's figures are written into the stats."
    )
    stats_class: type[StatsCollector] = option(  # noqa: RUF009
        MemoryStatsCollector,
        _stats_class(),
        "What ``STATS_CLASS = 'scrapy_riptide.RiptideStatsCollector'`` extends to show Prometheus all stats.",
    )
    metrics_port: tuple[int, int] | None = option(
        (9410, 9460),
        optional(_ports()),
        "Where metrics, health and a live page of the crawl are served: the first free port. None: nowhere.",
    )
    metrics_host: str = option(
        "127.0.0.1", text("an address or a host's name"), "The interface to serve them on."
    )
    metrics_allowed_hosts: tuple[str, ...] = option(
        (),
        _host_names(),
        "Names under which the server may be asked, beside addresses and localhost."
        " Others are refused: a web page must not read a crawl through a name of its own.",
    )
    metrics_targets_dir: str | None = option(
        None,
        optional(text("a directory's path")),
        "Where Prometheus (file_sd) finds a file about the server.",
    )
    metrics_textfile: str | None = option(
        None,
        optional(_path_of_a_crawl()),
        "A file that gets the metrics every 30 seconds and at the end, for the node exporter.",
    )
    lease_secs: float = option(
        60.0,
        decimal(1, 86400, unit="seconds"),
        "How long ``scrapy_riptide.redis.LeaseScheduler`` lets a request be a worker's that gives no sign of"
        " life; then another takes it. A worker that lives gives one three times as often.",
    )
    lease_attempts: int = option(
        5,
        integer(1, 1000),
        "After so many leases of a request that ran out, it is given up: it may be what kills the workers.",
    )
    extractor: ExtractorConfig = field(default_factory=ExtractorConfig)

    @classmethod
    def from_settings(
        cls, settings: Mapping[str, Any], environ: Mapping[str, str] | None = None
    ) -> RiptideSettings:
        """Reads everything the plugin wants to know from a crawl's settings, over the environment's.

        :raises ConfigError: a value is not allowed, or a ``RIPTIDE_*`` setting doesn't exist
        """
        _refuse_unknown(settings)
        values = {
            each.name: parse_option(cls, each.name, settings[name], name)
            for each in fields(cls)
            if each.name != _EXTRACTOR and (name := setting_name(each.name)) in settings
        }
        return cls(**values, extractor=ExtractorConfig.from_settings(settings, environ))


def setting_name(option_name: str) -> str:
    """The Scrapy setting of an option."""
    return SETTING_PREFIX + option_name.upper()


def setting_names() -> dict[str, Any]:
    """Every setting of the plugin with its default, in the order of the reference page."""
    options = [each for each in fields(RiptideSettings) if each.name != _EXTRACTOR] + list(
        fields(ExtractorConfig)
    )
    return {setting_name(each.name): None if each.default is MISSING else each.default for each in options}


def _refuse_unknown(settings: Mapping[str, Any]) -> None:
    known = set(setting_names())
    known |= {ENV_PREFIX + each.name.upper() for each in fields(ExtractorConfig)}
    for name in settings:
        if name.startswith(SETTING_PREFIX) and name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.0)
            raise ConfigError(f"{name} is no setting of scrapy-riptide: did you mean {close[0]}?")
