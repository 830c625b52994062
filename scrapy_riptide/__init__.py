"""Clean, structured content from every page that Scrapy crawls, extracted in a WebAssembly sandbox."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.content import ComponentInfo, ExtractedContent, ExtractionStats, HealthStatus, Link
from scrapy_riptide.errors import RiptideError
from scrapy_riptide.extractor import Extractor

if TYPE_CHECKING:
    from scrapy_riptide.addon import Addon
    from scrapy_riptide.linkextractors import RiptideLinkExtractor
    from scrapy_riptide.middleware import RiptideMiddleware, RiptideSpiderMiddleware
    from scrapy_riptide.monitoring.exporter import RiptideExporter
    from scrapy_riptide.monitoring.statscollector import RiptideStatsCollector
    from scrapy_riptide.pipelines import RiptidePipeline

__all__ = [
    "Addon",
    "ComponentInfo",
    "ExtractedContent",
    "ExtractionStats",
    "Extractor",
    "ExtractorConfig",
    "HealthStatus",
    "Link",
    "RiptideError",
    "RiptideExporter",
    "RiptideLinkExtractor",
    "RiptideMiddleware",
    "RiptidePipeline",
    "RiptideSpiderMiddleware",
    "RiptideStatsCollector",
]

# Scrapy's half is imported by those who ask for it: importing Scrapy takes many times as long as
# starting an extractor.
_SCRAPY_SIDE = {
    "Addon": "scrapy_riptide.addon",
    "RiptideExporter": "scrapy_riptide.monitoring.exporter",
    "RiptideLinkExtractor": "scrapy_riptide.linkextractors",
    "RiptideMiddleware": "scrapy_riptide.middleware",
    "RiptidePipeline": "scrapy_riptide.pipelines",
    "RiptideSpiderMiddleware": "scrapy_riptide.middleware",
    "RiptideStatsCollector": "scrapy_riptide.monitoring.statscollector",
}


def __getattr__(name: str) -> Any:
    if name not in _SCRAPY_SIDE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_SCRAPY_SIDE[name]), name)
