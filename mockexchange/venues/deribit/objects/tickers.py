"""The prices of a derivative. Bids, asks and statistics are empty: there is no order book and no public trade."""

from dataclasses import dataclass
from decimal import Decimal

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.order_entry.checks import price_band
from mockexchange.core.derivatives.vocabulary import DerivativeKind
from mockexchange.venues.dated import ApiDate, Field, Nested
from mockexchange.venues.deribit.formatting import MILLISECONDS, NUMBER_OR_ZERO
from mockexchange.venues.deribit.objects.instruments import STATE
from mockexchange.venues.deribit.objects.rows import Writer, always, field, number, text, writer


@dataclass(frozen=True, slots=True)
class Ticker:
    """The prices of a derivative; `at` is exchange time in microseconds."""

    derivative: Derivative
    index: Decimal
    at: int

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
    always("best_ask_amount", "0.0", "at"),
    always("best_ask_price", "null", "at"),
    always("best_bid_amount", "0.0", "at"),
    always("best_bid_price", "null", "at"),
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

_WRITE_FUTURE, _WRITE_PERPETUAL, _WRITE_OPTION = map(writer, (FUTURE_TICKER, PERPETUAL_TICKER, OPTION_TICKER))


def _writer_of(derivative: Derivative) -> Writer:
    if derivative.terms.kind in (DerivativeKind.OPTION, DerivativeKind.OPTION_COMBO):
        return _WRITE_OPTION
    return _WRITE_PERPETUAL if derivative.terms.is_perpetual else _WRITE_FUTURE


def ticker_text(ticker: Ticker, api_date: ApiDate) -> str:
    """Return the prices of a derivative as JSON."""
    return _writer_of(ticker.derivative)(ticker, api_date)
