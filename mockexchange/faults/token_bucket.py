"""Token buckets for the fault `rate_limit`, one for each account."""

from mockexchange.faults.matching import FaultSubject
from mockexchange.scenario.faults.fault_effects import RateLimit
from mockexchange.venues.token_buckets import BucketSize, TokenBuckets


class FaultBuckets:
    """The token buckets of one rule `rate_limit`, one for each account.

    Requests without a known key share one bucket.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._is_on_host_time = limit.clock == "host"
        self._size = BucketSize(limit.requests, limit.per_us, limit.burst)
        self._buckets = TokenBuckets()

    def take(self, subject: FaultSubject) -> bool:
        """Remove a token from the bucket of a request's account; return False if none is left."""
        at = subject.host_at if self._is_on_host_time else subject.at
        return self._buckets.take(subject.account, self._size, 1, at)
