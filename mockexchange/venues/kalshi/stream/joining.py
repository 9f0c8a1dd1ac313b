"""Adds markets to a subscription: it checks them, and makes the first data that are sent for them."""

from collections.abc import Iterable, Iterator

from mockexchange.venues.frame import Frame
from mockexchange.venues.kalshi.stream.channels import ORDERBOOK, TICKER, ChannelRow
from mockexchange.venues.kalshi.stream.errors import Code, Refused
from mockexchange.venues.kalshi.stream.filters import NamedMarkets
from mockexchange.venues.kalshi.stream.messages import Message
from mockexchange.venues.kalshi.stream.snapshots import snapshot_of, ticker_of
from mockexchange.venues.kalshi.stream.subscriber import Subscriber
from mockexchange.venues.kalshi.stream.subscriptions import MARKETS_MAX, Subscription


def add_markets(subscription: Subscription, named: NamedMarkets | None) -> list[str]:
    """Add markets to a subscription's filter, and return the tickers that are new in it; None removes the filter."""
    if named is None:
        return subscription.join(None)
    if not subscription.markets:
        subscription.has_ids = named.by_ids
    return subscription.join(named.markets)


def first_data(
    reader: Subscriber, subscription: Subscription, tickers: list[str], wants_ticker: bool, at: int
) -> Iterator[Frame]:
    """Yield the first data for markets that a subscription added.

    They are order books on the channel of order books, and on that of tickers the tickers if requested.
    """
    if subscription.channel == ORDERBOOK:
        messages = order_book_messages(reader, tickers)
    elif subscription.channel == TICKER and wants_ticker:
        state = reader.context.state
        messages = (ticker_of(state, state.markets[ticker], at) for ticker in tickers)
    else:
        return
    for message in messages:
        yield reader.answer_of(message, subscription)


def order_book_messages(reader: Subscriber, tickers: Iterable[str]) -> Iterator[Message]:
    state, has_empty_sides = reader.context.state, reader.wants_empty_sides
    for ticker in tickers:
        yield snapshot_of(state, state.markets[ticker], has_empty_sides=has_empty_sides)


def require_ids_allowed(channel: ChannelRow, named: NamedMarkets, sid: int = 0) -> None:
    if named.by_ids and not channel.has_ids:
        raise Refused(Code.INVALID, f"{channel.name} has no market_id or market_ids", sid)


def require_same_naming(subscription: Subscription, named: NamedMarkets) -> None:
    """Raise Refused if a subscription would name some markets by ticker and others by id (documented)."""
    if subscription.markets and subscription.has_ids != named.by_ids:
        way = "id" if subscription.has_ids else "ticker"
        raise Refused(Code.INVALID, f"this subscription names its markets by {way}", subscription.sid)


def require_room(reader: Subscriber, count: int, sid: int = 0) -> None:
    if reader.registry.markets_count() + count > MARKETS_MAX:
        raise Refused(Code.TOO_MANY_MARKETS, f"more than {MARKETS_MAX:,} markets are named in this session", sid)


def new_count(subscription: Subscription | None, named: NamedMarkets) -> int:
    if subscription is None:
        return len(named.markets)
    return 0 if subscription.markets is None else len(named.markets.keys() - subscription.markets.keys())
