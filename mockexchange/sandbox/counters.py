"""What a sandbox's journal has seen so far, as numbers that only grow: how many of what, and how long answers took.

Counted where the journal learns of it anyway; clearing a journal leaves the numbers as they are.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

BOUNDS_MS = (0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000)
"""Of latencies: from an answer out of a cache to what a client's patience is tried with."""
BOUNDS_US = tuple(int(bound * 1_000) for bound in BOUNDS_MS)
REQUEST_KEYS_MAX = 1_000
"""Of venue, operation and status: far more than a client brings about; a literal answer may have any status."""
OTHERS = ("other", "other", 0)
"""What is beyond."""


@dataclass(slots=True)
class Latencies:
    """How many answers took up to each bound, and not up to the one before; the last place is for those beyond all."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_US) + 1))
    sum_us: int = 0

    def add(self, latency_us: int) -> None:
        self.counts[bisect_left(BOUNDS_US, latency_us)] += 1
        self.sum_us += latency_us


class Counters:
    """The counts of one sandbox since it was opened or reset."""

    __slots__ = ("fired", "frames", "latencies", "refusals", "requests", "stubbed")

    def __init__(self) -> None:
        self.requests: dict[tuple[str, str | None, int], int] = {}
        """By venue, operation and status."""
        self.latencies: dict[str, Latencies] = {}
        """By venue."""
        self.refusals: Counter[tuple[str, str]] = Counter()
        """By venue and kind."""
        self.frames = {"in": 0, "out": 0, "lost": 0}
        """By direction."""
        self.fired: Counter[str] = Counter()
        """Of faults, by effect."""
        self.stubbed = 0
        """Answers that were literal ones."""

    def count_request(self, venue: str, operation: str | None, status: int, latency_us: int) -> None:
        key = (venue, operation, status)
        if key not in self.requests and len(self.requests) >= REQUEST_KEYS_MAX:
            key = OTHERS
        self.requests[key] = self.requests.get(key, 0) + 1
        latencies = self.latencies.get(venue)
        if latencies is None:
            latencies = self.latencies[venue] = Latencies()
        latencies.add(latency_us)
