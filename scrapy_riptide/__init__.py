"""Clean, structured content from every page that Scrapy crawls, extracted in a WebAssembly sandbox."""

from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.content import ComponentInfo, ExtractedContent, ExtractionStats, HealthStatus, Link
from scrapy_riptide.errors import RiptideError
from scrapy_riptide.extractor import Extractor

__all__ = [
    "ComponentInfo",
    "ExtractedContent",
    "ExtractionStats",
    "Extractor",
    "ExtractorConfig",
    "HealthStatus",
    "Link",
    "RiptideError",
]
