"""Defines the JSON fields of a position: Deribit's keys in camelCase, amounts as strings, `side` for direction [doc].

Keys that a kind of derivative lacks are left out. The order is that of the page's example, a future.
"""

from typing import Any

from mockexchange.venues.dated import Empty, Field
from mockexchange.venues.signalplus.formatting import DECIMAL, INTEGER, SIDE, TEXT


def _row(name: str, read: str, spelling: Any = DECIMAL, empty: Empty = "never") -> Field:
    return Field(name=name, spelling=spelling, read=read, empty=empty, source="docs")


POSITION: tuple[Field, ...] = (
    _row("averagePrice", "average_price"),
    _row("averagePriceUsd", "average_price_usd", empty="absent"),
    _row("delta", "delta"),
    _row("side", "size", SIDE),
    # estimatedLiquidationPrice is left out: it is for a margin model that no account here has.
    _row("floatingProfitLoss", "printed_floating"),
    _row("floatingProfitLossUsd", "floating_usd", empty="absent"),
    _row("gamma", "gamma", empty="absent"),
    _row("indexPrice", "index_price"),
    _row("initialMargin", "initial_margin"),
    _row("instrumentName", "derivative.terms.name", TEXT),
    _row("interestValue", "interest_value", empty="absent"),
    _row("kind", "derivative.terms.kind", TEXT),
    _row("leverage", "leverage", INTEGER, empty="absent"),
    _row("maintenanceMargin", "maintenance_margin"),
    _row("markPrice", "mark_price"),
    _row("openOrdersMargin", "open_orders_margin"),
    _row("realizedFunding", "realized_funding", empty="absent"),
    _row("realizedProfitLoss", "realized"),
    _row("settlementPrice", "settlement_price"),
    _row("size", "size"),
    _row("sizeCurrency", "size_currency", empty="absent"),
    _row("theta", "theta", empty="absent"),
    # The page's table has totalprofitLoss, its example this.
    _row("totalProfitLoss", "printed_total"),
    _row("vega", "vega", empty="absent"),
)
