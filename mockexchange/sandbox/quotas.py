"""The quotas of a sandbox: how much of a server that several people share one of them may take."""

from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.sandbox.port import StoreUnavailable
from mockexchange.venues.token_buckets import BucketSize, TokenBuckets


class QuotaReached(StoreUnavailable):
    """A sandbox has all that its quota allows; nothing was executed. The message names the quota and what to do."""


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

    def commands_reached(self, sandbox: str) -> QuotaReached:
        """Return the error for a command of a sandbox that has had all of them."""
        return QuotaReached(
            f"the sandbox {sandbox!r} has had its quota of {self.commands:,} commands: reset or delete it"
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
