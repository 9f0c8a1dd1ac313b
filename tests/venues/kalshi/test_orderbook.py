"""A market's order book at every API date: depth and access."""

import json
from typing import Any

import pytest

from mockexchange.core.commands import CloseMarket, QuoteMarket
from mockexchange.core.vocabulary import Action, Side
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make, signed
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES, Body, invalid, repeated, unreadable
from tests.venues.kalshi.world import ALICE, PREFIX, Venue, at, buy, refusal, rest_order, why

TARGET = "markets/RAIN-1/orderbook"
SEVERAL = "markets/orderbooks"
BEFORE_PUBLIC = ("2026-04", "2026-06", "2026-09-30")
OLD = {
    "orderbook": {
        "no": [[43, 12], [44, 300]],
        "no_dollars": [["0.4300", 12], ["0.4450", 300]],
        "yes": [[41, 100], [53, 81], [54, 6]],
        "yes_dollars": [["0.4100", 100], ["0.5300", 81], ["0.5400", 6]],
    }
}
NEW = {
    "orderbook_fp": {
        "no_dollars": [["0.4300", "12.00"], ["0.4450", "300.00"]],
        "yes_dollars": [["0.4100", "100.50"], ["0.5300", "81.00"], ["0.5400", "6.00"]],
    }
}
BOOKS: dict[str, dict[str, Any]] = {
    "2025-11": OLD,
    "2025-12": OLD,
    "2026-02": {**OLD, **NEW},
    "2026-04": NEW,
    "2026-06": NEW,
    "2026-10": NEW,
    "compat": {"orderbook": {**OLD["orderbook"], **NEW["orderbook_fp"]}, **NEW},
}
EMPTY_OLD = '"orderbook":{"no":null,"no_dollars":null,"yes":null,"yes_dollars":null}'
EMPTY_NEW = '"orderbook_fp":{"no_dollars":[],"yes_dollars":[]}'


def quoted() -> Venue:
    """A book of strangers with fractions of a contract and of a cent, given out of order."""
    venue = Venue()
    venue.list_markets("RAIN-1", "RAIN-2")
    yes, no = ((5_300, 8_100), (5_400, 600), (4_100, 10_050)), ((4_450, 30_000), (4_300, 1_200))
    venue.do(QuoteMarket(market="RAIN-1", yes=yes, no=no))
    return venue


@pytest.fixture(scope="module")
def venue() -> Venue:
    return quoted()


@each_row("date", DATES)
def test_a_book_is_written_as_of_its_date(venue: Venue, date: str) -> None:
    answer = venue.ask(TARGET, date=date)
    assert answer.status == 200
    assert answer.body == json.dumps(BOOKS[date], separators=(",", ":")).encode()


@each_row("date", DATES)
def test_an_empty_book(venue: Venue, date: str) -> None:
    empty = {"2025-11": EMPTY_OLD, "2025-12": EMPTY_OLD, "2026-02": f"{EMPTY_OLD},{EMPTY_NEW}"}
    wanted = {**empty, "compat": f"{EMPTY_OLD},{EMPTY_NEW}"}.get(date, EMPTY_NEW)
    assert venue.ask("markets/RAIN-2/orderbook", date=date).body.decode() == "{" + wanted + "}"


def test_one_side_may_be_empty() -> None:
    venue = Venue()
    venue.list_markets("RAIN-1")
    venue.do(QuoteMarket(market="RAIN-1", yes=((100, 100),)))
    old = venue.read(TARGET, date="2025-11")["orderbook"]
    assert old == {"no": None, "no_dollars": None, "yes": [[1, 1]], "yes_dollars": [["0.0100", 1]]}
    assert venue.read(TARGET)["orderbook_fp"] == {"no_dollars": [], "yes_dollars": [["0.0100", "1.00"]]}


YES = NEW["orderbook_fp"]["yes_dollars"]
NO = NEW["orderbook_fp"]["no_dollars"]
DEPTHS = [("", 3, 2), ("?depth=0", 3, 2), ("?depth=1", 1, 1), ("?depth=2", 2, 2), ("?depth=100", 3, 2)]


@each_row(("query", "yes", "no"), DEPTHS)
def test_the_best_prices_are_last_and_stay(venue: Venue, query: str, yes: int, no: int) -> None:
    assert venue.read(TARGET + query)["orderbook_fp"] == {"no_dollars": NO[-no:], "yes_dollars": YES[-yes:]}
    assert len(venue.read(TARGET + query, date="2025-11")["orderbook"]["yes"]) == yes


BAD: list[tuple[str, Body]] = [
    ("depth=101", invalid("Depth", "lte", "GetMarketOrderbook")),
    ("depth=-1", invalid("Depth", "gte", "GetMarketOrderbook")),
    ("depth=all", unreadable("depth")),
    ("depth=", unreadable("depth")),
    ("depth=1&depth=1", repeated("depth")),
]


@each_row(("query", "body"), BAD)
@each_row("date", DATES)
def test_a_bad_depth(venue: Venue, query: str, body: Body, date: str) -> None:
    assert refusal(venue.ask(f"{TARGET}?{query}", date=date)) == at(body, date)


def test_orders_that_rest_are_in_the_book() -> None:
    venue = quoted()
    venue.fund(ALICE)
    venue.do(
        rest_order("RAIN-1", 2, 53, order="joins"),
        rest_order("RAIN-1", 1, 30, order="below"),
        rest_order("RAIN-1", 4, 44, side=Side.NO, order="other"),
        rest_order("RAIN-1", 5, 60, action=Action.SELL, order="sale"),
    )
    book = venue.read(TARGET)["orderbook_fp"]
    assert book["yes_dollars"] == [["0.3000", "1.00"], ["0.4100", "100.50"], ["0.5300", "83.00"], ["0.5400", "6.00"]]
    assert book["no_dollars"] == [["0.4000", "5.00"], ["0.4300", "12.00"], ["0.4400", "4.00"], ["0.4450", "300.00"]]
    venue.do(buy("RAIN-1", 1, 30, order="below", taker=False))
    assert venue.read(TARGET)["orderbook_fp"]["yes_dollars"] == [YES[0], ["0.5300", "83.00"], YES[2]]


def test_a_market_that_closes_cancels_what_rests() -> None:
    venue = Venue()
    venue.fund(ALICE)
    venue.list_markets("RAIN-1")
    venue.do(rest_order("RAIN-1", 2, 53, order="rests"), CloseMarket(market="RAIN-1"))
    assert venue.ask(TARGET).body.decode() == "{" + EMPTY_NEW + "}"


def test_the_book_of_no_market_was_empty_in_november_2025(venue: Venue) -> None:
    """Recorded on 2025-11-03: 200, with four nulls."""
    answer = venue.ask("markets/NONE/orderbook?depth=5", date="2025-11")
    assert (answer.status, answer.body.decode()) == (200, "{" + EMPTY_OLD + "}")
    [finding] = answer.findings
    assert finding.endswith("on this API date its order book is empty, later this is a 404")


@each_row("date", DATES[1:])
def test_the_book_of_no_market(venue: Venue, date: str) -> None:
    answer = venue.ask("markets/NONE/orderbook", date=date)
    body = bodies.NOT_FOUND if date in ("2026-10", "compat") else bodies.NOT_FOUND_2025
    assert refusal(answer) == at(body, date)
    assert why(answer) == "there is no market 'NONE': tickers are spelt as in the scenario"


# --- who may see it


def test_the_books_of_several_markets_needed_a_key_until_october_2026() -> None:
    for date in BEFORE_PUBLIC:
        sandbox = make(date=date)
        path = f"{PREFIX}/{SEVERAL}"
        answer = sandbox.answer(Request("GET", path))[0]
        assert refusal(answer) == at(bodies.NO_CREDENTIALS)
        unknown = Request("GET", path, headers=((b"kalshi-access-key", b"nobody"),))
        assert sandbox.answer(unknown)[0].status == 401
        for who in ("alice/main", "alice/only_3", "bob/main", "desk/st1"):
            answer = sandbox.answer(signed(sandbox, f"{path}?tickers=RAIN-1", who))[0]
            assert (answer.status, answer.account) == (200, who.partition("/")[0])
        answer = sandbox.answer(signed(sandbox, path, "alice/writer"))[0]
        assert refusal(answer) == at(bodies.FORBIDDEN)
        assert why(answer) == "key writer of alice has scopes write: GetMarketOrderbooks needs read"


@each_row("date", DATES)
def test_the_book_of_one_market_never_needed_a_key(date: str) -> None:
    """Recorded without a key in production on 2026-01-12, although the pages of all years ask for one."""
    sandbox = make(date=date)
    assert sandbox.answer(Request("GET", f"{PREFIX}/{TARGET}"))[0].status == 200
    assert sandbox.answer(signed(sandbox, f"{PREFIX}/{TARGET}", "alice/writer"))[0].status == 200
