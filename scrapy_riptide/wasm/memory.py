"""Where the guests' linear memories come from: counted to the page, and capped for each instance.

wasmtime lets the embedder make the memories. Ours come from ``mmap`` with their whole
reservation inaccessible, and growing makes pages accessible: so current and peak pages and
denied growths are exact, the limit holds over all memories of an instance, and a denial is told
from any other trap. What that costs a guest can't be told from the noise (docs/design.md). What
lies beyond a memory's own declared maximum, or beyond 4 GiB, wasmtime denies without asking, and
nobody can count it: the packaged guest declares none. Where memories can't be made here (another
system), ``Store.set_limits`` caps each memory and the counters are unavailable: ``None``, never zero.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, byref, c_int, c_long, c_size_t, c_void_p, cast
from dataclasses import dataclass
from itertools import count
from typing import Any

from wasmtime import Config
from wasmtime import _ffi as ffi

from scrapy_riptide.config import PAGE_BYTES
from scrapy_riptide.wasm.memory_tracker import MemoryTracker
from scrapy_riptide.wasm.polling_page import PollingPage

_PROT_NONE, _PROT_READ, _PROT_READ_WRITE = 0, 1, 3
_MAP_PRIVATE, _MAP_ANONYMOUS, _MAP_NORESERVE = 0x02, 0x20, 0x4000  # Linux's numbers
_MAP_FAILED = c_void_p(-1).value
_MADV_HUGEPAGE = 14
# A guest begins with its stack and its data. Where the system may, it has them in one huge page: to
# touch it takes 0.1 ms, to touch the same in pages of 4 KiB 0.5 ms.
_HUGE_PAGE_BYTES = 2 * 1024 * 1024

#: Whether memories can be made here.
CREATOR_AVAILABLE = sys.platform == "linux" and hasattr(ffi, "wasmtime_config_host_memory_creator_set")

if CREATOR_AVAILABLE:
    _libc = ctypes.PyDLL(None)
    _mmap, _mprotect, _madvise = _libc["mmap"], _libc["mprotect"], _libc["madvise"]
    # Giving hundreds of touched megabytes back takes milliseconds: not with the GIL held.
    _munmap = ctypes.CDLL(None)["munmap"]
    _mmap.restype = c_void_p
    _mmap.argtypes = [c_void_p, c_size_t, c_int, c_int, c_int, c_long]
    _munmap.argtypes = [c_void_p, c_size_t]
    _mprotect.argtypes = _madvise.argtypes = [c_void_p, c_size_t, c_int]


@dataclass(slots=True)
class _LinearMemory:
    tracker: MemoryTracker
    polling_page: PollingPage | None
    #: What the system gave, and how much of it.
    mapped_at: int
    mapped: int
    #: Where the guest's bytes begin in it.
    base: int
    size: int
    capacity: int


# All threads' instances have theirs here. An entry is used by whoever has the instance, and to add or take
# one is a single step with the GIL, which every callback has.
_memories: dict[int, _LinearMemory] = {}
_keys = count(1)
_scope = threading.local()


@contextmanager
def owned_by(tracker: MemoryTracker, polling_page: PollingPage | None = None) -> Iterator[None]:
    """Memories that this thread makes inside the block belong to ``tracker``.

    The last page that one begins with is its ``polling_page``, if the guest has one.
    """
    _scope.tracker, _scope.polling_page = tracker, polling_page
    try:
        yield
    finally:
        _scope.tracker = _scope.polling_page = None


def _error(message: str) -> int:
    return cast(ffi.wasmtime_error_new(message.encode()), c_void_p).value or 0


# The callbacks are called from Rust: nothing may be raised through them.


def _new_memory(_: Any, __: Any, minimum: int, ___: int, reserved: int, guard: int, out: Any) -> int:
    try:
        tracker: MemoryTracker | None = getattr(_scope, "tracker", None)
        if tracker is None:
            return _error("a linear memory without an owner")
        pages = minimum // PAGE_BYTES
        if not tracker.start(pages):
            return _error(
                f"the guest starts with {tracker.refused_start_pages} pages, the limit is {tracker.max_pages}"
            )
        capacity = max(reserved, minimum)
        mapped = capacity + guard + _HUGE_PAGE_BYTES
        mapped_at = _mmap(None, mapped, _PROT_NONE, _MAP_PRIVATE | _MAP_ANONYMOUS | _MAP_NORESERVE, -1, 0)
        if mapped_at in (None, _MAP_FAILED):
            tracker.free(pages)
            return _error(f"the system has no {mapped} bytes of addresses left")
        base = -(-mapped_at // _HUGE_PAGE_BYTES) * _HUGE_PAGE_BYTES
        # A system without them refuses, and nothing is lost.
        _madvise(base, minimum, _MADV_HUGEPAGE)
        if minimum and _mprotect(base, minimum, _PROT_READ_WRITE):
            _munmap(mapped_at, mapped)
            tracker.free(pages)
            return _error(f"the system has no {minimum} bytes of memory left")
        polling_page: PollingPage | None = _scope.polling_page
        if polling_page is not None and not _place(polling_page, base + minimum - PAGE_BYTES):
            _munmap(mapped_at, mapped)
            tracker.free(pages)
            return _error("the system has no mapping left for the page by which a guest is stopped")
        key = next(_keys)
        _memories[key] = _LinearMemory(tracker, polling_page, mapped_at, mapped, base, minimum, capacity)
        out[0].env = key
        out[0].get_memory = _get_memory_callback
        out[0].grow_memory = _grow_memory_callback
        out[0].finalizer = _free_memory_callback
        return 0
    except BaseException as error:  # noqa: BLE001 (Rust is the caller: it becomes wasmtime's error)
        return _error(f"{type(error).__name__} while a memory was made: {error}")


def _place(polling_page: PollingPage, address: int) -> bool:
    def set_readable(readable: bool) -> bool:
        refused = _mprotect(address, PAGE_BYTES, _PROT_READ if readable else _PROT_NONE)
        return not refused

    # Never writable, from the start: a mapping of its own, so the system needs no further one to protect it.
    if not set_readable(True):
        return False
    polling_page.place(set_readable)
    return True


def _get_memory(key: int, size: Any, capacity: Any) -> int:
    memory = _memories[key]
    size[0] = memory.size
    capacity[0] = memory.capacity
    return memory.base


def _grow_memory(key: int, new_size: int) -> int:
    try:
        memory = _memories[key]
        added = new_size - memory.size

        def get() -> bool:
            at = memory.base + memory.size
            return new_size <= memory.capacity and not (added and _mprotect(at, added, _PROT_READ_WRITE))

        if not memory.tracker.grow(added // PAGE_BYTES, get):
            return _error("over the limit, or the system has no memory left")
        memory.size = new_size
        return 0
    except BaseException as error:  # noqa: BLE001 (as above)
        return _error(f"{type(error).__name__} while a memory grew: {error}")


def _free_memory(key: int) -> None:
    memory = _memories.pop(key, None)
    if memory is not None:
        if memory.polling_page is not None:
            memory.polling_page.remove()
        _munmap(memory.mapped_at, memory.mapped)
        memory.tracker.free(memory.size // PAGE_BYTES)


# Kept for the process's life: wasmtime calls them as long as a memory lives.
_get_memory_callback = ffi.wasmtime_memory_get_callback_t(_get_memory)
_grow_memory_callback = ffi.wasmtime_memory_grow_callback_t(_grow_memory)
_free_memory_callback = CFUNCTYPE(None, c_void_p)(_free_memory)
_new_memory_callback = ffi.wasmtime_new_memory_callback_t(_new_memory)
_no_finalizer: Any = cast(c_void_p(None), CFUNCTYPE(None, c_void_p))
_creator = ffi.wasmtime_memory_creator_t(None, _new_memory_callback, _no_finalizer)


def install_creator(config: Config) -> None:
    """Has the engine of ``config`` take its memories from here."""
    config.memory_init_cow = False  # wasmtime aborts on copy-on-write images in memories of ours
    config.memory_may_move = False
    ffi.wasmtime_config_host_memory_creator_set(config.ptr(), byref(_creator))
