"""The conditions of a rule, one by one."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.instants import parse_instant
from mockexchange.faults.rule_firing import FaultSubject, compile_match
from mockexchange.scenario.fault_rules import FAULT, Match
from mockexchange.scenario.located_text import read_yaml
from tests.helpers.rows import each_row

NOON = parse_instant("2025-11-04T12:00:00Z")
SECOND = 1_000_000
POSITIONS = "/trade-api/v2/portfolio/positions"
REQUEST = {
    "at": NOON,
    "host_at": NOON,
    "account": "alice",
    "operation": "GetPositions",
    "method": "GET",
    "path": POSITIONS,
    "page": 2,
}
FRAME = {"at": NOON, "host_at": NOON, "account": "alice", "channel": "fill"}


def matches(given: str, effect: str, subject: dict[str, Any]) -> bool:
    rule = FAULT.read(read_yaml(f"{{match: {given}, then: {{{effect}}}}}", "rule"), "")
    return all(test(FaultSubject(**subject)) for test in compile_match(rule.match, NOON - 10 * SECOND, NOON))


@each_row(
    ("given", "is_match"),
    [
        ("{}", True),
        ("{operation: GetPositions}", True),
        ("{operation: GetFills}", False),
        ("{operation: '*'}", True),
        ("{method: GET}", True),
        ("{method: POST}", False),
        ("{account: alice}", True),
        ("{account: bob}", False),
        ("{account: '*'}", True),
        ("{page: 2}", True),
        ("{page: 1}", False),
        (f"{{path: {POSITIONS}}}", True),
        ("{path: /trade-api/v2/portfolio/*}", True),
        ("{path: /trade-api/v2/*/positions}", True),
        ("{path: '*/positions'}", True),
        ("{path: '*'}", True),
        ("{path: '*port*pos*'}", True),
        ("{path: '*pos*port*'}", False),
        ("{path: /trade-api/v2/portfolio/position}", False),
        ("{path: /trade-api/v2/portfolio/positions/*}", False),
        ("{path: /trade-api/v2/portfolio/positions*positions}", False),
        ("{operation: GetPositions, account: bob}", False),
        ("{operation: GetPositions, account: alice, page: 2, path: '*'}", True),
        ("{from: 2025-11-04T12:00:00Z}", True),
        ("{from: 2025-11-04T12:00:00.000001Z}", False),
        ("{until: 2025-11-04T12:00:00Z}", False),
        ("{until: 2025-11-04T12:00:00.000001Z}", True),
        ("{from: 10s}", True),
        ("{from: 11s}", False),
        ("{until: 10s}", False),
        ("{until: 11s}", True),
        ("{from: 5s, until: 15s}", True),
        ("{host_time: {from: 2025-11-04T12:00:00Z, until: 1s}}", True),
        ("{host_time: {from: 1s}}", False),
        ("{host_time: {until: 2025-11-04T12:00:00Z}}", False),
    ],
)
def test_requests(given: str, is_match: bool) -> None:
    assert matches(given, "drop", REQUEST) is is_match


@each_row(
    ("given", "is_match"),
    [
        ("{}", True),
        ("{channel: fill}", True),
        ("{channel: trade}", False),
        ("{channel: '*'}", True),
        ("{account: bob}", False),
        ("{channel: fill, account: alice, from: 10s}", True),
    ],
)
def test_frames(given: str, is_match: bool) -> None:
    assert matches(given, "gap", FRAME) is is_match


def test_a_request_without_a_known_key_has_no_account() -> None:
    assert not matches("{account: alice}", "drop", {**REQUEST, "account": None})
    assert matches("{}", "drop", {**REQUEST, "account": None, "operation": None})


PIECES = st.lists(st.text(st.sampled_from("ab/"), max_size=4), min_size=1, max_size=5)


@given(pieces=PIECES, fillings=st.lists(st.text(st.sampled_from("ab/"), max_size=4), min_size=4, max_size=4))
def test_a_star_stands_for_any_characters(pieces: list[str], fillings: list[str]) -> None:
    path = pieces[0] + "".join(filling + piece for filling, piece in zip(fillings, pieces[1:], strict=False))
    [test] = compile_match(Match(path="*".join(pieces)), 0, 0)
    assert test(FaultSubject(0, 0, path=path))
    if len(pieces) == 1:
        assert not test(FaultSubject(0, 0, path=f"{path}c"))


def test_two_parts_of_a_path_are_not_found_in_the_same_place() -> None:
    [test] = compile_match(Match(path="*por*por*"), 0, 0)
    assert not test(FaultSubject(0, 0, path=POSITIONS))
    assert test(FaultSubject(0, 0, path=f"{POSITIONS}/portrait"))


def test_a_path_of_stars_costs_no_more_than_its_length() -> None:
    [test] = compile_match(Match(path="*a" * 400 + "*b"), 0, 0)
    assert not test(FaultSubject(0, 0, path="a" * 60_000))
