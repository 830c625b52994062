"""What Spark costs: the same pages through ``extract_many`` and through Spark, in turns.

    python benchmarks/spark.py [--data DIR] [--pages N] [--times N] [--rounds N] [--cores N] [--put PAGE]

Five ways, each with all the cores. ``extract_many`` gets the pages from memory, from WARC files, and
from a Parquet table, all of which one process reads; ``extract_warcs`` and ``extract_pages`` get those
files and that table. What comes out is thrown away, by Spark's own ``noop`` sink there.

The first rounds are not counted: they start Spark's Python workers, have Java compile what it runs, and
everybody's guests warm. Not counted either is the start of Spark itself. Counted is what each job
begins with: Spark plans it and compiles the plan, 0.2 to 0.4 s of Java's however much there is to extract.
A job of millions of pages doesn't feel that; with ``--times`` each page comes so often, for a longer one.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
from documents import argument_parser, load
from figures import put
from pyspark.sql import DataFrame, SparkSession
from warc_files import write_warc

from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.archives.convert import MAX_BODY_BYTES
from scrapy_riptide.archives.records import Document, read_warc
from scrapy_riptide.spark import extract_pages, extract_warcs

# A task takes 5 ms of Spark's own in Python alone: files of a few pages would measure that.
_FILES_PER_CORE = 2
# Java goes on to compile what it runs for some rounds.
_WARM_ROUNDS = 3
#: A way of Spark's, and the way that it is compared with.
_PAIRS = (
    ("extract_warcs", "extract_many, WARC files"),
    ("extract_warcs", "extract_many, memory"),
    ("extract_pages", "extract_many, table"),
    ("extract_pages", "extract_many, memory"),
)


@dataclass(frozen=True)
class Round:
    """What one round of one way took, in seconds."""

    wall_s: float
    here_s: float
    workers_s: float
    java_s: float

    @property
    def cpu_s(self) -> float:
        return self.here_s + self.workers_s + self.java_s


class Inputs:
    """The same pages in memory, in WARC files and as a table."""

    def __init__(self, pages: list[tuple[bytes, str]], folder: Path, parts: int) -> None:
        self.pages = pages
        self.table = folder / "table"
        self.table.mkdir()
        self.warcs = [folder / f"{part}.warc.gz" for part in range(parts)]
        for part, warc in enumerate(self.warcs):
            mine = pages[part::parts]
            write_warc(mine, warc)
            columns = {"url": [url for _, url in mine], "html": [html.decode() for html, _ in mine]}
            pq.write_table(pa.table(columns), self.table / f"{part}.parquet", row_group_size=64)

    def of_warcs(self) -> Iterator[tuple[str | bytes, str]]:
        for path in self.warcs:
            with path.open("rb") as stream:
                for found in read_warc(stream, MAX_BODY_BYTES):
                    if isinstance(found, Document):
                        yield found.html, found.url

    def of_table(self) -> Iterator[tuple[bytes, str]]:
        for batch in pyarrow.dataset.dataset(self.table).to_batches(batch_size=64):
            for html, url in zip(batch["html"].cast(pa.binary()), batch["url"]):
                yield html.as_py(), url.as_py()


def session(cores: int, settings: Sequence[str]) -> SparkSession:
    """A Spark of so many cores, with settings ``KEY=VALUE`` above those here."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = (
        SparkSession.builder.master(f"local[{cores}]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "2g")
        # A batch is made, extracted and sent back one after the other: small ones keep all three busy.
        .config("spark.sql.execution.arrow.maxBytesPerBatch", "4m")
        # A task for each file of the table.
        .config("spark.sql.files.openCostInBytes", "64m")
    )
    for setting in settings:
        builder = builder.config(*setting.split("=", 1))
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def cpu_s() -> tuple[float, float, float]:
    """CPU seconds so far: of this process, of Spark's Python workers, of Java."""
    here = psutil.Process()
    spent = {"workers": 0.0, "java": 0.0}
    for process in here.children(recursive=True):
        times = process.cpu_times()
        # A worker that has ended is its daemon's child.
        ended = times.children_user + times.children_system
        spent["java" if process.name() == "java" else "workers"] += times.user + times.system + ended
    return sum(here.cpu_times()[:2]), spent["workers"], spent["java"]


def measured(way: Callable[[], object]) -> Round:
    """One round of a way."""
    before, began = cpu_s(), time.perf_counter()
    way()
    took = time.perf_counter() - began
    return Round(took, *(after - earlier for earlier, after in zip(before, cpu_s())))


def ways(inputs: Inputs, extractor: Extractor, spark: SparkSession) -> dict[str, Callable[[], object]]:
    """What is compared, by name."""
    table = spark.read.parquet(str(inputs.table))
    paths = [str(path) for path in inputs.warcs]

    def many(pages: Callable[[], Iterator[tuple[str | bytes, str]]]) -> None:
        for _ in extractor.extract_many(pages()):
            pass

    def thrown_away(content: DataFrame) -> None:
        content.write.format("noop").mode("overwrite").save()

    return {
        "extract_many, memory": lambda: many(lambda: iter(inputs.pages)),
        "extract_many, WARC files": lambda: many(inputs.of_warcs),
        "extract_warcs": lambda: thrown_away(extract_warcs(spark, paths)),
        "extract_many, table": lambda: many(inputs.of_table),
        "extract_pages": lambda: thrown_away(extract_pages(table)),
    }


def report(rounds: dict[str, list[Round]], pages: int) -> list[str]:
    """Tables of what each way takes for a page, and of the ratios within a round."""

    def of_page(name: str, figure: str) -> str:
        return f"{statistics.median(getattr(each, figure) for each in rounds[name]) * 1000 / pages:.2f}"

    lines = [
        "| way | pages/s | CPU ms a page | of that this process | Python workers | Java |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, each in rounds.items():
        rate = pages / statistics.median(one.wall_s for one in each)
        figures = [of_page(name, figure) for figure in ("cpu_s", "here_s", "workers_s", "java_s")]
        lines.append(f"| {name} | {rate:.0f} | {' | '.join(figures)} |")
    lines += ["", "| Spark | against | pages/s, quartiles | by CPU time |", "| --- | --- | --- | --- |"]
    for way, other in _PAIRS:
        pairs = list(zip(rounds[other], rounds[way]))
        ratios = [plain.wall_s / spark.wall_s for plain, spark in pairs]
        low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        by_cpu = statistics.median(plain.cpu_s / spark.cpu_s for plain, spark in pairs)
        lines.append(f"| {way} | {other} | {middle:.2f} ({low:.2f} to {high:.2f}) | {by_cpu:.2f} |")
    return lines


def main() -> None:
    """Measures and prints."""
    parser = argument_parser(__doc__, pages=1000)
    parser.add_argument("--times", type=int, default=1, metavar="N", help="how often each page comes [1]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--conf", action="append", default=[], metavar="KEY=VALUE", help="for Spark")
    parser.add_argument("--put", type=Path, metavar="PAGE", help="a page of docs/ that gets the figures")
    arguments = parser.parse_args()
    chosen = [(html.encode(), url) for html, url in load(arguments.data, arguments.pages)]
    pages = chosen * arguments.times
    spark = session(arguments.cores, arguments.conf)
    config = ExtractorConfig(max_workers=arguments.cores, max_pool_size=arguments.cores)
    with tempfile.TemporaryDirectory() as folder, Extractor(config) as extractor:
        inputs = Inputs(pages, Path(folder), _FILES_PER_CORE * arguments.cores)
        compared = ways(inputs, extractor, spark)
        for way in list(compared.values()) * _WARM_ROUNDS:
            way()
        rounds: dict[str, list[Round]] = {name: [] for name in compared}
        for _ in range(arguments.rounds):
            for name, way in compared.items():
                rounds[name].append(measured(way))
    spark.stop()
    mean_kib = sum(len(html) for html, _ in chosen) / len(chosen) / 1024
    lines = [
        f"{len(chosen)} pages of {mean_kib:.0f} KiB in the mean, each {arguments.times} times, on"
        f" `local[{arguments.cores}]`, medians of {arguments.rounds} rounds:",
        "",
        *report(rounds, len(pages)),
    ]
    print("\n".join(lines))
    if arguments.put:
        put(arguments.put, lines)


if __name__ == "__main__":
    main()
