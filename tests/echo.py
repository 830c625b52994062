"""Components that return what they are given, one for each type: the lifting's counterpart."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from wasmtime import Config, Engine, Store, wat2wasm
from wasmtime import _ffi as ffi
from wasmtime.component import Component, Linker

from scrapy_riptide.wasm.lifting import Argument, BoundFunction, Signature, Type

# The named types that a component has to export when a function mentions them.
_NAMED = """
  (type $record-body (record (field "a-name" string) (field "is-on" bool) (field "small" (option u8))
    (field "large" u64) (field "many" (list string)) (field "inner" (tuple u32 (option string)))))
  (export $record "record-of-many" (type $record-body))
  (type $variant-body (variant (case "nothing") (case "one") (case "a-text" string)
    (case "another-text" string) (case "texts" (list string))))
  (export $variant "variant-of-many" (type $variant-body))
"""


@cache
def _engine() -> Engine:
    return Engine(Config())


class Echo:
    """A component whose only function takes a ``list<T>`` and returns it."""

    def __init__(self, wit: str) -> None:
        wat = f"""(component
  {_NAMED}
  (core module $m
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 64))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $p i32) (local $end i32)
      (local.set $p (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (local.set $end (i32.add (local.get $p) (local.get 3)))
      (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
        (then (drop (memory.grow (i32.add (i32.const 1)
          (i32.shr_u (i32.sub (local.get $end) (i32.shl (memory.size) (i32.const 16))) (i32.const 16)))))))
      (global.set $top (local.get $end))
      (local.get $p))
    (func (export "echo") (param i32 i32) (result i32)
      (global.set $top (i32.const 64))
      (i32.store (i32.const 16) (local.get 0))
      (i32.store (i32.const 20) (local.get 1))
      (i32.const 16)))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $mem))
  (func $echo (param "values" (list {wit})) (result (list {wit}))
    (canon lift (core func $i "echo") (memory $mem) (realloc (core func $i "realloc")) string-encoding=utf8))
  (export "echo" (func $echo)))"""
        engine = _engine()
        self._store = Store(engine)
        component = Component(engine, bytes(wat2wasm(wat)))
        instance = Linker(engine).instantiate(self._store, component)
        function = instance.get_func(self._store, "echo")
        assert function is not None
        self._function = function
        self.type = function.type(self._store)

    def bind(self, signature: Signature) -> BoundFunction:
        """The function, with the project's own lifting."""
        return BoundFunction(self._function._func, self._store._context(), signature)

    def lower(self, values: list[Any]) -> tuple[Argument, Any]:
        """An argument made by wasmtime-py itself, and what has to be freed with :meth:`free`."""
        value = ffi.wasmtime_component_val_t()
        _, declared = self.type.params[0]
        declared.convert_to_c(self._store, values, ctypes.pointer(value))
        words = (ctypes.c_uint64 * 4).from_buffer(value)
        return Argument(value.kind, (words[1], words[2], words[3]), value), value

    def free(self, value: Any) -> None:
        """Frees a lowered argument."""
        ffi.wasmtime_component_val_delete(ctypes.byref(value))


def signature_of(element: Type) -> Signature:
    """``echo``'s signature for elements of this type."""
    from scrapy_riptide.wasm.lifting import ListOf

    return Signature((("values", ListOf(element)),), ListOf(element))
