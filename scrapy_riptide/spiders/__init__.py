"""Spiders that need no code. The add-on puts them beside the project's own."""

from scrapy_riptide.spiders.article import ArticleSpider

__all__ = ["ArticleSpider"]
