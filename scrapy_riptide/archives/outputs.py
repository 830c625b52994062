"""Where rows go: a file that is there whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from scrapy_riptide.archives.rows import RECORDS, Row, batches

Format = Literal["jsonl", "parquet"]

PART_SUFFIX = ".part"


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of ``path`` when all of it is on the disk.

    :raises OSError: it can't be written; ``path`` is as it was
    """
    part = path.with_name(f".{path.name}{PART_SUFFIX}")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        # What is missing can't be removed, and what can't be removed the next run does.
        with suppress(OSError):
            part.unlink()
        raise


def write_jsonl(rows: Iterable[Row], file: BinaryIO) -> None:
    """A JSON object a line, in UTF-8."""
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode())
        file.write(b"\n")


def write_parquet(rows: Iterable[Row], file: BinaryIO) -> None:
    """Row groups of a few megabytes of text, compressed with zstd."""
    with pq.ParquetWriter(file, RECORDS, compression="zstd") as writer:
        for batch in batches(rows, RECORDS):
            writer.write_table(pa.Table.from_batches([batch]))


WRITERS: dict[Format, Callable[[Iterable[Row], BinaryIO], None]] = {
    "jsonl": write_jsonl,
    "parquet": write_parquet,
}
