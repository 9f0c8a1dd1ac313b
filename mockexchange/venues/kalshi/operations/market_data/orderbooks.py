"""Implements the operations that read the order books of one market or of several."""

from collections.abc import Sequence
from typing import NamedTuple

from mockexchange.core.model.markets import Market
from mockexchange.core.queries.order_books import Level, levels
from mockexchange.core.vocabulary import Side
from mockexchange.venues.kalshi.errors import Rejected
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation, write
from mockexchange.venues.kalshi.operations.market_data.markets import market_of

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
    ),
    PublicOperation(
        name="GetMarketOrderbooks",
        path="/markets/orderbooks",
        answer=get_market_orderbooks,
        public_since=PUBLIC_SINCE,
        answer_table="GetMarketOrderbooksResponse",
    ),
)
