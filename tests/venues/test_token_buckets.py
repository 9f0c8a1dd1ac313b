"""Token buckets against a bucket that counts with fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.venues import token_buckets
from mockexchange.venues.token_buckets import BucketSize, TokenBuckets

SECOND = 1_000_000
SIZES = st.builds(BucketSize, st.integers(1, 500), st.integers(1, 2 * SECOND), st.integers(1, 1000))
REQUESTS = st.lists(st.tuples(st.integers(0, SECOND), st.integers(1, 50)), max_size=60)


@given(SIZES, REQUESTS)
def test_a_bucket_gives_what_it_held_and_what_came_back(size: BucketSize, requests: list[tuple[int, int]]) -> None:
    buckets, at, held = TokenBuckets(), 7 * SECOND, Fraction(size.capacity)
    for wait_us, tokens in requests:
        at += wait_us
        held = min(Fraction(size.capacity), held + Fraction(wait_us * size.refill, size.per_us))
        assert buckets.take("alice", size, tokens, at) == (held >= tokens)
        held -= tokens if held >= tokens else 0


def test_owners_have_buckets_of_their_own() -> None:
    buckets, size = TokenBuckets(), BucketSize(10, SECOND, 10)
    assert [buckets.take(owner, size, 10, 0) for owner in ("alice", "bob", "alice")] == [True, True, False]


def test_a_clock_that_went_back_empties_a_bucket_at_worst() -> None:
    buckets, size = TokenBuckets(), BucketSize(10, SECOND, 20)
    assert buckets.take("alice", size, 1, 100 * SECOND)
    assert not buckets.take("alice", size, 20, SECOND)
    assert buckets.take("alice", size, 20, 3 * SECOND)


def test_the_buckets_unused_for_longest_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_buckets, "BUCKETS_MAX", 2)
    buckets, size = TokenBuckets(), BucketSize(1, SECOND, 1)
    for owner in ("alice", "bob", "alice", "carol"):
        buckets.take(owner, size, 1, 0)
    assert [buckets.take(owner, size, 1, 0) for owner in ("alice", "bob")] == [False, True]
