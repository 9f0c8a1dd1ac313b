"""The quotas of a sandbox: how much of a server that several people share one of them may take."""

from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.sandbox.port import StoreUnavailable
from mockexchange.venues.token_buckets import BucketSize, TokenBuckets

REFUSAL_EVERY_S = 0.05
REFUSAL_PAUSE_S_MAX = 1.0


class RefusalPace:
    """How often a sandbox at its quota refuses: a client in a loop waits, instead of taking turns of all clients."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def pause_s(self, now_s: float) -> float:
        """Return how long the next refusal waits; the first one does not."""
        turn_s = min(max(self._next_s, now_s), now_s + REFUSAL_PAUSE_S_MAX)
        self._next_s = turn_s + REFUSAL_EVERY_S
        return turn_s - now_s


class QuotaReached(StoreUnavailable):
    """A sandbox has all that its quota allows; nothing was executed. The message names the quota and what to do."""

    def __init__(self, message: str, pace: RefusalPace) -> None:
        super().__init__(message)
        self.pace = pace


class Quotas(NamedTuple):
    """The quotas of each sandbox of a server; None where there is none."""

    commands: int | None = None
    """Commands after the history of its scenario, until its reset."""
    journal_bytes: int | None = None
    """Memory of its journal: heads, bodies and frames, of which the oldest are dropped."""
    streams: int | None = None
    """Open streams."""
    frames_per_second: int | None = None
    """Data frames of all its streams, by host time."""

    def commands_reached(self, sandbox: str, pace: RefusalPace) -> QuotaReached:
        """Return the error for a command of a sandbox that has had all of them."""
        return QuotaReached(
            f"the sandbox {sandbox!r} has had its quota of {self.commands:,} commands: reset or delete it", pace
        )


NO_QUOTAS = Quotas()


class FrameQuota:
    """The data frames that a sandbox may send, by host time in microseconds; those of a second may come at once."""

    def __init__(self, frames_per_second: int) -> None:
        self._size = BucketSize(frames_per_second, MICROSECONDS_PER_SECOND, frames_per_second)
        self._buckets = TokenBuckets()

    def take(self, host_at: int) -> bool:
        """Take one frame; return False if none is left."""
        return self._buckets.take(None, self._size, 1, host_at)
