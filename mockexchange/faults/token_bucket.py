"""Token buckets of the fault `rate_limit`, one for each account."""

from collections import OrderedDict

from mockexchange.faults.matching import FaultSubject
from mockexchange.scenario.fault_effects import RateLimit

BUCKETS_MAX = 10_000
"""Number of buckets; the ones unused for longest are dropped, which fills them."""


class TokenBuckets:
    """The token buckets of one rule, one per account; requests without a known key share one.

    A bucket is stored as the instant at which it will be full again, so it needs no timer between requests.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._full_at: OrderedDict[str | None, int] = OrderedDict()

    def take(self, subject: FaultSubject) -> bool:
        """Take a token out of the account's bucket; return False if none is left.

        Instants are in microseconds times the number of requests, so that a token is a whole number of them.
        """
        limit = self._limit
        at = (subject.host_at if limit.clock == "host" else subject.at) * limit.requests
        full_at = max(self._full_at.get(subject.account, at), at)
        if full_at + limit.per_us - at > limit.burst * limit.per_us:
            return False
        self._full_at[subject.account] = full_at + limit.per_us
        self._full_at.move_to_end(subject.account)
        if len(self._full_at) > BUCKETS_MAX:
            self._full_at.popitem(last=False)
        return True
