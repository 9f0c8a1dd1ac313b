"""Order book of a market."""

from collections.abc import Sequence
from typing import NamedTuple

from mockexchange.core.queries.order_books import Level, levels
from mockexchange.core.vocabulary import Side
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation, write
from mockexchange.venues.kalshi.operations.market_data.markets import market_of

PUBLIC_SINCE = "2026-10-01"


class Book(NamedTuple):
    """Bids of each side, the best price last."""

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


def get_market_orderbook(call: Call) -> bytes:
    market, depth = market_of(call), call.params["depth"]
    yes, no = (levels(call.state, market, side) for side in (Side.YES, Side.NO))
    return write(call, BookAnswer(Book(yes[-depth:], no[-depth:])))


OPERATIONS = (
    PublicOperation(
        name="GetMarketOrderbook",
        path="/markets/{ticker}/orderbook",
        answer=get_market_orderbook,
        public_since=PUBLIC_SINCE,
        answer_table="GetMarketOrderbookResponse",
    ),
)
