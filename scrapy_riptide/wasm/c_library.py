"""Functions of wasmtime's C library that are called by themselves, with the GIL or without.

The GIL is given away for what takes long. To give it away for a microsecond's work costs a busy process
up to a switch interval (5 ms).
"""

from __future__ import annotations

import ctypes
from typing import Any

from wasmtime import _ffi as ffi

_with_gil = ctypes.PyDLL(ffi.dll._name)


def with_gil(name: str, *arguments: Any) -> Any:
    """A function that returns nothing, by its name and the types of its arguments; the GIL is kept."""
    function = _with_gil[name]
    function.argtypes, function.restype = arguments, None
    return function


def without_gil(name: str, *arguments: Any) -> Any:
    """A function that returns an address, an error's or none; others have the GIL meanwhile."""
    function = ffi.dll[name]
    function.argtypes, function.restype = arguments, ctypes.c_void_p
    return function


#: Frees an error, by its address.
delete_error = with_gil("wasmtime_error_delete", ctypes.c_void_p)
