"""Selection of the matches that fire: nth, every, times, probability, limits, and stages of several rules."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.faults.rule_firing import FaultSubject, InstalledRule, fires, firing
from mockexchange.scenario.fault_rules import FAULT, Rule
from mockexchange.scenario.located_text import read_yaml
from mockexchange.venues import token_buckets
from tests.helpers.rows import each_row

SEED = 7
NOW = FaultSubject(at=1_000_000, host_at=2_000_000)


def rule_of(text: str) -> Rule:
    rule: Rule = FAULT.read(read_yaml(text, "rule"), "")
    return rule


def installed(text: str, name: str = "r", seed: int = SEED) -> InstalledRule:
    return InstalledRule(rule_of(text), name, seed, NOW.at, NOW.host_at)


def fired(one: InstalledRule, count: int, subject: FaultSubject = NOW) -> list[int]:
    """Return the numbers of the matches that fire, counted from 1."""
    return [number for number in range(1, count + 1) if list(firing([one], subject))]


@each_row(
    ("rule", "numbers"),
    [
        ("{then: {drop}}", [1, 2, 3, 4, 5, 6, 7]),
        ("{match: {nth: 3}, then: {drop}}", [3]),
        ("{match: {every: 3}, then: {drop}}", [3, 6]),
        ("{match: {every: 1}, then: {drop}}", [1, 2, 3, 4, 5, 6, 7]),
        ("{match: {nth: 4, every: 2}, then: {drop}}", [4]),
        ("{match: {nth: 3, every: 2}, then: {drop}}", []),
        ("{times: 2, then: {drop}}", [1, 2]),
        ("{match: {every: 2}, times: 2, then: {drop}}", [2, 4]),
        ("{match: {nth: 9}, then: {drop}}", []),
        ("{match: {probability: 1}, then: {drop}}", [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_which_matches_fire(rule: str, numbers: list[int]) -> None:
    one = installed(rule)
    assert fired(one, 7) == numbers
    assert (one.matched, one.fired) == (7, len(numbers))


def test_what_is_not_matched_is_not_counted() -> None:
    one = installed("{match: {account: alice, nth: 2}, then: {drop}}")
    others = [FaultSubject(0, 0, account=name) for name in ("bob", "alice", "bob", "alice", "alice")]
    assert [bool(list(firing([one], other))) for other in others] == [False, False, False, True, False]
    assert (one.matched, one.fired) == (3, 1)


@given(seed=st.integers(0, 2**53), name=st.text(min_size=1), ordinal=st.integers(1, 10**9), ppm=st.integers(1, 10**6))
def test_dice_fall_the_same_way_again(seed: int, name: str, ordinal: int, ppm: int) -> None:
    assert fires(seed, name, ordinal, ppm) == fires(seed, name, ordinal, ppm)
    assert fires(seed, name, ordinal, 1_000_000)
    assert not fires(seed, name, ordinal, 0)
    if fires(seed, name, ordinal, ppm):
        assert fires(seed, name, ordinal, min(ppm + 1, 1_000_000)), "what fires fires with better odds as well"


@each_row("share", [0.01, 0.1, 0.5, 0.9])
def test_dice_fall_as_often_as_they_should(share: float) -> None:
    count = 20_000
    hits = sum(fires(SEED, "r", ordinal, round(share * 1_000_000)) for ordinal in range(1, count + 1))
    deviation = (count * share * (1 - share)) ** 0.5
    assert abs(hits - count * share) < 4 * deviation


def test_other_seeds_and_other_names_are_other_dice() -> None:
    def run(name: str, seed: int) -> list[int]:
        return fired(installed("{match: {probability: 0.5}, then: {drop}}", name, seed), 64)

    runs = [run("a", 1), run("b", 1), run("a", 2)]
    assert len({tuple(numbers) for numbers in runs}) == 3
    assert run("a", 1) == runs[0]


def test_the_first_of_a_stage_has_its_way_and_the_others_count() -> None:
    rules = [
        installed("{match: {every: 2}, then: {status: 500}}", "first"),
        installed("{then: {status: 503}}", "second"),
        installed("{then: {delay: 1s}}", "third"),
        installed("{then: {drop}}", "fourth"),
        installed("{then: {reset}}", "fifth"),
    ]
    names = [[one.name for one in firing(rules, NOW)] for _ in range(2)]
    assert names == [["second", "third", "fourth"], ["first", "third", "fourth"]]
    assert [(one.matched, one.fired) for one in rules] == [(2, 1), (2, 1), (2, 2), (2, 2), (2, 0)]


def limited(text: str, calls: Sequence[tuple[int, str | None]]) -> list[bool]:
    """Return which of these requests, given as (millisecond, account), exceed the limit."""
    one = installed(f"{{then: {{rate_limit: {text}}}}}")
    return [
        bool(list(firing([one], FaultSubject(at_ms * 1_000, at_ms * 1_000, account=account))))
        for at_ms, account in calls
    ]


@each_row(
    ("limit", "at_ms", "refused"),
    [
        ("{requests: 2}", [0, 0, 0, 500, 500, 1000, 5000, 5000, 5000], [0, 0, 1, 0, 1, 0, 0, 0, 1]),
        ("{requests: 1, per: 10s}", [0, 9_999, 10_000, 19_999, 20_000], [0, 1, 0, 1, 0]),
        ("{requests: 3, per: 1s}", [0, 0, 0, 333, 334, 666, 667], [0, 0, 0, 1, 0, 1, 0]),
        ("{requests: 1, burst: 3}", [0, 0, 0, 0, 1000, 1000], [0, 0, 0, 1, 0, 1]),
        ("{requests: 10, burst: 1}", [0, 50, 100, 150, 200], [0, 1, 0, 1, 0]),
    ],
)
def test_a_bucket_empties_and_fills(limit: str, at_ms: list[int], refused: list[int]) -> None:
    assert limited(limit, [(ms, "alice") for ms in at_ms]) == [bool(one) for one in refused]


def test_every_account_has_a_bucket_and_strangers_share_one() -> None:
    calls = [(0, "alice"), (0, "bob"), (0, None), (0, "alice"), (0, None)]
    assert limited("{requests: 1}", calls) == [False, False, False, True, True]


def test_a_bucket_fills_by_the_selected_clock() -> None:
    host = installed("{then: {rate_limit: {requests: 1}}}")
    exchange = installed("{then: {rate_limit: {requests: 1, clock: exchange}}}")
    moments = [FaultSubject(0, 0), FaultSubject(0, 1_000_000), FaultSubject(1_000_000, 1_000_000)]
    assert [bool(list(firing([host], moment))) for moment in moments] == [False, False, True]
    assert [bool(list(firing([exchange], moment))) for moment in moments] == [False, True, False]


def test_buckets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_buckets, "BUCKETS_MAX", 2)
    calls = [(0, "alice"), (0, "bob"), (0, "carol"), (0, "alice"), (0, "alice")]
    assert limited("{requests: 1}", calls) == [False, False, False, False, True]
    calls = [(0, "alice"), (0, "bob"), (0, "alice"), (0, "carol"), (0, "alice")]
    assert limited("{requests: 2}", calls) == [False, False, False, False, True]


def test_only_matches_that_are_chosen_take_of_a_bucket() -> None:
    one = installed("{match: {every: 2}, then: {rate_limit: {requests: 1}}}")
    assert fired(one, 6) == [4, 6]


def test_a_cut_takes_the_place_of_a_drop() -> None:
    rules = [installed("{then: {cut_after: 5}}", "cut"), installed("{then: {drop}}", "drop")]
    assert [one.name for one in firing(rules, NOW)] == ["cut"]


def test_dice_do_not_take_the_seed_for_the_name() -> None:
    ordinals = range(1, 60)
    assert [fires(1, "1r", one, 500_000) for one in ordinals] != [fires(11, "r", one, 500_000) for one in ordinals]
    assert [fires(1, "r1", one, 500_000) for one in ordinals] != [fires(1, "r", 10 + one, 500_000) for one in ordinals]
