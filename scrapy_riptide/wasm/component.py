"""Where a component comes from, and whether it is one that may run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wasmtime import Engine, WasmtimeError
from wasmtime.component import Component
from wasmtime.component._types import ComponentInstanceType, FuncType

from scrapy_riptide.errors import ComponentError
from scrapy_riptide.wasm.contract import FUNCTIONS, INTERFACE, OPTIONAL_FUNCTIONS
from scrapy_riptide.wasm.lifting import Signature

_DIRECTORY = Path(__file__).parent
PACKAGED = {True: "extractor.wasm", False: "extractor-nosimd.wasm"}

_MAGIC = b"\0asm"
_COMPONENT_LAYER = b"\x0d\x00\x01\x00"
# A custom section's name, behind its length: what guest/polls leaves.
_POLLS_SECTION = b"\x0driptide-polls"
_WHAT_IT_IS = "a component is a file's path or package:resource"


def component_file(source: str | None, *, simd: bool) -> Path | None:
    """The file that ``source`` names, or None for a resource inside a package.

    ``None`` is the packaged component, with SIMD or without; otherwise a file's path, or
    ``package:resource``, which works inside a zipped egg as well.
    """
    if source is None:
        # importlib.resources is for zipped packages: for a file next door its import takes as long
        # as all the rest of a cold start.
        beside = _DIRECTORY / PACKAGED[simd]
        return beside if beside.exists() else None
    path = Path(source)
    package, colon, resource = source.partition(":")
    is_resource = colon and resource and all(part.isidentifier() for part in package.split("."))
    return None if is_resource and not path.exists() else path


def read_component(source: str | None, *, simd: bool) -> bytes:
    """The bytes of the component that ``source`` names, see :func:`component_file`."""
    path = component_file(source, simd=simd)
    if path is None:
        package, _, resource = (source or f"{__package__}:{PACKAGED[simd]}").partition(":")
        return _read_resource(package, resource)
    try:
        return _checked(path.read_bytes(), str(path))
    except OSError as error:
        raise ComponentError(
            f"the component {path} can't be read ({error.strerror or error}): {_WHAT_IT_IS}"
        ) from error


def _read_resource(package: str, resource: str) -> bytes:
    from importlib import resources

    try:
        return _checked(resources.files(package).joinpath(resource).read_bytes(), f"{package}:{resource}")
    except (OSError, ModuleNotFoundError) as error:
        remedy = (
            "the package is not complete. In a clone, 'make guest' builds it"
            if package == __package__
            else _WHAT_IT_IS
        )
        raise ComponentError(
            f"the component {package}:{resource} can't be read ({error}): {remedy}"
        ) from error


def _checked(wasm: bytes, source: str) -> bytes:
    if wasm[:4] != _MAGIC:
        raise ComponentError(f"{source} is no WebAssembly: it doesn't begin with \\0asm")
    if wasm[4:8] != _COMPONENT_LAYER:
        raise ComponentError(
            f"{source} is a core module, no component: wrap it with 'wasm-tools component new'"
        )
    return wasm


def compile_component(engine: Engine, wasm: bytes, *, polls: bool = False) -> Component:
    """Compiles and verifies: a component of this contract that imports nothing.

    ``polls``: it is to be stopped by its polling page, so it has to have one.
    """
    if polls and _POLLS_SECTION not in wasm:
        raise ComponentError(
            "the packaged component has no polls, so nothing would stop it: 'make guest' builds one that has"
        )
    try:
        component = Component(engine, wasm)
    except WasmtimeError as error:
        raise ComponentError(f"the component can't be compiled: {error}") from error
    verify_contract(engine, component)
    return component


def verify_contract(engine: Engine, component: Component) -> None:
    """Refuses a component with imports, or whose functions are not the contract's.

    Results are read without looking at their types again: a component that passed here can't
    return anything else.
    """
    imports = component.type.imports(engine)
    if imports:
        raise ComponentError(
            f"the component imports {', '.join(sorted(imports))}: a guest must import nothing"
        )
    exports = component.type.exports(engine)
    interface = exports[INTERFACE].ty if INTERFACE in exports else None
    if not isinstance(interface, ComponentInstanceType):
        found = ", ".join(sorted(exports)) or "nothing"
        raise ComponentError(f"the component doesn't export {INTERFACE}; it exports {found}")
    _verify_functions(engine, interface, INTERFACE, FUNCTIONS)
    for name, functions in OPTIONAL_FUNCTIONS.items():
        optional = exports[name].ty if name in exports else None
        if isinstance(optional, ComponentInstanceType):
            _verify_functions(engine, optional, name, functions)


def _verify_functions(
    engine: Engine, interface: ComponentInstanceType, interface_name: str, wanted: Mapping[str, Signature]
) -> None:
    functions = interface.exports(engine)
    for name, signature in wanted.items():
        declared = functions[name].ty if name in functions else None
        if not isinstance(declared, FuncType):
            raise ComponentError(f"the component's {interface_name} has no function {name}")
        if not signature.matches(declared):
            raise ComponentError(f"the component's function {name} has another type than wit/extractor.wit")
