"""Starts an extractor over a cache directory and prints ``hit`` or ``miss``; may die while it compiles.

cache_user.py COMPONENT DIRECTORY [--file-limit BYTES] [--die-at MOMENT] [--hold-lock] [--fork]
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
from pathlib import Path
from typing import Any

from scrapy_riptide import Extractor, ExtractorConfig, whole_files
from scrapy_riptide.wasm import aot_cache, runtime
from scrapy_riptide.wasm.cache_key import cache_key


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def write_half_and_die(path: Path, *_: Any, **__: Any) -> Any:
    path.write_bytes(b"half")
    die()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("component")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--file-limit", type=int)
    parser.add_argument("--die-at", choices=["compile", "write", "fsync", "rename"])
    parser.add_argument("--hold-lock", action="store_true")
    parser.add_argument("--fork", action="store_true", help="and have a child that lives on")
    options = parser.parse_args()
    config = ExtractorConfig(
        component=None if options.component == "packaged" else options.component,
        cache_dir=str(options.directory),
        fallback=None,
        initial_pool_size=0,
    )
    if options.file_limit:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (options.file_limit, options.file_limit))
    if options.die_at == "compile":
        runtime.compile_component = die  # type: ignore[attr-defined]
    elif options.die_at == "write":
        whole_files.open = write_half_and_die  # type: ignore[attr-defined]
    elif options.die_at == "fsync":
        os.fsync = die
    elif options.die_at == "rename":
        Path.replace = die  # type: ignore[method-assign]
    if options.hold_lock:
        wasm = Path(options.component).read_bytes()
        key = cache_key(wasm, runtime.engine_settings(config))
        with aot_cache.AotCache(options.directory).lock(key):
            if not options.fork or os.fork():
                print("locked", flush=True)
            signal.pause()
    with Extractor(config) as extractor:
        extractor.info()
        print("hit" if extractor.metrics()["riptide_wasm_aot_cache_hits"] else "miss")


if __name__ == "__main__":
    main()
