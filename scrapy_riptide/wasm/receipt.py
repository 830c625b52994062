"""How a start knows its files without reading them.

To digest a component and its compiled file takes half of a cold start. A start that has done so
writes a receipt: the identities of both files at that moment. As long as they have them (device,
inode, size, and the times of the last write and of the last change of any kind, which a program
can't set), nobody has written to them since, and the next start takes their bytes for granted. A
receipt is for a day: what a disk loses by itself, without a write, is found by the next digest.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import NamedTuple

from scrapy_riptide.whole_files import write_whole

SUFFIX = ".receipt"
VALID_S = 24 * 3600.0
# A write within the same tick of the file system's clock leaves the times as they are: a file has
# to be older than the coarsest such clock before its times say anything.
_SETTLED_S = 2.0


class FileIdentity(NamedTuple):
    """What changes whenever a file is written, replaced or restored."""

    device: int
    inode: int
    size: int
    written_ns: int
    changed_ns: int

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> FileIdentity | None:
        """The identity of the file at ``path``; None where there is none, or it would say nothing."""
        # Elsewhere than on POSIX the change time is that of the file's making.
        if os.name != "posix":
            return None
        try:
            status = os.stat(path)
        except OSError:
            return None
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    @property
    def is_settled(self) -> bool:
        """Whether a write from now on would change it."""
        return time.time() - max(self.written_ns, self.changed_ns) / 1e9 > _SETTLED_S

    def __str__(self) -> str:
        return "-".join(map(str, self))


def read_receipt(directory: Path, name: str) -> str | None:
    """The path of the compiled file that a start may take without reading it, or None."""
    try:
        with open(os.path.join(directory, name + SUFFIX), encoding="utf-8") as file:
            age_s = time.time() - os.fstat(file.fileno()).st_mtime
            words = file.read().split()
    except (OSError, ValueError):
        return None
    if not 0 <= age_s < VALID_S or len(words) != 2 or os.path.basename(words[0]) != words[0]:
        return None
    compiled = os.path.join(directory, words[0])
    identity = FileIdentity.of(compiled)
    return compiled if identity is not None and str(identity) == words[1] else None


def write_receipt(directory: Path, name: str, compiled: Path, identity: FileIdentity | None) -> None:
    """Lets the next starts take ``compiled``, which had ``identity`` before it was digested."""
    if identity is None or not identity.is_settled:
        return
    # Without one, as in a read-only cache, a start is slower by the digests, and that is all.
    with contextlib.suppress(OSError):
        write_whole(directory / (name + SUFFIX), f"{compiled.name} {identity}\n".encode())
