"""Writes ``reference/settings.md`` from the code: ``python docs/settings_page.py``.

The settings stand in the code with default, range and meaning; only the examples stand here.
"""

from __future__ import annotations

from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.settings import RiptideSettings, setting_name

PAGE = Path(__file__).parent / "reference" / "settings.md"

EXAMPLES = {
    "enabled": "False",
    "extract": '"opt-in"',
    "mode": '["article h1", "article p"]',
    "max_body_bytes": "8 * 1024 * 1024",
    "links": "True",
    "pool_retry_times": "10",
    "pool_retry_delay_secs": "2",
    "item_fields": '{"title": "headline", "text": "body", "published_iso": "date"}',
    "item_classes": '["myproject.items.ArticleItem"]',
    "source_field": '"html"',
    "markdown_dir": '"corpus"',
    "stats_interval_secs": "60",
    "stats_class": '"scrapy.statscollectors.DummyStatsCollector"',
    "metrics_port": "9400",
    "metrics_host": '"0.0.0.0"',
    "metrics_allowed_hosts": '["host.docker.internal"]',
    "metrics_targets_dir": '"/var/lib/prometheus/riptide"',
    "metrics_textfile": '"/var/lib/node_exporter/%(spider)s.prom"',
    "lease_secs": "300",
    "lease_attempts": "3",
    "component": '"myproject:extractor.wasm"',
    "max_pool_size": "4",
    "initial_pool_size": "0",
    "max_workers": "2",
    "checkout_timeout_secs": "10",
    "memory_limit_mb": "64",
    "memory_limit_pages": "1024",
    "timeout_secs": "5",
    "enable_simd": "False",
    "enable_aot_cache": "False",
    "cache_dir": '"/var/cache/riptide"',
    "cold_start_target_ms": "50",
    "enable_reuse": "False",
    "enable_metrics": "False",
    "memory_pressure_threshold": "70",
    "health_check_interval_secs": "30",
    "aggressive_gc": "True",
    "fuel_limit": "2_000_000_000",
    "enable_leak_detection": "False",
    "max_uses": "100",
    "recycle_memory_mb": "128",
    "idle_expiry_secs": "60",
    "failure_threshold": "10",
    "recovery_timeout_secs": "30",
    "half_open_max_requests": "1",
    "max_stack_bytes": "1024 * 1024",
    "favor": '"precision"',
    "fallback": "None",
}

HEAD = """# Settings

Every setting of the plugin, in the order of the code. Set them where Scrapy's settings go: in `settings.py`,
in a spider's `custom_settings`, or with `-s` on the command line, where lists and dicts are written as JSON.

A value that is not allowed, or a `RIPTIDE_*` setting that doesn't exist, stops the crawl before its first
request with a sentence that names the setting, the value and what is allowed.

## What is extracted, and where it goes
"""

MIDDLE = """
## How the guests run

These are the options of `ExtractorConfig`, too: the same words in lower case are its arguments. In the
environment each is `RIPTIDE_WASM_` and the word (`RIPTIDE_WASM_TIMEOUT_SECS`), which a setting of the crawl
overrides; that longer name is a setting as well. Crawls of one process with the same values share one pool.
"""


def default(option: Field[Any]) -> str:
    """A default as one writes it in settings."""
    if isinstance(option.default, type):
        return repr(f"{option.default.__module__}.{option.default.__qualname__}")
    return repr(option.default)


def section(option: Field[Any]) -> str:
    """One setting's part of the page."""
    name = setting_name(option.name)
    kind = str(option.type).replace("Mode", "str | list[str]").replace("Favor", "str")
    allowed = option.metadata["allowed"].sentence
    return (
        f"\n### {name}\n\n"
        f"Type: `{kind}`. Default: `{default(option)}`. It takes {allowed}.\n\n"
        f"{option.metadata['meaning']}\n\n"
        f"```python\n{name} = {EXAMPLES[option.name]}\n```\n"
    )


def page() -> str:
    """The whole page."""
    own = "".join(section(each) for each in fields(RiptideSettings) if each.name != "extractor")
    return HEAD + own + MIDDLE + "".join(map(section, fields(ExtractorConfig)))


if __name__ == "__main__":
    PAGE.write_text(page())
