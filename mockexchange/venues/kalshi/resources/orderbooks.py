"""The order books of one market or of several: the bids of each side, the best price last."""

from collections.abc import Sequence
from typing import NamedTuple

from mockexchange.core.model.markets import Market
from mockexchange.core.queries.order_books import Level, levels
from mockexchange.core.vocabulary import Side
from mockexchange.venues.dated_fields import Empty, Field, Nested, Spelling
from mockexchange.venues.kalshi.errors import Rejected
from mockexchange.venues.kalshi.formatting import CENT_LEVELS, DOLLAR_LEVELS, EXACT_LEVELS, TEXT
from mockexchange.venues.kalshi.named_days import FIXED_POINT_ADDED, INTEGERS_REMOVED
from mockexchange.venues.kalshi.resources.call import Call, PublicOperation, write
from mockexchange.venues.kalshi.resources.fields import list_of, table
from mockexchange.venues.kalshi.resources.markets import market_of
from mockexchange.venues.kalshi.resources.parameters import Parameter

# --- fields of answers


def _side(name: str, spelling: Spelling, read: str, empty: Empty, source: str) -> Field:
    return Field(name=name, spelling=spelling, read=read, empty=empty, source=source)


def _old_dollars(side: str) -> tuple[Field, ...]:
    """Return the rows of a side in dollars; counts are integers, but text in `compat`, which two clients require."""
    name, read = f"{side}_dollars", f"{side}_or_none"
    return (
        Field(
            name=name,
            spelling=DOLLAR_LEVELS,
            read=read,
            empty="null",
            until=INTEGERS_REMOVED,
            source="wire-2025-11",
        ),
        Field(
            name=name, spelling=EXACT_LEVELS, read=read, empty="null", since=INTEGERS_REMOVED, source="client-report"
        ),
    )


# A side without bids is null here (recorded).
ORDERBOOK = table(
    "Orderbook",
    _side("no", CENT_LEVELS, "no_or_none", "null", "wire-2025-11"),
    *_old_dollars("no"),
    _side("yes", CENT_LEVELS, "yes_or_none", "null", "wire-2025-11"),
    *_old_dollars("yes"),
)

ORDERBOOK_COUNT_FP = table(
    "OrderbookCountFp",
    _side("no_dollars", EXACT_LEVELS, "no", "never", "wire-2026-06"),
    _side("yes_dollars", EXACT_LEVELS, "yes", "never", "wire-2026-06"),
)

GET_MARKET_ORDERBOOK_RESPONSE = table(
    "GetMarketOrderbookResponse",
    Field(
        name="orderbook",
        spelling=Nested("Orderbook", ORDERBOOK),
        read="book",
        until=INTEGERS_REMOVED,
        source="wire-2025-11",
    ),
    Field(
        name="orderbook_fp",
        spelling=Nested("OrderbookCountFp", ORDERBOOK_COUNT_FP),
        read="book",
        since=FIXED_POINT_ADDED,
        source="wire-2026-06",
    ),
)

MARKET_ORDERBOOK_FP = table(
    "MarketOrderbookFp",
    Field(
        name="orderbook_fp",
        spelling=Nested("OrderbookCountFp", ORDERBOOK_COUNT_FP),
        read="book",
        source="openapi-3.13",
    ),
    Field(name="ticker", spelling=TEXT, read="ticker", source="openapi-3.13"),
)
GET_MARKET_ORDERBOOKS_RESPONSE = table(
    "GetMarketOrderbooksResponse",
    list_of("orderbooks", "MarketOrderbookFp", MARKET_ORDERBOOK_FP, source="openapi-3.13"),
)

# --- parameters of queries

GET_MARKET_ORDERBOOK: tuple[Parameter, ...] = (
    Parameter(name="depth", kind="integer", minimum=0, maximum=100, default=0, source="docs-2025-11"),
)

GET_MARKET_ORDERBOOKS: tuple[Parameter, ...] = (
    Parameter(name="tickers", kind="repeated", items_max=100, required=True, source="openapi-3.13"),
)

# --- operations

PUBLIC_SINCE = "2026-10-01"
UNKNOWN_REFUSED_SINCE = "2025-12-01"
"""Day, chosen, from which the order book of an unknown market is an error.

On 2025-11-03 it was recorded as the order book of a market without bids.
"""


class Book(NamedTuple):
    """The bids of each side of a market, the best price last."""

    yes: Sequence[Level]
    no: Sequence[Level]

    @property
    def yes_or_none(self) -> Sequence[Level] | None:
        return self.yes or None

    @property
    def no_or_none(self) -> Sequence[Level] | None:
        return self.no or None


class BookAnswer(NamedTuple):
    book: Book


class MarketBook(NamedTuple):
    ticker: str
    book: Book


class Books(NamedTuple):
    orderbooks: Sequence[MarketBook]


def get_market_orderbooks(call: Call) -> bytes:
    """Return the order books of the requested markets; unknown markets are left out."""
    known = call.state.markets
    markets = [known[ticker] for ticker in dict.fromkeys(call.params["tickers"]) if ticker in known]
    return write(call, Books([MarketBook(one.ticker, _book(call, one)) for one in markets]))


def get_market_orderbook(call: Call) -> bytes:
    try:
        market = market_of(call)
    except Rejected as rejected:
        if call.api_date.holds(UNKNOWN_REFUSED_SINCE):
            raise
        call.findings.append(f"{rejected.diagnosis}: on this API date its order book is empty, later this is a 404")
        return write(call, BookAnswer(Book((), ())))
    return write(call, BookAnswer(_book(call, market, call.params["depth"])))


def _book(call: Call, market: Market, depth: int = 0) -> Book:
    """Return the best `depth` bids of each side, all for 0."""
    yes, no = (levels(call.state, market, side) for side in (Side.YES, Side.NO))
    return Book(yes[-depth:], no[-depth:])


OPERATIONS = (
    PublicOperation(
        name="GetMarketOrderbook",
        path="/markets/{ticker}/orderbook",
        answer=get_market_orderbook,
        answer_table="GetMarketOrderbookResponse",
        parameters=GET_MARKET_ORDERBOOK,
    ),
    PublicOperation(
        name="GetMarketOrderbooks",
        path="/markets/orderbooks",
        answer=get_market_orderbooks,
        public_since=PUBLIC_SINCE,
        answer_table="GetMarketOrderbooksResponse",
        parameters=GET_MARKET_ORDERBOOKS,
    ),
)
