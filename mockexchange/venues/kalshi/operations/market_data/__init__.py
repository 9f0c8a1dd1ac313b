"""Implements the operations that read series, events, markets, order books and public trades."""

from mockexchange.venues.kalshi.operations.call import Operation
from mockexchange.venues.kalshi.operations.market_data import (
    candlesticks,
    events,
    markets,
    orderbooks,
    series,
    trades,
)

OPERATIONS: tuple[Operation, ...] = (
    *series.OPERATIONS,
    *events.OPERATIONS,
    *markets.OPERATIONS,
    *orderbooks.OPERATIONS,
    *trades.OPERATIONS,
    *candlesticks.OPERATIONS,
)
