"""The feed format ``parquet``: one file of typed columns, for DuckDB, Polars, Spark, datasets."""

from __future__ import annotations

from contextlib import suppress
from types import NoneType
from typing import IO, TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from itemadapter import ItemAdapter
from scrapy.exporters import BaseItemExporter

from scrapy_riptide.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 1000
_BATCH_CHARACTERS = 32 * 1024 * 1024


class ParquetItemExporter(BaseItemExporter):
    """Writes items of any kind, a row group of 1,000 rows (or 32 Mi characters) at a time.

    The columns are the feed's ``fields``, or the fields of the items of the first row group. A
    column has its field's annotated type, or that of its values.

    :param compression: one of Parquet's: ``zstd``, ``snappy``, ``gzip``, ``none``
    :raises ConfigError: pyarrow isn't installed, or the file has something in it already
    """

    def __init__(self, file: IO[bytes], *, compression: str = "zstd", **options: Any) -> None:
        super().__init__(**options)
        try:
            import pyarrow.parquet
        except ImportError as error:
            raise ConfigError(
                f"The feed format parquet needs pyarrow ({error}): pip install 'scrapy-riptide[corpus]'"
            ) from error
        if file.seekable() and file.tell():
            raise ConfigError(
                "Nothing can be appended to a Parquet file: write it with -O, or with"
                ' {"format": "parquet", "overwrite": True} in FEEDS.'
            )
        self._arrow = pyarrow
        self._file = file
        self._compression = compression
        self._types: dict[str, Any] = {}
        self._rows: list[dict[str, Any]] = []
        self._characters = 0
        self._writer: pa.parquet.ParquetWriter | None = None

    def export_item(self, item: Any) -> None:
        """Takes an item into the next row group."""
        row = dict(self.get_serialized_fields(item, include_empty=True))
        if self._writer is not None and (unknown := row.keys() - set(self._writer.schema.names)):
            raise ConfigError(
                f"The Parquet feed has no column {', '.join(sorted(unknown))}, because its first items have"
                " no such field: name all columns in the feed's fields (FEEDS or FEED_EXPORT_FIELDS)."
            )
        self._learn_types(item)
        self._rows.append(row)
        self._characters += sum(len(value) for value in row.values() if isinstance(value, str))
        if len(self._rows) >= _BATCH_ROWS or self._characters >= _BATCH_CHARACTERS:
            self._write()

    def finish_exporting(self) -> None:
        """Writes the last row group and the file's end."""
        if self._rows:
            self._write()
        if self._writer is not None:
            self._writer.close()

    def _learn_types(self, item: Any) -> None:
        if self._writer is None and type(item) is not dict:
            # Names that only a type checker imports can't be looked up.
            with suppress(NameError, TypeError):
                hints = get_type_hints(type(item))
                names = ItemAdapter(item).field_names()
                self._types.update({name: hints[name] for name in names if name in hints})

    def _write(self) -> None:
        columns = self._writer.schema.names if self._writer else _columns(self._rows, self.fields_to_export)
        arrays = {}
        for name in columns:
            values = [row.get(name) for row in self._rows]
            kind = self._writer.schema.field(name).type if self._writer else self._type(name)
            array = self._arrow.array(values, kind)
            # Nothing but None so far: what will come is a text, most likely.
            arrays[name] = array.cast("string") if array.type == self._arrow.null() else array
        table = self._arrow.table(arrays)
        if self._writer is None:
            self._writer = self._arrow.parquet.ParquetWriter(
                self._file, table.schema, compression=self._compression
            )
        self._writer.write_table(table)
        self._rows, self._characters = [], 0

    def _type(self, name: str) -> pa.DataType | None:
        """The column's type by its field's annotation; None: by its values."""
        simple = {str: "string", int: "int64", float: "float64", bool: "bool"}
        hint = self._types.get(name)
        wanted = (
            [each for each in get_args(hint) if each is not NoneType]
            if NoneType in get_args(hint)
            else [hint]
        )
        if len(wanted) == 1 and wanted[0] in simple:
            return self._arrow.type_for_alias(simple[wanted[0]])
        if len(wanted) == 1 and get_origin(wanted[0]) is list and get_args(wanted[0])[0] in simple:
            return self._arrow.list_(self._arrow.type_for_alias(simple[get_args(wanted[0])[0]]))
        return None


def _columns(rows: list[dict[str, Any]], wanted: Any) -> list[str]:
    if wanted is not None:
        return list(wanted.values()) if isinstance(wanted, dict) else list(wanted)
    return list(dict.fromkeys(name for row in rows for name in row))
