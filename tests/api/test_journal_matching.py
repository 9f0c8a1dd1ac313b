"""Matching by difference: what fits, what does not and in which field, and what came nearest."""

from decimal import Decimal
from typing import Any

import pytest

from mockexchange.api.errors import WrongArgument
from mockexchange.api.values.matching import (
    FRAME_FILTERS,
    REQUEST_FILTERS,
    REQUESTS,
    ExpectedCount,
    check_filters,
    describe_mismatch,
    differences,
    near_misses,
    require_direction,
)
from tests.api.fakes import a_frame, a_request
from tests.helpers.rows import each_row

BODY = b'{"type": "limit", "count": 3, "price": 0.50, "flags": {"post_only": true, "note": null}, "legs": ["a", "b"]}'

# what is wanted                                     the fields that differ
REQUEST_CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"operation": "GetPositions", "account": "alice", "method": "GET", "status": 200}, []),
    ({"operation": "GetFills", "status": 401}, ["operation", "status"]),
    ({"path": "/trade-api/v2/portfolio/positions"}, []),
    ({"path": "/portfolio/positions"}, ["path"]),
    ({"account": None}, ["account"]),
    ({"query": {}}, []),
    ({"query": {"limit": "10"}}, []),
    ({"query": {"limit": 10}}, []),
    ({"query": {"limit": Decimal(10)}}, []),
    ({"query": {"limit": 100}}, ["query.limit"]),
    ({"query": {"limit": "10", "cursor": "x"}}, ["query.cursor"]),
    ({"query": {"cursor": None}}, []),
    ({"query": {"limit": None}}, ["query.limit"]),
    ({"json": {}}, []),
    ({"json": {"count": 3}}, []),
    ({"json": {"count": "3"}}, []),
    ({"json": {"price": 0.5}}, []),
    ({"json": {"price": Decimal("0.5000")}}, []),
    ({"json": {"price": "0.5"}}, ["json.price"]),
    ({"json": {"price": "0.50"}}, []),
    ({"json": {"flags": {"post_only": True, "note": None}}}, []),
    ({"json": {"flags": {"post_only": False}}}, ["json.flags.post_only"]),
    ({"json": {"flags": {"reduce_only": None}}}, ["json.flags.reduce_only"]),
    ({"json": {"flags": []}}, ["json.flags"]),
    ({"json": {"legs": ["a", "b"]}}, []),
    ({"json": {"legs": ["a", "c"]}}, ["json.legs[1]"]),
    ({"json": {"legs": ["a"]}}, ["json.legs"]),
    ({"json": {"type": {"kind": "limit"}}}, ["json.type"]),
    ({"json": {"post_only": True, "count": 4}}, ["json.post_only", "json.count"]),
]


@each_row(("wanted", "fields"), REQUEST_CASES, ids=str)
def test_a_request_differs_in_these_fields(wanted: dict[str, Any], fields: list[str]) -> None:
    assert [row.name for row in differences(a_request(body=BODY), wanted)] == fields


def test_of_a_parameter_given_twice_the_last_counts() -> None:
    request = a_request(target="/x?limit=1&limit=2&empty=&spaced=a%20b")
    assert request.query == {"limit": "2", "empty": "", "spaced": "a b"}
    assert differences(request, {"query": {"limit": 2, "empty": "", "spaced": "a b"}}) == []


def test_a_body_that_is_no_json_differs_and_says_so() -> None:
    (row,) = differences(a_request(body=b"limit=3"), {"json": {"limit": 3}})
    assert "is not JSON" in str(row)
    (row,) = differences(a_request(), {"json": {}})
    assert "is not in the journal any more" in str(row)


def test_a_frame_is_matched_by_its_contents() -> None:
    frame = a_frame(raw=b'{"type":"fill","msg":{"count":2}}')
    assert differences(frame, {"channel": "fill", "contains": {"msg": {"count": "2"}}}) == []
    (row,) = differences(frame, {"contains": {"msg": {"count": 3}}})
    assert str(row) == "contains.msg.count is 2, wanted 3"


def test_long_values_are_shown_in_part() -> None:
    (row,) = differences(a_request(diagnosis=None, account="a" * 1_000), {"account": "b"})
    assert len(str(row)) < 300


def test_the_nearest_miss_is_of_the_same_operation() -> None:
    other = a_request(1, operation="GetBalance", target="/trade-api/v2/portfolio/balance")
    refused = a_request(2, status=401, account=None)
    nearest = a_request(3)
    wanted = {"operation": "GetPositions", "account": "alice", "query": {"limit": "100"}}
    found = [record.number for record, _ in near_misses([other, refused, nearest], wanted)]
    assert found == [3, 2, 1]


def test_another_operation_is_further_than_other_contents() -> None:
    other = a_request(2, operation="GetBalance")
    near = a_request(1, status=500, account="bob")
    wanted = {"operation": "GetPositions", "account": "alice", "status": 200}
    assert [one.number for one, _ in near_misses([near, other], wanted)] == [1, 2]


def test_of_misses_alike_the_newest_comes_first_and_three_are_shown() -> None:
    requests = [a_request(number) for number in range(1, 8)]
    assert [one.number for one, _ in near_misses(requests, {"status": 500})] == [7, 6, 5]


def test_what_matches_is_no_near_miss() -> None:
    assert [one.number for one, _ in near_misses([a_request(1), a_request(2, status=500)], {"status": 200})] == [2]


def test_a_complaint_shows_wanted_got_misses_and_their_diagnosis() -> None:
    refused = a_request(1, status=401, account=None, diagnosis="alice: sign the path without the query")
    text = describe_mismatch(REQUESTS, [refused], {"operation": "GetPositions", "status": 200}, ExpectedCount(2, "1s"))
    assert text.splitlines() == [
        "expected 2 requests with operation 'GetPositions', status 200 within 1s; got 0",
        "  near miss: #1 GET /trade-api/v2/portfolio/positions?limit=10 -> 401: status is 401, wanted 200",
        "    diagnosis: alice: sign the path without the query",
    ]


def test_a_complaint_of_too_many_lists_them_and_is_bounded() -> None:
    requests = [a_request(number) for number in range(1, 31)]
    lines = describe_mismatch(REQUESTS, requests, {"status": 200}, ExpectedCount(1)).splitlines()
    assert lines[0] == "expected 1 request with status 200; got 30"
    assert lines[1] == "  matches: #1 alice GET /trade-api/v2/portfolio/positions?limit=10 -> 200"
    assert lines[-1] == "  and 20 more"
    assert len(lines) == 12


def test_a_complaint_of_an_empty_journal_says_so() -> None:
    assert describe_mismatch(REQUESTS, [], {}, ExpectedCount(None)) == (
        "expected at least 1 request; got 0\n  there is no request at all"
    )


def test_a_title_is_bounded() -> None:
    request = a_request(target="/" + "x" * 5_000)
    assert len(describe_mismatch(REQUESTS, [request], {"status": 500}, ExpectedCount(None))) < 600


# how many are wanted            there are    met      too many
AMOUNTS = [
    (ExpectedCount(None), 0, False, False),
    (ExpectedCount(None), 1, True, False),
    (ExpectedCount(None), 5, True, False),
    (ExpectedCount(0), 0, True, False),
    (ExpectedCount(0), 1, False, True),
    (ExpectedCount(2), 1, False, False),
    (ExpectedCount(2), 2, True, False),
    (ExpectedCount(2), 3, False, True),
    (ExpectedCount(2, is_least=True), 1, False, False),
    (ExpectedCount(2, is_least=True), 3, True, False),
]


@each_row(("amount", "count", "is_met", "is_exceeded"), AMOUNTS, ids=str)
def test_an_amount_is_met_or_exceeded(amount: ExpectedCount, count: int, is_met: bool, is_exceeded: bool) -> None:
    assert (amount.is_met(count), amount.is_exceeded(count)) == (is_met, is_exceeded)


def test_an_unknown_filter_is_told_the_nearest() -> None:
    with pytest.raises(WrongArgument, match=r"^stauts: unknown filter: did you mean 'status'\? \(known: "):
        check_filters({"stauts": 200}, REQUEST_FILTERS)


@each_row("name", ["GetPosition", "getpositions"])
def test_an_unknown_operation_is_told_the_nearest(name: str) -> None:
    with pytest.raises(WrongArgument, match=f"no operation is called '{name}'; the nearest are .*GetPositions"):
        check_filters({"operation": name}, ("operation",))


def test_an_operation_like_none_is_refused_all_the_same() -> None:
    with pytest.raises(WrongArgument, match="the nearest are none"):
        check_filters({"operation": "§"}, ("operation",))


def test_an_unknown_channel_is_told_the_nearest() -> None:
    with pytest.raises(WrongArgument, match="no channel is called 'fills'; the nearest are fill"):
        check_filters({"channel": "fills"}, FRAME_FILTERS)


def test_a_query_is_a_mapping() -> None:
    with pytest.raises(WrongArgument, match="query: expected a mapping"):
        check_filters({"query": "limit=100"}, REQUEST_FILTERS)


def test_an_unknown_direction_is_refused() -> None:
    assert require_direction("lost") == "lost"
    with pytest.raises(WrongArgument, match=r"^direction: expected one of in, out, lost, got 'up'$"):
        require_direction("up")
