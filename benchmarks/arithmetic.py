"""How long an archive takes, and what it costs, from what one core does here.

    python benchmarks/arithmetic.py --data DIR [--documents N] [--price DOLLARS] [--pages N]

Reads a WARC file of the documents and writes JSON Lines, with this project and with trafilatura, each in a
process of its own with one thread, and counts that process's CPU seconds and peak memory. The rest is
multiplication, with what is assumed printed beside it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from documents import load

from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.archives.convert import MAX_BODY_BYTES, Task, convert
from scrapy_riptide.archives.records import Document, read_warc

SEGMENTS = 100
HOUR_S = 3600


@dataclass(frozen=True)
class Cost:
    """What the documents cost a process."""

    documents: int
    cpu_s: float
    peak_mib: float
    #: Before the first document: the interpreter and what it imports.
    base_mib: float


def write_warc(documents: list[tuple[str, str]], path: Path) -> None:
    """The documents as an archive."""
    with path.open("wb") as file:
        for html, url in documents:
            http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html.encode(
                errors="replace"
            )
            head = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n"
                f"Content-Length: {len(http)}\r\n\r\n"
            )
            file.write(gzip.compress(head.encode() + http + b"\r\n\r\n"))


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
                    text = extract(
                        found.html,
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
    base_mib, began = _peak_mib(), time.process_time()
    documents = run()
    cost = Cost(documents, time.process_time() - began, _peak_mib(), base_mib)
    sending.send(cost)  # type: ignore[attr-defined]


def _peak_mib() -> float:
    # getrusage would count what the process was before it became this program.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Measures, multiplies and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a directory with *.html below it [made documents]")
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--pages", type=float, default=2.5e9, help="pages of a whole snapshot [2.5e9]")
    parser.add_argument("--price", type=float, default=0.02, help="dollars for an hour of a core [0.02]")
    parser.add_argument("--cores", type=int, default=256, help="cores that are rented at once [256]")
    options = parser.parse_args()
    documents = load(options.data, options.documents)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "documents.warc.gz")
        write_warc(documents, source)
        ways = {"scrapy-riptide": riptide, "trafilatura": trafilatura}
        costs = {name: measure(way, source) for name, way in ways.items()}
    mean_kib = sum(len(html) for html, _ in documents) / len(documents) / 1024
    print(
        f"{len(documents)} documents of {mean_kib:.0f} KiB in the mean. Assumed: {options.pages:.3g} pages in"
    )
    print(f"{SEGMENTS} segments of a snapshot, {options.price} dollars for an hour of a core.\n")
    print("| | scrapy-riptide | trafilatura |\n| --- | --- | --- |")
    rates = [len(documents) / cost.cpu_s for cost in costs.values()]
    row("documents with content", [cost.documents for cost in costs.values()], "{:.0f}")
    row("documents a second and core", rates, "{:.1f}")
    row("memory of a process at most, MiB", [cost.peak_mib for cost in costs.values()], "{:.0f}")
    row("of that before the first document, MiB", [cost.base_mib for cost in costs.values()], "{:.0f}")
    for name, pages in (("a segment", options.pages / SEGMENTS), ("a snapshot", options.pages)):
        core_hours = [pages / rate / HOUR_S for rate in rates]
        row(f"{name}, hours of a core", core_hours, "{:,.0f}")
        row(
            f"{name}, hours on {options.cores} cores",
            [each / options.cores for each in core_hours],
            "{:,.1f}",
        )
        row(f"{name}, dollars", [each * options.price for each in core_hours], "{:,.0f}")
    print(f"\nscrapy-riptide takes {rates[1] / rates[0]:.3f} of trafilatura's CPU time.")


def row(name: str, values: list[float], form: str) -> None:
    """A line of the table."""
    print(f"| {name} | {' | '.join(map(form.format, values))} |")


if __name__ == "__main__":
    main()
