"""Extraction as a step of an Apache Spark job: tables of pages or WARC files in, tables of content out.

A page that can't be extracted is a row with an error, never a failed task. Each Python worker of
an executor has one extractor for all its tasks, with as many threads as a task has cores.
"""

from __future__ import annotations

import functools
import gc
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow.fs import FileSystem
from pyspark.sql.pandas.types import from_arrow_schema

from scrapy_riptide.archives.convert import MAX_BODY_BYTES, row_of, run_documents, run_labelled
from scrapy_riptide.archives.records import Damaged, Document, Skipped, read_warc
from scrapy_riptide.archives.rows import PAGES, RECORDS, Row, batches, error_columns, outcome_columns
from scrapy_riptide.config import MIB, ExtractorConfig
from scrapy_riptide.content import Mode
from scrapy_riptide.errors import ConfigError
from scrapy_riptide.extractor import Extractor

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    Mapper = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]

#: Of :func:`extract_pages`: ``url``, ``content`` and ``error``.
PAGES_SCHEMA = from_arrow_schema(PAGES)
#: Of :func:`extract_warcs`: also ``file``, ``offset``, ``record_id`` and ``date``.
RECORDS_SCHEMA = from_arrow_schema(RECORDS)

# What a Python worker has resident beside its guests: the interpreter, pyarrow, a batch in and a batch out.
_PYTHON_MIB = 192
_LEAST_GUEST_MIB = 32


def extract_pages(
    pages: DataFrame, mode: Mode = "article", config: ExtractorConfig | None = None
) -> DataFrame:
    """The content of every page, in rows of ``PAGES_SCHEMA``.

    :param pages: has the columns ``url`` and ``html`` (text, or bytes of UTF-8); others are dropped
    :param config: how guests run on the executors; None: :func:`executor_config`
    """
    mapper = _page_mapper(mode, config or executor_config(pages.sparkSession))
    return pages.select(pages["url"].cast("string"), "html").mapInArrow(mapper, PAGES_SCHEMA)


def extract_warcs(
    spark: SparkSession, paths: Sequence[str], mode: Mode = "article", config: ExtractorConfig | None = None
) -> DataFrame:
    """The content of every web page in WARC files, in rows of ``RECORDS_SCHEMA``; a task for each file.

    Records that can't be read are rows, too: their ``error`` is of the kind ``damaged``, ``cut_off``,
    ``no_http`` or ``encoding``. Responses that are no pages (another status or type) have none.

    :param paths: paths that every executor has, or addresses that pyarrow knows (``s3://``, ``hdfs://``, ...)
    :param config: how guests run on the executors; None: :func:`executor_config`
    """
    # By number, so that each file is a partition without a shuffle.
    files = spark.range(0, len(paths), 1, max(1, len(paths)))
    mapper = _warc_mapper(tuple(paths), mode, config or executor_config(spark))
    return files.mapInArrow(mapper, RECORDS_SCHEMA)


def executor_config(spark: SparkSession, config: ExtractorConfig | None = None) -> ExtractorConfig:
    """A configuration with the threads and the memory that a task may have on this cluster.

    Threads are ``spark.task.cpus``. Python lives in an executor's overhead memory
    (``spark.executor.memoryOverhead``, or its factor of ``spark.executor.memory``), which the tasks
    that run at once share; what a task's Python itself doesn't need is its guests'.

    :param config: other options; None: from the environment
    :raises ConfigError: the executors have too little memory, or a limit under which no guest can start
    """
    conf = _Conf(spark)
    threads = int(conf.get("spark.task.cpus", "1"))
    wanted = ExtractorConfig.from_env() if config is None else config
    # A start beside others that start is slow, and no finding.
    wanted = replace(wanted, max_workers=threads, max_pool_size=threads, cold_start_target_ms=None)
    if conf.get("spark.master", "").startswith("local"):
        return wanted
    if conf.get("spark.executor.pyspark.memory", ""):
        raise ConfigError(
            "spark.executor.pyspark.memory limits the addresses of Python workers (RLIMIT_AS), of which"
            " every guest reserves 4 GiB without using them. Remove it, and give"
            " spark.executor.memoryOverhead instead."
        )
    overhead_mib = _overhead_mib(conf)
    at_once = max(1, int(conf.get("spark.executor.cores", "1")) // threads)
    guest_mib = (overhead_mib // at_once - _PYTHON_MIB) // threads
    if guest_mib < _LEAST_GUEST_MIB:
        needed = at_once * (_PYTHON_MIB + threads * wanted.memory_limit_bytes // MIB)
        raise ConfigError(
            f"{overhead_mib} MiB of overhead memory for {at_once} tasks at once leave"
            f" {max(0, guest_mib)} MiB for a guest. Set spark.executor.memoryOverhead to {needed}m."
        )
    limit = min(guest_mib, wanted.memory_limit_bytes // MIB)
    return replace(wanted, memory_limit_mb=limit, memory_limit_pages=None)


class _Conf:
    """The session's configuration, with sizes in MiB."""

    def __init__(self, spark: SparkSession) -> None:
        self._conf = spark.conf

    def get(self, key: str, default: str) -> str:
        return self._conf.get(key, default) or default

    def mib(self, key: str, default: str) -> int:
        value = self.get(key, default).strip().lower().removesuffix("b")
        units = {"k": 1 / 1024, "m": 1, "g": 1024, "t": 1024 * 1024}
        # Spark takes a bare number of these for MiB.
        number, unit = (value[:-1], units[value[-1]]) if value[-1:] in units else (value, 1)
        return int(float(number) * unit)


def _overhead_mib(conf: _Conf) -> int:
    if conf.get("spark.executor.memoryOverhead", ""):
        return conf.mib("spark.executor.memoryOverhead", "0")
    share = float(conf.get("spark.executor.memoryOverheadFactor", "0.1")) * conf.mib(
        "spark.executor.memory", "1g"
    )
    return max(conf.mib("spark.executor.minMemoryOverhead", "384m"), int(share))


@functools.lru_cache(maxsize=1)
def _extractor(config: ExtractorConfig) -> Extractor:
    """This process's: Spark gives its Python workers one task after the other."""
    return Extractor(config)


def _task(rows: Iterable[Row], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    yield from batches(rows, schema)
    _set_aside_what_stays()


@functools.cache
def _set_aside_what_stays() -> None:
    """Takes what this process has imported out of the garbage collector's sight.

    Spark collects garbage after each task, which takes 70 ms with pyspark, pyarrow and pandas there.
    Not before a task is done: pyarrow imports pandas with the first row that it is given.
    """
    gc.collect()
    gc.freeze()


def _page_mapper(mode: Mode, config: ExtractorConfig) -> Mapper:
    def extract(pages: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _task(_page_rows(pages, mode, config), PAGES)

    return extract


def _page_rows(pages: Iterable[pa.RecordBatch], mode: Mode, config: ExtractorConfig) -> Iterator[Row]:
    def labelled() -> Iterator[tuple[str | None, Any, Any]]:
        for batch in pages:
            # One by one: a list of all would hold every page of the batch twice.
            for url_octets, html in zip(_octets(batch.column("url")), _octets(batch.column("html"))):
                # Spark's text is not always UTF-8.
                url = url_octets and url_octets.decode(errors="replace")
                # A null is answered as a document of a wrong type: a row with an error.
                yield url, html, url

    for url, outcome in run_labelled(_extractor(config), labelled(), mode):
        yield {"url": url, **outcome_columns(outcome)}


def _octets(column: pa.Array) -> Iterator[Any]:
    """Text as its UTF-8: as ``str`` it would be decoded here and encoded again for the guest."""
    kinds = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}
    return (each.as_py() for each in column.cast(kinds.get(column.type, column.type)))


def _warc_mapper(paths: tuple[str, ...], mode: Mode, config: ExtractorConfig) -> Mapper:
    def extract(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        files = (paths[number] for batch in numbers for number in batch.column("id").to_pylist())
        rows = (row for file in files for row in _warc_rows(file, mode, config))
        return _task(rows, RECORDS)

    return extract


def _warc_rows(path: str, mode: Mode, config: ExtractorConfig) -> Iterator[Row]:
    damaged: deque[Damaged] = deque()

    def documents(found: Iterable[Document | Skipped | Damaged]) -> Iterator[Document]:
        for each in found:
            if isinstance(each, Document):
                yield each
            elif isinstance(each, Damaged):
                damaged.append(each)

    def damaged_before(offset: float) -> Iterator[Row]:
        while damaged and damaged[0].offset < offset:
            each = damaged.popleft()
            yield {
                "file": path,
                "offset": each.offset,
                "url": each.url,
                "record_id": None,
                "date": None,
                **error_columns(each.kind, each.message),
            }

    files, inner = FileSystem.from_uri(path) if "://" in path else (None, path)
    with pa.OSFile(inner) if files is None else files.open_input_file(inner) as stream:
        found = read_warc(stream, MAX_BODY_BYTES)
        for document, outcome in run_documents(_extractor(config), documents(found), mode):
            yield from damaged_before(document.offset)
            yield row_of(path, document, outcome)
        yield from damaged_before(math.inf)
