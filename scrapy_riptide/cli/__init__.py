"""The command line: ``riptide``, and inside a Scrapy project ``scrapy riptide``."""

from scrapy_riptide.cli.main import main

__all__ = ["main"]
