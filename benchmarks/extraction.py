"""Quality and speed of the packaged component beside other extractors, on the same pages in one run.

    python benchmarks/extraction.py --data DIR [--pages N] [--plot FILE] [--engines NAME ...]

DIR has wcxb-dev.tar.xz (WCXB, Web Content eXtraction Benchmark, development split, CC-BY-4.0) and
trafilatura-eval.tar.xz (trafilatura's evaluation set, Apache-2.0), or either unpacked. Every page
goes through every engine before the next page does, so a slow moment of the machine hits all.

The crate rs-trafilatura takes part once it is built: cargo build --release --manifest-path
benchmarks/peers/rs-trafilatura/Cargo.toml

The component was trained on these pages: for what it does on pages it has never seen, see the
figures that guest/train prints, cross-validated by site.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import statistics
import sys
import tarfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engines import Engine, available
from scoring import Page, Prediction, score

logger = logging.getLogger(__name__)

SETS = ("wcxb-dev", "trafilatura-eval")
_WHERE = (
    "{directory} has neither {name}.tar.xz nor {name}/: give --data a directory that does. Both sets are "
    "public: WCXB 1.0 (its development split) and the evaluation data in trafilatura's repository."
)
_MEASURES = (
    "word F1",
    "shingle F1",
    "shingle precision",
    "shingle recall",
    "kept",
    "clean",
    "title",
    "byline",
    "byline precision",
    "byline invented",
    "date",
    "date precision",
    "date invented",
)


Scores = dict[str, dict[str, list[float]]]


def pages(directory: Path, name: str) -> Iterator[Page]:
    """The pages of a data set, from its archive or unpacked."""
    archive, folder = directory / f"{name}.tar.xz", directory / name
    truths: list[dict[str, Any]] = []
    html: dict[str, str] = {}
    if folder.is_dir():
        truths.extend(json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.json")))
        html = {
            path.stem: path.read_text(encoding="utf-8", errors="replace")
            for path in (folder / "html").glob("*.html")
        }
    elif archive.exists():
        with tarfile.open(archive) as tar:
            for member in tar:
                content = tar.extractfile(member)
                if content is None:
                    continue
                if member.name.endswith(".json"):
                    truths.append(json.loads(content.read().decode()))
                elif member.name.endswith(".html"):
                    html[Path(member.name).stem] = content.read().decode("utf-8", "replace")
    else:
        raise SystemExit(_WHERE.format(directory=directory, name=name))
    for records in truths:
        for truth in records if isinstance(records, list) else [records]:
            yield Page.from_truth(truth, html[truth["id"]])


def run(engines: list[Engine], page: Page, limit_s: float) -> dict[str, tuple[Prediction, float]]:
    """Every engine's prediction for a page, and the milliseconds it took."""
    results = {}
    for engine in engines:
        started = time.perf_counter()
        try:
            prediction = engine.extract(page.html, page.url)
        except Exception as error:  # noqa: BLE001 (an engine that raises has extracted nothing)
            logger.debug("%s on %s: %s", engine.name, page.id, error)
            prediction = Prediction()
        took = prediction.milliseconds or (time.perf_counter() - started) * 1000
        if took > limit_s * 1000:
            print(f"  {engine.name} took {took / 1000:.0f} s on page {page.id}", file=sys.stderr)
        results[engine.name] = (prediction, took)
    return results


def table(engines: list[Engine], scores: Scores, times: dict[str, list[float]]) -> None:
    """One row an engine: its measures, then its milliseconds a page and their ratio to the first peer's."""
    measures = [name for name in _MEASURES if any(scores[engine.name][name] for engine in engines)]
    print(f"{'':<20}" + "".join(f"{name.replace('shingle ', 'sh. '):>18}" for name in measures), end="")
    print(f"{'mean ms':>10}{'median':>9}{'p95':>9}{'ratio':>8}")
    base = statistics.mean(times["trafilatura"]) if "trafilatura" in times else None
    for engine in engines:
        row, took = scores[engine.name], sorted(times[engine.name])
        cells = "".join(
            f"{statistics.mean(row[name]):>18.4f}" if row[name] else f"{'-':>18}" for name in measures
        )
        mean = statistics.mean(took)
        ratio = f"{mean / base:>8.3f}" if base else f"{'-':>8}"
        p95 = took[round(0.95 * (len(took) - 1))]
        print(f"{engine.name:<20}{cells}{mean:>10.2f}{statistics.median(took):>9.2f}{p95:>9.2f}{ratio}")


def plot(path: Path, points: dict[str, tuple[float, float]]) -> None:
    """Quality over speed, the best at the top right. The first is ours."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    rates = [rate for rate, _ in points.values()]
    middle = math.sqrt(min(rates) * max(rates))
    for name, (rate, quality) in points.items():
        ours = name == next(iter(points))
        axes.scatter(rate, quality, s=70 if ours else 36, color="#c1121f" if ours else "#2a6f97", zorder=3)
        # A name stands where there is room: towards the middle.
        side = "right" if rate > middle else "left"
        offset = (-8 if side == "right" else 8, 5)
        axes.annotate(name, (rate, quality), offset, textcoords="offset points", ha=side, fontsize=9)
    axes.set(xscale="log", xlabel="pages a second on one core (logarithmic)", ylabel="word F1")
    axes.margins(y=0.12)
    axes.grid(alpha=0.3)
    axes.set_title("Quality over speed, the same pages in one run", fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), metavar="DIR")
    parser.add_argument("--pages", type=int, help="at most so many of each set, evenly chosen")
    parser.add_argument("--engines", nargs="+", help="only these")
    parser.add_argument("--quick", action="store_true", help="60 pages of each set")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw quality over speed (needs matplotlib)"
    )
    parser.add_argument(
        "--held-out",
        type=float,
        metavar="F1",
        help="the word F1 that guest/train prints, cross-validated by site, to be drawn for the component"
        " instead of what it reaches on the pages it was trained on",
    )
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.pages = 60
    logging.getLogger().setLevel(logging.CRITICAL)
    engines = [each for each in available() if not arguments.engines or each.name in arguments.engines]
    print(", ".join(f"{each.name} {each.version}" for each in engines))
    for name in SETS:
        chosen = list(pages(arguments.data, name))
        if arguments.pages:
            chosen = chosen[:: max(1, len(chosen) // arguments.pages)][: arguments.pages]
        # By kind of page, and over all.
        scores: dict[str, Scores] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        times: dict[str, list[float]] = defaultdict(list)
        run(engines, chosen[0], 60)  # what is built at a first call is no page's fault
        for page in chosen:
            results = run(engines, page, 20)
            for engine in engines:
                prediction, took = results[engine.name]
                times[engine.name].append(took)
                for measure, value in score(page, prediction, engine.gives).items():
                    for group in ("all", page.kind) if page.kind else ("all",):
                        scores[group][engine.name][measure].append(value)
        print(f"\n{name}: {len(chosen)} pages")
        table(engines, scores["all"], times)
        kinds = sorted(set(scores) - {"all"})
        if kinds:
            print(f"\n{'word F1 by kind':<20}" + "".join(f"{kind:>15}" for kind in kinds))
            for each in (engine for engine in engines if "text" in engine.gives):
                cells = (statistics.mean(scores[kind][each.name]["word F1"]) for kind in kinds)
                print(f"{each.name:<20}" + "".join(f"{value:>15.4f}" for value in cells))
            if arguments.plot:
                points = {
                    each.name: (
                        1000 / statistics.mean(times[each.name]),
                        statistics.mean(scores["all"][each.name]["word F1"]),
                    )
                    for each in engines
                    if "text" in each.gives
                }
                if arguments.held_out is not None:
                    rate, _ = points.pop(engines[0].name)
                    points = {f"{engines[0].name}, sites it never saw": (rate, arguments.held_out), **points}
                plot(arguments.plot, points)


if __name__ == "__main__":
    main()
