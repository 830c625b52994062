"""What each command does. An action prints to standard output and returns the exit code."""

from __future__ import annotations

import json
import platform
import sys
from argparse import Namespace
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING

from scrapy_riptide.cli.doctor import examine
from scrapy_riptide.cli.main import CommandError, ConfigSource
from scrapy_riptide.cli.pages import Page, fetch, read
from scrapy_riptide.cli.warc import warc
from scrapy_riptide.extractor import Extractor
from scrapy_riptide.fallback import load_fallback
from scrapy_riptide.installation import aot_cache, component_of
from scrapy_riptide.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy_riptide.config import ExtractorConfig
    from scrapy_riptide.content import ExtractedContent, Mode
    from scrapy_riptide.installation import AotCache

__all__ = ["cache", "doctor", "extract", "health", "versions", "warc", "warm"]

# From here on a start is the one that compiles: a sentence tells why nothing happens.
_PATIENCE_S = 0.3


def extract(options: Namespace, config: ConfigSource) -> int:
    """One page's content in the wanted format."""
    mode: Mode = options.select or options.mode
    if options.file is not None and options.input_file is not None:
        options.parser.error(f"there are two files to read: {options.file} and {options.input_file}")
    file = options.input_file if options.file is None else options.file
    if options.url is None and file is None:
        options.parser.error("give --url to fetch a page, or a file to read one, '-' for standard input")
    if mode == "metadata" and options.format != "json":
        options.parser.error(f"--mode metadata has no text to print as {options.format}: leave out --format")
    if options.favor is not None and options.engine == "fallback":
        options.parser.error("--favor is the guest's to follow: leave it out with --engine fallback")
    page = fetch(options.url) if file is None else read(file, options.url)
    wanted = config()
    if options.favor is not None:
        wanted = wanted.but(favor=options.favor)
    content = _extract(page, mode, options.engine, wanted)
    if options.format == "json":
        _print_json(asdict(content))
    else:
        print(content.markdown if options.format == "markdown" else content.text)
    return 0


def _extract(page: Page, mode: Mode, engine: str, config: ExtractorConfig) -> ExtractedContent:
    if engine == "fallback":
        return load_fallback(config.fallback or "parsel").extract(page.html, page.url, mode)
    # Without a fallback: who asks for wasm wants to know when it fails.
    with _started(config.but(fallback=None)) as extractor:
        return extractor.extract(page.html, page.url, mode)


def health(options: Namespace, config: ConfigSource) -> int:
    """The state of an extractor that was just started."""
    with _started(config()) as extractor:
        state = extractor.health()
    _print_json(state)
    return 0 if state["status"] == "ok" else 1


def warm(options: Namespace, config: ConfigSource) -> int:
    """A compiled component in the cache."""
    wanted = config()
    cache = _cache(wanted)
    try:
        cache.make_directory()
    except OSError as error:
        raise CommandError(
            f"nothing can be kept in {cache.directory} ({error.strerror}): make it a directory that is yours"
            f" alone with room for 20 MB, or set {wanted.name_of('cache_dir')} to one"
        ) from error
    with _started(wanted) as extractor:
        compiled = not extractor.metrics()["riptide_wasm_aot_cache_hits"]
    with _started(wanted) as extractor:
        if not extractor.metrics()["riptide_wasm_aot_cache_hits"]:
            raise CommandError(f"the compiled component could not be kept in {cache.directory}")
        extractor.guest_health()  # its answer takes an instance, the rest of a cold start
        start_ms = extractor.metrics()["riptide_wasm_cold_start_time_ms"]
    word = "Compiled into" if compiled else "Compiled already, in"
    print(f"{word} {cache.directory}. A start takes {start_ms:.1f} ms.")
    return 0


def cache(options: Namespace, config: ConfigSource) -> int:
    """The cache's files, listed or removed."""
    cache = _cache(config())
    try:
        if options.clear:
            print(f"Removed {counted(cache.clear(), 'file')} from {cache.directory}")
            return 0
        entries = cache.entries()
    except OSError as error:
        raise CommandError(f"{error.filename or cache.directory}: {error.strerror}") from error
    for path, size in entries:
        print(f"{size / 1e6:8.1f} MB  {path}")
    print(f"{counted(len(entries), 'file')} in {cache.directory}")
    return 0


def doctor(options: Namespace, config: ConfigSource) -> int:
    """Every finding, as soon as there is one."""
    wrong = 0
    for finding in examine(config):
        print(finding, flush=True)
        wrong += finding.level == "wrong"
    return 1 if wrong else 0


def versions(options: Namespace, config: ConfigSource) -> int:
    """The versions of everything that takes part."""
    wanted = config()
    file = component_of(wanted)
    for name, value in (
        ("scrapy-riptide", version("scrapy-riptide")),
        ("component", f"{wanted.component or 'packaged'}, {file.size:,} bytes, sha256 {file.sha256}"),
        ("wasmtime", version("wasmtime")),
        ("Scrapy", version("scrapy")),
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
    ):
        print(f"{name:15} {value}")
    return 0


@contextmanager
def _started(config: ExtractorConfig) -> Iterator[Extractor]:
    # The target is a crawl's; a single start on a busy machine is nothing to warn of.
    with Extractor(config.but(cold_start_target_ms=None)) as extractor:
        try:
            extractor.wait_until_ready(_PATIENCE_S)
        except TimeoutError:
            print("riptide: compiling the component, which takes some seconds, once.", file=sys.stderr)
            extractor.wait_until_ready()
        yield extractor


def _cache(config: ExtractorConfig) -> AotCache:
    cache = aot_cache(config)
    if cache is None:
        raise CommandError(f"the cache is turned off by {config.name_of('enable_aot_cache')}")
    return cache


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
