"""What a compiled component was made of, by what, how and for which machine, in 64 hex digits."""

from __future__ import annotations

import hashlib
import platform
import sys

from scrapy_riptide.wasm.engine import EngineSettings, wasmtime_version
from scrapy_riptide.wasm.receipt import FileIdentity

# Raise it when a file of the same name would mean something else.
_FORMAT = 2
_CPUINFO = "/proc/cpuinfo"


def cache_key(wasm: bytes, settings: EngineSettings) -> str:
    """The key of a component by its bytes."""
    return _key(hashlib.sha256(wasm).hexdigest(), settings)


def file_key(identity: FileIdentity, settings: EngineSettings) -> str:
    """The key of a component by the file it is in, which need not be read for it."""
    return _key(f"file={identity}", settings)


def _key(source: str, settings: EngineSettings) -> str:
    words = [
        f"format={_FORMAT}",
        source,
        f"wasmtime={wasmtime_version()}",
        settings.cache_words(),
        f"{sys.platform}-{platform.machine()}",
        _cpu_features(),
    ]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def _cpu_features() -> str:
    try:
        # The first processor's block is enough, and on a big machine a hundredth of the file.
        with open(_CPUINFO, "rb") as lines:
            for line in lines:
                if line.startswith((b"flags", b"Features")):
                    return " ".join(sorted(line.decode("ascii", "replace").split(":", 1)[-1].split()))
    except OSError:
        pass
    return platform.processor()
