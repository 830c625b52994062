"""One instance of the component: a store, its memory's tracker, and the functions bound to it."""

from __future__ import annotations

import time
from ctypes import byref

from wasmtime import Store, WasmtimeError
from wasmtime import _ffi as ffi

from scrapy_riptide import errors
from scrapy_riptide.config import PAGE_BYTES, ExtractorConfig
from scrapy_riptide.wasm import memory
from scrapy_riptide.wasm.contract import SIGNATURES, error_from, missing_function
from scrapy_riptide.wasm.engine import keep_trap_handlers
from scrapy_riptide.wasm.lifting import Argument, BoundFunction, CallFailed, Err
from scrapy_riptide.wasm.memory_tracker import MemoryTracker
from scrapy_riptide.wasm.runtime import Runtime
from scrapy_riptide.wasm.start_cost import StartCost
from scrapy_riptide.wording import counted

# Starting a guest runs its initialisers; a component that spins there must be stopped as well.
_START_TIMEOUT_S = 5.0
_CLOSED_AT_START = "the extractor was closed while a guest started"
_UNLIMITED_FUEL = 2**62
# wasmtime's words for it, which are no trap of the guest's.
_TOO_MUCH_COPIED = "too much data is being copied"


class Instance:
    """Runs one function at a time. Whoever holds it, on whichever thread, has it alone."""

    def __init__(self, runtime: Runtime, config: ExtractorConfig, number: int) -> None:
        self.number = number
        self.uses = 0
        self.last_used = time.monotonic()
        #: False after a failure of the machinery: the store refuses to be entered again.
        self.usable = True
        self.tracker = MemoryTracker(
            config.limit_pages,
            exact=runtime.settings.exact_memory,
            pressure_threshold=config.memory_pressure_threshold,
        )
        self._runtime = runtime
        self._config = config
        self._functions: dict[str, BoundFunction] = {}
        self._store = Store(runtime.engine)
        self._deadline = runtime.deadlines.deadline(self._store)
        cost = StartCost()
        try:
            with cost.counted():
                self._instantiate()
        except BaseException:
            self.close()
            raise
        runtime.note_instance(cost)

    def _instantiate(self) -> None:
        store, runtime = self._store, self._runtime
        if not runtime.settings.exact_memory:
            store.set_limits(memory_size=self._config.memory_limit_bytes)
        self._arm(_START_TIMEOUT_S, _UNLIMITED_FUEL)
        keep_trap_handlers()
        try:
            with self._deadline, memory.owned_by(self.tracker, self._deadline.polling_page):
                self._instance = runtime.linker.instantiate(store, runtime.component)
        except WasmtimeError as error:
            if runtime.deadlines.ended:
                raise errors.ExtractorClosed(_CLOSED_AT_START) from error
            wanted = self.tracker.refused_start_pages
            if wanted is not None or "memory minimum size" in str(error):
                start = f"{wanted} pages" if wanted is not None else "more"
                raise errors.ConfigError(
                    f"the guest starts with {start}, the limit is {self.tracker.max_pages} pages: "
                    f"{self._raise_the_limit()}"
                ) from error
            raise errors.InternalError(f"the component can't be instantiated: {error}") from error
        if runtime.deadlines.ended:
            raise errors.ExtractorClosed(_CLOSED_AT_START)

    def _raise_the_limit(self) -> str:
        name_of = self._config.name_of
        return f"raise {name_of('memory_limit_mb')} or {name_of('memory_limit_pages')}"

    def _arm(self, timeout_s: float, fuel: int) -> None:
        self._deadline.set(timeout_s)
        if self._runtime.settings.fuel:
            self._store.set_fuel(fuel)

    def call(
        self, name: str, *arguments: Argument, timeout_s: float | None = None, spent_s: float = 0.0
    ) -> object:
        """Calls a function of the contract and returns its value.

        ``timeout_s`` seconds at most, ``spent_s`` of which are gone already.

        An error that the guest returns is raised as the exception of its case; a guest that had
        to be stopped, or trapped, as the host's own, and the instance is not usable any more.
        """
        function = self._functions.get(name) or self._bind(name)
        limit_s = self._config.timeout_secs if timeout_s is None else timeout_s
        tracker = self.tracker
        tracker.reset_for_reuse()
        if not self._runtime.deadlines.is_alive():
            raise errors.InternalError(
                "the thread that keeps deadlines is gone: no guest is started without it"
            )
        keep_trap_handlers()
        started = time.monotonic() - spent_s
        self._arm(max(limit_s - spent_s, 0.0), self._config.fuel_limit or _UNLIMITED_FUEL)
        self.uses += 1
        # Until the call is known to have ended well: an exception from anywhere retires the instance.
        self.usable = False
        try:
            with self._deadline:
                function.call(*arguments)
            result = function.take()
        except CallFailed as failure:
            self.last_used = time.monotonic()
            tracker.record_error()
            raise self._diagnose(str(failure), self.last_used - started, limit_s) from None
        finally:
            tracker.log_growths()
        self.usable = True
        self.last_used = time.monotonic()
        if isinstance(result, Err):
            tracker.record_error()
            raise error_from(result.value)
        return result

    def _bind(self, name: str) -> BoundFunction:
        index = self._runtime.function(name)
        if index is None:
            raise errors.UnsupportedModeError(missing_function(name))
        raw = ffi.wasmtime_component_func_t()
        found = ffi.wasmtime_component_instance_get_func(
            byref(self._instance._instance),
            self._store._context(),
            index.ptr(),
            byref(raw),
        )
        if not found:
            raise errors.InternalError(f"the component has no function {name}")
        bound = self._functions[name] = BoundFunction(raw, self._store._context(), SIGNATURES[name])
        return bound

    def _diagnose(self, message: str, elapsed_s: float, limit_s: float) -> errors.RiptideError:
        """Why a call did not return: by what the host saw, then by wasmtime's words."""
        trap = next(
            (
                line.split("wasm trap:", 1)[1].strip()
                for line in reversed(message.splitlines())
                if "wasm trap:" in line
            ),
            message.splitlines()[-1] if message else "",
        )
        if self._deadline.has_stopped(trap):
            if self._runtime.deadlines.ended:
                return errors.ExtractorClosed("the extractor was closed while the guest ran")
            return errors.ExtractionTimeout(
                f"the guest was stopped after {elapsed_s:.2f} s, the limit is {limit_s:g} s"
            )
        denied = self.tracker.use_grow_failures
        if denied:
            return errors.MemoryLimitExceeded(
                f"the guest could not go on: {counted(denied, 'growth')} of its memory denied at "
                f"{self.tracker.current_pages} of {self.tracker.max_pages} pages. For documents like this "
                f"{self._raise_the_limit()}",
                grow_failures=denied,
            )
        if self._runtime.settings.fuel and "fuel" in trap:
            return errors.FuelExhausted(f"the guest used up its fuel of {self._config.fuel_limit}")
        if _TOO_MUCH_COPIED in trap:
            return errors.ResourceLimitError(
                "the guest's answer is larger than the 128 MiB that are copied out of one call"
            )
        return errors.GuestTrap(f"the guest trapped: {trap}", trap=trap)

    @property
    def memory_bytes(self) -> int | None:
        """Bytes of linear memory, where they can be known."""
        pages = self.tracker.current_pages
        return None if pages is None else pages * PAGE_BYTES

    def close(self) -> None:
        """Gives the memory back. Any number of times, from any thread, after any failure."""
        self.usable = False
        if self.tracker.cleanup():
            self._functions.clear()
            self._store.close()
