"""The one line that turns everything on: ``ADDONS = {"scrapy_riptide.Addon": 500}``."""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from itertools import chain
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import NotConfigured
from scrapy.settings import BaseSettings
from scrapy.utils.misc import walk_modules_iter
from scrapy.utils.spider import iter_spider_classes

from scrapy_riptide.items import ItemFiller
from scrapy_riptide.markdown_files import MarkdownFiles, check_markdown_dir
from scrapy_riptide.middleware import RiptideMiddleware, RiptideSpiderMiddleware
from scrapy_riptide.monitoring.exporter import RiptideExporter
from scrapy_riptide.parquet import check_pyarrow
from scrapy_riptide.pipelines import RiptidePipeline
from scrapy_riptide.settings import RiptideSettings

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from typing_extensions import Self

# At the engine's end of the chains: the downloader's responses have been retried, redirected and
# decompressed by then, and items of every spider middleware are seen.
_DOWNLOADER_MIDDLEWARE_ORDER = 25
_SPIDER_MIDDLEWARE_ORDER = 10
# Before the pipelines that want to find the fields filled.
_PIPELINE_ORDER = 50
_EXTENSION_ORDER = 0
_MARKDOWN_ORDER = 900
_PARQUET = "scrapy_riptide.parquet.ParquetItemExporter"
_CONTRACT = "scrapy_riptide.contracts.ExtractsContract"
_CONTRACT_ORDER = 100
_READY_SPIDERS = "scrapy_riptide.spiders"
# Behind scrapy-poet's own (400 to 1000), and behind those that get items from elsewhere (Zyte API: 1100).
_POET_PROVIDER = "scrapy_riptide.poet.RiptideProvider"
_POET_PROVIDER_ORDER = 1200


class Addon:
    """Registers the plugin's components, unless the settings place them already.

    A setting that is not allowed stops the crawl here, before anything has been opened.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        """Scrapy's hook for what commands read before there is a crawl: spiders and contracts."""
        modules = settings.getlist("SPIDER_MODULES")
        if _READY_SPIDERS not in modules and not _has_spider(modules, "article"):
            priority = settings.getpriority("SPIDER_MODULES") or "addon"
            settings.set("SPIDER_MODULES", [*modules, _READY_SPIDERS], priority)
        _set_default_key(settings, "SPIDER_CONTRACTS", _CONTRACT, _CONTRACT_ORDER)

    def update_settings(self, settings: BaseSettings) -> None:
        """Scrapy's hook.

        :raises ConfigError: a setting is not allowed
        """
        riptide = RiptideSettings.from_settings(settings)
        if not riptide.enabled:
            raise NotConfigured("RIPTIDE_ENABLED is False. Set it to True to extract content from pages.")
        ItemFiller(riptide).check_known_classes(self._crawler)
        place = settings.setdefault_in_component_priority_dict
        place("DOWNLOADER_MIDDLEWARES", RiptideMiddleware, _DOWNLOADER_MIDDLEWARE_ORDER)
        place("SPIDER_MIDDLEWARES", RiptideSpiderMiddleware, _SPIDER_MIDDLEWARE_ORDER)
        if riptide.metrics_port is not None or riptide.metrics_textfile is not None:
            place("EXTENSIONS", RiptideExporter, _EXTENSION_ORDER)
        if riptide.source_field is not None:
            place("ITEM_PIPELINES", RiptidePipeline, _PIPELINE_ORDER)
        if riptide.markdown_dir is not None:
            check_markdown_dir(riptide.markdown_dir)
            place("ITEM_PIPELINES", MarkdownFiles, _MARKDOWN_ORDER)
        _set_default_key(settings, "FEED_EXPORTERS", "parquet", _PARQUET)
        if _has_parquet_feed(settings):
            check_pyarrow()
        if find_spec("scrapy_poet") is not None:
            # By its path: nobody waits for an import that only scrapy-poet, switched on, has need of.
            _set_default_key(settings, "SCRAPY_POET_PROVIDERS", _POET_PROVIDER, _POET_PROVIDER_ORDER)


def _has_spider(modules: list[str], name: str) -> bool:
    """Whether one of a project's own spiders is called so. What can't be imported is Scrapy's to tell."""
    with suppress(ImportError, SyntaxError):
        loaded = chain.from_iterable(walk_modules_iter(module) for module in modules)
        return any(spider.name == name for module in loaded for spider in iter_spider_classes(module))
    return True


def _has_parquet_feed(settings: BaseSettings) -> bool:
    """Whether the plugin's own exporter, and no other of a project's, will be asked for a feed."""
    if settings.getdict("FEED_EXPORTERS")["parquet"] != _PARQUET:
        return False
    return any(feed.get("format") == "parquet" for feed in settings.getdict("FEEDS").values())


def _set_default_key(settings: BaseSettings, name: str, key: str, value: Any) -> None:
    """Gives a setting that is a dict one more key, unless it has the key."""
    now = settings.getdict(name)
    if key not in now:
        settings.set(name, {**now, key: value}, settings.getpriority(name) or "addon")
