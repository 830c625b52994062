"""What Spark costs: the same documents through ``extract_many`` and through Spark, in turns.

    python benchmarks/spark.py [--data DIR] [--documents N] [--rounds N] [--cores N]

Both have the same cores. Prints documents a second of each round, and the ratio of each pair.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from documents import load
from pyspark.sql import SparkSession

from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.spark import extract_pages


def write_pages(documents: list[tuple[str, str]], folder: Path, parts: int) -> None:
    """The documents as a table in as many files, so that Spark has a task for each."""
    for part in range(parts):
        mine = documents[part::parts]
        table = pa.table({"url": [url for _, url in mine], "html": [html for html, _ in mine]})
        pq.write_table(table, folder / f"{part}.parquet", row_group_size=64)


def cpu_s() -> dict[str, float]:
    """CPU seconds so far: of this process, of Java, of Spark's Python workers."""
    spent = {"here": sum(psutil.Process().cpu_times()[:2]), "java": 0.0, "workers": 0.0}
    for process in psutil.Process().children(recursive=True):
        kind = "java" if process.name() == "java" else "workers"
        spent[kind] += sum(process.cpu_times()[:2])
    return spent


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a directory with *.html below it [made documents]")
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", default="4m", help="bytes of a batch of pages [4m]")
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    documents = load(options.data, options.documents)
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master(f"local[{options.cores}]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "2g")
        # A batch is made, extracted and sent back one after the other: small ones keep all three busy.
        .config("spark.sql.execution.arrow.maxBytesPerBatch", options.batch)
        .config("spark.sql.files.openCostInBytes", "64m")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    config = ExtractorConfig(max_workers=options.cores, max_pool_size=options.cores)
    with tempfile.TemporaryDirectory() as folder, Extractor(config) as extractor:
        # More tasks than cores: the last of them ends alone.
        write_pages(documents, Path(folder), 4 * options.cores)
        pages = spark.read.parquet(folder)

        def plain() -> float:
            began = time.perf_counter()
            for _ in extractor.extract_many(documents):
                pass
            return len(documents) / (time.perf_counter() - began)

        def through_spark() -> float:
            began = time.perf_counter()
            extract_pages(pages).write.format("noop").mode("overwrite").save()
            return len(documents) / (time.perf_counter() - began)

        plain(), through_spark()
        ratios = []
        for _ in range(options.rounds):
            before = cpu_s()
            plain_rate = plain()
            between = cpu_s()
            rates = plain_rate, through_spark()
            after = cpu_s()
            print(f"  CPU s of extract_many: {between['here'] - before['here']:.1f}, of Spark:", end=" ")
            print(", ".join(f"{after[kind] - between[kind]:.1f} {kind}" for kind in after))
            ratios.append(rates[1] / rates[0])
            print(
                f"extract_many {rates[0]:.1f}/s, Spark {rates[1]:.1f}/s: {ratios[-1]:.2f}",
                flush=True,
            )
    quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    print(
        f"Spark / extract_many: median {quartiles[1]:.2f}, quartiles {quartiles[0]:.2f} to {quartiles[2]:.2f}"
    )
    spark.stop()


if __name__ == "__main__":
    main()
