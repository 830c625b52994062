"""Every page of WARC files as Parquet: ``spark-submit spark_job.py OUTPUT FILE...``.

Without a cluster it runs here: on two cores, and with four tries of a task.
"""

import os
import sys

from pyspark.sql import SparkSession

from scrapy_riptide.spark import extract_warcs


def main(output: str, *files: str) -> None:
    """Extracts, writes, and says how many pages there were."""
    builder = SparkSession.builder.appName("scrapy-riptide")
    if "PYSPARK_GATEWAY_PORT" not in os.environ:  # not by spark-submit
        # Spark would take the first python3 of the PATH for its workers.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = builder.master("local[2,4]")
    spark = builder.getOrCreate()
    extract_warcs(spark, files).write.mode("overwrite").parquet(output)
    pages = spark.read.parquet(output)
    pages.selectExpr(
        "count(*) AS pages", "count(content) AS with_content", "count(error) AS with_error"
    ).show()
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
