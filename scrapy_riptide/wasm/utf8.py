"""Documents and addresses as UTF-8 that wasmtime takes: it ends the process over a string that is none.

Bytes are mostly UTF-8 already, but have to be checked. Python's decoder does that with the lock held,
0.12 ms for a page of 320 KB. wasmtime has the check whose failure would end the process, and does it on
arguments of other functions too, where a failure is an error. Of these, the one that defines an
instance's exports in a linker does nothing else with a name when the instance has no exports: 0.03 ms,
without the lock.
"""

from __future__ import annotations

import ctypes
import threading
from functools import cache

from wasmtime import Config, Engine, Instance, Linker, Module, Store

from scrapy_riptide.wasm.c_library import delete_error, without_gil

# Fewer bytes are checked before the lock would have been given away and come back.
_MANY_BYTES = 32 * 1024

_UTF8 = "aé语😀".encode()
_NO_UTF8 = (b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\x80")

_EMPTY_MODULE = b"\0asm\1\0\0\0"

_define_instance = without_gil(
    "wasmtime_linker_define_instance",
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_void_p,
)


def utf8(value: str | bytes) -> bytes:
    """``value`` as UTF-8 that can't be refused: what is no Unicode becomes U+FFFD.

    :raises TypeError: it is neither ``str`` nor ``bytes``
    """
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:  # lone surrogates
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    if not isinstance(value, bytes):
        raise TypeError(f"a document or an address is str or bytes, not {type(value).__name__}")
    return value if _is_utf8(value) else value.decode("utf-8", "replace").encode()


def _is_utf8(value: bytes) -> bool:
    if len(value) >= _MANY_BYTES:
        names = _names()
        if names.are_checked:
            return names.may_have(value)
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


@cache
def _nothing() -> tuple[Engine, Module]:
    """A module without exports, and its engine, which runs nothing: it needs no handlers of signals."""
    config = Config()
    config.signals_based_traps = False
    # After a fork there are no threads to compile on.
    config.parallel_compilation = False
    engine = Engine(config)
    return engine, Module(engine, _EMPTY_MODULE)


class _Names:
    """The names that a linker would take. For one thread."""

    def __init__(self) -> None:
        engine, module = _nothing()
        self._store = Store(engine)
        self._instance = Instance(self._store, module, [])
        self._linker = Linker(engine)
        self._addresses = (
            ctypes.cast(self._linker.ptr(), ctypes.c_void_p).value,
            ctypes.cast(self._store._context(), ctypes.c_void_p).value,
        )
        self._instance_address = ctypes.addressof(self._instance._instance)
        #: Whether this wasmtime checks them as it did when this was written.
        self.are_checked = self.may_have(_UTF8) and not any(map(self.may_have, _NO_UTF8))

    def may_have(self, name: bytes) -> bool:
        """Whether ``name`` is UTF-8. Without the GIL, and without a trace."""
        error = _define_instance(*self._addresses, name, len(name), self._instance_address)
        if error:
            delete_error(error)
        return not error


_local = threading.local()


def _names() -> _Names:
    """The calling thread's, made when it is first needed: a machine's first takes 2 ms."""
    names: _Names | None = getattr(_local, "names", None)
    if names is None:
        names = _local.names = _Names()
    return names
