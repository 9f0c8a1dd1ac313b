"""Defines the scenario steps for series, events and markets, and for the exchange itself.

They list, set prices and order books, settle, and open or halt.
"""

from mockexchange.core import commands
from mockexchange.core.model.markets import EventDetails, MarketDetails, SeriesDetails
from mockexchange.core.vocabulary import FeeType, Severity
from mockexchange.scenario.steps.shared_fields import EXCHANGE_INDEX, FEE_TYPE, LEVELS, RESULT, SEVERITY, STRIKE_TYPE
from mockexchange.scenario.steps.step_type import StepKind, step
from mockexchange.scenario.types.composite_types import ListOf, may, must
from mockexchange.scenario.types.instants import INSTANT
from mockexchange.scenario.types.value_types import (
    BOOLEAN,
    MULTIPLIER,
    NAME,
    PAYOUT,
    PRICE,
    SECONDS,
    STRIKE,
    TEXT,
)

_MARKET = {"market": ("market", must(NAME))}
_RESULT = {**_MARKET, "result": ("result", must(RESULT)), "value": ("value_centicents", may(PAYOUT))}

# The scenario's top level has the same fields: key = (command field, field).
SERIES = {
    "fee_type": ("fee_type", may(FEE_TYPE, FeeType.QUADRATIC)),
    "fee_multiplier": ("fee_multiplier", may(MULTIPLIER, commands.FEE_MULTIPLIER_UNIT)),
    "title": ("details.title", may(TEXT)),
    "category": ("details.category", may(TEXT)),
    "frequency": ("details.frequency", may(TEXT)),
    "tags": ("details.tags", may(ListOf(TEXT))),
}
EVENT = {
    "title": ("details.title", may(TEXT)),
    "sub_title": ("details.sub_title", may(TEXT)),
    "category": ("details.category", may(TEXT)),
    "mutually_exclusive": ("details.mutually_exclusive", may(BOOLEAN)),
    "strike_at": ("details.strike_at", may(INSTANT)),
    "strike_period": ("details.strike_period", may(TEXT)),
}
MARKET = {
    "event": ("event", must(NAME)),
    "series": ("series", must(NAME)),
    "title": ("title", may(TEXT, "")),
    "price": ("price_centicents", may(PRICE)),
    "exchange_index": ("exchange_index", may(EXCHANGE_INDEX, 0)),
    "subtitle": ("details.subtitle", may(TEXT)),
    "yes_title": ("details.yes_title", may(TEXT)),
    "no_title": ("details.no_title", may(TEXT)),
    "open": ("details.open_at", may(INSTANT)),
    "close": ("details.close_at", may(INSTANT)),
    "expected_expiration": ("details.expected_expiration_at", may(INSTANT)),
    "expiration": ("details.expiration_at", may(INSTANT)),
    "settlement_timer": ("details.settlement_timer_s", may(SECONDS)),
    "can_close_early": ("details.can_close_early", may(BOOLEAN)),
    "rules": ("details.rules_primary", may(TEXT)),
    "rules_secondary": ("details.rules_secondary", may(TEXT)),
    "strike_type": ("details.strike_type", may(STRIKE_TYPE)),
    "floor_strike": ("details.floor_strike", may(STRIKE)),
    "cap_strike": ("details.cap_strike", may(STRIKE)),
}
BOOK = {"yes": ("yes", may(LEVELS, [])), "no": ("no", may(LEVELS, []))}


def _require_order(details: MarketDetails) -> None:
    """Refuse a market that closes before it opens, or expires before it closes."""
    opens_at, closes_at, expires_at = details.open_at, details.close_at, details.expiration_at
    if opens_at is not None and closes_at is not None and opens_at >= closes_at:
        raise ValueError("close: expected an instant after `open`")
    if closes_at is not None and expires_at is not None and closes_at > expires_at:
        raise ValueError("expiration: expected `close` or an instant after it")


STEPS: dict[str, StepKind] = {
    "series": step(commands.ListSeries, SeriesDetails, series=("series", must(NAME)), **SERIES),
    "event": step(commands.DescribeEvent, EventDetails, event=("event", must(NAME)), **EVENT),
    "market": step(commands.ListMarket, MarketDetails, _require_order, **_MARKET, **MARKET),
    "orderbook": step(commands.QuoteMarket, **_MARKET, **BOOK),
    "replenish": step(commands.ReplenishMarket, **_MARKET),
    "price": step(commands.PriceMarket, **_MARKET, price=("price_centicents", must(PRICE))),
    "close": step(commands.CloseMarket, **_MARKET),
    "determine": step(commands.DetermineMarket, **_RESULT),
    "dispute": step(commands.DisputeMarket, **_MARKET),
    "finalize": step(commands.FinalizeMarket, **_MARKET),
    "settle": step(commands.SettleMarket, **_RESULT),
    "exchange": step(
        commands.SwitchExchange,
        active=("active", may(BOOLEAN, True)),
        trading=("trading", may(BOOLEAN, True)),
        resume=("resume_at", may(INSTANT)),
    ),
    "market_trading": step(commands.SwitchMarket, **_MARKET, trading=("trading", must(BOOLEAN))),
    "announce": step(
        commands.Announce,
        message=("message", must(TEXT)),
        type=("severity", may(SEVERITY, Severity.INFO)),
        at=("delivered_at", may(INSTANT)),
        active=("active", may(BOOLEAN, True)),
    ),
}
