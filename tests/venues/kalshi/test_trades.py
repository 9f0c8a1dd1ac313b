"""Public trades at every API date: rows and filters."""

from typing import Any

import pytest

from mockexchange.core.commands import Fill
from mockexchange.core.vocabulary import Action, Side
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make
from tests.venues.kalshi.bodies import DATES, Body, invalid, repeated, unreadable
from tests.venues.kalshi.world import ALICE, BOB, PREFIX, SECOND, START, Venue, at, buy, refusal

LATE = {"2026-04", "2026-06", "2026-10", "compat"}
BASE = START + 100 * SECOND
SECONDS = BASE // SECOND

# --- how a row is written

WORDS = {
    "created_time": "2026-10-20T12:01:40Z",
    "no_price_dollars": "0.4375",
    "taker_side": "no",
    "ticker": "RAIN-1",
    "trade_id": "trade-1",
    "yes_price_dollars": "0.5625",
}
INTEGERS = {"count": 12, "no_price": 43, "price": 0.5625, "yes_price": 56}
COUNT = {"count_fp": "12.37"}
OUTCOMES = {"is_block_trade": False, "taker_book_side": "ask", "taker_outcome_side": "no"}
ROWS: dict[str, dict[str, Any]] = {
    "2025-11": {**WORDS, **INTEGERS},
    "2025-12": {**WORDS, **INTEGERS},
    "2026-02": {**WORDS, **INTEGERS, **COUNT},
    "2026-04": {**WORDS, **COUNT},
    "2026-06": {**WORDS, **COUNT, **OUTCOMES},
    "2026-10": {**WORDS, **COUNT, **OUTCOMES},
    "compat": {**WORDS, **INTEGERS, **COUNT, **OUTCOMES},
}


@each_row("date", DATES)
def test_a_row_is_written_as_of_its_date(date: str) -> None:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")
    fill = Fill(
        subaccount_ref=ALICE,
        market="RAIN-1",
        side=Side.NO,
        action=Action.BUY,
        count_centis=1_237,
        price_centicents=4_375,
        taker=True,
        fill_id="trade-1",
    )
    venue.do(fill, at=BASE)
    page = venue.read("markets/trades", date=date)
    assert page == {"cursor": "", "trades": [ROWS[date]]}
    assert list(page["trades"][0]) == sorted(ROWS[date])


TAKERS = [
    (Side.YES, Action.BUY, True, "yes", "bid"),
    (Side.YES, Action.SELL, True, "no", "ask"),
    (Side.NO, Action.BUY, True, "no", "ask"),
    (Side.NO, Action.SELL, True, "yes", "bid"),
    (Side.YES, Action.BUY, False, "no", "ask"),
    (Side.NO, Action.BUY, False, "yes", "bid"),
]


@each_row(("side", "action", "taker", "outcome", "book"), TAKERS)
def test_the_taker_gains_from_one_side(side: Side, action: Action, taker: bool, outcome: str, book: str) -> None:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")
    venue.do(buy("RAIN-1", 1, 30, side=side, action=action, taker=taker))
    [row] = venue.read("markets/trades")["trades"]
    assert (row["taker_side"], row["taker_outcome_side"], row["taker_book_side"]) == (outcome, outcome, book)


def test_a_trade_between_two_accounts_is_one() -> None:
    venue = Venue()
    venue.fund(ALICE, BOB)
    venue.list_markets("RAIN-1")
    venue.do(buy("RAIN-1", 3, 30, against=BOB, fill_id="both"))
    assert [row["trade_id"] for row in venue.read("markets/trades")["trades"]] == ["both"]
    for who in ("alice", "bob"):
        assert [row["trade_id"] for row in venue.read("portfolio/fills", who)["fills"]] == ["both"]


# --- which rows a call gets


@pytest.fixture(scope="module")
def venue() -> Venue:
    """Trades t0 to t4, a second apart."""
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1", "RAIN-2")
    for number in range(5):
        market = f"RAIN-{1 + number % 2}"
        venue.do(buy(market, 1, 30, fill_id=f"t{number}", new=f"o{number}"), at=BASE + number * SECOND)
    return venue


def ids(venue: Venue, query: str, date: str = "2026-10") -> str:
    return " ".join(row["trade_id"] for row in venue.read(f"markets/trades?{query}", date=date)["trades"])


FILTERS = [
    ("", "t4 t3 t2 t1 t0"),
    ("ticker=RAIN-1", "t4 t2 t0"),
    ("ticker=RAIN-2", "t3 t1"),
    ("ticker=RAIN-1,RAIN-2", ""),
    ("ticker=NONE", ""),
    ("ticker=", "t4 t3 t2 t1 t0"),
    (f"min_ts={SECONDS + 3}", "t4 t3"),
    (f"min_ts={SECONDS + 5}", ""),
    (f"max_ts={SECONDS + 1}", "t1 t0"),
    (f"max_ts={SECONDS - 1}", ""),
    (f"min_ts={SECONDS + 1}&max_ts={SECONDS + 3}", "t3 t2 t1"),
    (f"min_ts={SECONDS + 1}&max_ts={SECONDS + 3}&ticker=RAIN-2", "t3 t1"),
    (f"min_ts={SECONDS + 3}&max_ts={SECONDS + 1}", ""),
]


@each_row(("query", "wanted"), FILTERS)
def test_filters(venue: Venue, query: str, wanted: str) -> None:
    for date in DATES:
        assert ids(venue, query, date) == wanted


def test_no_trade_is_a_block_trade(venue: Venue) -> None:
    for date in ("2026-10", "compat"):
        assert ids(venue, "is_block_trade=true", date) == ids(venue, "is_block_trade=1", date) == ""
        assert ids(venue, "is_block_trade=false", date) == "t4 t3 t2 t1 t0"
    answer = venue.ask("markets/trades?is_block_trade=true", date="2026-06")
    assert answer.findings == ["parameter 'is_block_trade' is unknown to GetTrades: ignored"]


BAD: list[tuple[str, set[str], Body]] = [
    ("limit=1001", set(DATES), invalid("Limit", "lte", "GetTrades")),
    ("limit=-1", set(DATES), invalid("Limit", "gte", "GetTrades")),
    ("limit=0", set(DATES) - LATE, invalid("Limit", "gte", "GetTrades")),
    ("limit=ten", set(DATES), unreadable("limit")),
    ("min_ts=soon", set(DATES), unreadable("min_ts")),
    ("max_ts=", set(DATES), unreadable("max_ts")),
    ("ticker=A&ticker=B", set(DATES), repeated("ticker")),
    ("is_block_trade=maybe", {"2026-10", "compat"}, unreadable("is_block_trade")),
]


@each_row(("query", "dates", "body"), BAD)
def test_a_bad_value_is_the_venues_400(venue: Venue, query: str, dates: set[str], body: Body) -> None:
    for date in DATES:
        answer = venue.ask(f"markets/trades?{query}", date=date)
        assert (refusal(answer) == at(body, date)) == (date in dates), date


MANY = 230


@pytest.fixture(scope="module")
def many() -> Venue:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1", "RAIN-2")
    fills = (buy(f"RAIN-{1 + number % 2}", 1, 30, fill_id=f"t{number}", new=f"o{number}") for number in range(MANY))
    venue.do(*fills, at=BASE)
    return venue


@each_row("limit", [1, 2, 7, 100, 1000])
@each_row(("query", "first", "step"), [("", MANY - 1, -1), ("ticker=RAIN-2", MANY - 1, -2)])
def test_pages_give_each_row_once(many: Venue, query: str, first: int, step: int, limit: int) -> None:
    found: list[str] = []
    cursor = ""
    while True:
        page = many.read(f"markets/trades?limit={limit}&cursor={cursor}&{query}")
        assert len(page["trades"]) <= limit
        found += [row["trade_id"] for row in page["trades"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert found == [f"t{number}" for number in range(first, -1, step)]


def test_a_limit_of_nothing_is_the_default(many: Venue) -> None:
    assert many.ask("markets/trades?limit=0").body == many.ask("markets/trades").body
    assert len(many.read("markets/trades?limit=0")["trades"]) == 100


def test_a_new_trade_is_on_the_page_that_was_there_before() -> None:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")
    for number in range(3):
        venue.do(buy("RAIN-1", 1, 30, fill_id=f"t{number}"))
        assert len(venue.read("markets/trades")["trades"]) == number + 1


# --- what is history

ARCHIVED = """
scenario: trades
start: 2026-10-20T12:00:00Z
historical: {cutoff: 2026-10-20T12:00:02Z}
accounts:
  alice: {cash: 100}
markets:
  RAIN-1: {event: RAIN, series: RAIN}
history:
  - at: 2026-10-20T12:00:01.999999Z
    fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.5, id: old}
  - at: 2026-10-20T12:00:02Z
    fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.5, id: new}
"""


@each_row("date", DATES)
def test_old_trades_are_history_since_there_is_one(date: str) -> None:
    answer = make(ARCHIVED, date).answer(Request("GET", f"{PREFIX}/markets/trades"))[0]
    has_history = date in LATE and date != "compat"
    assert (b'"new"' in answer.body, b'"old"' in answer.body) == (True, not has_history)
