"""The one line that turns everything on: ``ADDONS = {"scrapy_riptide.Addon": 500}``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import NotConfigured
from scrapy.settings import BaseSettings

from scrapy_riptide.items import ItemFiller
from scrapy_riptide.middleware import RiptideMiddleware, RiptideSpiderMiddleware
from scrapy_riptide.monitoring.exporter import RiptideExporter
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
        if find_spec("scrapy_poet") is not None:
            # By its path: nobody waits for an import that only scrapy-poet, switched on, has need of.
            _set_default_key(settings, "SCRAPY_POET_PROVIDERS", _POET_PROVIDER, _POET_PROVIDER_ORDER)


def _set_default_key(settings: BaseSettings, name: str, key: str, value: Any) -> None:
    """Gives a setting that is a dict one more key, unless it has the key."""
    now = settings.getdict(name)
    if key not in now:
        settings.set(name, {**now, key: value}, settings.getpriority(name) or "addon")
