"""The quotas of a sandbox: limits to how much one sandbox may take of a server that several people share."""

from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.sandbox.interface import StoreUnavailable
from mockexchange.venues.token_buckets import BucketSize, TokenBuckets

REFUSAL_EVERY_S = 0.05
REFUSAL_PAUSE_S_MAX = 1.0


class RefusalPace:
    """Delays the refusals of a sandbox at its quota, so that a client which retries does not slow others down."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def pause_s(self, now_s: float) -> float:
        """Return the seconds that the next refusal has to wait; the first one does not wait."""
        turn_s = min(max(self._next_s, now_s), now_s + REFUSAL_PAUSE_S_MAX)
        self._next_s = turn_s + REFUSAL_EVERY_S
        return turn_s - now_s


class QuotaReached(StoreUnavailable):
    """Raised if a sandbox has reached a quota; nothing was executed. The message names the quota and what to do."""

    def __init__(self, message: str, pace: RefusalPace) -> None:
        super().__init__(message)
        self.pace = pace


class Quotas(NamedTuple):
    """The quotas of each sandbox of a server; None means no limit."""

    commands: int | None = None
    """The most commands after the scenario's history, until a reset."""
    journal_bytes: int | None = None
    """The most memory for the journal, in bytes: requests, bodies and frames, of which the oldest are dropped."""
    streams: int | None = None
    """The most open streams."""
    frames_per_second: int | None = None
    """The most data frames a second, of all streams together, by host time."""

    def commands_reached(self, sandbox: str, pace: RefusalPace) -> QuotaReached:
        """Return the error for a command beyond the quota of a sandbox."""
        return QuotaReached(
            f"the sandbox {sandbox!r} has had its quota of {self.commands:,} commands: reset or delete it", pace
        )


NO_QUOTAS = Quotas()


class FrameQuota:
    """Limits the number of data frames that a sandbox sends in a second of host time.

    All frames of a second may come at once.
    """

    def __init__(self, frames_per_second: int) -> None:
        self._size = BucketSize(frames_per_second, MICROSECONDS_PER_SECOND, frames_per_second)
        self._buckets = TokenBuckets()

    def count_frame(self, host_at: int) -> bool:
        """Count a frame at the host time `host_at` (microseconds); return False if the quota does not allow it."""
        return self._buckets.take(None, self._size, 1, host_at)
