"""How values cross the boundary: component-model types compiled once into Python closures.

wasmtime-py asks the C library for every type again on every call, copies strings twice, and
leaks 48 bytes for each ``option``, ``result`` and ``variant`` payload. Here a type is an object
that knows the layout of ``wasmtime_component_val_t`` (32 bytes: a kind, then a union of up to
three words), reads results where they lie, and leaves freeing to the one call that frees them
whole. Types are checked once against what a component declares (:meth:`Type.matches`), never on
a call.

What a record with 300 links takes this way is mostly the making of its 300 strings.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from wasmtime import _ffi as ffi
from wasmtime.component import _types as declared

from scrapy_riptide.wasm.c_library import delete_error, with_gil, without_gil
from scrapy_riptide.wasm.utf8 import utf8

#: Makes a Python value of the three words of a value's union.
Lift = Callable[[int, int, int], Any]

_VAL_BYTES = ctypes.sizeof(ffi.wasmtime_component_val_t)
_ENTRY_BYTES = ctypes.sizeof(ffi.wasmtime_component_valrecord_entry)
# The kind is not read: the type was checked when the component was loaded.
_VAL = struct.Struct("=8xQQQ")
_ENTRY = struct.Struct("=16x8xQQQ")
_POINTER = struct.Struct("P")
_LIST_STRING = struct.Struct("=8xQQ8x")

# The process's own memory: a slice of it is bytes, without a foreign call for each as by
# ctypes.string_at, and without a view in between as of a memoryview. Only addresses that wasmtime
# has just handed out are read.
_MEMORY: Any = (ctypes.c_char * (2**47 if sys.maxsize > 2**32 else 2**31 - 1)).from_address(0)


def check_layout() -> str | None:
    """Why this wasmtime's values can't be read by this module, or None when they can."""
    if (_VAL.size, _ENTRY.size) != (_VAL_BYTES, _ENTRY_BYTES):
        return (
            f"component values are {_VAL_BYTES} and {_ENTRY_BYTES} bytes, not {_VAL.size} and {_ENTRY.size}"
        )
    structures: Any = ffi
    offsets = (
        structures.wasmtime_component_val_t.of.offset,
        structures.wasmtime_component_valrecord_entry.val.offset,
        structures.wasm_name_t.data.offset,
        structures.wasmtime_component_valvariant_t.val.offset,
        structures.wasmtime_component_valresult_t.val.offset,
    )
    if offsets != (8, 16, 8, 16, 8):
        return f"component values have another layout: {offsets}"
    return None


class Type:
    """One type of the contract."""

    #: Makes a value of the union's words.
    lift: Lift

    def matches(self, other: declared.ValType) -> bool:
        """Whether ``other``, as a component declares it, is this type."""
        raise NotImplementedError

    def read(self, address: int) -> Any:
        """The value at ``address`` of a ``wasmtime_component_val_t``."""
        return self.lift(*_VAL.unpack_from(_MEMORY, address))


class _Primitive(Type):
    def __init__(self, word: type[declared.ValType], lift: Lift) -> None:
        self._declared = word
        self.lift = lift

    def matches(self, other: declared.ValType) -> bool:
        return isinstance(other, self._declared)


def _lift_string(size: int, data: int, _: int) -> str:
    octets: bytes = _MEMORY[data : data + size]
    return octets.decode()


BOOL: Type = _Primitive(declared.Bool, lambda word, _, __: bool(word & 0xFF))
U8: Type = _Primitive(declared.U8, lambda word, _, __: word & 0xFF)
U32: Type = _Primitive(declared.U32, lambda word, _, __: word & 0xFFFFFFFF)
U64: Type = _Primitive(declared.U64, lambda word, _, __: word)
STRING: Type = _Primitive(declared.String, _lift_string)


class ListOf(Type):
    """A list; of strings, by the short way."""

    def __init__(self, element: Type) -> None:
        self._element = element
        self.lift = _lift_strings if element is STRING else self._lift

    def matches(self, other: declared.ValType) -> bool:
        return isinstance(other, declared.ListType) and self._element.matches(other.element)

    def _lift(self, size: int, data: int, _: int) -> list[Any]:
        lift = self._element.lift
        values = _MEMORY[data : data + size * _VAL_BYTES]
        return [lift(*words) for words in _VAL.iter_unpack(values)]


def _lift_strings(size: int, data: int, _: int) -> list[str]:
    memory = _MEMORY
    values = memory[data : data + size * _VAL_BYTES]
    return [memory[start : start + length].decode() for length, start in _LIST_STRING.iter_unpack(values)]


class OptionOf(Type):
    """A value or None."""

    def __init__(self, some: Type) -> None:
        self._some = some
        lift = some.lift
        # What read() does, without a call in between: a document's record has nine of these.
        self.lift = lambda pointer, _, __: lift(*_VAL.unpack_from(_MEMORY, pointer)) if pointer else None

    def matches(self, other: declared.ValType) -> bool:
        return isinstance(other, declared.OptionType) and self._some.matches(other.payload)


class RecordOf(Type):
    """A record, made into ``build(*values)``, the fields in their order."""

    def __init__(self, build: Callable[..., Any], fields: Sequence[tuple[str, Type]]) -> None:
        self._build = build
        self._fields = tuple(fields)
        self._lifts = tuple(each.lift for _, each in fields)
        self.lift = self._lift

    def matches(self, other: declared.ValType) -> bool:
        if not isinstance(other, declared.RecordType):
            return False
        theirs = other.fields
        return len(theirs) == len(self._fields) and all(
            name == their_name and each.matches(their_type)
            for (name, each), (their_name, their_type) in zip(self._fields, theirs)
        )

    def _lift(self, size: int, data: int, _: int) -> Any:
        entries = _ENTRY.iter_unpack(_MEMORY[data : data + size * _ENTRY_BYTES])
        return self._build(*[lift(*words) for lift, words in zip(self._lifts, entries)])


class TupleOf(Type):
    """A tuple."""

    def __init__(self, *elements: Type) -> None:
        self._elements = elements
        self._lifts = tuple(each.lift for each in elements)
        self.lift = self._lift

    def matches(self, other: declared.ValType) -> bool:
        if not isinstance(other, declared.TupleType):
            return False
        theirs = other.elements
        return len(theirs) == len(self._elements) and all(
            ours.matches(their) for ours, their in zip(self._elements, theirs)
        )

    def _lift(self, size: int, data: int, _: int) -> tuple[Any, ...]:
        values = _VAL.iter_unpack(_MEMORY[data : data + size * _VAL_BYTES])
        return tuple([lift(*words) for lift, words in zip(self._lifts, values)])


class Case(NamedTuple):
    """A variant's case, as it comes out: the case's name and its payload."""

    name: str
    payload: Any


class VariantOf(Type):
    """A variant, made into a :class:`Case`."""

    def __init__(self, cases: Sequence[tuple[str, Type | None]]) -> None:
        self._cases = tuple(cases)
        self._payloads = dict(cases)
        self.lift = self._lift

    def matches(self, other: declared.ValType) -> bool:
        if not isinstance(other, declared.VariantType):
            return False
        theirs = other.cases
        return len(theirs) == len(self._cases) and all(
            name == their_name
            and (their is None if ours is None else their is not None and ours.matches(their))
            for (name, ours), (their_name, their) in zip(self._cases, theirs)
        )

    def _lift(self, size: int, data: int, payload: int) -> Case:
        name = _lift_string(size, data, 0)
        case = self._payloads[name]
        return Case(name, None if case is None else case.read(payload))


class EnumOf(Type):
    """An enum, made into the name of its case."""

    def __init__(self, *names: str) -> None:
        self._names = list(names)
        self.lift = _lift_string

    def matches(self, other: declared.ValType) -> bool:
        return isinstance(other, declared.EnumType) and other.names == self._names


class Err(NamedTuple):
    """The error side of a ``result``, which the stock lifter can't tell from the other."""

    value: Any


class ResultOf(Type):
    """A result: the value itself, or :class:`Err`."""

    def __init__(self, ok: Type, err: Type) -> None:
        self._ok = ok
        self._err = err
        self.lift = self._lift

    def matches(self, other: declared.ValType) -> bool:
        return (
            isinstance(other, declared.ResultType)
            and other.ok is not None
            and other.err is not None
            and self._ok.matches(other.ok)
            and self._err.matches(other.err)
        )

    def _lift(self, is_ok: int, pointer: int, _: int) -> Any:
        return self._ok.read(pointer) if is_ok & 0xFF else Err(self._err.read(pointer))


class Argument(NamedTuple):
    """A value on its way in: what to write, and what has to stay alive until the call is over."""

    kind: int
    #: The union's words.
    words: tuple[int, int, int]
    #: Owners of the memory that the words point to.
    keep: Any


_KIND_STRING: int = ffi.WASMTIME_COMPONENT_STRING.value
_KIND_LIST: int = ffi.WASMTIME_COMPONENT_LIST.value
_KIND_VARIANT: int = ffi.WASMTIME_COMPONENT_VARIANT.value
_KIND_ENUM: int = ffi.WASMTIME_COMPONENT_ENUM.value
_NO_VALUE = bytes([ffi.WASMTIME_COMPONENT_BOOL.value])
_VAL_OUT = struct.Struct("=B7xQQQ")


def _address_of(octets: bytes) -> int:
    """Where the bytes begin. Five times faster than ``ctypes.cast`` to a ``c_void_p``."""
    address: int
    (address,) = _POINTER.unpack(ctypes.c_char_p(octets))
    return address


def lower_string(value: str | bytes) -> Argument:
    """A string argument that points into the bytes' own memory: the C library copies what it takes."""
    encoded = utf8(value)
    return Argument(_KIND_STRING, (len(encoded), _address_of(encoded), 0), encoded)


def lower_strings(values: Sequence[str]) -> Argument:
    """A ``list<string>`` argument."""
    strings = [lower_string(value) for value in values]
    array = ctypes.create_string_buffer(_VAL_BYTES * max(len(strings), 1))
    for index, each in enumerate(strings):
        _VAL_OUT.pack_into(array, index * _VAL_BYTES, each.kind, *each.words)
    return Argument(_KIND_LIST, (len(strings), ctypes.addressof(array), 0), (array, strings))


def lower_variant(case: str, payload: Argument | None = None) -> Argument:
    """A variant argument."""
    name = lower_string(case)
    if payload is None:
        return Argument(_KIND_VARIANT, (name.words[0], name.words[1], 0), name)
    box = ctypes.create_string_buffer(_VAL_BYTES)
    _VAL_OUT.pack_into(box, 0, payload.kind, *payload.words)
    words = (name.words[0], name.words[1], ctypes.addressof(box))
    return Argument(_KIND_VARIANT, words, (name, box, payload))


def lower_enum(case: str) -> Argument:
    """An enum argument."""
    name = lower_string(case)
    return Argument(_KIND_ENUM, (name.words[0], name.words[1], 0), name)


_call = without_gil(
    "wasmtime_component_func_call",
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_void_p,
    ctypes.c_size_t,
)
_delete_val = with_gil("wasmtime_component_val_delete", ctypes.c_void_p)
_error_message = with_gil("wasmtime_error_message", ctypes.c_void_p, ctypes.c_void_p)
_bytes_delete = with_gil("wasm_byte_vec_delete", ctypes.c_void_p)


class CallFailed(Exception):
    """The call did not return: a trap, in wasmtime's own words."""


class Signature(NamedTuple):
    """A function of the contract: its parameters' names and types, and its result."""

    parameters: tuple[tuple[str, Type], ...]
    result: Type

    def matches(self, other: declared.FuncType) -> bool:
        """Whether ``other``, as a component declares it, is this signature."""
        theirs = other.params
        return (
            len(theirs) == len(self.parameters)
            and all(
                name == their_name and ours.matches(their)
                for (name, ours), (their_name, their) in zip(self.parameters, theirs)
            )
            and other.result is not None
            and self.result.matches(other.result)
        )


class BoundFunction:
    """One function of one instance, ready to be called again and again. Not for two threads at once."""

    def __init__(self, function: ffi.wasmtime_component_func_t, context: Any, signature: Signature) -> None:
        # Kept for as long as its address is used, like the two buffers.
        self._function = function
        self._function_address = ctypes.addressof(function)
        self._context = ctypes.cast(context, ctypes.c_void_p)
        self._result_type = signature.result
        count = len(signature.parameters)
        self._count = count
        self._arguments = ctypes.create_string_buffer(_VAL_BYTES * max(count, 1))
        self._arguments_address = ctypes.addressof(self._arguments)
        self._result = ctypes.create_string_buffer(_VAL_BYTES)
        self._result_address = ctypes.addressof(self._result)

    def call(self, *arguments: Argument) -> None:
        """Runs the guest, without the GIL. What it returns waits for :meth:`take`."""
        for index, each in enumerate(arguments):
            _VAL_OUT.pack_into(self._arguments, index * _VAL_BYTES, each.kind, *each.words)
        error = _call(
            self._function_address,
            self._context,
            self._arguments_address,
            self._count,
            self._result_address,
            1,
        )
        if error:
            raise CallFailed(_take_message(error))

    def take(self) -> Any:
        """The last call's result, as Python objects; frees the original."""
        try:
            return self._result_type.read(self._result_address)
        finally:
            _delete_val(self._result_address)
            # The next call drops what it finds here before it writes: a boolean, not this value again.
            self._result[0] = _NO_VALUE


def _take_message(error: int) -> str:
    message = ffi.wasm_byte_vec_t()
    _error_message(error, ctypes.addressof(message))
    try:
        return ctypes.string_at(message.data, message.size).decode("utf-8", "replace")
    finally:
        _bytes_delete(ctypes.addressof(message))
        delete_error(error)
