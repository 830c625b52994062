"""What the host runtime costs: cold starts, the boundary, each safeguard, threads, reuse.

    python benchmarks/runtime.py [--data DIR] [--quick] [--plot [DIR]] [--without-polls FILE]

Every comparison is made in one run, its sides taken in turn, and given as the median of the
ratios: machines are noisy, ratios of neighbours are not. Figures depend on the documents; with
``--data`` they are real ones.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from documents import argument_parser, load, made

from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.vitals import Counts
from scrapy_riptide.wasm import lifting
from scrapy_riptide.wasm.contract import lower_mode
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.leak import LeakWatch
from scrapy_riptide.wasm.lifting import lower_string
from scrapy_riptide.wasm.runtime import Runtime, engine_settings

Pages = list[tuple[str, str]]
Rows = list[tuple[str, str]]
Call = Callable[[str, str], Any]
Ratio = tuple[float, float, float]

_COLD_START = """
import sys, time
from scrapy_riptide import Extractor, ExtractorConfig
config = ExtractorConfig(cache_dir=sys.argv[1], fallback=None, cold_start_target_ms=1e9)
started = time.perf_counter()
with Extractor(config) as extractor:
    extractor.extract("<html><body><p>A small page.</p></body></html>", "https://example.com/")
    print((time.perf_counter() - started) * 1000)
"""


# The same start, step by step. What is imported is not counted, and neither is the reading of files
# that an earlier start has read: the file system has them.
_PHASES = """
import json, sys, time
marks = [("", time.perf_counter())]
def mark(name): marks.append((name, time.perf_counter()))
from scrapy_riptide import Extractor, ExtractorConfig
from scrapy_riptide.wasm import aot_cache, engine, runtime
from scrapy_riptide.wasm.component import component_file, read_component
from scrapy_riptide.wasm.contract import lower_mode
from scrapy_riptide.wasm.instance import Instance
from scrapy_riptide.wasm.leak import LeakWatch
from scrapy_riptide.wasm.lifting import lower_string
mark("imports, not counted")
config = ExtractorConfig(cache_dir=sys.argv[1], fallback=None)
settings = runtime.engine_settings(config)
made = engine.make_engine(settings)
mark("engine")
cache = runtime.aot_cache(config)
path = component_file(None, simd=True)
source = aot_cache.Source.of(path, lambda: read_component(None, simd=True), settings)
mark("the component's identity")
loaded = aot_cache.load_compiled(made, source, settings, cache)
mark("the compiled component: receipt checked, mapped")
started = runtime.Runtime(made, loaded.component, settings, cache_hit=True)
mark("linker, deadline thread")
instance = Instance(started, config, 1)
mark("instance")
arguments = lower_string("<p>A small page.</p>"), lower_string("https://example.com/"), lower_mode("article")
instance.call("extract-with-stats", *arguments)
mark("first call")
instance.call("extract-with-stats", *arguments)
mark("second call, not counted")
steps = {name: (at - before) * 1000 for (_, before), (name, at) in zip(marks, marks[1:])}
instance.close()
started.close()
print(json.dumps(steps))
"""


def title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def show(rows: Rows) -> None:
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"  {name:<{width}}  {value}", flush=True)


def quantile(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(q * (len(ordered) - 1)))]


@contextmanager
def instance(config: ExtractorConfig, **settings: Any) -> Iterator[Callable[[str, str], Any]]:
    """One instance, called on this thread, without pool or breaker: the runtime's bare cost."""
    runtime = Runtime.load(config, replace(engine_settings(config), **settings))
    guest = Instance(runtime, config, 1)
    article = lower_mode("article")
    try:
        yield lambda html, url: guest.call(
            "extract-with-stats", lower_string(html), lower_string(url), article
        )
    finally:
        guest.close()
        runtime.close()


def seconds(call: Callable[[str, str], Any], pages: Pages) -> float:
    started = time.process_time()
    for html, url in pages:
        call(html, url)
    return time.process_time() - started


def ratio(one: Call, other: Call, pages: Pages, rounds: int) -> Ratio:
    """The median of one/other and the quartiles: each page given to both in turn, CPU time added up.

    Neighbours in time share the machine's mood: a ratio of two runs of a second each was off by 30 %.
    """
    seconds(one, pages), seconds(other, pages)  # warm
    ratios = []
    for index in range(rounds):
        spent = [0.0, 0.0]
        for number, page in enumerate(pages):
            for side in (0, 1) if (index + number) % 2 else (1, 0):
                spent[side] += seconds((one, other)[side], [page])
        ratios.append(spent[0] / spent[1])
    return statistics.median(ratios), quantile(ratios, 0.25), quantile(ratios, 0.75)


def percent(result: Ratio) -> str:
    middle, low, high = ((value - 1) * 100 for value in result)
    return f"{middle:+.1f} % of CPU time (quartiles {low:+.1f} to {high:+.1f})"


def cold_start(cache: str, starts: int) -> list[float]:
    title("Cold start: Extractor() to the first result of a small page, each in a process of its own")

    def run() -> float:
        done = subprocess.run(
            [sys.executable, "-c", _COLD_START, cache], capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    compiled = run()
    # A file of just now gets no receipt, and the first start after that writes it.
    time.sleep(2.5)
    run()
    warm = [run() for _ in range(starts)]
    phases: dict[str, list[float]] = {}
    for _ in range(max(starts // 4, 5)):
        done = subprocess.run(
            [sys.executable, "-c", _PHASES, cache], capture_output=True, text=True, check=True
        )
        for name, took_ms in json.loads(done.stdout).items():
            phases.setdefault(name, []).append(took_ms)
    show(
        [
            ("first ever, compiles", f"{compiled:.0f} ms"),
            (
                f"cache filled, {starts} starts",
                f"p50 {quantile(warm, 0.5):.1f} ms, p99 {quantile(warm, 0.99):.1f} ms",
            ),
            *((f"    {name}", f"p50 {quantile(took, 0.5):.2f} ms") for name, took in phases.items()),
        ]
    )
    return warm


@contextmanager
def native_time() -> Iterator[list[float]]:
    """The seconds of every call into wasmtime's library that runs a guest's function."""
    native, inside = lifting._call, []

    def timed(*arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return native(*arguments)
        finally:
            inside.append(time.perf_counter() - started)

    lifting._call = timed
    try:
        yield inside
    finally:
        lifting._call = native


def boundary(config: ExtractorConfig, calls: int) -> None:
    title("Boundary")
    runtime = Runtime.load(config)
    guest = Instance(runtime, config, 1)
    links = "".join(f'<p>Some text <a href="/a/path/{n}/page.html">link {n}</a></p>' for n in range(300))
    arguments = (lower_string(links), lower_string("https://example.com/"), lower_mode("full"))
    guest.call("extract-with-stats", *arguments)
    function = guest._functions["extract-with-stats"]
    found, lifts = 0, []
    for _ in range(300):
        guest._arm(30, 0)
        function.call(*arguments)
        started = time.perf_counter()
        content, _stats = function.take()
        lifts.append((time.perf_counter() - started) * 1e6)
        found = len(content.links)
    small = lower_string("x")
    costs, own_costs = [], []
    with native_time() as inside:
        for _ in range(2000):
            inside.clear()
            started = time.perf_counter()
            guest.call("validate-html", small)
            costs.append((time.perf_counter() - started) * 1e6)
            own_costs.append(costs[-1] - sum(inside) * 1e6)
    process = psutil.Process()
    nothing = (lower_string("<p>x</p>"), lower_string("https://example.com/"), lower_mode("metadata"))
    for _ in range(2000):
        guest.call("extract-with-stats", *nothing)
    gc.collect()
    before = process.memory_info().rss
    for _ in range(calls):
        guest.call("extract-with-stats", *nothing)
    gc.collect()
    leaked = (process.memory_info().rss - before) / calls
    show(
        [
            (f"lifting a record with {found} links", f"{statistics.median(lifts):.0f} µs"),
            (
                "a host call, guest and all (validate-html of one letter)",
                f"{statistics.median(costs):.1f} µs",
            ),
            (
                "    of that the host's own, wasmtime's left out",
                f"{statistics.median(own_costs):.1f} µs",
            ),
            (f"resident memory over {calls:,} calls", f"{leaked:+.2f} bytes a call"),
        ]
    )
    guest.close()
    runtime.close()


def overheads(
    config: ExtractorConfig, pages: Pages, rounds: int, without_polls: Path | None
) -> dict[str, Ratio]:
    title(f"Safeguards, each against off ({len(pages)} pages)")
    found: dict[str, Ratio] = {}
    # As a component without polls is stopped: what those cost is a row of its own.
    base: dict[str, Any] = {"epochs": False, "polls": False, "fuel": False, "exact_memory": False}
    unlimited = replace(config, fuel_limit=2**60)
    for name, change in (
        ("nothing, the noise of two instances", {}),
        ("epochs", {"epochs": True}),
        ("fuel", {"fuel": True}),
        ("both", {"epochs": True, "fuel": True}),
        ("memory tracking", {"exact_memory": True}),
    ):
        with instance(unlimited, **{**base, **change}) as on, instance(unlimited, **base) as off:
            found[name] = ratio(on, off, pages, rounds)
    if without_polls is not None:
        bare = replace(config, component=str(without_polls))
        with instance(config) as on, instance(bare, epochs=False) as off:
            found["polls"] = ratio(on, off, pages, rounds)
    for name, switch in (
        ("nothing, the noise of one extractor", lambda _extractor, _on: None),
        ("leak detection", _watch_for_leaks),
        ("metrics", _keep_timings),
    ):
        # Of one extractor, so of one instance: two of them differ by more than these safeguards cost.
        with Extractor(replace(config, max_workers=1, initial_pool_size=0)) as extractor:
            on_call, off_call = (_switched(extractor, switch, on=on) for on in (True, False))
            found[name] = ratio(on_call, off_call, pages, rounds)
            each_s = seconds(extractor.extract, pages) / len(pages)
    with instance(config) as simd, instance(replace(config, enable_simd=False)) as plain:
        found["SIMD against none"] = ratio(simd, plain, pages, rounds)
    rows = [(name, percent(result)) for name, result in found.items()]
    # Too little for a ratio to show: by themselves.
    watch, counts = LeakWatch(), Counts(timed=True)
    for name, once in (
        ("leak detection", lambda: watch.record(1, 75)),
        ("metrics", lambda: counts.took(1.0)),
    ):
        cost_s = min(timeit.repeat(once, number=10_000, repeat=5)) / 10_000
        rows.append(
            (f"{name}, its own work", f"{cost_s * 1e6:.2f} µs, {100 * cost_s / each_s:.3f} % of a page")
        )
    show(rows)
    return found


def _switched(extractor: Extractor, switch: Callable[[Extractor, bool], None], *, on: bool) -> Call:
    def call(html: str, url: str) -> Any:
        switch(extractor, on)
        return extractor.extract(html, url)

    return call


def _watch_for_leaks(extractor: Extractor, on: bool) -> None:
    pool = extractor._host._pool.result()
    (number,) = [each.number for each in pool._idle] or [0]
    if on:
        pool._watches.setdefault(number, LeakWatch())
    else:
        pool._watches.clear()


def _keep_timings(extractor: Extractor, on: bool) -> None:
    extractor._vitals.counts._durations = 0 if on else None


def fuel(config: ExtractorConfig, pages: Pages) -> None:
    title("Fuel that a document burns, in millions")
    generous = replace(config, fuel_limit=2**60)
    runtime = Runtime.load(generous)
    guest = Instance(runtime, generous, 1)
    burnt: dict[str, list[float]] = {}
    for html, url in pages:
        for mode in ("article", "metadata"):
            guest.call("extract-with-stats", lower_string(html), lower_string(url), lower_mode(mode))
            burnt.setdefault(mode, []).append((2**60 - guest._store.get_fuel()) / 1e6)
    show(
        [
            (
                mode,
                f"median {quantile(v, 0.5):.1f}, p95 {quantile(v, 0.95):.1f}, {min(v):.2f} to {max(v):.1f}",
            )
            for mode, v in burnt.items()
        ]
    )
    guest.close()
    runtime.close()


def threads(config: ExtractorConfig, pages: Pages, rounds: int) -> dict[int, float]:
    title("Instances: pages a second, and the time of one page")
    speeds: dict[int, list[float]] = {}
    latencies: dict[int, list[float]] = {}
    extractors = {n: Extractor(replace(config, max_workers=n, max_pool_size=max(n, 2))) for n in (1, 2, 4)}
    for extractor in extractors.values():
        list(extractor.extract_many(pages))
    for _ in range(rounds):
        for n, extractor in extractors.items():
            started = time.perf_counter()
            list(extractor.extract_many(pages))
            speeds.setdefault(n, []).append(len(pages) / (time.perf_counter() - started))
            outcomes = asyncio.run(_at_once(extractor, pages, n))
            latencies.setdefault(n, []).extend(outcomes)
    rows = []
    for n in extractors:
        factors = [many / one for many, one in zip(speeds[n], speeds[1])]
        rows.append(
            (
                f"{n} worker{'s' if n > 1 else ''}",
                f"{statistics.median(speeds[n]):.0f} pages/s, × {statistics.median(factors):.2f} of one; "
                f"a page p50 {quantile(latencies[n], 0.5):.1f} ms, p95 {quantile(latencies[n], 0.95):.1f} ms",
            )
        )
    show(rows)
    for extractor in extractors.values():
        extractor.close()
    return {n: statistics.median(values) for n, values in speeds.items()}


async def _at_once(extractor: Extractor, pages: Pages, number: int) -> list[float]:
    gate = asyncio.Semaphore(number)

    async def one(html: str, url: str) -> float:
        async with gate:
            return (await extractor.run_async(html, url)).duration_ms

    return await asyncio.gather(*(one(html, url) for html, url in pages))


def event_loop(config: ExtractorConfig, pages: Pages) -> None:
    title("Event loop: how late a timer of 10 ms is while heavy pages are extracted")
    heavy = sorted(pages, key=lambda page: -len(page[0]))
    heavy = (heavy * (100 // len(heavy) + 1))[:100]

    async def late_while(work: Any) -> list[float]:
        late: list[float] = []

        async def timer() -> None:
            while True:
                due = time.perf_counter() + 0.01
                await asyncio.sleep(0.01)
                late.append((time.perf_counter() - due) * 1000)

        ticking = asyncio.ensure_future(timer())
        await work
        ticking.cancel()
        return late

    async def measure() -> tuple[list[float], list[float]]:
        with Extractor(replace(config, checkout_timeout_secs=3600)) as extractor:
            extractor.wait_until_ready()
            extraction = asyncio.gather(*(extractor.run_async(html, url) for html, url in heavy))
            busy = await late_while(extraction)
        return busy, await late_while(asyncio.sleep(2))

    busy, quiet = asyncio.run(measure())
    mean = statistics.mean(len(html) for html, _ in heavy) / 1000
    show(
        [
            (
                f"100 pages of {mean:.0f} KB at once",
                f"p50 {quantile(busy, 0.5):.1f}, p99 {quantile(busy, 0.99):.1f}, most {max(busy):.1f} ms",
            ),
            ("nothing to do", f"p50 {quantile(quiet, 0.5):.1f}, p99 {quantile(quiet, 0.99):.1f} ms"),
        ]
    )


def reuse(config: ExtractorConfig, pages: Pages, rounds: int) -> None:
    title("Reuse against a fresh instance for each document")
    with Extractor(config) as reused, Extractor(replace(config, enable_reuse=False)) as fresh:
        result = ratio(fresh.extract, reused.extract, pages, rounds)
        rate = reused.metrics()["riptide_pool_reuse_ratio"]
    show([("fresh", f"{percent(result)}"), ("reuse rate", f"{rate:.1%}")])


def plots(directory: Path, warm: list[float], costs: dict[str, Ratio], speeds: dict[int, float]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    directory.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    axes.plot(sorted(warm), [100 * (n + 1) / len(warm) for n in range(len(warm))], drawstyle="steps-post")
    axes.scatter([5, 15], [50, 99], color="grey", marker="x")
    axes.set(xlabel="milliseconds from Extractor() to the first result", ylabel="% of starts", xlim=(0, None))
    axes.set_title("Cold start with a filled cache (crosses: 50 % within 5 ms, 99 % within 15)", fontsize=10)
    figure.savefig(directory / "cold_start.png", dpi=150)
    plt.close(figure)
    figure, axes = plt.subplots(figsize=(4, 3.2), layout="constrained")
    axes.bar([str(n) for n in speeds], list(speeds.values()), color="#2a6f97")
    axes.set(xlabel="worker threads", ylabel="pages a second")
    axes.set_title("Throughput on this machine's cores", fontsize=10)
    figure.savefig(directory / "throughput.png", dpi=150)
    plt.close(figure)
    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    middles = [(middle - 1) * 100 for middle, _, _ in costs.values()]
    reach = [
        [(m - low) * 100 for m, low, _ in costs.values()],
        [(high - m) * 100 for m, _, high in costs.values()],
    ]
    axes.barh(list(costs), middles, xerr=reach, color="#2a6f97", ecolor="grey")
    axes.invert_yaxis()
    axes.set(xlabel="% of CPU time (median, quartiles)")
    axes.set_title("What each safeguard costs", fontsize=10)
    figure.savefig(directory / "safeguards.png", dpi=150)
    plt.close(figure)
    print(f"\ncharts in {directory}")


def main() -> None:
    parser = argument_parser(__doc__, pages=60)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, for a look")
    parser.add_argument(
        "--without-polls",
        type=Path,
        metavar="FILE",
        help="the same component as the compiler left it, in guest/target/component/simd, to measure polls",
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="DIR",
        nargs="?",
        const=Path(__file__).parents[1] / "docs" / "img",
        help="draw PNG charts into DIR, docs/img if none is given (needs matplotlib)",
    )
    arguments = parser.parse_args()
    rounds, starts, calls = (3, 10, 20_000) if arguments.quick else (11, 100, 1_000_000)
    pages = load(arguments.data, arguments.pages)
    size = statistics.mean(len(html) for html, _ in pages) / 1000
    print(f"{len(pages)} pages, mean {size:.0f} KB, {psutil.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as cache:
        config = ExtractorConfig(cache_dir=cache, fallback=None, cold_start_target_ms=1e9)
        warm = cold_start(cache, starts)
        boundary(config, calls)
        costs = overheads(config, pages, rounds, arguments.without_polls)
        fuel(config, pages)
        speeds = threads(config, pages, rounds)
        event_loop(config, pages)
        reuse(config, [(made(2, 2), url) for _, url in pages], rounds)
        if arguments.plot:
            plots(arguments.plot, warm, costs, speeds)


if __name__ == "__main__":
    main()
