"""The project's settings. The line ``ADDONS`` is all that scrapy-riptide needs."""

from pathlib import Path

_OUT = Path(__file__).resolve().parents[1] / "out"

BOT_NAME = "example"
SPIDER_MODULES = ["example.spiders"]

ADDONS = {"scrapy_riptide.Addon": 500}

# A guest on other people's sites: slow, shallow and obedient.
USER_AGENT = "scrapy-riptide example project"
ROBOTSTXT_OBEY = True
CONCURRENT_REQUESTS_PER_DOMAIN = 2
DOWNLOAD_DELAY = 0.5
DEPTH_LIMIT = 4
COOKIES_ENABLED = False
TELNETCONSOLE_ENABLED = False
# The bundled site runs on this machine: no need to spare it.
DOWNLOAD_SLOTS = {"127.0.0.1": {"concurrency": 8, "delay": 0}}

EXTENSIONS = {"example.report.Report": 0}
FEEDS = {_OUT / "%(name)s.jsonl": {"format": "jsonlines", "encoding": "utf8", "overwrite": True}}
LOG_LEVEL = "WARNING"
