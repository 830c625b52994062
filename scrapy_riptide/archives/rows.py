"""What a table of extracted documents looks like: types in Arrow's words, rows, and batches of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from types import NoneType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

from scrapy_riptide.content import ExtractedContent

if TYPE_CHECKING:
    from scrapy_riptide.extractor import Outcome

Row = dict[str, Any]

#: A row's text, from which on a batch is whole.
BATCH_BYTES = 8 * 1024 * 1024

_FIELDS = tuple(each.name for each in fields(ExtractedContent))
_PLAIN = {str: pa.string(), int: pa.int64(), bool: pa.bool_(), float: pa.float64()}


def _field(name: str, hint: Any) -> pa.Field:
    """A column for a dataclass's field: plain, optional, or a list of plain ones."""
    nullable = NoneType in get_args(hint)
    if nullable:
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if get_origin(hint) is list:
        return pa.field(
            name, pa.list_(pa.field("element", _PLAIN[get_args(hint)[0]], nullable=False)), nullable
        )
    return pa.field(name, _PLAIN[hint], nullable)


def _content_type() -> pa.DataType:
    hints = get_type_hints(ExtractedContent)
    return pa.struct([_field(name, hints[name]) for name in _FIELDS])


_ERROR = pa.struct([pa.field(name, pa.string(), nullable=False) for name in ("kind", "message")])

#: What became of a document: its content, or why there is none. Both, where the fallback answered.
OUTCOME_FIELDS: tuple[pa.Field, ...] = (pa.field("content", _content_type()), pa.field("error", _ERROR))

#: Documents that came with an address and nothing else.
PAGES = pa.schema([pa.field("url", pa.string()), *OUTCOME_FIELDS])

#: Documents of WARC files: where each was found, and what became of it.
RECORDS = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("url", pa.string()),
        pa.field("record_id", pa.string()),
        pa.field("date", pa.string()),
        *OUTCOME_FIELDS,
    ]
)


def outcome_columns(outcome: Outcome) -> Row:
    """An outcome as the values of ``OUTCOME_FIELDS``."""
    content, error = outcome.content, outcome.error
    return {
        "content": None if content is None else {name: getattr(content, name) for name in _FIELDS},
        "error": None if error is None else {"kind": error.kind, "message": str(error)},
    }


def error_columns(kind: str, message: str) -> Row:
    """The same of what never came to an extractor."""
    return {"content": None, "error": {"kind": kind, "message": message}}


def batches(rows: Iterable[Row], schema: pa.Schema, max_bytes: int = BATCH_BYTES) -> Iterator[pa.RecordBatch]:
    """Rows as Arrow batches, each of about ``max_bytes`` of text."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += _text_bytes(row)
        if size >= max_bytes:
            yield pa.RecordBatch.from_pylist(batch, schema=schema)
            batch, size = [], 0
    if batch:
        yield pa.RecordBatch.from_pylist(batch, schema=schema)


def _text_bytes(value: Union[Mapping[str, Any], list[str], str, int, None]) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_text_bytes, value.values()))
    if isinstance(value, list):
        return sum(map(len, value))
    return 8
