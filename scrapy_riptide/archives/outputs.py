"""How rows are written, by format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from scrapy_riptide.archives.rows import RECORDS, Row, batches

Format = Literal["jsonl", "parquet"]


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
