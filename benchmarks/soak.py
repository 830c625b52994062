"""A long run: does anything grow?

    python benchmarks/soak.py [--extractions 1000000] [--data DIR] [--plot FILE]

Prints resident memory, the instances' pages and the rate as it goes, and ends with the growth
after the first 500 extractions. Exit code 1 when it is more than 5 MB or pages crept.
"""

from __future__ import annotations

import gc
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import psutil
from documents import argument_parser, load

from scrapy_riptide import Extractor, ExtractorConfig

_SETTLED_AFTER = 500
_ALLOWED_MB = 5.0


def main() -> int:
    parser = argument_parser(__doc__, pages=50)
    parser.add_argument("--extractions", type=int, default=1_000_000)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the curve (needs matplotlib)")
    arguments = parser.parse_args()
    pages = load(arguments.data, arguments.pages)
    process = psutil.Process()
    curve: list[tuple[int, float, int]] = []
    step = max(arguments.extractions // 20, _SETTLED_AFTER)
    print(f"{'extractions':>12} {'resident MB':>12} {'pages':>7} {'a second':>9}")
    # One instance's life must not hide what the host leaks, nor its renewal what the guest does.
    with Extractor(ExtractorConfig(max_uses=2**31, fallback=None)) as extractor:
        last, since = 0, time.perf_counter()
        for done, _ in enumerate(extractor.extract_many(islice(cycle(pages), arguments.extractions)), 1):
            if done != _SETTLED_AFTER and done % step:
                continue
            gc.collect()
            resident, held = process.memory_info().rss / 1e6, extractor.metrics()["riptide_wasm_memory_pages"]
            rate = (done - last) / (time.perf_counter() - since)
            last, since = done, time.perf_counter()
            curve.append((done, resident, held or 0))
            print(
                f"{done:>12,} {resident:>12.1f} {held if held is not None else '-':>7} {rate:>9.0f}",
                flush=True,
            )
    settled = curve[0]
    growth, crept = curve[-1][1] - settled[1], curve[-1][2] - settled[2]
    print(f"after the first {settled[0]:,}: {growth:+.1f} MB resident, {crept:+d} pages")
    if arguments.plot:
        draw(curve, arguments.plot)
    return int(growth > _ALLOWED_MB or crept > 0)


def draw(curve: list[tuple[int, float, int]], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    axes.plot([n for n, _, _ in curve], [resident for _, resident, _ in curve])
    most = max(resident for _, resident, _ in curve)
    axes.set(xlabel="extractions", ylabel="resident MB", xlim=(0, curve[-1][0]), ylim=(0, 1.4 * most))
    axes.set_title("Resident memory over a long run", fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    sys.exit(main())
