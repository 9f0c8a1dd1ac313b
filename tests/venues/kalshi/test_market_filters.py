"""Filters of markets at every API date: windows of time, bad values, pages, and one market by its ticker."""

import json

import pytest

from mockexchange.core.commands import (
    CloseMarket,
    DetermineMarket,
    DisputeMarket,
    ListMarket,
    SettleMarket,
    SwitchMarket,
)
from mockexchange.core.model.markets import MarketDetails
from mockexchange.core.vocabulary import Result
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL, make
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES, Body, invalid, repeated, unreadable
from tests.venues.kalshi.world import PREFIX, SECOND, START, Venue, at, refusal, why

DAY = 86_400 * SECOND
BASE = START + 100 * SECOND


def listed() -> Venue:
    """Five markets of three events and two series, a second apart, in every state."""
    venue = Venue()
    for number, (event, series) in enumerate([("A", "S1"), ("A", "S1"), ("B", "S1"), ("C", "S2"), ("C", "S2")]):
        details = MarketDetails(close_at=BASE + number * DAY)
        venue.do(
            ListMarket(market=f"{event}-{number}", event=event, series=series, details=details),
            at=BASE + number * SECOND,
        )
    later = BASE + 10 * SECOND
    venue.do(CloseMarket(market="A-1"), DetermineMarket(market="B-2", result=Result.NO), at=later)
    venue.do(DetermineMarket(market="C-3", result=Result.NO), DisputeMarket(market="C-3"), at=later + SECOND)
    venue.do(SettleMarket(market="C-4", result=Result.YES), at=later + 2 * SECOND)
    return venue


@each_row(
    ("date", "status", "opened", "paused"),
    [
        ("2025-11", "open", "A-0 A-2", None),
        ("2026-02", "active", "A-0 A-2", None),
        ("2026-10", "inactive", "A-0", "A-2"),
    ],
)
def test_a_paused_market_is_inactive_since_there_is_a_word_for_it(
    date: str, status: str, opened: str, paused: str | None
) -> None:
    venue = listed()
    venue.do(ListMarket(market="A-2", event="A", series="S1"), SwitchMarket(market="A-2", trading=False))
    assert venue.read("markets/A-2", date=date)["market"]["status"] == status
    assert {row["ticker"] for row in venue.read("markets?status=open", date=date)["markets"]} == {*opened.split()}
    if paused is not None:
        assert [row["ticker"] for row in venue.read("markets?status=paused", date=date)["markets"]] == [paused]
    venue.do(SwitchMarket(market="A-2", trading=True))
    assert venue.read("markets/A-2", date="2026-10")["market"]["status"] == "active"


@pytest.fixture(scope="module")
def venue() -> Venue:
    return listed()


def tickers(venue: Venue, query: str, date: str = "2026-10") -> str:
    return " ".join(row["ticker"] for row in venue.read(f"markets?{query}", date=date)["markets"])


FILTERS = [
    ("", "C-4 C-3 B-2 A-1 A-0"),
    ("event_ticker=A", "A-1 A-0"),
    ("event_ticker=NONE", ""),
    ("event_ticker=", "C-4 C-3 B-2 A-1 A-0"),
    ("series_ticker=S1", "B-2 A-1 A-0"),
    ("series_ticker=S2&event_ticker=C", "C-4 C-3"),
    ("series_ticker=S1&event_ticker=C", ""),
    ("series_ticker=NONE", ""),
    ("status=unopened", ""),
    ("status=open", "A-0"),
    ("status=paused", ""),
    ("status=closed", "C-3 B-2 A-1"),
    ("status=settled", "C-4"),
    ("status=closed&event_ticker=C", "C-3"),
    ("status=closed&series_ticker=S1", "B-2 A-1"),
    ("tickers=A-0", "A-0"),
    ("tickers=A-0,C-4,NONE,A-0", "C-4 A-0"),
    ("tickers=NONE", ""),
    ("tickers=", "C-4 C-3 B-2 A-1 A-0"),
    ("tickers=A-0,A-1,C-4&status=closed", "A-1"),
    ("tickers=A-0,A-1,C-4&event_ticker=A", "A-1 A-0"),
    ("tickers=A-0,A-1,C-4&series_ticker=S2", "C-4"),
    ("mve_filter=exclude", "C-4 C-3 B-2 A-1 A-0"),
    ("mve_filter=only", ""),
    ("mve_filter=only&tickers=A-0", ""),
]


@each_row(("query", "wanted"), FILTERS)
def test_filters(venue: Venue, query: str, wanted: str) -> None:
    assert tickers(venue, query) == wanted


@each_row(
    ("query", "wanted"),
    [
        ("event_ticker=A,B", "B-2 A-1 A-0"),
        ("event_ticker=A,A", "A-1 A-0"),
        ("event_ticker=A,C&series_ticker=S2", "C-4 C-3"),
        ("status=open,settled", "C-4 A-0"),
        ("status=unopened,closed", "C-3 B-2 A-1"),
        ("tickers=A-0,C-4&status=open,settled&event_ticker=A,C", "C-4 A-0"),
    ],
)
def test_filters_were_lists_once(venue: Venue, query: str, wanted: str) -> None:
    assert tickers(venue, query, "2025-11") == tickers(venue, query, "2026-02") == wanted


def test_a_list_of_events_is_one_name_since(venue: Venue) -> None:
    assert tickers(venue, "event_ticker=A,B", "2026-04") == ""
    assert tickers(venue, "event_ticker=A,B", "compat") == "B-2 A-1 A-0"


SECONDS = BASE // SECOND
DAYS = DAY // SECOND
TIMES = [
    (f"min_created_ts={SECONDS + 3}", "C-4 C-3"),
    (f"min_created_ts={SECONDS + 4}", "C-4"),
    (f"min_created_ts={SECONDS + 5}", ""),
    (f"max_created_ts={SECONDS + 1}", "A-1 A-0"),
    (f"max_created_ts={SECONDS - 1}", ""),
    (f"min_created_ts={SECONDS + 1}&max_created_ts={SECONDS + 2}", "B-2 A-1"),
    (f"min_created_ts={SECONDS + 1}&tickers=A-0,A-1", "A-1"),
    (f"min_close_ts={SECONDS + 3 * DAYS}", "C-4 C-3"),
    (f"min_close_ts={SECONDS + 3 * DAYS + 1}", "C-4"),
    (f"max_close_ts={SECONDS + DAYS}", "A-1 A-0"),
    (f"max_close_ts={SECONDS + DAYS - 1}", "A-0"),
    (f"min_close_ts={SECONDS}&max_close_ts={SECONDS}", "A-0"),
    (f"min_close_ts={SECONDS + DAYS}&status=closed&event_ticker=A", "A-1"),
    (f"max_close_ts={SECONDS + DAYS}&tickers=A-1,C-4", "A-1"),
    (f"min_settled_ts={SECONDS + 12}", "C-4"),
    (f"min_settled_ts={SECONDS + 13}", ""),
    (f"max_settled_ts={SECONDS + 12}&status=settled", "C-4"),
    (f"max_settled_ts={SECONDS + 11}", ""),
    (f"min_updated_ts={SECONDS + 11}", "C-4 C-3"),
    (f"min_updated_ts={SECONDS + 10}&max_updated_ts={SECONDS + 10}", "B-2 A-1"),
    (f"max_updated_ts={SECONDS}", "A-0"),
    ("min_created_ts=-1", "C-4 C-3 B-2 A-1 A-0"),
    ("max_created_ts=0", ""),
]


@each_row(("query", "wanted"), TIMES)
def test_a_window_includes_its_edges(venue: Venue, query: str, wanted: str) -> None:
    assert tickers(venue, query) == tickers(venue, query, "compat") == wanted


CLASHES = [
    ("min_created_ts=0&max_close_ts=9", "filters by created and close time exclude each other: ask for one kind"),
    (
        "min_settled_ts=0&min_updated_ts=0&min_close_ts=0",
        "filters by close and settled and updated time exclude each other: ask for one kind",
    ),
    ("min_close_ts=0&status=open", "a filter by close time goes with closed, not with status open"),
    ("max_created_ts=9&status=settled", "a filter by created time goes with unopened or open, not with status settled"),
    ("max_settled_ts=9&status=closed", "a filter by settled time goes with settled, not with status closed"),
    ("min_updated_ts=9&status=open", "a filter by updated time goes with no status at all, not with status open"),
]


@each_row(("query", "words"), CLASHES)
def test_times_exclude_each_other_and_most_statuses(venue: Venue, query: str, words: str) -> None:
    for date in ("2026-02-25", "2026-04", "2026-06", "2026-10"):
        answer = venue.ask(f"markets?{query}", date=date)
        assert refusal(answer) == at(bodies.BAD_REQUEST, date)
        assert why(answer) == words
    assert venue.ask(f"markets?{query}", date="compat").status == 200


def test_they_do_so_since_late_november(venue: Venue) -> None:
    query = f"markets?min_close_ts={SECONDS}&status=open,closed"
    assert venue.ask(query, date="2025-11-19").status == 200
    assert tickers(venue, query.partition("?")[2], "2025-11-19") == "C-3 B-2 A-1 A-0"
    answer = venue.ask(query, date="2025-11-20")
    assert refusal(answer) == at(bodies.BAD_REQUEST)
    assert why(answer) == "a filter by close time goes with closed, not with status open"


def test_combinations_are_filtered_since_the_official_client_of_december_2025(venue: Venue) -> None:
    assert tickers(venue, "mve_filter=only", "2025-12-01") == tickers(venue, "", "2025-12-01") != ""
    assert tickers(venue, "mve_filter=only", "2025-12-02") == ""
    assert venue.ask("markets?mve_filter=exclude", date="2026-02").findings == []


def test_what_a_date_does_not_know_is_ignored_and_told(venue: Venue) -> None:
    unknown = ("mve_filter=only", "min_created_ts=99999999999", "max_updated_ts=0", "min_settled_ts=99999999999")
    answer = venue.ask(f"markets?{'&'.join(unknown)}", date="2025-11")
    assert len(json.loads(answer.body)["markets"]) == 5
    assert answer.findings == [
        f"parameter '{one.partition('=')[0]}' is unknown to GetMarkets: ignored" for one in unknown
    ]


ELEVEN, OF_LISTS = ",".join("ABCDEFGHIJK"), {"2025-11", "2025-12", "2026-02", "compat"}
LATE = {"2026-04", "2026-06", "2026-10", "compat"}
NAMED = {"2026-10"}
"""Dates at which an unknown status has a code of its own: a report without a recording."""
BAD: list[tuple[str, set[str], Body]] = [
    ("limit=1001", set(DATES), invalid("Limit", "lte", "GetMarkets")),
    ("limit=-1", set(DATES), invalid("Limit", "gte", "GetMarkets")),
    ("limit=0", set(DATES) - LATE, invalid("Limit", "gte", "GetMarkets")),
    ("limit=abc", set(DATES), unreadable("limit")),
    ("limit=", set(DATES), unreadable("limit")),
    ("limit=1&limit=2", set(DATES), repeated("limit")),
    ("min_close_ts=soon", set(DATES), unreadable("min_close_ts")),
    ("max_settled_ts=1.5", set(DATES) - {"2025-11"}, unreadable("max_settled_ts")),
    ("status=invalid_status", {"2025-11", "2025-12"}, bodies.BAD_REQUEST),
    ("status=paused", {"2025-11", "2025-12"}, bodies.BAD_REQUEST),
    ("status=active", {"2026-02", *LATE} - NAMED, invalid("Status", "oneof", "GetMarkets")),
    ("status=open,closed", LATE - {"compat"} - NAMED, invalid("Status", "oneof", "GetMarkets")),
    ("status=", {"2026-02", *LATE} - NAMED, invalid("Status", "oneof", "GetMarkets")),
    ("status=active", NAMED, bodies.UNKNOWN_STATUS),
    ("status=open,closed", NAMED, bodies.UNKNOWN_STATUS),
    ("mve_filter=both", {"2026-02", *LATE}, invalid("MveFilter", "oneof", "GetMarkets")),
    (f"event_ticker={ELEVEN}", OF_LISTS, invalid("EventTicker", "max", "GetMarkets")),
]


@each_row(("query", "dates", "body"), BAD)
def test_a_bad_value_is_the_venues_400(venue: Venue, query: str, dates: set[str], body: Body) -> None:
    for date in DATES:
        answer = venue.ask(f"markets?{query}", date=date)
        assert (refusal(answer) == at(body, date)) == (date in dates), date
        assert answer.status in (200, 400)


def test_an_unknown_status_is_as_any_other_value_if_the_scenario_says_so() -> None:
    sandbox = make(SMALL + "kalshi: {unknown_status: validation}\n", "2026-10")
    answer = sandbox.answer(Request("GET", f"{PREFIX}/markets", "status=active"))[0]
    assert refusal(answer) == at(invalid("Status", "oneof", "GetMarkets"), "2026-10")


# --- pages

MANY = 230


@pytest.fixture(scope="module")
def many() -> Venue:
    venue = Venue()
    venue.list_markets(*(f"E{number % 7}-{number:03d}" for number in range(MANY)))
    venue.do(*(CloseMarket(market=f"E{number % 7}-{number:03d}") for number in range(0, MANY, 2)))
    return venue


WALKS = [
    ("", [f"E{number % 7}-{number:03d}" for number in reversed(range(MANY))]),
    ("status=closed", [f"E{number % 7}-{number:03d}" for number in reversed(range(0, MANY, 2))]),
    ("min_close_ts=0", [f"E{number % 7}-{number:03d}" for number in reversed(range(MANY))]),
    (
        f"tickers={','.join(f'E{number % 7}-{number:03d}' for number in range(60))}",
        [f"E{number % 7}-{number:03d}" for number in reversed(range(60))],
    ),
]


@each_row("limit", [1, 2, 7, 100, 1000])
@each_row(("query", "wanted"), WALKS, ids=["all", "by status", "by time", "by name"])
def test_pages_give_each_row_once(many: Venue, query: str, wanted: list[str], limit: int) -> None:
    found: list[str] = []
    cursor = ""
    while True:
        page = many.read(f"markets?limit={limit}&cursor={cursor}&{query}")
        assert len(page["markets"]) <= limit
        found += [row["ticker"] for row in page["markets"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert found == wanted


def test_a_limit_of_nothing_is_the_default(many: Venue) -> None:
    for date in LATE:
        page = many.read("markets?limit=0", date=date)
        assert page == many.read("markets", date=date) == many.read("markets?limit=100", date=date)
        assert len(page["markets"]) == 100


@each_row("cursor", ["garbage", "%20", "bXh", "x" * 2000])
def test_a_cursor_that_is_none_is_the_first_page(many: Venue, cursor: str) -> None:
    answer = many.ask(f"markets?cursor={cursor}")
    assert answer.body == many.ask("markets").body
    assert answer.findings == ["the cursor is none that this list made: answered the first page"]


# --- one market


@each_row("ticker", ["NONE", "a-0", "A-0%2F"])
@each_row("date", DATES)
def test_a_market_that_is_not_there(venue: Venue, ticker: str, date: str) -> None:
    body = bodies.NOT_FOUND if date in ("2026-10", "compat") else bodies.NOT_FOUND_2025
    answer = venue.ask(f"markets/{ticker}", date=date)
    assert refusal(answer) == at(body, date)
    assert why(answer).startswith("there is no market '")


def test_a_ticker_may_be_percent_encoded(venue: Venue) -> None:
    assert venue.ask("markets/A%2D0").body == venue.ask("markets/A-0").body


def test_a_row_is_the_same_alone_and_in_a_list(venue: Venue) -> None:
    for date in DATES:
        for row in venue.read("markets", date=date)["markets"]:
            assert venue.read(f"markets/{row['ticker']}", date=date) == {"market": row}


def test_the_path_of_another_operation_is_a_market_until_there_is_that_operation(venue: Venue) -> None:
    words = {date: why(venue.ask("markets/orderbooks", date=date)) for date in DATES}
    assert {date for date, told in words.items() if told.startswith("there is no market 'orderbooks'")} == {
        "2025-11",
        "2025-12",
        "2026-02",
    }
    assert words["2026-04"] == why(venue.ask("markets/orderbook%73", date="2026-04")) == "tickers is required"
    assert why(venue.ask("markets/candlesticks", date="2026-04")) == "end_ts is required"
