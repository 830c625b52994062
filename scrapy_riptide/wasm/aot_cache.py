"""Compiled components on disk, so that only a machine's first start compiles.

A file is named ``<key>.<digest>.cwasm``. The key says what was compiled, by what and for what
machine (``cache_key.py``); the digest is of the file's own bytes and is checked before use, because
wasmtime trusts such a file: of 40 with flipped bits, 23 ended the process. A start that finds both
files as an earlier one has left them goes by that one's receipt (``receipt.py``). One name, written
by a rename, is whole or absent after a crash. The directory belongs to the user alone, or is not
used: whoever can write there can run code as the user, and no digest beside the file would change that.

A cache that can't be used costs time, never a crawl: it is one warning, with the remedy.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path
from wasmtime import Engine, WasmtimeError
from wasmtime.component import Component

from scrapy_riptide.wasm import receipt
from scrapy_riptide.wasm.cache_key import cache_key, file_key
from scrapy_riptide.wasm.engine import EngineSettings
from scrapy_riptide.wasm.receipt import FileIdentity
from scrapy_riptide.whole_files import left_behind, write_whole

logger = logging.getLogger(__name__)

SUFFIX = ".cwasm"
_SET_ASIDE = ".corrupt"
# Fits a second-level cache: read and digested while still there.
_READ_BYTES = 256 * 1024

_left_in_place: set[Path] = set()
# Descriptors of the locks that this process has.
_locks: set[int] = set()


@dataclass(frozen=True)
class Loaded:
    """A component ready to instantiate, and whether the cache had it (``None``: there is no cache)."""

    component: Component
    hit: bool | None
    #: Milliseconds of waiting for another process, which compiled it meanwhile.
    waited_ms: float = 0.0


def default_directory() -> Path:
    """The user's cache directory for compiled components."""
    return user_cache_path("scrapy-riptide") / "aot"


class AotCache:
    """Compiled components in ``directory``. ``name_of`` has the options' names for messages."""

    def __init__(self, directory: Path | None = None, name_of: Callable[[str], str] = str) -> None:
        self.directory = directory or default_directory()
        self.name_of = name_of

    def entries(self) -> list[tuple[Path, int]]:
        """The files and their sizes in bytes."""
        found = []
        for path in sorted(self.directory.glob(f"*{SUFFIX}")):
            with contextlib.suppress(OSError):  # another process set it aside
                found.append((path, path.stat().st_size))
        return found

    def clear(self) -> int:
        """Removes every file of the cache, set-aside ones too; how many."""
        removed = 0
        patterns = (f"*{SUFFIX}", f"*{receipt.SUFFIX}", f"*{_SET_ASIDE}", "*.lock")
        for path in chain(left_behind(self.directory), *map(self.directory.glob, patterns)):
            path.unlink(missing_ok=True)
            removed += path.suffix == SUFFIX
        return removed

    def load(self, engine: Engine, key: str, known_as: str | None = None) -> Component | None:
        """The compiled component, verified, or None. A file that fails verification is set aside.

        ``known_as`` is the name of the receipt to leave for :meth:`load_known`.
        """
        if not self.directory.exists():
            return None
        self._check_directory()
        # Not glob: compiling its pattern takes longer than all the rest but the digest.
        with os.scandir(self.directory) as entries:
            of_key = [each for each in entries if each.name.startswith(key) and each.name.endswith(SUFFIX)]
            # A pipe of that name would be read for ever.
            names = [each.name for each in of_key if each.is_file()]
        for name in names:
            component = self._load_file(engine, self.directory / name, known_as)
            if component is not None:
                return component
        return None

    def load_known(self, engine: Engine, known_as: str) -> Component | None:
        """The compiled component that an earlier start has verified, if it was not touched since."""
        try:
            self._check_directory()
            path = receipt.read_receipt(self.directory, known_as)
            return None if path is None else Component.deserialize_file(engine, path)
        except (OSError, WasmtimeError):  # told by the way that reads the files, which comes next
            return None

    def _load_file(self, engine: Engine, path: Path, known_as: str | None) -> Component | None:
        identity = FileIdentity.of(path)
        try:
            digest = _digest_file(path)
        except FileNotFoundError:  # another process set it aside
            return None
        if digest != path.name.split(".")[1]:
            self._set_aside(path, "its bytes are not the ones that were written")
            return None
        try:
            component = Component.deserialize_file(engine, str(path))
        except WasmtimeError as error:
            self._set_aside(path, str(error).splitlines()[0])
            return None
        if known_as is not None:
            receipt.write_receipt(self.directory, known_as, path, identity)
        return component

    def _set_aside(self, path: Path, reason: str) -> None:
        try:
            path.replace(path.with_name(path.name + _SET_ASIDE))
        except OSError:  # a read-only cache: the file is met again, and was told of already
            if path in _left_in_place:
                return
            _left_in_place.add(path)
        logger.warning(
            "Compiled component %s is not used and made again: %s. "
            "If this happens often, check the disk; 'riptide cache --clear' empties the cache.",
            path,
            reason,
        )

    def store(self, key: str, component: Component) -> None:
        """Writes a compiled component, for every process that starts from now on."""
        self.make_directory()
        # Left by a process that was killed while it wrote: whoever stores has the key's lock.
        for left in left_behind(self.directory, key):
            left.unlink(missing_ok=True)
        compiled = bytes(component.serialize())
        target = self.directory / f"{key}.{hashlib.sha256(compiled).hexdigest()}{SUFFIX}"
        write_whole(target, compiled, durable=True, mode=0o600)

    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Lets one process at a time compile for ``key``. The system drops it with its process."""
        self.make_directory()
        try:
            import fcntl
        except ImportError:  # no such lock here: two processes may compile the same
            yield
            return
        descriptor = os.open(self.directory / f"{key}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        _locks.add(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            _locks.discard(descriptor)
            os.close(descriptor)

    def make_directory(self) -> None:
        """Makes the directory.

        :raises OSError: it can't be made, or someone else can write to it
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._check_directory()

    def _check_directory(self) -> None:
        """Refuses a directory that someone else can write to: what lies there is run as code."""
        status = os.lstat(self.directory)
        if stat.S_ISLNK(status.st_mode):
            raise PermissionError(errno.EPERM, "is a symbolic link", str(self.directory))
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "is no directory", str(self.directory))
        if hasattr(os, "getuid") and status.st_uid != os.getuid():
            raise PermissionError(errno.EPERM, "belongs to another user", str(self.directory))
        if status.st_mode & 0o022:
            raise PermissionError(errno.EPERM, "can be written by other users", str(self.directory))


def _leave_locks_to_parent() -> None:
    # A forked child has its parent's locks as well: it would keep them for as long as it lives, and
    # wait for itself when it compiles.
    while _locks:
        os.close(_locks.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_locks_to_parent)


def _digest_file(path: Path) -> str:
    digest = hashlib.sha256()
    buffer = bytearray(_READ_BYTES)
    view = memoryview(buffer)
    # Not mapped: a file that shrinks meanwhile would end the process with SIGBUS.
    with open(path, "rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(view[:count])
    return digest.hexdigest()


class Source(NamedTuple):
    """A component to load."""

    #: Reads its bytes.
    read: Callable[[], bytes]
    #: The name its receipt has, where it may have one.
    known_as: str | None

    @classmethod
    def of(cls, path: Path | None, read: Callable[[], bytes], settings: EngineSettings) -> Source:
        """The component that ``read`` reads, from ``path`` where it is a file of its own."""
        # Taken before the file is read: one that is written meanwhile has another afterwards.
        identity = None if path is None else FileIdentity.of(path)
        if identity is None or not identity.is_settled:
            return cls(read, None)
        return cls(read, file_key(identity, settings))


def load_compiled(
    engine: Engine, source: Source, settings: EngineSettings, cache: AotCache | None
) -> Loaded | None:
    """The component of ``source`` if the cache has it and can be used."""
    if cache is None:
        return None
    component = None if source.known_as is None else cache.load_known(engine, source.known_as)
    try:
        if component is None:
            component = cache.load(engine, cache_key(source.read(), settings), source.known_as)
    except OSError:  # told by load_component, which comes next
        return None
    return None if component is None else Loaded(component, True)


def load_component(
    engine: Engine,
    source: Source,
    settings: EngineSettings,
    cache: AotCache | None,
    compile_: Callable[[bytes], Component],
) -> Loaded:
    """The component of ``source``, from the cache or from ``compile_``, which verifies it as well.

    Whatever is wrong with the cache is a warning with the remedy: the component is compiled and
    used all the same.
    """
    wasm = source.read()
    if cache is None:
        return Loaded(compile_(wasm), None)
    key = cache_key(wasm, settings)
    component = None
    try:
        component = cache.load(engine, key, source.known_as)
        if component is not None:
            return Loaded(component, True)
        asked = time.perf_counter()
        with cache.lock(key):
            waited_ms = (time.perf_counter() - asked) * 1000
            # Another process may have been here while this one waited for the lock.
            component = cache.load(engine, key)
            if component is not None:
                return Loaded(component, True, waited_ms)
            component = compile_(wasm)
            cache.store(key, component)
            return Loaded(component, False)
    except OSError as error:
        logger.warning(
            "The cache of compiled components can't be used (%s: %s), so every start compiles. Make %s a "
            "directory that is yours alone with room for 20 MB, or set %s to one, or switch %s off to do "
            "without.",
            type(error).__name__,
            error,
            cache.directory,
            cache.name_of("cache_dir"),
            cache.name_of("enable_aot_cache"),
        )
    return Loaded(component if component is not None else compile_(wasm), False)
