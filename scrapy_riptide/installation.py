"""What an installation has, whether an extractor runs or not: component, cache, share of the machine.

The commands ask here, and so know as little of ``wasm/`` as all else above the extractor.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from scrapy_riptide.config import ExtractorConfig
from scrapy_riptide.wasm import capacity
from scrapy_riptide.wasm.aot_cache import AotCache
from scrapy_riptide.wasm.component import read_component
from scrapy_riptide.wasm.engine import check_wasmtime
from scrapy_riptide.wasm.runtime import aot_cache

__all__ = ["AotCache", "ComponentFile", "Share", "aot_cache", "check_wasmtime", "component_of", "share"]


@dataclass(frozen=True)
class ComponentFile:
    """What tells a component from others before it is loaded."""

    #: In bytes.
    size: int
    sha256: str


def component_of(config: ExtractorConfig) -> ComponentFile:
    """The component that a configuration names.

    :raises ComponentError: it can't be read, or is none
    """
    wasm = read_component(config.component, simd=config.enable_simd)
    return ComponentFile(len(wasm), hashlib.sha256(wasm).hexdigest())


@dataclass(frozen=True)
class Share:
    """What of a machine is an extractor's, by this process's affinity and control group."""

    #: Threads that run guests, each with an instance at most.
    threads: int
    cores: int
    #: What the process may have in all.
    memory_bytes: int


def share(config: ExtractorConfig) -> Share:
    """What a configuration comes to on this machine."""
    return Share(capacity.worker_count(config), capacity.usable_cores(), capacity.usable_memory_bytes())
