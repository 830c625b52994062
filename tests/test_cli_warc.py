"""``riptide warc``: every page once, whatever happens on the way."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("pyarrow", reason="the extra 'warc' is not installed")

import pyarrow.parquet as pq
from waiting import PATIENCE_S, wait_for
from warcs import other, pages, record, write_warc

from scrapy_riptide.whole_files import left_behind

pytestmark = pytest.mark.slow

#: So many times the same pages take minutes: no machine is through before a test has seen them begin.
LONG = 500

Riptide = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(cache_dir: Path) -> dict[str, str]:
    return {**os.environ, "RIPTIDE_WASM_CACHE_DIR": str(cache_dir)}


@pytest.fixture
def riptide(tmp_path: Path, environment: dict[str, str]) -> Riptide:
    def run(*arguments: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            check=options.pop("check", False),
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            **options,
        )

    return run


def command(*arguments: Any) -> list[str]:
    return [sys.executable, "-m", "scrapy_riptide", "warc", *map(str, arguments)]


def rows(*paths: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def test_every_page_has_a_row_and_what_is_none_a_word(tmp_path: Path, riptide: Riptide) -> None:
    good = write_warc(tmp_path / "good.warc.gz", pages(20))
    mixed = write_warc(
        tmp_path / "mixed.warc.gz",
        [*pages(3, "mixed.example"), record("https://mixed.example/x", b"no", status="404 Not Found")],
    )
    mixed.write_bytes(mixed.read_bytes() + b"rubbish" * 9)
    texts = write_warc(tmp_path / "texts.warc.wet.gz", [other("conversion")])
    done = riptide(good, mixed, texts, "--output", "out")
    assert (done.returncode, done.stderr) == (0, "")
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir() if path.name[0] != ".") == [
        "good.jsonl",
        "good.jsonl.report.json",
        "mixed.jsonl",
        "mixed.jsonl.report.json",
        "texts.warc.wet.jsonl",
        "texts.warc.wet.jsonl.report.json",
    ]
    found = rows(out / "good.jsonl", out / "mixed.jsonl")
    assert [row["url"] for row in found] == [f"https://tides.example/{n}" for n in range(20)] + [
        f"https://mixed.example/{n}" for n in range(3)
    ]
    assert all(row["content"]["title"].startswith("Page ") and row["error"] is None for row in found)
    assert found[0]["file"] == str(good)
    summary = done.stdout.splitlines()
    assert summary[:6] == [
        "3 files, 0 of them done before: 23 documents.",
        "  23 extracted",
        "  1 other response skipped (status 1)",
        "  1 file without any response, as WET and WAT files are:",
        f"    {texts}",
        "  1 record can't be read:",
    ]
    assert summary[6].startswith(f"    {mixed}:")


def test_a_file_that_is_no_archive_is_not_done(tmp_path: Path, riptide: Riptide) -> None:
    good = write_warc(tmp_path / "good.warc.gz", pages(2))
    wrong = tmp_path / "notes.warc"
    wrong.write_text("Not an archive.\n")
    done = riptide(good, wrong, "--output", "out")
    assert (done.returncode, done.stderr) == (1, "")
    summary = done.stdout.splitlines()
    assert summary[:3] == [
        "2 files, 0 of them done before: 2 documents.",
        "  2 extracted",
        "  1 record can't be read:",
    ]
    assert summary[3].startswith(f"    {wrong}:0: damaged, ")


def test_parquet_has_the_same_rows_with_types(tmp_path: Path, riptide: Riptide) -> None:
    source = write_warc(tmp_path / "tides.warc.gz", pages(12))
    for format_ in ("jsonl", "parquet"):
        riptide(source, "--output", format_, "--format", format_, check=True)
    table = pq.read_table(tmp_path / "parquet" / "tides.parquet")
    assert table.to_pylist() == rows(tmp_path / "jsonl" / "tides.jsonl")
    content = table.schema.field("content").type
    assert [str(content.field(name).type) for name in ("title", "word_count")] == ["string", "int64"]
    assert str(content.field("links").type) == "list<element: string not null>"


def test_a_run_that_is_killed_is_gone_on_with_and_nothing_is_there_twice(
    tmp_path: Path, riptide: Riptide, environment: dict[str, str]
) -> None:
    sources = [write_warc(tmp_path / f"{n}.warc.gz", pages(150, f"h{n}.example")) for n in range(6)]
    last = sources[-1].read_bytes()
    sources[-1].write_bytes(last * LONG)
    out = tmp_path / "out"
    first = subprocess.Popen(command(*sources, "--output", out), env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: len(list(out.glob("*.report.json"))) >= 2, "two files")
        children = psutil.Process(first.pid).children(recursive=True)
    finally:
        first.kill()
        first.wait()
    # Nobody goes on writing.
    assert psutil.wait_procs(children, timeout=PATIENCE_S)[1] == []
    done_before = {path.name: path.stat().st_mtime_ns for path in out.glob("*.report.json")}
    assert 2 <= len(done_before) < len(sources)

    sources[-1].write_bytes(last)
    again = riptide(*sources, "--output", out)
    assert again.returncode == 0, again.stderr
    assert f"6 files, {len(done_before)} of them done before: 900 documents." in again.stdout
    urls = [row["url"] for row in rows(*out.glob("*.jsonl"))]
    assert sorted(urls) == sorted(f"https://h{n}.example/{page}" for n in range(6) for page in range(150))
    assert {name: (out / name).stat().st_mtime_ns for name in done_before} == done_before
    assert list(left_behind(out)) == []


def test_ctrl_c_ends_all_of_it(tmp_path: Path, environment: dict[str, str]) -> None:
    sources = [write_warc(tmp_path / f"{n}.warc.gz", pages(150, f"h{n}.example")) for n in range(2)]
    for source in sources:
        source.write_bytes(source.read_bytes() * LONG)
    out = tmp_path / "out"
    run = subprocess.Popen(
        command(*sources, "--output", out),
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(lambda: any(part.stat().st_size for part in left_behind(out)), "rows")
    os.killpg(run.pid, 2)
    assert run.wait(PATIENCE_S) == 130
    assert run.stderr is not None
    assert run.stderr.read() == ""
    run.stderr.close()
    assert [path.name for path in out.iterdir()] == [".lock"]


def test_a_full_disk_is_a_sentence_and_then_the_run_goes_on(
    tmp_path: Path, riptide: Riptide, environment: dict[str, str]
) -> None:
    small = write_warc(tmp_path / "small.warc.gz", pages(2))
    large = write_warc(tmp_path / "large.warc.gz", pages(300))

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    # Compiled first: the cache has no room, either.
    riptide(small, "--output", "out", check=True)
    full = riptide(small, large, "--output", "out", preexec_fn=little_room)
    assert full.returncode == 1
    assert full.stderr.strip().endswith("File too large. 1 of 2 files are done; the same command goes on.")
    assert "Traceback" not in full.stderr
    assert not list((tmp_path / "out").glob("*large*"))
    assert riptide(small, large, "--output", "out", check=True).stdout.startswith(
        "2 files, 1 of them done before: 302 documents."
    )


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["none.warc", "--output", "out"], "none.warc can't be read: No such file or directory.", 1),
        (["a.warc.gz", "a.warc.gz", "--output", "out"], "2 of the files would become", 1),
        (["a.warc.gz", "--output", "out", "--jobs", "0"], "--jobs 0 is not allowed", 2),
        (
            ["a.warc.gz", "--output", "a.warc.gz"],
            "--output a.warc.gz can't be made a directory: File exists. Name another.\n",
            1,
        ),
        (["a.warc.gz", "--output", "done", "--mode", "full"], "or with other options", 1),
        (["a.warc.gz", "--output", "busy"], "another riptide warc is at work in busy.", 1),
    ],
)
def test_what_can_t_be_done_is_a_sentence(
    tmp_path: Path, riptide: Riptide, arguments: list[str], words: str, code: int
) -> None:
    write_warc(tmp_path / "a.warc.gz", pages(1))
    if "done" in arguments:
        riptide("a.warc.gz", "--output", "done", check=True)
    (tmp_path / "busy").mkdir()
    with (tmp_path / "busy" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = riptide(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("missing", ["fastwarc", "pyarrow", "tqdm"])
def test_a_missing_extra_is_a_sentence(tmp_path: Path, missing: str) -> None:
    program = (
        f"import sys; sys.modules['{missing}'] = None\n"
        "from scrapy_riptide.cli import main\n"
        "sys.exit(main(['warc', 'a.warc', '--output', 'out']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "riptide warc needs pip install 'scrapy-riptide[warc]'" in done.stderr
