"""Pages through Spark, in a process of its own: ``python spark_pages.py PAGES.json`` prints what came out."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from scrapy_riptide.spark import PAGES_SCHEMA, extract_pages


def main(pages: str) -> None:
    """Prints the schema and the rows of text and of bytes."""
    rows = json.loads(Path(pages).read_text())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    text = spark.createDataFrame(rows, "url string, html string, more int").repartition(2)
    # Spark doesn't mind octets that are no text.
    text = text.union(spark.sql("SELECT CAST(X'68FF' AS STRING), CAST(X'3C703EFF' AS STRING), 6"))
    extracted = extract_pages(text).cache()
    octets = extract_pages(text.selectExpr("url", "CAST(html AS BINARY) AS html"))
    found = {
        "schema": extracted.schema == PAGES_SCHEMA,
        "titles": extracted.select("content.title").schema["title"].dataType.simpleString(),
        "text": [json.loads(str(row)) for row in extracted.toJSON().collect()],
        "same": sorted(octets.toJSON().collect()) == sorted(extracted.toJSON().collect()),
    }
    spark.stop()
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
