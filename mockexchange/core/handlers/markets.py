"""Handlers that list series, events and markets, and set market prices."""

from collections.abc import Iterator

from mockexchange.core.commands import (
    FEE_MULTIPLIER_UNIT,
    DescribeEvent,
    ListCombination,
    ListMarket,
    ListSeries,
    LookUpMarket,
    PriceMarket,
)
from mockexchange.core.events import (
    Event,
    EventDescribed,
    EventListed,
    MarketListed,
    MarketLookedUp,
    MarketPriced,
    SeriesListed,
)
from mockexchange.core.handlers import handler
from mockexchange.core.model.markets import (
    PLAIN_EVENT,
    PLAIN_MARKET,
    PLAIN_SERIES,
    EventListing,
    Market,
    MarketDetails,
    Series,
    SeriesDetails,
    require_open,
)
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import FeeType


@handler
def list_series(state: State, command: ListSeries, at: int) -> Iterator[Event]:
    """List a series."""
    if command.series in state.series:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"series {command.series} exists already")
    yield _add_series(state, command.series, command.fee_type, command.fee_multiplier, command.details, at)


@handler
def describe_event(state: State, command: DescribeEvent, at: int) -> Iterator[Event]:
    """Set the details of an event; for an event that is not listed yet they apply when it is listed."""
    event = state.events.get(command.event)
    if event is None:
        state.described[command.event] = command.details
    else:
        event.details, event.updated_at = command.details, at
        event.revision = state.listed_events.revision = state.next_revision()
    yield EventDescribed(event=command.event)


@handler
def list_market(state: State, command: ListMarket, at: int) -> Iterator[Event]:
    """List a market, and its event and series if they are new."""
    if command.market in state.markets:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"market {command.market} exists already")
    event = state.events.get(command.event)
    if event is not None and (event.series.ticker, event.exchange_index) != (command.series, command.exchange_index):
        message = (
            f"event {event.ticker} is of series {event.series.ticker} on exchange index {event.exchange_index},"
            f" got {command.series} on {command.exchange_index} for market {command.market}"
        )
        raise Refused(RefusalCode.WRONG_EVENT, message)
    if command.series not in state.series:
        yield _add_series(state, command.series, FeeType.QUADRATIC, FEE_MULTIPLIER_UNIT, None, at)
    if event is None:
        serial = state.next_revision()
        event = state.events[command.event] = EventListing(
            ticker=command.event,
            series=state.series[command.series],
            exchange_index=command.exchange_index,
            serial=serial,
            created_at=at,
            revision=serial,
            details=state.described.pop(command.event, PLAIN_EVENT),
            updated_at=at,
        )
        state.listed_events.add(event, serial)
        yield EventListed(event=command.event)
    serial = state.next_revision()
    market = state.markets[command.market] = Market(
        ticker=command.market,
        event=event,
        title=command.title,
        price_centicents=command.price_centicents,
        serial=serial,
        created_at=at,
        revision=serial,
        details=command.details or PLAIN_MARKET,
        updated_at=at,
    )
    event.markets.append(market)
    state.listed_markets.add(market, serial)
    event.revision = state.listed_events.revision = serial
    yield MarketListed(market=command.market, event=command.event, series=command.series)


@handler
def list_combination(state: State, command: ListCombination, at: int) -> Iterator[Event]:
    """List a market that combines others; who lists it has asked for it."""
    details = MarketDetails(close_at=command.close_at)
    yield from list_market(
        state,
        ListMarket(
            market=command.market,
            event=command.event,
            series=command.series,
            title=command.title,
            exchange_index=command.exchange_index,
            details=details,
        ),
        at,
    )
    market = state.markets[command.market]
    market.collection, market.legs, market.looked_up_at = command.collection, command.legs, at


@handler
def look_up_market(state: State, command: LookUpMarket, at: int) -> Iterator[Event]:
    """Note that a market that combines others was asked for."""
    market = state.market(command.market)
    if not market.collection:
        raise Refused(RefusalCode.WRONG_EVENT, f"market {market.ticker} combines no others")
    market.looked_up_at = at
    yield MarketLookedUp(market=market.ticker)


@handler
def price_market(state: State, command: PriceMarket, at: int) -> Iterator[Event]:
    """Set the last traded price of a market."""
    market = require_open(state.market(command.market))
    yield from reprice(state, market, command.price_centicents, at)


def reprice(state: State, market: Market, price_centicents: int, at: int, revision: int | None = None) -> list[Event]:
    """Set the last traded price of a market; return the event in a list, which is empty if the price is the same."""
    if price_centicents == market.price_centicents:
        return []
    market.previous_centicents, market.price_centicents = market.price_centicents, price_centicents
    touch_market(state, market, at, revision)
    state.repricings.add(market.ticker, market.revision)
    return [MarketPriced(market=market.ticker, price_centicents=price_centicents)]


def touch_market(state: State, market: Market, at: int, revision: int | None = None) -> None:
    """Give a market that changed, and its event, one revision: the next number, or the serial of the trade.

    Every change that a read of a market shows (status, result, price, volume, order book) calls this function.
    """
    if revision is None:
        revision = state.next_revision()
    market.revision = state.listed_markets.revision = revision
    market.updated_at = at
    market.event.revision = state.listed_events.revision = revision


def _add_series(
    state: State, name: str, fee_type: FeeType, fee_multiplier: int, details: SeriesDetails | None, at: int
) -> Event:
    state.series[name] = Series(name, fee_type, fee_multiplier, details or PLAIN_SERIES, at, state.seed)
    return SeriesListed(series=name)
