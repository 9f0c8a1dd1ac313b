"""Handlers: series, markets and their prices."""

from collections.abc import Iterator

from mockexchange.core.commands import FEE_MULTIPLIER_UNIT, ListMarket, ListSeries, PriceMarket
from mockexchange.core.events import Event, MarketListed, MarketPriced, SeriesListed
from mockexchange.core.markets import EventListing, Market, Series, require_open
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.state import State
from mockexchange.core.vocabulary import FeeType


def list_series(state: State, command: ListSeries, at: int) -> Iterator[Event]:
    if command.series in state.series:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"series {command.series} exists already")
    state.series[command.series] = Series(command.series, command.fee_type, command.fee_multiplier)
    yield SeriesListed(series=command.series)


def list_market(state: State, command: ListMarket, at: int) -> Iterator[Event]:
    if command.market in state.markets:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"market {command.market} exists already")
    _require_same_event(state, command)
    if command.series not in state.series:
        state.series[command.series] = Series(command.series, FeeType.QUADRATIC, FEE_MULTIPLIER_UNIT)
        yield SeriesListed(series=command.series)
    if command.event not in state.events:
        series = state.series[command.series]
        state.events[command.event] = EventListing(command.event, series, command.exchange_index)
    event = state.events[command.event]
    state.markets[command.market] = Market(command.market, event, command.title, command.price_centicents)
    yield MarketListed(market=command.market, event=command.event, series=command.series)


def price_market(state: State, command: PriceMarket, at: int) -> Iterator[Event]:
    market = require_open(state.market(command.market))
    yield from reprice(state, market, command.price_centicents)


def reprice(state: State, market: Market, price_centicents: int) -> Iterator[Event]:
    """Move the last price and with it the value of every position in the market."""
    if price_centicents == market.price_centicents:
        return
    rows = market.positions
    for row in rows:
        state.holdings[row.purse].values_micros[market.event.exchange_index] -= row.value_micros
    market.price_centicents = price_centicents
    for row in rows:
        state.holdings[row.purse].values_micros[market.event.exchange_index] += row.value_micros
    yield MarketPriced(market=market.ticker, price_centicents=price_centicents)


def _require_same_event(state: State, command: ListMarket) -> None:
    event = state.events.get(command.event)
    if event is None:
        return
    if (event.series.ticker, event.exchange_index) != (command.series, command.exchange_index):
        message = (
            f"event {event.ticker} is of series {event.series.ticker} on exchange index {event.exchange_index},"
            f" got {command.series} on {command.exchange_index} for market {command.market}"
        )
        raise Refused(RefusalCode.WRONG_EVENT, message)
