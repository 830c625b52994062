"""Files of which a reader sees all, or what was there before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import get_ident
from typing import BinaryIO

_UNFINISHED = ".tmp"


@contextmanager
def whole_file(path: Path, *, durable: bool = False, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of ``path`` when the block has ended well.

    :param durable: whether it is whole after a power cut, too, which costs the wait for the disk
    :param mode: the permissions, of which the process's umask takes some away
    :raises OSError: it can't be written; ``path`` is as it was before
    """
    # A hidden name, without the suffix by which such files are looked for (*.json, *.prom, *.md), and
    # that no other thread writes at.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}{_UNFINISHED}")
    try:
        with open(unfinished, "wb", opener=partial(os.open, mode=mode)) as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        # Mostly it is gone. What can't be removed must not hide why it had to be.
        with suppress(OSError):
            unfinished.unlink()


def write_whole(path: Path, content: bytes, *, durable: bool = False, mode: int = 0o666) -> None:
    """:func:`whole_file`, with all of its content."""
    with whole_file(path, durable=durable, mode=mode) as file:
        file.write(content)


def left_behind(directory: Path, beginning: str = "") -> Iterator[Path]:
    """What killed processes left of files whose names begin so, and what living ones still write."""
    return directory.glob(f".{beginning}*.[0-9]*-[0-9]*{_UNFINISHED}")
