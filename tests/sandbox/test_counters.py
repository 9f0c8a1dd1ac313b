"""Counters only grow, and their number is bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.sandbox import counters
from mockexchange.sandbox.counters import BOUNDS_US, OTHERS, Counters, Latencies


@given(st.lists(st.integers(0, 10_000_000)))
def test_a_latency_is_counted_up_to_its_bound(latencies_us: list[int]) -> None:
    counts = Counters()
    for latency_us in latencies_us:
        counts.count_request("kalshi", None, 200, latency_us)
    latencies = counts.latencies.get("kalshi", Latencies())
    upto = [sum(one <= bound for one in latencies_us) for bound in BOUNDS_US]
    assert [sum(latencies.counts[: place + 1]) for place in range(len(BOUNDS_US))] == upto
    assert (sum(latencies.counts), latencies.sum_us) == (len(latencies_us), sum(latencies_us))


def test_bounds_are_in_order_and_of_a_known_number() -> None:
    assert list(BOUNDS_US) == sorted(set(BOUNDS_US))
    assert (BOUNDS_US[0], BOUNDS_US[-1], len(BOUNDS_US)) == (500, 5_000_000, 13)


def test_what_is_beyond_is_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "REQUEST_KEYS_MAX", 2)
    counts = Counters()
    for status in (200, 201, 202, 203, 200):
        counts.count_request("kalshi", None, status, 1)
    assert counts.requests == {("kalshi", None, 200): 2, ("kalshi", None, 201): 1, OTHERS: 2}
    assert sum(counts.latencies["kalshi"].counts) == 5
