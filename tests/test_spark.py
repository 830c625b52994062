"""Spark on two cores of this machine: every page once, also after a worker was killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("pyspark", reason="the extra 'spark' is not installed")

import pyarrow.parquet as pq
from crawls import article
from waiting import wait_for
from warcs import pages, record, write_warc

from scrapy_riptide import ExtractorConfig
from scrapy_riptide.archives.rows import outcome_columns
from scrapy_riptide.errors import ConfigError
from scrapy_riptide.extractor import Outcome
from scrapy_riptide.spark import executor_config

needs_java = pytest.mark.skipif(
    shutil.which("java") is None, reason="there is no Java (Debian: default-jre-headless)"
)
JOB = Path(__file__).parent.parent / "example_project" / "spark_job.py"
PAGES_JOB = Path(__file__).with_name("spark_pages.py")
FILES, PAGES = 8, 500


@pytest.fixture
def environment(cache_dir: Path) -> dict[str, str]:
    return {**os.environ, "RIPTIDE_WASM_CACHE_DIR": str(cache_dir), "SPARK_LOCAL_IP": "127.0.0.1"}


def must_run(job: subprocess.Popen[str]) -> None:
    """Says why a job has ended: whoever waits for what it does would never hear of it."""
    if job.poll() is not None:
        raise AssertionError(f"the job has ended with {job.returncode}: {job.communicate()[1][-3000:]}")


def stopped_reader(job: subprocess.Popen[str]) -> psutil.Process | None:
    """A Python worker in the middle of an archive, which goes no further."""
    must_run(job)
    for process in psutil.Process(job.pid).children(recursive=True):
        try:
            if has_archive_open(process):
                process.suspend()
                if has_archive_open(process):
                    return process
                process.resume()
        except psutil.Error:  # noqa: PERF203 (its end, meanwhile)
            pass
    return None


def has_finished_a_task(job: subprocess.Popen[str], output: Path) -> bool:
    must_run(job)
    return any(output.rglob("_temporary/0/task_*/*.parquet"))


def has_archive_open(process: psutil.Process) -> bool:
    return any(file.path.endswith(".warc.gz") for file in process.open_files())


@needs_java
@pytest.mark.slow
def test_every_page_has_one_row_also_after_a_worker_was_killed(
    tmp_path: Path, environment: dict[str, str], real_extractor: Any
) -> None:
    hosts = [f"h{number}.example" for number in range(FILES)]
    bad = [record("no address that is bad", article("Nowhere").encode()), b"rubbish"]
    sources = [
        write_warc(tmp_path / f"{host}.warc.gz", pages(PAGES, host) + (bad if host == hosts[0] else []))
        for host in hosts
    ]
    output = tmp_path / "out"
    # Compiled before: a worker that is stopped while it compiles would keep the others waiting.
    extractor = real_extractor()
    extractor.wait_until_ready()
    with subprocess.Popen(
        [sys.executable, str(JOB), str(output), *map(str, sources)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as job:
        try:
            reader = wait_for(lambda: stopped_reader(job), "a worker with a file", 600)
            assert reader is not None
            # What is done when a worker is lost is not to be done again: the other core goes on meanwhile.
            wait_for(lambda: has_finished_a_task(job, output), "a task that is done", 600)
            reader.kill()
            stdout, stderr = job.communicate(timeout=600)
        finally:
            job.kill()
    assert job.returncode == 0, stderr[-3000:]
    assert "Lost task" in stderr, "nobody missed the worker"

    rows = pq.read_table(output).to_pylist()
    assert sorted(row["url"] for row in rows if row["url"] and "bad" not in row["url"]) == sorted(
        f"https://{host}/{page}" for host in hosts for page in range(PAGES)
    )
    others = [row for row in rows if row["url"] is None or "bad" in row["url"]]
    assert {(row["url"], row["error"]["kind"]) for row in others} == {
        ("no address that is bad", "invalid_html"),
        (None, "damaged"),
    }
    assert f"| {len(rows)}" in stdout.replace("|", "| ").replace("  ", " ")

    # The same as without Spark.
    for row in rows[:: len(rows) // 20]:
        if row["url"] and "bad" not in row["url"]:
            host, number = row["url"].split("/")[2:]
            html = article(f"Page {number} of {host}")
            expected = outcome_columns(Outcome(content=extractor.extract(html, row["url"])))
            assert {name: row[name] for name in expected} == expected


@needs_java
@pytest.mark.slow
def test_pages_of_a_table_are_extracted_whatever_they_hold(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    table = [
        ["https://tides.example/a", article("A tide"), 1],
        ["https://tides.example/b", "", 2],
        ["https://tides.example/c", None, 3],
        [None, article("Nowhere"), 4],
        ["no address", article("Nowhere"), 5],
    ]
    (tmp_path / "pages.json").write_text(json.dumps(table))
    done = subprocess.run(
        [sys.executable, str(PAGES_JOB), str(tmp_path / "pages.json")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["schema"], found["titles"], found["same"]) == (True, "string", True)
    by_url = {row.get("url"): row for row in found["text"]}
    assert len(by_url) == len(table) + 1
    assert by_url["https://tides.example/a"]["content"]["title"] == "A tide"
    assert {url: row["error"]["kind"] for url, row in by_url.items() if "error" in row} == {
        "https://tides.example/b": "invalid_html",
        "https://tides.example/c": "invalid_html",
        None: "invalid_html",
        "no address": "invalid_html",
        "h\ufffd": "invalid_html",
    }


class Session:
    """As much of a session as its configuration."""

    def __init__(self, **conf: str) -> None:
        self._conf = {key.replace("_", "."): value for key, value in conf.items()}
        self.conf = self

    def get(self, key: str, default: str) -> str:
        return self._conf.get(key, default)


CLUSTER = {"spark_master": "yarn", "spark_executor_cores": "4"}


def limit_and_threads(**conf: str) -> tuple[int | None, int | str]:
    config: ExtractorConfig = executor_config(Session(**conf), ExtractorConfig())  # type: ignore[arg-type]
    return config.memory_limit_mb, config.max_workers


def test_guests_get_what_the_executor_leaves_for_its_tasks() -> None:
    assert limit_and_threads(spark_master="local[2]") == (256, 1)
    assert limit_and_threads(**CLUSTER, spark_executor_memoryOverhead="4g") == (256, 1)
    assert limit_and_threads(**CLUSTER, spark_executor_memoryOverhead="1024m") == (1024 // 4 - 192, 1)
    assert limit_and_threads(**CLUSTER, spark_executor_memory="20g") == (256, 1)
    assert limit_and_threads(**CLUSTER, spark_task_cpus="2", spark_executor_memoryOverhead="1024") == (
        (1024 // 2 - 192) // 2,
        2,
    )


@pytest.mark.parametrize(
    ("conf", "words"),
    [
        ({}, r"384 MiB of overhead memory for 4 tasks at once leave 0 MiB .*memoryOverhead to 1792m\."),
        ({"spark_executor_pyspark_memory": "2g"}, "limits the addresses of Python workers"),
    ],
)
def test_executors_on_which_guests_can_t_work_are_refused(conf: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        limit_and_threads(**CLUSTER, **conf)
