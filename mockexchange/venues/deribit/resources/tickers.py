"""Builds the JSON objects of a derivative's ticker and of its order book.

The statistics of a ticker (volume, high, low) are always empty, because trades of others are not simulated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.order_checks import price_band
from mockexchange.core.derivatives.vocabulary import DerivativeKind
from mockexchange.venues.dated_fields import ApiDate, Field, Nested, Spelling
from mockexchange.venues.deribit.formatting import MILLISECONDS, NUMBER_OR_ZERO
from mockexchange.venues.deribit.formatting import number as number_text
from mockexchange.venues.deribit.resources.fields import Writer, always, field, integer, number, text, writer

STATE = Spelling("open or delivered", lambda is_open: '"open"' if is_open else '"delivered"', ("open", "delivered"))


ZERO = Decimal(0)


Levels = Sequence[tuple[Decimal, Decimal]]
"""Levels of one side of an order book as (price, amount), the best first."""


@dataclass(frozen=True, slots=True)
class Ticker:
    """The prices of a derivative at exchange time `at` (microseconds), and levels of its order book.

    The levels may be only the best one of each side.
    """

    derivative: Derivative
    index: Decimal
    at: int
    bids: Levels = ()
    asks: Levels = ()

    @property
    def best_bid(self) -> Decimal | None:
        return self.bids[0][0] if self.bids else None

    @property
    def best_bid_amount(self) -> Decimal:
        return self.bids[0][1] if self.bids else ZERO

    @property
    def best_ask(self) -> Decimal | None:
        return self.asks[0][0] if self.asks else None

    @property
    def best_ask_amount(self) -> Decimal:
        return self.asks[0][1] if self.asks else ZERO

    @property
    def price_min(self) -> Decimal:
        return price_band(self.derivative)[0]

    @property
    def price_max(self) -> Decimal:
        return price_band(self.derivative)[1]


STATS: tuple[Field, ...] = (
    always("high", "null", "serial"),
    always("low", "null", "serial"),
    always("price_change", "null", "serial"),
    always("volume", "0.0", "serial"),
    always("volume_usd", "0.0", "serial"),
)


GREEKS: tuple[Field, ...] = (
    number("delta", "greeks.delta"),
    number("gamma", "greeks.gamma"),
    always("rho", "0.0", "greeks"),
    number("theta", "greeks.theta"),
    number("vega", "greeks.vega"),
)


TICKER: tuple[Field, ...] = (
    number("best_ask_amount"),
    number("best_ask_price", "best_ask", empty="null"),
    number("best_bid_amount"),
    number("best_bid_price", "best_bid", empty="null"),
    number("delivery_price", "derivative.delivery", empty="absent"),
    number("estimated_delivery_price", "index"),
    number("index_price", "index"),
    text("instrument_name", "derivative.terms.name"),
    number("last_price", "derivative.last", empty="null"),
    number("mark_price", "derivative.mark"),
    number("max_price", "price_max", source="choice"),
    number("min_price", "price_min", source="choice"),
    always("open_interest", "0.0", "at"),
    number("settlement_price", "derivative.settlement"),
    field("state", STATE, "derivative.is_open"),
    field("timestamp", MILLISECONDS, "at"),
)


FUTURE_TICKER: tuple[Field, ...] = (*TICKER, field("stats", Nested("Stats", STATS), "derivative"))


PERPETUAL_TICKER: tuple[Field, ...] = (
    *FUTURE_TICKER,
    always("current_funding", "0.0", "at"),
    always("funding_8h", "0.0", "at"),
    always("interest_value", "0.0", "at"),
)


OPTION_TICKER: tuple[Field, ...] = (
    *TICKER,
    field("stats", Nested("Stats", STATS[:-1]), "derivative"),
    always("ask_iv", "0.0", "at"),
    always("bid_iv", "0.0", "at"),
    field("greeks", Nested("Greeks", GREEKS), "derivative"),
    always("interest_rate", "0.0", "at"),
    field("mark_iv", NUMBER_OR_ZERO, "derivative.iv"),
    always("underlying_index", '"index_price"', "at"),
    number("underlying_price", "index", source="choice"),
)


def _levels(levels: Levels) -> str:
    return "[" + ",".join(f"[{number_text(price)},{number_text(amount)}]" for price, amount in levels) + "]"


LEVELS = Spelling("list of [price, amount], the best first", _levels)


BOOK: tuple[Field, ...] = (
    field("asks", LEVELS, "asks"),
    field("bids", LEVELS, "bids"),
    integer("change_id", "derivative.revision"),
)


NOT_IN_BOOKS = frozenset({"estimated_delivery_price", "interest_value"})


def _book(table: tuple[Field, ...]) -> tuple[Field, ...]:
    return (*BOOK, *(row for row in table if row.name not in NOT_IN_BOOKS))


FUTURE_BOOK, PERPETUAL_BOOK, OPTION_BOOK = map(_book, (FUTURE_TICKER, PERPETUAL_TICKER, OPTION_TICKER))


_TICKERS = tuple(map(writer, (FUTURE_TICKER, PERPETUAL_TICKER, OPTION_TICKER)))


_BOOKS = tuple(map(writer, (FUTURE_BOOK, PERPETUAL_BOOK, OPTION_BOOK)))


def _writer_of(writers: tuple[Writer, ...], derivative: Derivative) -> Writer:
    future, perpetual, option = writers
    if derivative.terms.kind in (DerivativeKind.OPTION, DerivativeKind.OPTION_COMBO):
        return option
    return perpetual if derivative.terms.is_perpetual else future


def ticker_text(ticker: Ticker, api_date: ApiDate) -> str:
    """Return the prices of a derivative as JSON."""
    return _writer_of(_TICKERS, ticker.derivative)(ticker, api_date)


def book_text(ticker: Ticker, api_date: ApiDate) -> str:
    """Return the prices of a derivative and the levels of its order book as JSON."""
    return _writer_of(_BOOKS, ticker.derivative)(ticker, api_date)
