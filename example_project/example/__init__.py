"""A Scrapy project with scrapy-riptide turned on."""
