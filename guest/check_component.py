"""Check a built guest and print its size and SHA-256, one line a file.

A guest must be a component and import nothing: an import would be a way out of the sandbox, and
no host here defines any. It must have its polls, by which it is stopped. Needs nothing but Python, so that a machine without wasm tools can check.
"""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

COMPONENT_HEADER = b"\0asm\x0d\0\x01\0"
IMPORT_SECTION = 10
EXPORT_SECTION = 11
# A custom section's name, behind its length.
POLLS = b"\x0driptide-polls"


def sections(component: bytes) -> Iterator[int]:
    """Yield the id of every top-level section of a component."""
    position = len(COMPONENT_HEADER)
    while position < len(component):
        yield component[position]
        position += 1
        size = shift = 0
        while True:
            byte = component[position]
            position += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        position += size


def complaint(component: bytes) -> str | None:
    """Say what makes these bytes unfit to be a guest, or None."""
    if not component.startswith(COMPONENT_HEADER):
        return "is not a component (a core module, perhaps: wasm-component-ld or wasm-tools did not run)"
    ids = list(sections(component))
    if IMPORT_SECTION in ids:
        return "has imports; look for a crate that expects WASI or wasm-bindgen"
    if EXPORT_SECTION not in ids:
        return "exports nothing"
    if POLLS not in component:
        return "has no polls: guest/polls puts them in, as guest/build.sh has it do"
    return None


def main(paths: list[str]) -> int:
    failures = 0
    for path in paths:
        component = Path(path).read_bytes()
        if problem := complaint(component):
            print(f"{path} {problem}", file=sys.stderr)
            failures += 1
        else:
            print(f"{hashlib.sha256(component).hexdigest()}  {len(component):>9,} bytes  {path}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
