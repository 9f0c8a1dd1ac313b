"""Which parameters positions and balance have on a day, and what each of their values becomes or is refused with."""

import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.venues.kalshi.errors import Rejected, Situation, error_body
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.parameter_decoding import decode, decode_cached, parameters
from mockexchange.venues.parameter_decoding import FINDINGS_MAX
from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES, Body

POSITIONS, FCM, BALANCE = "GetPositions", "GetFCMPositions", "GetBalance"
POSITION, TRADED, RESTING = "position", "total_traded", "resting_order_count"

ALL = "count_filter cursor event_ticker limit"
# Each operation's parameters from the day on which they changed, as the reference's tables and changelog have them.
NAMES: dict[str, list[tuple[str, str]]] = {
    POSITIONS: [
        ("2025-11-03", f"{ALL} settlement_status ticker"),
        ("2025-12-11", f"{ALL} ticker"),
        ("2026-01-29", f"{ALL} subaccount ticker"),
        ("2026-08-20", f"{ALL} exchange_index subaccount ticker"),
        ("2026-10-01", f"{ALL} exchange_index settlement_status subaccount ticker"),
        ("compat", f"{ALL} exchange_index settlement_status subaccount ticker"),
    ],
    FCM: [
        ("2025-11-03", f"{ALL} settlement_status subtrader_id ticker"),
        ("compat", f"{ALL} settlement_status subtrader_id ticker"),
    ],
    BALANCE: [
        ("2025-11-03", ""),
        ("2026-02-17", "subaccount"),
        ("2026-08-20", "exchange_index subaccount"),
        ("compat", "exchange_index subaccount"),
    ],
}

# The days of that table, the days before them, and the aliases.
DAYS = ["2025-11-03", "2025-12-10", "2025-12-11", "2026-01-28", "2026-01-29", "2026-02-16", "2026-02-17", "2026-08-19"]
DAYS += ["2026-08-20", "2026-09-30", "2026-10-01", *DATES]


@each_row("date", DAYS)
@each_row("operation", NAMES)
def test_the_parameters_of_a_day(operation: str, date: str) -> None:
    day = api_date(date).day or "compat"
    wanted = next(names for since, names in reversed(NAMES[operation]) if since <= day)
    assert set(parameters(operation, api_date(date))) == set(wanted.split())


def value(operation: str, query: str, date: str = "2026-10") -> Any:
    """What the parameter of a query becomes, the subtrader of an FCM beside it."""
    name = query.partition("=")[0]
    full = f"{query}&subtrader_id=fcm7_st1" if operation == FCM and name != "subtrader_id" else query
    return decode(operation, full, api_date(date)).params[name]


# --- defaults and good values

DEFAULTS: dict[str, dict[str, Any]] = {
    POSITIONS: {
        "count_filter": (),
        "cursor": None,
        "event_ticker": None,
        "exchange_index": None,
        "limit": 100,
        "settlement_status": "unsettled",
        "subaccount": None,
        "ticker": None,
    },
    FCM: {
        "count_filter": (),
        "cursor": None,
        "event_ticker": None,
        "limit": 100,
        "settlement_status": "unsettled",
        "subtrader_id": None,
        "ticker": None,
    },
    BALANCE: {"exchange_index": None, "subaccount": None},
}


@each_row("operation", DEFAULTS)
def test_what_is_not_given_has_its_default(operation: str) -> None:
    assert decode(operation, "", api_date("2026-10")) == (DEFAULTS[operation], ())


def test_a_list_that_is_not_given_is_empty() -> None:
    assert decode(POSITIONS, "", api_date("2025-11")).params["event_ticker"] == ()


@each_row(
    ("operation", "query", "date", "wanted"),
    [
        (POSITIONS, "limit=1", "2026-10", 1),
        (POSITIONS, "limit=1000", "2025-11", 1000),
        (FCM, "limit=1000", "2026-10", 1000),
        (POSITIONS, "limit=%31%30", "2026-10", 10),
        (POSITIONS, "limit=%2B7", "2026-10", 7),
        (POSITIONS, "limit=007", "2026-10", 7),
        (POSITIONS, "ticker=KX-1", "2026-10", "KX-1"),
        (POSITIONS, "ticker=", "2026-10", None),
        (POSITIONS, "ticker=a+b%2Bc%26d", "2026-10", "a b+c&d"),
        (POSITIONS, "ticker=Z%C3%BCrich", "2026-10", "Zürich"),
        (POSITIONS, "ticker=%ff", "2026-10", "\ufffd"),
        (POSITIONS, "ticker=A,B", "2026-10", "A,B"),
        (POSITIONS, "cursor=", "2026-10", None),
        (POSITIONS, "cursor=abc-_", "2026-10", "abc-_"),
        (POSITIONS, "event_ticker=A,B", "2025-11", ("A", "B")),
        (POSITIONS, "event_ticker=A,B", "compat", ("A", "B")),
        (POSITIONS, "event_ticker=A,B", "2026-03-31", ("A", "B")),
        (POSITIONS, "event_ticker=A,B", "2026-04-01", "A,B"),
        (POSITIONS, "event_ticker=", "2025-11", ()),
        (POSITIONS, f"event_ticker={','.join('ABCDEFGHIJ')}", "2025-11", tuple("ABCDEFGHIJ")),
        (FCM, "event_ticker=A,B", "2025-11", "A,B"),
        (FCM, "event_ticker=A,B", "compat", "A,B"),
        (POSITIONS, "count_filter=position", "2026-10", (POSITION,)),
        (POSITIONS, "count_filter=total_traded,position", "2026-10", (TRADED, POSITION)),
        (POSITIONS, "count_filter=position,position", "2026-10", (POSITION, POSITION)),
        (POSITIONS, "count_filter=resting_order_count", "2025-11-12", (RESTING,)),
        (POSITIONS, "count_filter=resting_order_count", "compat", (RESTING,)),
        (FCM, "count_filter=position,resting_order_count", "compat", (POSITION, RESTING)),
        (POSITIONS, "settlement_status=all", "2025-12-10", "all"),
        (POSITIONS, "settlement_status=settled", "2026-10", "settled"),
        (POSITIONS, "settlement_status=unsettled", "compat", "unsettled"),
        (FCM, "settlement_status=all", "2026-06", "all"),
        (FCM, "subtrader_id=fcm7_st1", "2025-11", "fcm7_st1"),
        (FCM, "subtrader_id=", "2026-10", None),
        (POSITIONS, "subaccount=0", "2026-02", 0),
        (POSITIONS, "subaccount=32", "2026-05-31", 32),
        (POSITIONS, "subaccount=63", "2026-06-01", 63),
        (BALANCE, "subaccount=63", "compat", 63),
        (POSITIONS, "exchange_index=0", "2026-10", 0),
        (BALANCE, "exchange_index=2147483647", "2026-10", 2_147_483_647),
    ],
)
def test_good_values(operation: str, query: str, date: str, wanted: Any) -> None:
    assert value(operation, query, date) == wanted


# --- refused values: the situation, and the body it gives

TOO_MANY = f"event_ticker={','.join('ABCDEFGHIJK')}"


@each_row(
    ("operation", "query", "date", "wanted"),
    [
        (POSITIONS, "limit=0", "2025-11", bodies.invalid("Limit", "gte")),
        (FCM, "limit=1001", "2026-10", bodies.invalid("Limit", "lte", FCM)),
        (POSITIONS, "limit=-0", "2026-10", bodies.invalid("Limit", "gte")),
        (POSITIONS, "limit=", "2026-10", bodies.unreadable("limit")),
        (POSITIONS, "limit=+7", "2026-10", bodies.unreadable("limit")),
        (POSITIONS, "limit=0x10", "2026-10", bodies.unreadable("limit")),
        (POSITIONS, "limit=1%0A", "2026-10", bodies.unreadable("limit")),
        (POSITIONS, "limit=1_0", "2026-10", bodies.unreadable("limit")),
        (POSITIONS, f"limit={'9' * 19}", "2026-10", bodies.unreadable("limit")),
        (POSITIONS, "ticker=A&ticker=A", "2026-10", bodies.repeated("ticker")),
        (POSITIONS, "event_ticker=A&event_ticker=B", "2025-11", bodies.repeated("event_ticker")),
        (POSITIONS, "%6cimit=1&limit=1", "2026-10", bodies.repeated("limit")),
        (POSITIONS, TOO_MANY, "2026-03-31", bodies.invalid("EventTicker", "max")),
        (POSITIONS, TOO_MANY, "compat", bodies.invalid("EventTicker", "max")),
        (POSITIONS, "count_filter=", "2026-10", bodies.invalid("CountFilter", "oneof")),
        (POSITIONS, "count_filter=position,", "2026-10", bodies.invalid("CountFilter", "oneof")),
        (POSITIONS, "count_filter=position, total_traded", "2026-10", bodies.invalid("CountFilter", "oneof")),
        (POSITIONS, "count_filter=resting_order_count", "2025-11-13", bodies.BAD_REQUEST),
        (POSITIONS, "count_filter=resting_order_count", "2026-01-01", bodies.invalid("CountFilter", "oneof")),
        (POSITIONS, "settlement_status=x", "2025-11", bodies.BAD_REQUEST),
        (FCM, "settlement_status=x", "2025-12-31", bodies.BAD_REQUEST),
        (FCM, "settlement_status=x", "2026-01-01", bodies.invalid("SettlementStatus", "oneof", FCM)),
        (POSITIONS, "settlement_status=all,settled", "2026-10", bodies.invalid("SettlementStatus", "oneof")),
        (FCM, "subtrader_id=", "2026-06", bodies.missing("subtrader_id")),
        (FCM, "subtrader_id=a&subtrader_id=b", "2026-10", bodies.repeated("subtrader_id")),
        (POSITIONS, "subaccount=33", "2026-05-31", bodies.invalid("Subaccount", "lte")),
        (BALANCE, "subaccount=64", "2026-10", bodies.invalid("Subaccount", "lte", BALANCE)),
        (BALANCE, "subaccount=primary", "2026-10", bodies.unreadable("subaccount")),
        (BALANCE, "exchange_index=2147483648", "2026-10", bodies.invalid("ExchangeIndex", "lte", BALANCE)),
    ],
)
def test_refused_values(operation: str, query: str, date: str, wanted: Body) -> None:
    with pytest.raises(Rejected) as raised:
        value(operation, query, date)
    assert error_body(raised.value, api_date(date)) == (wanted.status, wanted.at(date))


def test_a_required_parameter_is_missed_by_name() -> None:
    with pytest.raises(Rejected) as raised:
        decode(FCM, "limit=1", api_date("2025-11"))
    assert (raised.value.situation, raised.value.values) == (Situation.MISSING, {"parameter": "subtrader_id"})


def test_a_long_bad_value_is_shown_in_part() -> None:
    for query in (f"limit={'x' * 500}", f"settlement_status={'x' * 500}"):
        with pytest.raises(Rejected) as raised:
            value(POSITIONS, query)
        assert "'" + "x" * 80 + "'" in str(raised.value.diagnosis)


# --- what nobody asked for


@each_row(
    ("query", "unknown"),
    [
        ("page=2", ["page"]),
        ("LIMIT=1", ["LIMIT"]),
        ("x", ["x"]),
        ("&&", []),
        ("=", [""]),
        ("a=1&a=2&limit=1", ["a", "a"]),
        ("%ff=1", ["\ufffd"]),
        (f"{'n' * 100}=1", ["n" * 80]),
    ],
)
def test_unknown_parameters_are_ignored_and_told(query: str, unknown: list[str]) -> None:
    decoded = decode(POSITIONS, query, api_date("2026-10"))
    assert decoded.params == {**DEFAULTS[POSITIONS], **({"limit": 1} if "limit=1" in query else {})}
    assert list(decoded.findings) == [f"parameter {name!r} is unknown to GetPositions: ignored" for name in unknown]


def test_so_many_are_told_and_no_more() -> None:
    query = urlencode({f"p{number}": "" for number in range(1_000)})
    findings = decode(POSITIONS, query, api_date("2026-10")).findings
    assert len(findings) == FINDINGS_MAX + 1
    assert findings[-1] == "and so are 980 more"


def test_a_parameter_of_another_day_is_unknown() -> None:
    findings = decode(POSITIONS, "subaccount=abc&exchange_index=abc", api_date("2025-11")).findings
    assert [re.findall("'(.*)'", finding) for finding in findings] == [["subaccount"], ["exchange_index"]]


def test_the_same_query_is_decoded_once() -> None:
    query, date = "limit=7&page=3", api_date("2026-10")
    assert decode_cached(POSITIONS, query, date) is decode_cached(POSITIONS, query, date)
    assert decode_cached(POSITIONS, query, date) == decode(POSITIONS, query, date)


# --- anything at all

KEYS = st.sampled_from(["limit", "cursor", "ticker", "event_ticker", "count_filter", "settlement_status", "x"])
VALUES = st.text() | st.integers().map(str) | st.sampled_from(["all", "position", "position,total_traded"])


def outcome(operation: str, query: str, date: str) -> tuple[int, Any]:
    """200 with the parameters, or what the venue answers."""
    try:
        return 200, decode(operation, query, api_date(date)).params
    except Rejected as rejected:
        return error_body(rejected, api_date(date))


@given(st.lists(st.tuples(KEYS, VALUES), max_size=6), st.sampled_from(DATES), st.sampled_from([POSITIONS, FCM]))
def test_any_query_is_decoded_or_refused_in_the_venues_words(
    pairs: list[tuple[str, str]], date: str, operation: str
) -> None:
    status, found = outcome(operation, urlencode(pairs), date)
    if status == 200:
        assert set(found) == set(parameters(operation, api_date(date)))
        assert 1 <= found["limit"] <= 1000
    else:
        assert status == 400
        assert found.startswith((b'{"msg":', b'{"error":'))


@given(st.text(min_size=1).filter(lambda text: text.encode("utf-8", "ignore").decode() == text))
def test_any_text_comes_through(text: str) -> None:
    assert value(POSITIONS, f"ticker={quote(text, safe='')}") == text


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_any_raw_query_is_decoded_or_refused(query: str) -> None:
    assert outcome(POSITIONS, query, "compat")[0] in (200, 400)
