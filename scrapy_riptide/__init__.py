"""Clean, structured content from every page that Scrapy crawls, extracted in a WebAssembly sandbox."""

from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.content import ComponentInfo, ExtractedContent, ExtractionStats, HealthStatus, Link
from scrapy_riptide.errors import RiptideError

__all__ = [
    "ComponentInfo",
    "ExtractedContent",
    "ExtractionStats",
    "ExtractorConfig",
    "HealthStatus",
    "Link",
    "RiptideError",
]
