"""Token buckets, one for each owner such as an account. The caller gives the time."""

from collections.abc import Hashable

from msgspec import Struct

BUCKETS_MAX = 10_000
"""Largest number of buckets; those unused for longest are dropped, after which they count as full."""


class BucketSize(Struct, frozen=True):
    """The size of a token bucket: `refill` tokens come back one by one in `per_us` microseconds, up to `capacity`."""

    refill: int
    per_us: int
    capacity: int


class TokenBuckets:
    """The token buckets of any number of owners; a bucket is full when its owner is first seen.

    A bucket is stored as the instant at which it will be full again, so no timer is needed between requests. Instants
    are in microseconds times `refill`, so that one token is a whole number of units; `refill` must not change for an
    owner.
    """

    __slots__ = ("_full_at",)

    def __init__(self) -> None:
        self._full_at: dict[Hashable, int] = {}

    def take(self, owner: Hashable, size: BucketSize, tokens: int, at: int) -> bool:
        """Remove tokens from an owner's bucket at the time `at` (microseconds); return False if too few are left.

        In that case none is removed. If the clock went back, the bucket is empty at worst.
        """
        buckets, now = self._full_at, at * size.refill
        empty_at = now + size.capacity * size.per_us
        known = buckets.pop(owner, now)
        if not now <= known <= empty_at:
            known = now if known < now else empty_at
        full_at = known + tokens * size.per_us
        is_enough = full_at <= empty_at
        buckets[owner] = full_at if is_enough else known  # now the last one used
        if len(buckets) > BUCKETS_MAX:
            del buckets[next(iter(buckets))]
        return is_enough
