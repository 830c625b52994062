"""A crawl's figures that its stats can't hold: distributions, and the last pages for a person to look at."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

_RECENT = 20
_WINDOW = 1000

# Seconds. Most pages take 2 to 50 ms; the default deadline is 30 s.
DURATION_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
LAG_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


@dataclass(frozen=True, slots=True)
class Extraction:
    """One page that was given to an extractor, and what came of it."""

    url: str
    #: ``article``, ``full``, ``metadata`` or ``custom``.
    mode: str
    #: ``wasm``, a fallback's name, or None where nobody had an answer.
    engine: str | None
    #: The kind of error of the guest, or None.
    kind: str | None
    message: str
    html_bytes: int
    markdown_bytes: int
    #: Milliseconds on a worker thread.
    duration_ms: float
    #: Milliseconds of waiting for one.
    wait_ms: float
    #: Of a failure: the number of the instance at work, and the pages of memory it had.
    instance: int | None = None
    memory_pages: int | None = None
    title: str | None = None
    quality_score: int | None = None
    word_count: int | None = None


class Histogram:
    """Counts of values up to each bound, as Prometheus wants them."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Counts a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    def cumulative(self) -> Iterator[tuple[str, int]]:
        """Pairs of a bound, ``+Inf`` the last, and the number of values up to it."""
        return zip((*map(str, self._bounds), "+Inf"), accumulate(self._counts), strict=True)


@dataclass
class CrawlFigures:
    """What one crawl's pages were like. Kept on the event loop."""

    #: By engine (``none`` where nobody answered), mode, and outcome (``ok`` or a kind of error).
    extractions: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    durations_s: Histogram = field(default_factory=lambda: Histogram(DURATION_BOUNDS))
    waits_s: Histogram = field(default_factory=lambda: Histogram(DURATION_BOUNDS))
    loop_lags_s: Histogram = field(default_factory=lambda: Histogram(LAG_BOUNDS))
    markdown_bytes: int = 0
    #: Milliseconds of the pages since someone last looked and cleared it.
    window_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_WINDOW))
    recent: deque[Extraction] = field(default_factory=lambda: deque(maxlen=_RECENT))

    def record(self, extraction: Extraction) -> None:
        """Takes in a page."""
        self.extractions[extraction.engine or "none", extraction.mode, extraction.kind or "ok"] += 1
        # Options that mean nothing cost a page neither, an exhausted pool keeps it from the first:
        # zeros would make the others look faster than they were.
        if extraction.duration_ms:
            self.durations_s.observe(extraction.duration_ms / 1000)
            self.window_ms.append(extraction.duration_ms)
        if extraction.wait_ms:
            self.waits_s.observe(extraction.wait_ms / 1000)
        self.markdown_bytes += extraction.markdown_bytes
        self.recent.append(extraction)
