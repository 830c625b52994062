"""Files of which a reader sees all, or what was there before."""

from __future__ import annotations

import os
from pathlib import Path
from threading import get_ident


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file and puts it in place at once, so that nobody reads a half of it.

    :raises OSError: the file is as it was before, and no part of the new one is left behind
    """
    # A hidden name, without the suffix by which such files are looked for (*.json, *.prom, *.md), and
    # that no other thread writes at.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
