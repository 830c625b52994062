"""``riptide warc``: WARC files into files of rows, on all cores, to be gone on with after any end."""

from __future__ import annotations

import fcntl
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy_riptide.cli.main import CommandError, ConfigSource
from scrapy_riptide.whole_files import left_behind
from scrapy_riptide.wording import counted, install

if TYPE_CHECKING:
    from scrapy_riptide.archives.convert import Report, Task

_NAMED = 10


def warc(options: Namespace, config: ConfigSource) -> int:
    """Converts the files that are not done yet, and says what was found in all of them."""
    try:
        from tqdm import tqdm

        from scrapy_riptide.archives import convert, run
    except ImportError as error:
        raise CommandError(f"{error.name} is missing: riptide warc needs {install('warc')}.") from error
    from scrapy_riptide.installation import share

    if options.jobs is not None and options.jobs < 1:
        options.parser.error(f"--jobs {options.jobs} is not allowed: it takes a whole number, at least 1")
    # The target is a crawl's; every core is at work when these start.
    wanted = replace(config(), cold_start_target_ms=None)
    output = Path(options.output)
    tasks = [
        convert.Task(
            source=str(source.resolve()),
            output=str(output.resolve() / _name(source, options.format)),
            format=options.format,
            mode=options.mode,
        )
        for source in map(Path, options.files)
    ]
    _check(tasks)
    _make_directory(output)
    try:
        with _alone_in(output):
            reports = {task.source: report for task in tasks if (report := _report(task)) is not None}
            waiting = [task for task in tasks if task.source not in reports]
            began = time.monotonic()
            with _Bar(tqdm, waiting) as bar:
                for report in run.run(waiting, wanted, options.jobs or share(wanted).cores, bar.look):
                    reports[report.source] = report
    except BrokenProcessPool as error:
        raise CommandError(
            "a process was killed, perhaps because memory ran out. The same command goes on; --jobs 1 takes"
            " less memory."
        ) from error
    except OSError as error:
        done = sum(_report(task) is not None for task in tasks)
        raise CommandError(
            f"{error.filename or output}: {error.strerror or error}. {done} of {len(tasks)} files are done;"
            " the same command goes on."
        ) from error
    found = [reports[task.source] for task in tasks]
    _summarize(found, len(waiting), time.monotonic() - began)
    # Damage within an archive is told and passed over; a file of nothing else is none.
    return int(any(report.damaged and not report.has_responses for report in found))


def _name(source: Path, format_: str) -> str:
    """``a.warc.gz`` becomes ``a.jsonl``."""
    name = source.name
    for suffix in (".gz", ".zst", ".lz4", ".warc"):
        name = name.removesuffix(suffix)
    return f"{name}.{format_}"


def _check(tasks: list[Task]) -> None:
    for task in tasks:
        _check_readable(task.source)
    for output, count in Counter(task.output for task in tasks).items():
        if count > 1:
            raise CommandError(f"{count} of the files would become {output}: give each its own --output.")


def _make_directory(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"--output {output} can't be made a directory: {error.strerror}. Name another."
        ) from error


def _check_readable(source: str) -> None:
    try:
        with open(source, "rb"):
            pass
    except OSError as error:
        raise CommandError(f"{source} can't be read: {error.strerror}.") from error


def _report(task: Task) -> Report | None:
    """The report on a task that is done."""
    from scrapy_riptide.archives.convert import Report

    try:
        report = Report.read(task.report_path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise CommandError(f"{task.report_path} is no report of this version: remove it.") from error
    if not report.is_of(task):
        raise CommandError(
            f"{task.output} was made of another file or with other options: remove it and its report, or give"
            " another --output."
        )
    return report


@contextmanager
def _alone_in(output: Path) -> Iterator[None]:
    """Nobody else writes here; what a killed run left half done is removed."""
    with (output / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"another riptide warc is at work in {output}.") from None
        for part in left_behind(output):
            part.unlink()
        yield


class _Bar:
    """A progress bar on a terminal, nothing elsewhere."""

    def __init__(self, tqdm: Any, tasks: list[Task]) -> None:
        total = sum(Path(task.source).stat().st_size for task in tasks)
        self._bar: Any = tqdm(
            total=total, unit="B", unit_scale=True, desc="riptide", disable=None, file=sys.stderr, delay=0.5
        )

    def __enter__(self) -> _Bar:  # noqa: PYI034
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def look(self, documents: int, source_bytes: int) -> None:
        """Shows how far all processes are."""
        if self._bar.disable:
            return
        self._bar.set_postfix_str(f"{documents} documents", refresh=False)
        self._bar.update(source_bytes - self._bar.n)


def _summarize(reports: list[Report], converted: int, took_s: float) -> None:
    documents = sum(report.documents for report in reports)
    before = f"{len(reports) - converted} of them done before"
    print(f"{counted(len(reports), 'file')}, {before}: {counted(documents, 'document')}.")
    errors, skipped = Counter[str](), Counter[str]()
    for report in reports:
        errors.update(report.errors)
        skipped.update(report.skipped)
    print(f"  {sum(report.extracted for report in reports)} extracted")
    if errors:
        answered = sum(report.fallback for report in reports)
        print(f"  {errors.total()} failed ({_kinds(errors)}); the fallback answered for {answered}")
    if skipped:
        print(f"  {counted(skipped.total(), 'other response')} skipped ({_kinds(skipped)})")
    empty = [report.source for report in reports if not (report.has_responses or report.damaged)]
    if empty:
        print(f"  {counted(len(empty), 'file')} without any response, as WET and WAT files are:")
    for source in empty[:_NAMED]:
        print(f"    {source}")
    damaged = [(report.source, each) for report in reports for each in report.damaged]
    if damaged:
        print(f"  {counted(len(damaged), 'record')} can't be read:")
    for source, each in damaged[:_NAMED]:
        url = each["url"] or "no address"
        print(f"    {source}:{each['offset']}: {each['kind']}, {each['message']} ({url})")
    if len(damaged) > _NAMED:
        print(f"    and {len(damaged) - _NAMED} more, named in the reports.")
    if converted:
        print(f"  {took_s:.1f} s")


def _kinds(counts: Counter[str]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
