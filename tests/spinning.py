"""Guests that spin until they are stopped, one way or the other."""

from __future__ import annotations

import time
from dataclasses import replace

from scrapy_riptide import Extractor, ExtractorConfig, errors
from scrapy_riptide.wasm.contract import lower_mode
from scrapy_riptide.wasm.engine import EngineSettings
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.lifting import lower_string
from scrapy_riptide.wasm.runtime import engine_settings


def spin(instance: Instance) -> float:
    """Seconds that a spinning guest ran until it was stopped for its deadline."""
    started = time.monotonic()
    document = lower_string("!s"), lower_string("https://example.com/"), lower_mode("article")
    try:
        instance.call("extract", *document)
    except errors.ExtractionTimeout:
        return time.monotonic() - started
    raise AssertionError("the guest has ended by itself")


def settings_with_polls(config: ExtractorConfig) -> EngineSettings:
    """In place of ``runtime.engine_settings``: every component is stopped as the packaged one is."""
    return replace(engine_settings(config), epochs=False, polls=True)


def guests_running(extractor: Extractor) -> int:
    """How many guests are at work at this moment, each with its deadline: not one that is only being made."""
    host = extractor._host
    runtime = host.runtime
    if runtime is None or not host.ready:
        return 0
    at_work = list(host._pool.result()._active.values())
    return sum(each._deadline in runtime.deadlines._running for each in at_work)
