"""What becomes of one WARC file: a file of rows, and a report that says that it is done."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from scrapy_riptide.archives.outputs import WRITERS, Format
from scrapy_riptide.archives.records import Damaged, Document, Skipped, read_warc
from scrapy_riptide.archives.rows import Row, outcome_columns
from scrapy_riptide.content import Mode
from scrapy_riptide.extractor import Extractor, Html, Outcome
from scrapy_riptide.whole_files import whole_file, write_whole

#: Larger bodies are skipped, as a crawl skips them.
MAX_BODY_BYTES = 32 * 1024 * 1024

#: Told of the documents since the last call, and of the place in the file.
Progress = Callable[[int, int], None]

Found = Document | Skipped | Damaged

_Label = TypeVar("_Label")


@dataclass(frozen=True)
class Task:
    """A file, and what is to be made of it."""

    source: str
    output: str
    format: Format
    mode: Mode

    @property
    def report_path(self) -> Path:
        """Where the report goes, last of all."""
        return Path(f"{self.output}.report.json")


@dataclass
class Report:
    """What was found in a file, and what became of it."""

    source: str
    source_bytes: int
    format: str
    mode: Any
    #: Documents that were given to an extractor: rows.
    documents: int = 0
    extracted: int = 0
    #: Documents without content from a guest, by kind of error.
    errors: dict[str, int] = field(default_factory=dict)
    #: Of those, documents for which the fallback answered.
    fallback: int = 0
    #: Responses that are no documents, by reason.
    skipped: dict[str, int] = field(default_factory=dict)
    #: Records that can't be read: offset, address, kind and message of each.
    damaged: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, task: Task) -> Report:
        """A report on a file in which nothing was found yet."""
        mode = task.mode if isinstance(task.mode, str) else list(task.mode)
        return cls(task.source, Path(task.source).stat().st_size, task.format, mode)

    @classmethod
    def read(cls, path: Path) -> Report:
        """A report that was written.

        :raises ValueError: it is none
        """
        try:
            return cls(**json.loads(path.read_text()))
        except TypeError as error:
            raise ValueError(str(error)) from error

    @property
    def has_responses(self) -> bool:
        """Whether there was any response, a document or another, that could be read."""
        return bool(self.documents or self.skipped)

    def is_of(self, task: Task) -> bool:
        """Whether this is what the task would report, as far as can be known before."""
        other = Report.of(task)
        names = ("source", "source_bytes", "format", "mode")
        return all(getattr(self, name) == getattr(other, name) for name in names)


def convert(task: Task, extractor: Extractor, progress: Progress) -> Report:
    """Extracts every document of a file. The output is there when all of it is, the report after it.

    :raises OSError: the file can't be read, or the output not be written
    """
    report = Report.of(task)
    errors: Counter[str] = Counter()
    skipped: Counter[str] = Counter()

    def documents(found: Iterable[Found]) -> Iterator[Document]:
        for each in found:
            if isinstance(each, Document):
                yield each
            elif isinstance(each, Skipped):
                skipped[each.kind] += 1
            else:
                report.damaged.append(asdict(each))

    def rows(found: Iterable[Found]) -> Iterator[Row]:
        for document, outcome in run_documents(extractor, documents(found), task.mode):
            report.documents += 1
            if outcome.error is None:
                report.extracted += 1
            else:
                errors[outcome.error.kind] += 1
                report.fallback += outcome.content is not None
            progress(1, document.offset)
            yield row_of(task.source, document, outcome)

    with open(task.source, "rb") as stream, whole_file(Path(task.output), durable=True) as file:
        WRITERS[task.format](rows(read_warc(stream, MAX_BODY_BYTES)), file)
    progress(0, report.source_bytes)
    report.errors, report.skipped = dict(sorted(errors.items())), dict(sorted(skipped.items()))
    content = json.dumps(asdict(report), ensure_ascii=False, indent=1)
    write_whole(task.report_path, content.encode(), durable=True)
    return report


def run_documents(
    extractor: Extractor, documents: Iterable[Document], mode: Mode
) -> Iterator[tuple[Document, Outcome]]:
    """Each document with its outcome, in order. A few are read ahead, never all."""
    return run_labelled(extractor, ((each, each.html, each.url) for each in documents), mode)


def run_labelled(
    extractor: Extractor, labelled: Iterable[tuple[_Label, Html, str]], mode: Mode
) -> Iterator[tuple[_Label, Outcome]]:
    """Each label with the outcome of its HTML and address, in order. A few are read ahead, never all."""
    waiting: deque[_Label] = deque()

    def pairs() -> Iterator[tuple[Html, str]]:
        for label, html, url in labelled:
            waiting.append(label)
            yield html, url

    for outcome in extractor.run_many(pairs(), mode):
        yield waiting.popleft(), outcome


def row_of(source: str, document: Document, outcome: Outcome) -> Row:
    """A document's row of the schema ``RECORDS``."""
    return {
        "file": source,
        "offset": document.offset,
        "url": document.url,
        "record_id": document.record_id,
        "date": document.date,
        **outcome_columns(outcome),
    }
