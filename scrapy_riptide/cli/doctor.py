"""Looks at everything that an extraction needs, and says what to do about what is wrong."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Literal

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.utils.conf import closest_scrapy_cfg
from scrapy.utils.misc import load_object
from scrapy.utils.project import get_project_settings

from scrapy_riptide.addon import Addon
from scrapy_riptide.config import MIB, ExtractorConfig
from scrapy_riptide.errors import ConfigError, ExtractionError, RiptideError
from scrapy_riptide.extractor import Extractor
from scrapy_riptide.fallback import load_fallback
from scrapy_riptide.installation import aot_cache, check_wasmtime, component_of, share
from scrapy_riptide.middleware import RiptideMiddleware
from scrapy_riptide.monitoring.exporter import settings_of_prometheus
from scrapy_riptide.settings import RiptideSettings
from scrapy_riptide.wording import install

_SAMPLE = """<!DOCTYPE html><html lang="en"><head><title>A sample | The doctor</title></head><body>
<nav><a href="/">Home</a></nav><article><h1>A sample</h1>
<p>This paragraph is here to be extracted, and long enough that nobody takes it for a label.</p>
<p>A second one follows, with <a href="/more">a link</a>, so that there is something to resolve.</p>
</article></body></html>"""
_SAMPLE_WORDS = "long enough that nobody takes it for a label"
#: Of the settings in which a class of the plugin's may stand, what that is.
_OURS = {
    "ADDONS": "scrapy_riptide.Addon",
    "STATS_CLASS": "scrapy_riptide.RiptideStatsCollector",
    "SCHEDULER": "scrapy_riptide.redis.LeaseScheduler",
}
_ONE_CLASS_EACH = ("STATS_CLASS", "SCHEDULER")
#: The extra that brings a module which these import.
_EXTRAS = {"prometheus_client": "metrics", "scrapy_poet": "poet", "scrapy_redis": "redis", "redis": "redis"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: ``ok``, ``note`` (works, could be better) or ``wrong``."""

    level: Literal["ok", "note", "wrong"]
    subject: str
    message: str
    #: What to do about it, where it is not ok.
    remedy: str = ""

    def __str__(self) -> str:
        mark = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}[self.level]
        remedy = f"\n                   -> {self.remedy}" if self.remedy else ""
        return f"{mark}  {self.subject:10}  {self.message}{remedy}"


def examine(source: Callable[[], ExtractorConfig]) -> Iterator[Finding]:
    """Everything that was looked at, in the order in which one thing needs the other."""
    yield from _versions()
    said = ""
    for finding in _project():
        said = finding.message
        yield finding
    try:
        config = source()
    except ConfigError as error:
        # In a project these are the same options.
        if str(error) != said:
            yield Finding("wrong", "options", str(error), "Correct the setting or the environment variable.")
        return
    yield Finding("ok", "options", "every RIPTIDE_* option is allowed")
    for look in (_limits, _fallback, _guest):
        yield from look(config)


def _versions() -> Iterator[Finding]:
    others = f"Python {platform.python_version()}, Scrapy {version('scrapy')}"
    yield Finding("ok", "versions", f"scrapy-riptide {version('scrapy-riptide')}, {others}")
    try:
        check_wasmtime()
    except RiptideError as error:
        yield Finding("wrong", "wasmtime", str(error), "Install the version that the sentence names.")
    else:
        yield Finding("ok", "wasmtime", f"{version('wasmtime')}, of the tested range")


def _project() -> Iterator[Finding]:
    path = closest_scrapy_cfg()
    if not path:
        yield Finding("ok", "project", "there is none here: only the environment was read")
        return
    try:
        settings = get_project_settings()
    except Exception as error:  # noqa: BLE001 (a module of the project's may raise anything)
        message = f"the settings that {path} names can't be loaded: {type(error).__name__}: {error}"
        yield Finding("wrong", "project", message, "Correct the module, or its name.")
        return
    middlewares = settings.getdict("DOWNLOADER_MIDDLEWARES")
    try:
        ours = RiptideSettings.from_settings(settings)
    except ConfigError as error:
        yield Finding("wrong", "project", str(error), f"Correct it in the settings of {path}.")
        return
    yield from _unloadable(settings)
    yield from _without_prometheus(ours)
    if not (_names(settings.getdict("ADDONS"), Addon) or _names(middlewares, RiptideMiddleware)):
        remedy = 'Add to its settings: ADDONS = {"scrapy_riptide.Addon": 500}'
        yield Finding("note", "project", f"{path} does not turn the plugin on", remedy)
    elif not ours.enabled:
        yield Finding("note", "project", f"{path} turns the plugin off", "Remove RIPTIDE_ENABLED = False.")
    else:
        yield _turned_on(path, settings)


def _turned_on(path: str, settings: Settings) -> Finding:
    crawler = Crawler(Spider, settings)
    try:
        # What it checks at a crawl's start: item classes, directories, what extras bring along.
        Addon(crawler).update_settings(crawler.settings)
    except ConfigError as error:
        return Finding("wrong", "project", str(error), f"Correct it in the settings of {path}.")
    return Finding("ok", "project", f"{path} turns the plugin on, and its settings are allowed")


def _unloadable(settings: Settings) -> Iterator[Finding]:
    """What the settings name and can't be loaded: a crawl would end over it."""
    named = [("ADDONS", addon) for addon, order in settings.getdict("ADDONS").items() if order is not None]
    named += [(name, settings[name]) for name in _ONE_CLASS_EACH]
    for name, component in named:
        if isinstance(error := _loaded(component), Exception):
            missing = (getattr(error, "name", None) or "").partition(".")[0]
            if missing in _EXTRAS:
                remedy = install(_EXTRAS[missing])
            elif str(component).startswith("scrapy_riptide"):
                remedy = f'This plugin\'s is "{_OURS[name]}".'
            else:
                remedy = "Correct it, or install the package that it is part of."
            message = f"{name} names {component!r}, which can't be loaded: {error}"
            yield Finding("wrong", "project", message, remedy)


def _without_prometheus(ours: RiptideSettings) -> Iterator[Finding]:
    if find_spec("prometheus_client") is None:
        for name in settings_of_prometheus(ours):
            yield Finding("wrong", "project", f"{name} needs prometheus-client", install("metrics"))


def _names(components: Mapping[Any, int | None], wanted: type) -> bool:
    """Whether a component setting has the class, by itself or by a path, and not switched off."""
    return any(order is not None and _loaded(each) is wanted for each, order in components.items())


def _loaded(component: Any) -> Any:
    """What stands in a component setting, or the exception that says why it can't be loaded."""
    try:
        return load_object(component)
    except (ImportError, NameError, ValueError) as error:
        return error


def _fallback(config: ExtractorConfig) -> Iterator[Finding]:
    if config.fallback is None:
        yield Finding("ok", "fallback", "none, as configured: a page that no guest can do has no content")
        return
    try:
        load_fallback(config.fallback)
    except ConfigError as error:
        remedy = f"Install or correct it, or set {config.name_of('fallback')} to 'parsel'."
        yield Finding("wrong", "fallback", str(error), remedy)
    else:
        yield Finding("ok", "fallback", f"{config.fallback} answers where no guest can")


def _guest(config: ExtractorConfig) -> Iterator[Finding]:
    """The component, its cache and a sample, with one extractor."""
    try:
        component = component_of(config)
        with Extractor(config.but(fallback=None, cold_start_target_ms=None)) as extractor:
            # Loading verifies it: it imports nothing and has the contract's functions.
            extractor.wait_until_ready()
            info = extractor.info()
            yield Finding(
                "ok",
                "component",
                f"{info.name} {info.version}, {component.size / MIB:.1f} MiB, imports nothing,"
                f" modes {', '.join(info.supported_modes)}, sha256 {component.sha256[:16]}…",
            )
            yield _cache(config, extractor)
            yield from _sample(extractor)
    except RiptideError as error:
        remedy = (
            f"Correct {config.name_of('component')}, or remove it: the packaged component needs no setting."
            if config.component
            else "Install scrapy-riptide again."
        )
        yield Finding("wrong", "component", str(error), remedy)


def _cache(config: ExtractorConfig, extractor: Extractor) -> Finding:
    cache = aot_cache(config)
    if cache is None:
        remedy = f"Remove {config.name_of('enable_aot_cache')}, unless that is meant."
        return Finding("note", "cache", "it is turned off, so every start compiles", remedy)
    if not (_had_it(extractor) or _has_it_now(config)):
        remedy = (
            "Make it a directory that is yours alone and has room for 20 MB,"
            f" or set {config.name_of('cache_dir')} to one."
        )
        message = f"{cache.directory} does not keep the compiled component, so every start compiles"
        return Finding("wrong", "cache", message, remedy)
    return Finding("ok", "cache", f"{cache.directory} has the compiled component")


def _had_it(extractor: Extractor) -> bool:
    return bool(extractor.metrics()["riptide_wasm_aot_cache_hits"])


def _has_it_now(config: ExtractorConfig) -> bool:
    with Extractor(config) as second:
        second.wait_until_ready()
        return _had_it(second)


def _sample(extractor: Extractor) -> Iterator[Finding]:
    report = "Report it, with the output of 'riptide version'."
    try:
        extractor.extract(_SAMPLE, "https://example.com/sample")
        began = time.perf_counter()
        content = extractor.extract(_SAMPLE, "https://example.com/sample")
        took_ms = (time.perf_counter() - began) * 1000
    except ExtractionError as error:
        yield Finding("wrong", "sample", f"{type(error).__name__}: {error}", report)
        return
    if _SAMPLE_WORDS in content.text and "Home" not in content.text:
        yield Finding("ok", "sample", f"a page was extracted in {took_ms:.1f} ms")
    else:
        yield Finding("wrong", "sample", f"of a page became {content.text!r}", report)
    if extractor.metrics()["riptide_wasm_memory_pages"] is not None:
        yield Finding("ok", "counters", "pages and denied growths of guests are counted exactly")
    else:
        message = f"guests' pages can't be counted on {sys.platform}; their limit holds all the same"
        yield Finding("note", "counters", message, "Nothing: figures that can't be known are left out.")


def _limits(config: ExtractorConfig) -> Iterator[Finding]:
    each = config.memory_limit_bytes // MIB
    ours = share(config)
    available = ours.memory_bytes // MIB
    message = (
        f"{ours.threads} worker threads for {ours.cores} cores;"
        f" {config.timeout_secs:g} s for a page;"
        f" each with an instance of {each} MiB at most"
    )
    if ours.threads * each > available:
        remedy = f"Lower {config.name_of('max_pool_size')} or {config.name_of('memory_limit_mb')}."
        yield Finding(
            "note", "limits", f"{message}, where this process may have {available} MiB in all", remedy
        )
    else:
        yield Finding("ok", "limits", message)
