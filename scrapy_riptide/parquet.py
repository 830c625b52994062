"""The feed format ``parquet``: one file of typed columns, for DuckDB, Polars, Spark, datasets."""

from __future__ import annotations

from contextlib import suppress
from types import ModuleType, NoneType
from typing import IO, TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from itemadapter import ItemAdapter
from scrapy.exceptions import NotConfigured
from scrapy.exporters import BaseItemExporter

from scrapy_riptide.crawl import RiptideCrawl
from scrapy_riptide.errors import ConfigError
from scrapy_riptide.wording import in_short, install

if TYPE_CHECKING:
    import pyarrow as pa
    from scrapy.crawler import Crawler
    from typing_extensions import Self

_BATCH_ROWS = 1000
_BATCH_CHARACTERS = 32 * 1024 * 1024


def check_pyarrow() -> ModuleType:
    """The module that writes Parquet files.

    :raises ConfigError: pyarrow isn't installed
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigError(f"The feed format parquet needs pyarrow ({error}): {install('corpus')}") from error
    module: ModuleType = pyarrow
    return module


class ParquetItemExporter(BaseItemExporter):
    """Writes items of any kind, a row group of 1,000 rows (or 32 Mi characters) at a time.

    The columns are the feed's ``fields``, or the fields of the items of the first row group. A
    column has its field's annotated type, or that of its values; where they have several that don't
    go together, it is text. An item that comes later and doesn't fit the columns is refused.

    :param compression: one of Parquet's: ``zstd``, ``snappy``, ``gzip``, ``none``
    :raises ConfigError: pyarrow isn't installed, or the file has something in it already
    """

    def __init__(self, file: IO[bytes], *, compression: str = "zstd", **options: Any) -> None:
        super().__init__(**options)
        self._arrow = check_pyarrow()
        if file.seekable() and file.tell():
            raise ConfigError(
                "Nothing can be appended to a Parquet file: write it with -O, or with"
                ' {"format": "parquet", "overwrite": True} in FEEDS.'
            )
        self._file = file
        self._compression = compression
        self._types: dict[str, Any] = {}
        self._rows: list[dict[str, Any]] = []
        self._characters = 0
        self._writer: pa.parquet.ParquetWriter | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, file: IO[bytes], **options: Any) -> Self:
        """Scrapy's constructor. It is called for each item again where it failed, so that ends the crawl.

        :raises ConfigError: see the class
        """
        try:
            return cls(file, **options)
        except ConfigError as error:
            file.close()  # Scrapy opens another for the next item
            # Where the plugin is off, the exception has to do.
            with suppress(NotConfigured):
                RiptideCrawl.of(crawler).stop("riptide_parquet", f"The crawl ends: {error}")
            raise

    def export_item(self, item: Any) -> None:
        """Takes an item into the next row group.

        :raises ConfigError: the columns are fixed, and the item doesn't fit them
        """
        row = dict(self.get_serialized_fields(item, include_empty=True))
        if self._writer is not None:
            row = self._fitted(row, self._writer.schema)
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
            if self._writer:
                arrays[name] = self._arrow.array(values, self._writer.schema.field(name).type)
            else:
                arrays[name] = self._column(name, values)
        table = self._arrow.table(arrays)
        if self._writer is None:
            self._writer = self._arrow.parquet.ParquetWriter(
                self._file, table.schema, compression=self._compression
            )
        self._writer.write_table(table)
        self._rows, self._characters = [], 0

    def _column(self, name: str, values: list[Any]) -> pa.Array:
        """What fixes the column's type: the values of the first row group."""
        try:
            array = self._arrow.array(values, self._type(name))
        except self._arrow.ArrowException:
            return self._arrow.array([None if value is None else str(value) for value in values])
        # Nothing but None so far: what will come is a text, most likely.
        return array.cast("string") if array.type == self._arrow.null() else array

    def _fitted(self, row: dict[str, Any], schema: pa.Schema) -> dict[str, Any]:
        """The row as the columns take it: one that only its row group refuses would take others along."""
        if unknown := row.keys() - set(schema.names):
            raise ConfigError(
                f"The Parquet feed has no column {', '.join(sorted(unknown))}, because its first items have"
                " no such field: name all columns in the feed's fields (FEEDS or FEED_EXPORT_FIELDS)."
            )
        fitted: dict[str, Any] = {}
        for name, value in row.items():
            kind = schema.field(name).type
            is_text = kind == self._arrow.string() and value is not None
            fitted[name] = str(value) if is_text else value
            try:
                self._arrow.array([fitted[name]], kind)
            except self._arrow.ArrowException as error:
                raise ConfigError(
                    f"The Parquet feed's column {name} is {kind}, as its first items have it, and this one"
                    f" has {in_short(repr(value))}: the item is left out. Give the field one type."
                ) from error
        return fitted

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
