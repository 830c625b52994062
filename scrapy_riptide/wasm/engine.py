"""wasmtime's engine, configured so that nothing a guest does can end the process.

What is set, and what is left alone, follows measurements: epochs cost a guest 22 % of CPU time and are
compiled in only where it has no polls; fuel costs 30 %, and is compiled in only when asked for; a
reservation of 4 GiB of addresses per memory is kept, because bounds checks in its place made the guest
46 % slower; copy-on-write images must be off where the host creates the memories, or wasmtime aborts.
"""

from __future__ import annotations

import ctypes
import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any

import wasmtime
from wasmtime import Config, Engine

from scrapy_riptide.errors import UnsupportedWasmtime
from scrapy_riptide.wasm import lifting, memory

#: The versions of wasmtime-py that the runtime was tested with: from the first, below the second.
WASMTIME_RANGE = ((50, 0, 1), (51,))


@dataclass(frozen=True)
class EngineSettings:
    """What makes one engine's compiled code differ from another's."""

    fuel: bool = False
    epochs: bool = True
    #: The guest looks at a page of its memory in every loop, by which it is stopped in place of epochs.
    polls: bool = False
    #: Own the guests' memories, for exact counters. Where it can't be had, ``Store.set_limits`` is used.
    exact_memory: bool = True
    max_stack_bytes: int = 2 * 1024 * 1024

    def __post_init__(self) -> None:
        if self.epochs and self.polls:
            # Nobody would set the deadline that compiled-in epochs look at: every guest would end at once.
            raise ValueError("a guest is stopped by epochs or by polls, not by both")

    def cache_words(self) -> str:
        """What of this goes into an ahead-of-time cache's key."""
        return " ".join(f"{name}={value}" for name, value in vars(self).items())


@cache
def wasmtime_version() -> str:
    """The installed wasmtime-py's version."""
    # Its directory's name says it; importlib.metadata takes 5 ms to say the same, and 40 to be
    # imported. To list an environment's packages takes 0.3 ms: first a look at what is most likely.
    packages = os.path.dirname(os.path.dirname(wasmtime.__file__))
    first = ".".join(map(str, WASMTIME_RANGE[0]))
    if os.path.isdir(os.path.join(packages, f"wasmtime-{first}.dist-info")):
        return first
    for name in os.listdir(packages):
        if name.startswith("wasmtime-") and name.endswith(".dist-info"):
            return name.removeprefix("wasmtime-").removesuffix(".dist-info")
    from importlib import metadata

    return metadata.version("wasmtime")


def check_wasmtime(version: str | None = None) -> None:
    """Refuses a wasmtime that the runtime was not tested with: its C structures are read directly."""
    installed = version or wasmtime_version()
    numbers = tuple(int(part) for part in installed.split(".")[:3] if part.isdigit())
    low, high = WASMTIME_RANGE
    problem = None if low <= numbers < high else "is outside of the tested range"
    problem = problem or lifting.check_layout()
    if problem:
        wanted = f">={'.'.join(map(str, low))},<{'.'.join(map(str, high))}"
        raise UnsupportedWasmtime(
            f"wasmtime {installed} can't be used: it {problem}. pip install 'wasmtime{wanted}'"
        )


def make_engine(settings: EngineSettings) -> Engine:
    """A new engine. What stops its guests is ``deadline.py``'s affair."""
    check_wasmtime()
    config = Config()
    config.epoch_interruption = settings.epochs
    config.consume_fuel = settings.fuel
    config.max_wasm_stack = settings.max_stack_bytes
    # rayon's threads don't survive a fork, and a compilation would wait for them for ever.
    config.parallel_compilation = not _forked
    if settings.exact_memory:
        memory.install_creator(config)
    engine = Engine(config)
    _trap_handlers.remember()
    return engine


class _TrapHandlers:
    """Keeps wasmtime's signal handlers in place.

    wasmtime turns SIGSEGV, SIGILL and SIGFPE inside guest code into traps. Whoever replaces its
    handlers later, as ``faulthandler.enable()`` does, turns the next out-of-bounds access of a
    guest into the end of the process. wasmtime installs them once a process and offers no way to
    do so again, so they are put back by hand before a guest runs.
    """

    _SIGNALS = (4, 8, 11)  # SIGILL, SIGFPE, SIGSEGV
    # struct sigaction is 152 bytes with glibc on 64-bit Linux; the handler's address comes first.
    _BYTES = 256

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: dict[int, ctypes.Array[ctypes.c_char]] = {}
        self._probe = ctypes.create_string_buffer(self._BYTES)
        try:
            self._sigaction: Any = ctypes.PyDLL(None)["sigaction"]
        except (OSError, AttributeError, TypeError):  # no POSIX signals here
            self._sigaction = None

    def remember(self) -> None:
        """Notes the handlers of the first engine of the process."""
        with self._lock:
            if self._sigaction is None or self._wanted:
                return
            for signal in self._SIGNALS:
                action = ctypes.create_string_buffer(self._BYTES)
                if self._sigaction(signal, None, action) == 0:
                    self._wanted[signal] = action

    def after_fork(self) -> None:
        """Forgets that another thread of the parent was at work here."""
        self._lock = threading.Lock()

    def restore(self) -> bool:
        """Puts the handlers back where another has taken their place; whether that was so."""
        changed = False
        with self._lock:
            for signal, action in self._wanted.items():
                self._sigaction(signal, None, self._probe)
                if self._probe[:8] != action[:8]:
                    self._sigaction(signal, action, None)
                    changed = True
        return changed


_trap_handlers = _TrapHandlers()
keep_trap_handlers = _trap_handlers.restore

_forked = False


def _after_fork() -> None:
    global _forked  # noqa: PLW0603
    _forked = True
    _trap_handlers.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
