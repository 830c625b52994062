"""An engine with one component loaded: what every instance of a pool has in common."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from wasmtime import Engine
from wasmtime.component import Component, Linker
from wasmtime.component._component import ExportIndex

from scrapy_riptide.config import ENV_PREFIX, ExtractorConfig
from scrapy_riptide.errors import ComponentError
from scrapy_riptide.wasm import memory
from scrapy_riptide.wasm.aot_cache import AotCache, Loaded, Source, load_compiled, load_component
from scrapy_riptide.wasm.component import compile_component, component_file, read_component
from scrapy_riptide.wasm.contract import INTERFACE, OPTIONAL_FUNCTIONS, interface_of, missing_function
from scrapy_riptide.wasm.deadline import DeadlineKeeper
from scrapy_riptide.wasm.engine import EngineSettings, make_engine
from scrapy_riptide.wasm.epochs import EpochTicker
from scrapy_riptide.wasm.polling import PollingKeeper
from scrapy_riptide.wasm.start_cost import StartCost


def engine_settings(config: ExtractorConfig) -> EngineSettings:
    """What of a configuration goes into the compiled code."""
    # A component that only said that it polls could have the host copy to or from the protected page.
    polls = config.component is None and memory.CREATOR_AVAILABLE
    return EngineSettings(
        fuel=config.fuel_limit is not None,
        epochs=not polls,
        polls=polls,
        exact_memory=memory.CREATOR_AVAILABLE,
        max_stack_bytes=config.max_stack_bytes,
    )


def aot_cache(config: ExtractorConfig) -> AotCache | None:
    """The cache that a configuration asks for."""
    if not config.enable_aot_cache:
        return None
    # Where this machine keeps things is the environment's to say, even to a program that reads
    # none of its other variables.
    directory = config.cache_dir or os.environ.get(ENV_PREFIX + "CACHE_DIR")
    return AotCache(Path(os.path.expanduser(directory)) if directory else None, config.name_of)


class Runtime:
    """Engine, component, linker and keeper of deadlines. Made by one thread, then shared by all."""

    def __init__(
        self,
        engine: Engine,
        component: Component,
        settings: EngineSettings,
        *,
        cache_hit: bool | None = None,
        waited_ms: float = 0.0,
    ) -> None:
        self.engine = engine
        self.component = component
        self.settings = settings
        #: Whether the ahead-of-time cache had the component; None without a cache.
        self.cache_hit = cache_hit
        #: Milliseconds of waiting for another process, which compiled it for the cache meanwhile.
        self.waited_ms = waited_ms
        #: What loading the component cost, less the wait for another process, and then the first instance.
        self.start_cost = StartCost()
        self.has_started = False
        self._lock = threading.Lock()
        # A linker without definitions: guests import nothing, and a host function's exception
        # could surface in another thread.
        self.linker = Linker(engine)
        interface = component.get_export_index(INTERFACE)
        if interface is None:
            raise ComponentError(f"the component doesn't export {INTERFACE}")
        self._interfaces: dict[str, ExportIndex] = {INTERFACE: interface}
        self._functions: dict[str, ExportIndex] = {}
        self.deadlines: DeadlineKeeper[Any] = PollingKeeper() if settings.polls else EpochTicker(engine)

    @classmethod
    def load_compiled(cls, config: ExtractorConfig) -> Runtime | None:
        """The component that ``config`` names if the cache has it compiled, else None."""
        return cls._load(config, engine_settings(config), compile_it=False)

    @classmethod
    def load(cls, config: ExtractorConfig, settings: EngineSettings | None = None) -> Runtime:
        """The component that ``config`` names, from the cache or compiled, which takes seconds."""
        runtime = cls._load(config, settings or engine_settings(config), compile_it=True)
        assert runtime is not None
        return runtime

    @classmethod
    def _load(cls, config: ExtractorConfig, settings: EngineSettings, *, compile_it: bool) -> Runtime | None:
        cost = StartCost()
        with cost.counted():
            runtime = cls._loaded(config, settings, compile_it=compile_it)
        if runtime is None:
            return None
        cost.ms -= runtime.waited_ms
        runtime.start_cost = cost
        if config.favor != "balanced" and runtime.function("extract-favoring") is None:
            raise ComponentError(missing_function("extract-favoring"))
        return runtime

    @classmethod
    def _loaded(
        cls, config: ExtractorConfig, settings: EngineSettings, *, compile_it: bool
    ) -> Runtime | None:
        engine = make_engine(settings)
        cache = aot_cache(config)
        source = Source.of(
            component_file(config.component, simd=config.enable_simd),
            lambda: read_component(config.component, simd=config.enable_simd),
            settings,
        )
        if compile_it:
            loaded: Loaded | None = load_component(
                engine,
                source,
                settings,
                cache,
                lambda wasm: compile_component(engine, wasm, polls=settings.polls),
            )
        else:
            loaded = load_compiled(engine, source, settings, cache)
        if loaded is None:
            return None
        return cls(engine, loaded.component, settings, cache_hit=loaded.hit, waited_ms=loaded.waited_ms)

    def note_instance(self, cost: StartCost) -> None:
        """Takes note of what an instance cost. The first that is there is a part of the start."""
        with self._lock:
            if not self.has_started:
                self.start_cost.add(cost)
                self.has_started = True

    def function(self, name: str) -> ExportIndex | None:
        """Where the component exports a function of the contract; None for an optional one it lacks."""
        # Looked up when it is first needed: most processes need one of eight.
        with self._lock:
            index = self._functions.get(name) or self._find(name)
            if index is not None:
                self._functions[name] = index
            elif interface_of(name) not in OPTIONAL_FUNCTIONS:
                raise ComponentError(f"the component's {INTERFACE} has no function {name}")
            return index

    def _find(self, name: str) -> ExportIndex | None:
        interface_name = interface_of(name)
        interface = self._interfaces.get(interface_name) or self.component.get_export_index(interface_name)
        if interface is None:
            return None
        self._interfaces[interface_name] = interface
        return self.component.get_export_index(name, interface)

    def close(self) -> None:
        """Stops the keeping of deadlines and gives the compiled code back. No instance may be left.

        Not for the main thread: a Ctrl-C between the freeing of an object and the note of it makes
        wasmtime-py free it twice.
        """
        self.deadlines.close()
        for index in (*self._functions.values(), *self._interfaces.values()):
            index.close()
        self.linker.close()
        self.component.close()
        self.engine.close()
