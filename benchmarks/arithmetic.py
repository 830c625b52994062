"""How long an archive takes, and what it costs, from what one core does here.

    python benchmarks/arithmetic.py [--data DIR] [--pages N] [--price DOLLARS] [--put PAGE]

Reads a WARC file of the documents and writes JSON Lines, with this project and with trafilatura, each in a
process of its own with one thread, and counts that process's CPU seconds and peak memory. The rest is
multiplication, with what is assumed printed beside it.
"""

from __future__ import annotations

import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from documents import argument_parser, load
from figures import put
from resident import peak_mib
from warc_files import write_warc

from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.archives.convert import MAX_BODY_BYTES, Task, convert
from scrapy_riptide.archives.records import Document, read_warc
from scrapy_riptide.config import MIB

HOUR_S = 3600


@dataclass(frozen=True)
class Snapshot:
    """A crawl of Common Crawl's, as far as the sum needs it."""

    pages: float
    #: Of all WARC records, unpacked.
    bytes: float
    segments: int
    files: int


#: CC-MAIN-2024-51: 2.64 billion pages and 394 TiB unpacked, as its announcement says
#: (https://blog.commoncrawl.org/blog/december-2024-crawl-archive-now-available); 900 files in each segment.
SNAPSHOT = Snapshot(pages=2.64e9, bytes=394 * 2**40, segments=100, files=90_000)


@dataclass(frozen=True)
class Cost:
    """What the documents cost a process."""

    documents: int
    cpu_s: float
    peak_mib: float
    #: Before the first document: the interpreter and what it imports.
    base_mib: float


def riptide(source: Path) -> Callable[[], int]:
    """This project, as ``riptide warc`` has it."""
    extractor = Extractor(ExtractorConfig(max_workers=1, max_pool_size=1))
    extractor.wait_until_ready()
    task = Task(str(source), str(source.with_suffix(".jsonl")), "jsonl", "article")

    def run() -> int:
        report = convert(task, extractor, lambda *_: None)
        extractor.close()
        return report.extracted

    return run


def trafilatura(source: Path) -> Callable[[], int]:
    """trafilatura, asked for the same: Markdown with links, and metadata."""
    from trafilatura import extract

    def run() -> int:
        documents = 0
        with source.open("rb") as stream, source.with_suffix(".peer").open("w") as output:
            for found in read_warc(stream, MAX_BODY_BYTES):
                if isinstance(found, Document):
                    html = found.html if isinstance(found.html, str) else found.html.decode(errors="replace")
                    text = extract(
                        html,
                        url=found.url,
                        output_format="markdown",
                        with_metadata=True,
                        include_links=True,
                    )
                    print(json.dumps({"url": found.url, "markdown": text}), file=output)
                    documents += text is not None
        return documents

    return run


def measure(prepare: Callable[[Path], Callable[[], int]], source: Path) -> Cost:
    """One way's cost, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(prepare, source, sending))
    process.start()
    sending.close()
    cost: Cost = receiving.recv()
    process.join()
    return cost


def _measured(prepare: Callable[[Path], Callable[[], int]], source: Path, sending: object) -> None:
    run = prepare(source)
    base_mib, began = peak_mib(), time.process_time()
    documents = run()
    cost = Cost(documents, time.process_time() - began, peak_mib(), base_mib)
    sending.send(cost)  # type: ignore[attr-defined]


def main() -> None:
    """Measures, multiplies and prints."""
    parser = argument_parser(__doc__, pages=1000)
    parser.add_argument("--price", type=float, default=0.02, help="dollars for an hour of a core [0.02]")
    parser.add_argument("--cores", type=int, default=256, help="cores that are rented at once [256]")
    parser.add_argument("--put", type=Path, metavar="PAGE", help="a page of docs/ that gets the figures")
    arguments = parser.parse_args()
    pages = [(html.encode(errors="replace"), url) for html, url in load(arguments.data, arguments.pages)]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "documents.warc.gz")
        write_warc(pages, source)
        costs = [measure(way, source) for way in (riptide, trafilatura)]
    lines = report(costs, pages, arguments.price, arguments.cores)
    print("\n".join(lines))
    if arguments.put:
        put(arguments.put, lines)


def report(costs: list[Cost], pages: list[tuple[bytes, str]], price: float, cores: int) -> list[str]:
    """What was measured, and the multiplication, as a table of Markdown."""
    mean_bytes = sum(len(html) for html, _ in pages) / len(pages)
    s_of_page = [cost.cpu_s / len(pages) for cost in costs]
    by_pages = [each * SNAPSHOT.pages / HOUR_S for each in s_of_page]
    by_bytes = [each / mean_bytes * SNAPSHOT.bytes / HOUR_S for each in s_of_page]

    def row(name: str, values: list[float], form: str) -> str:
        return f"| {name} | {' | '.join(map(form.format, values))} |"

    return [
        f"{len(pages)} pages of {mean_bytes / 1024:.0f} KiB in the mean, one core;"
        f" {price} dollars for an hour of a core.",
        "",
        "| | scrapy-riptide | trafilatura |",
        "| --- | --- | --- |",
        row("pages with content", [cost.documents for cost in costs], "{:.0f}"),
        row("CPU milliseconds a page", [each * 1000 for each in s_of_page], "{:.2f}"),
        row("pages a second and core", [1 / each for each in s_of_page], "{:.1f}"),
        row("HTML a second and core, MiB", [mean_bytes / each / MIB for each in s_of_page], "{:.1f}"),
        row("memory of a process at most, MiB", [cost.peak_mib for cost in costs], "{:.0f}"),
        row("of that before the first page, MiB", [cost.base_mib for cost in costs], "{:.0f}"),
        row(
            "one of the snapshot's files, minutes",
            [each * 60 / SNAPSHOT.files for each in by_pages],
            "{:.1f}",
        ),
        row("a segment, hours of a core", [each / SNAPSHOT.segments for each in by_pages], "{:,.0f}"),
        row("a segment, dollars", [each / SNAPSHOT.segments * price for each in by_pages], "{:,.2f}"),
        row("a snapshot, hours of a core", by_pages, "{:,.0f}"),
        row(f"a snapshot, hours on {cores} cores", [each / cores for each in by_pages], "{:,.1f}"),
        row("a snapshot, dollars", [each * price for each in by_pages], "{:,.0f}"),
        row("a snapshot by its bytes, hours of a core", by_bytes, "{:,.0f}"),
        row("a snapshot by its bytes, dollars", [each * price for each in by_bytes], "{:,.0f}"),
        "",
        f"scrapy-riptide takes {s_of_page[0] / s_of_page[1]:.3f} of trafilatura's CPU time.",
    ]


if __name__ == "__main__":
    main()
