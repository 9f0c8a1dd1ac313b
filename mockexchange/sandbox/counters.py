"""Counters of a sandbox's traffic: requests, refusals, frames, fired faults and latencies. They only grow.

Clearing the journal does not reset them.
"""

from bisect import bisect_left
from collections import Counter

from msgspec import Struct, field

BOUNDS_MS = (0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000)
"""Upper bounds of the latency buckets, from cached answers to very slow ones."""
BOUNDS_US = tuple(int(bound * 1_000) for bound in BOUNDS_MS)
REQUEST_KEYS_MAX = 1_000
"""The most combinations of venue, operation and status that are counted apart; a stub may send any status."""
OTHERS = ("other", "other", 0)
"""The key under which all combinations beyond REQUEST_KEYS_MAX are counted."""


class Latencies(Struct):
    """A histogram of latencies: the number of answers in each bucket. The last bucket has no upper bound."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_US) + 1))
    sum_us: int = 0


REFUSED_FROM = 400
"""The lowest status of a refusal."""


class Counters:
    """The counts of one sandbox's traffic since the sandbox was opened or reset."""

    __slots__ = ("fired", "frames", "latencies", "refusals", "requests", "script_findings", "stubbed")

    def __init__(self) -> None:
        self.requests: dict[tuple[str, str | None, int], int] = {}
        """Number of requests by venue, operation and status."""
        self.latencies: dict[str, Latencies] = {}
        """Histograms by venue."""
        self.refusals: Counter[tuple[str, str]] = Counter()
        """Number of refusals by venue and kind."""
        self.frames = {"in": 0, "out": 0, "lost": 0}
        """Number of frames by direction."""
        self.fired: Counter[str] = Counter()
        """Fired faults, by effect."""
        self.stubbed = 0
        """Number of answers that were stubs."""
        self.script_findings = 0
        """Number of steps of the script that were refused, failed or not run."""

    @property
    def refused(self) -> int:
        """Number of requests that were refused, or cut off before their answer."""
        return sum(count for (_, _, status), count in self.requests.items() if status == 0 or status >= REFUSED_FROM)

    def count_request(self, venue: str, operation: str | None, status: int, latency_us: int) -> None:
        key, requests = (venue, operation, status), self.requests
        if key not in requests and len(requests) >= REQUEST_KEYS_MAX:
            key = OTHERS
        requests[key] = requests.get(key, 0) + 1
        latencies = self.latencies.get(venue)
        if latencies is None:
            latencies = self.latencies[venue] = Latencies()
        latencies.counts[bisect_left(BOUNDS_US, latency_us)] += 1
        latencies.sum_us += latency_us
