"""Token buckets, one for each account: how many requests are too many.

A bucket is kept as the one instant at which it would be full again, so nothing runs between two requests.
"""

from collections import OrderedDict

from mockexchange.faults.matching import FaultSubject
from mockexchange.scenario.fault_effects import RateLimit

BUCKETS_MAX = 10_000
"""One for each account that asks; those that did not ask for longest are forgotten, which fills them."""


class TokenBuckets:
    """The buckets of one rule. Who claims no known key shares one with the others."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._full_at: OrderedDict[str | None, int] = OrderedDict()

    def take(self, subject: FaultSubject) -> bool:
        """Take a token out of the account's bucket; False where none is left.

        Instants are in microseconds times the number of requests, so that a token is a whole number of them.
        """
        limit = self._limit
        now = (subject.host_at if limit.clock == "host" else subject.at) * limit.requests
        full_at = max(self._full_at.get(subject.account, now), now)
        if full_at + limit.per_us - now > limit.burst * limit.per_us:
            return False
        self._full_at[subject.account] = full_at + limit.per_us
        self._full_at.move_to_end(subject.account)
        if len(self._full_at) > BUCKETS_MAX:
            self._full_at.popitem(last=False)
        return True
