"""Events at every API date: rows with and without markets, and filters."""

import json
from typing import Any

import pytest

from mockexchange.core.commands import (
    CloseMarket,
    DescribeEvent,
    DetermineMarket,
    DisputeMarket,
    ListMarket,
    PriceMarket,
    SettleMarket,
)
from mockexchange.core.model.markets import EventDetails, MarketDetails
from mockexchange.core.vocabulary import Result
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES, Body, invalid, repeated, unreadable
from tests.venues.kalshi.world import PREFIX, SECOND, START, Venue, at, refusal, why

DAY = 86_400 * SECOND
LATE = {"2026-04", "2026-06", "2026-10", "compat"}
TEXT = """
scenario: events
start: 2025-11-04T12:00:00Z
accounts: {alice: {}}
series:
  RAIN: {category: Climate}
events:
  RAIN-25NOV05:
    title: How much rain
    sub_title: On November 5
    category: Weather
    mutually_exclusive: true
    strike_at: 2025-11-06T05:00:00Z
    strike_period: day
markets:
  RAIN-25NOV05-T1: {event: RAIN-25NOV05, series: RAIN, exchange_index: 1}
  RAIN-25NOV05-T2: {event: RAIN-25NOV05, series: RAIN, exchange_index: 1}
"""

# --- how a row is written

WORDS: dict[str, Any] = {
    "category": "Weather",
    "collateral_return_type": "MECNET",
    "event_ticker": "RAIN-25NOV05",
    "mutually_exclusive": True,
    "series_ticker": "RAIN",
    "strike_date": "2025-11-06T05:00:00Z",
    "strike_period": "day",
    "sub_title": "On November 5",
    "title": "How much rain",
}
BROKERED = {"available_on_brokers": True}
SPRING = {"last_updated_ts": "2025-11-04T12:00:00Z"}
AUTUMN = {"exchange_index": 1, "settlement_sources": []}
ROWS: dict[str, dict[str, Any]] = {
    "2025-11": {**WORDS, **BROKERED},
    "2025-12": {**WORDS, **BROKERED},
    "2026-02": {**WORDS, **BROKERED},
    "2026-04": {**WORDS, **BROKERED, **SPRING},
    "2026-06": {**WORDS, **BROKERED, **SPRING},
    "2026-10": {**WORDS, **SPRING, **AUTUMN},
    "compat": {**WORDS, **BROKERED, **SPRING, **AUTUMN},
}

# Recorded on 2025-11-03 and 2026-01-12, without asking for them.
MILESTONES: dict[str, dict[str, Any]] = {
    date: {} if date in ("2026-06", "2026-10", "compat") else {"milestones": []} for date in DATES
}


def ask(date: str, target: str) -> dict[str, Any]:
    path, _, query = target.partition("?")
    answer = make(TEXT, date).answer(Request("GET", f"{PREFIX}/{path}", query))[0]
    assert answer.status == 200, answer
    body: dict[str, Any] = json.loads(answer.body)
    assert answer.body == json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
    return body


@each_row("date", DATES)
def test_a_row_is_written_as_of_its_date(date: str) -> None:
    assert ask(date, "events") == {"cursor": "", "events": [ROWS[date]], **MILESTONES[date]}


@each_row("date", DATES)
def test_markets_are_in_the_event_where_they_are_asked_for(date: str) -> None:
    markets = ask(date, "markets")["markets"][::-1]
    nested = {**ROWS[date], "markets": markets}
    assert [market["ticker"] for market in markets] == ["RAIN-25NOV05-T1", "RAIN-25NOV05-T2"]
    assert ask(date, "events?with_nested_markets=true") == {"cursor": "", "events": [nested], **MILESTONES[date]}
    assert ask(date, "events/RAIN-25NOV05") == {"event": ROWS[date], "markets": markets}
    assert ask(date, "events/RAIN-25NOV05?with_nested_markets=false") == {"event": ROWS[date], "markets": markets}
    assert ask(date, "events/RAIN-25NOV05?with_nested_markets=1") == {"event": nested, "markets": markets}


@each_row("date", DATES)
def test_milestones_are_none_and_there_where_they_are_asked_for(date: str) -> None:
    assert ask(date, "events?with_milestones=true")["milestones"] == []
    assert ("milestones" in ask(date, "events?with_milestones=false")) is bool(MILESTONES[date])


@each_row(("date", "wanted"), [("2025-11", ""), ("2026-01-12", ""), ("2026-06-01", None), ("compat", None)])
def test_an_event_without_a_period_has_an_empty_one_until_june(date: str, wanted: str | None) -> None:
    """Recorded on 2025-11-03 and 2026-01-12, as are the netting and the milestones; left out in the pages since."""
    text = TEXT.replace("    strike_period: day\n", "").replace("    mutually_exclusive: true\n", "")
    [event] = json.loads(make(text, date).answer(Request("GET", f"{PREFIX}/events"))[0].body)["events"]
    assert (event.get("strike_period"), event["collateral_return_type"]) == (wanted, "")


def test_what_a_scenario_does_not_say_is_something_sound() -> None:
    venue = Venue()
    venue.do(ListMarket(market="A-1", event="A", series="S"), at=START + DAY)
    assert venue.read("events/A")["event"] == {
        "category": "",
        "collateral_return_type": "",
        "event_ticker": "A",
        "exchange_index": 0,
        "last_updated_ts": "2026-10-21T12:00:00Z",
        "mutually_exclusive": False,
        "series_ticker": "S",
        "settlement_sources": [],
        "sub_title": "",
        "title": "A",
    }


def test_the_category_is_that_of_the_series_unless_the_event_has_one() -> None:
    text = TEXT.replace("    category: Weather\n", "")
    answer = make(text, "2025-11").answer(Request("GET", f"{PREFIX}/events", "with_nested_markets=true"))[0]
    [event] = json.loads(answer.body)["events"]
    assert {event["category"], *(market["category"] for market in event["markets"])} == {"Climate"}


# --- which rows a call gets


@pytest.fixture(scope="module")
def venue() -> Venue:
    """Events A (open and settled markets), B (closed and settled), C (disputed) and D (settled), a day apart."""
    venue = Venue()
    for number, (market, series) in enumerate(
        [("A-1", "S1"), ("A-2", "S1"), ("B-1", "S2"), ("B-2", "S2"), ("C-1", "S1"), ("D-1", "S1")]
    ):
        details = MarketDetails(close_at=START + number * DAY)
        venue.do(ListMarket(market=market, event=market[0], series=series, details=details))
    venue.do(*(SettleMarket(market=market, result=Result.YES) for market in ("A-2", "B-2", "D-1")))
    venue.do(CloseMarket(market="B-1"), DetermineMarket(market="C-1", result=Result.NO), DisputeMarket(market="C-1"))
    described = EventDetails(title="described")
    venue.do(DescribeEvent(event="B", details=described), at=START + 10 * DAY)
    venue.do(DescribeEvent(event="C", details=described), at=START + 11 * DAY)
    return venue


def events(venue: Venue, query: str, date: str = "2026-10") -> str:
    return " ".join(row["event_ticker"] for row in venue.read(f"events?{query}", date=date)["events"])


SECONDS = START // SECOND
DAYS = DAY // SECOND
FILTERS = [
    ("", "D C B A", ""),
    ("series_ticker=S1", "D C A", ""),
    ("series_ticker=NONE", "", ""),
    ("status=open", "A", ""),
    ("status=closed", "C B", ""),
    ("status=settled", "D", ""),
    ("status=closed&series_ticker=S1", "C", ""),
    ("status=unopened", "", "2026-04"),
    (f"min_close_ts={SECONDS + 3 * DAYS}", "D C B", ""),
    (f"min_close_ts={SECONDS + 3 * DAYS + 1}", "D C", ""),
    (f"min_close_ts={SECONDS + 6 * DAYS}", "", ""),
    (f"min_updated_ts={SECONDS + 10 * DAYS}", "C B", "2026-04"),
    (f"min_updated_ts={SECONDS + 10 * DAYS + 1}", "C", "2026-04"),
    (f"min_updated_ts={SECONDS + 11 * DAYS + 1}", "", "2026-04"),
    ("tickers=A,C,NONE,A", "C A", "2026-10"),
    ("tickers=A,B,C&series_ticker=S1", "C A", "2026-10"),
    ("tickers=A,B,C&status=closed", "C B", "2026-10"),
]


@each_row(("query", "wanted", "since"), FILTERS)
def test_filters(venue: Venue, query: str, wanted: str, since: str) -> None:
    for date in DATES:
        if date >= since:
            assert events(venue, query, date) == wanted


def test_what_a_date_does_not_know_is_ignored_and_told(venue: Venue) -> None:
    answer = venue.ask("events?tickers=A&min_updated_ts=99999999999", date="2025-11")
    assert len(json.loads(answer.body)["events"]) == 4
    assert answer.findings == [
        "parameter 'tickers' is unknown to GetEvents: ignored",
        "parameter 'min_updated_ts' is unknown to GetEvents: ignored",
    ]


BAD: list[tuple[str, set[str], Body]] = [
    ("limit=201", set(DATES), invalid("Limit", "lte", "GetEvents")),
    ("limit=0", set(DATES), invalid("Limit", "gte", "GetEvents")),
    ("limit=many", set(DATES), unreadable("limit")),
    ("status=unopened", {"2025-11", "2025-12"}, bodies.BAD_REQUEST),
    ("status=unopened", {"2026-02"}, invalid("Status", "oneof", "GetEvents")),
    ("status=paused", {"2026-02", *LATE}, invalid("Status", "oneof", "GetEvents")),
    ("status=open,closed", {"2026-02", *LATE}, invalid("Status", "oneof", "GetEvents")),
    ("with_nested_markets=perhaps", set(DATES), unreadable("with_nested_markets")),
    ("with_milestones=", set(DATES), unreadable("with_milestones")),
    ("min_close_ts=soon", set(DATES), unreadable("min_close_ts")),
    ("series_ticker=A&series_ticker=B", set(DATES), repeated("series_ticker")),
]


@each_row(("query", "dates", "body"), BAD)
def test_a_bad_value_is_the_venues_400(venue: Venue, query: str, dates: set[str], body: Body) -> None:
    for date in DATES:
        answer = venue.ask(f"events?{query}", date=date)
        assert (refusal(answer) == at(body, date)) == (date in dates), date


@each_row("date", DATES)
def test_an_event_that_is_not_there(venue: Venue, date: str) -> None:
    answer = venue.ask("events/NONE", date=date)
    body = bodies.NOT_FOUND if date in ("2026-10", "compat") else bodies.NOT_FOUND_2025
    assert refusal(answer) == at(body, date)
    assert why(answer) == "there is no event 'NONE': tickers are spelt as in the scenario"


# --- pages

MANY = 330


@pytest.fixture(scope="module")
def many() -> Venue:
    venue = Venue()
    for number in range(MANY):
        venue.do(ListMarket(market=f"E{number}-1", event=f"E{number}", series=f"S{number % 2}"))
    return venue


@each_row("limit", [1, 2, 7, 100, 200])
@each_row(
    ("query", "step"),
    [("", -1), ("series_ticker=S1", -2), ("status=open", -1), ("with_nested_markets=true", -1)],
)
def test_pages_give_each_row_once(many: Venue, query: str, step: int, limit: int) -> None:
    found: list[str] = []
    cursor = ""
    while True:
        page = many.read(f"events?limit={limit}&cursor={cursor}&{query}")
        assert len(page["events"]) <= limit
        found += [row["event_ticker"] for row in page["events"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert found == [f"E{number}" for number in range(MANY - 1, -1, step)]


def test_a_page_has_a_hundred_and_later_two_hundred(many: Venue) -> None:
    sizes = {date: len(many.read("events", date=date)["events"]) for date in DATES}
    assert sizes == {date: 200 if date in LATE else 100 for date in DATES}


def test_every_change_shows_on_the_page_that_was_there_before() -> None:
    venue = Venue()
    venue.list_markets("RAIN-1", "RAIN-2")
    nested, plain = "events?with_nested_markets=true", "events"
    before = venue.ask(nested).body, venue.ask(plain).body
    venue.do(PriceMarket(market="RAIN-2", price_centicents=7_000))
    assert venue.read(nested)["events"][0]["markets"][1]["last_price_dollars"] == "0.7000"
    assert venue.ask(plain).body == before[1]
    venue.do(DescribeEvent(event="RAIN", details=EventDetails(title="Rain")))
    assert venue.read(nested)["events"][0]["title"] == venue.read(plain)["events"][0]["title"] == "Rain"
    venue.list_markets("RAIN-3")
    assert [market["ticker"] for market in venue.read(nested)["events"][0]["markets"]] == ["RAIN-1", "RAIN-2", "RAIN-3"]
