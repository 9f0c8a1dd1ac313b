"""The public channels of an instrument: its order book, its best prices and its ticker.

The first message of a subscription has the whole content of the channel. Each later message has the changes since the
one before; nothing is sent if nothing that the channel shows has changed.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cached_property
from typing import Any, NamedTuple

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.events import (
    DerivativeDelivered,
    DerivativeMarked,
    DerivativeOrderChanged,
    DerivativeQuoted,
    DerivativeTraded,
    Event,
    IndexSet,
    SessionSettled,
)
from mockexchange.core.model.state import State
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.deribit.resources.books import (
    BookChange,
    GroupedBook,
    book_change_text,
    grouped_book_text,
    quote_text,
)
from mockexchange.venues.deribit.resources.envelope import notification
from mockexchange.venues.deribit.resources.tickers import Levels, Ticker, ticker_text
from mockexchange.venues.deribit.stream.channels import BOOK, QUOTE, Channel, market_names_of, read_channel

UNGROUPED = "none"
GROUPED_IN_HUNDREDTHS = ("ETH",)
"""Base coins for which the group in a channel name is in hundredths [doc]."""
DEPTH_MAX = 10_000
Shown = Any
"""The content of a channel's last message, compared with what the channel would show now."""


@dataclass(slots=False, frozen=True)
class Market:
    """An instrument right after a command. Its prices and levels are computed once for all channels that show them."""

    state: State
    derivative: Derivative
    at: int

    @cached_property
    def ticker(self) -> Ticker:
        """Return the instrument's prices with all levels of its order book, for channels of any depth."""
        book = self.state.derivatives.order_books.get(self.derivative.name)
        bids, asks = (book.levels(side, DEPTH_MAX) if book else () for side in (Direction.BUY, Direction.SELL))
        return Ticker(self.derivative, self.state.derivatives.indexes[self.derivative.terms.index], self.at, bids, asks)


@dataclass(slots=True, frozen=True)
class MarketMessage:
    """A message that a public channel may send; each session sends it only if it shows a change."""

    channel: str
    market: Market
    subaccount_ref: None = None
    """None, as the message is public; the field is one of the interface that all venues share."""


def messages_of(state: State, events: Iterable[Event], at: int, channels: Container[str]) -> Iterator[MarketMessage]:
    """Yield a message for each public channel whose instrument the events have changed.

    Each session sends a message only if it shows a change.
    """
    for name in dict.fromkeys(_changed_instruments(state, events)):
        market = Market(state, state.derivatives.listed[name], at)
        yield from (MarketMessage(channel, market) for channel in market_names_of(name) if channel in channels)


def _changed_instruments(state: State, events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        match event:
            case (
                DerivativeQuoted(derivative=name)
                | DerivativeOrderChanged(derivative=name)
                | DerivativeTraded(derivative=name)
                | DerivativeMarked(derivative=name)
                | DerivativeDelivered(derivative=name)
            ):
                yield name
            case IndexSet(index=index):
                yield from (each.name for each in state.derivatives.listed.values() if each.terms.index == index)
            case SessionSettled():
                yield from state.derivatives.listed


class ShownBook(NamedTuple):
    """The order book that a channel has shown last: amounts by price, and the number of its state."""

    bids: dict[Decimal, Decimal]
    asks: dict[Decimal, Decimal]
    revision: int | None
    """None if the channel has shown no book yet."""


NO_BOOK = ShownBook({}, {}, None)


class MarketData:
    """Remembers the content that each public channel of one session has shown last."""

    def __init__(self) -> None:
        self._shown: dict[str, Shown] = {}

    def forget(self, name: str) -> None:
        """Forget what a channel has shown, so that its next message is a first message."""
        self._shown.pop(name, None)

    def clear(self) -> None:
        """Forget what all channels have shown, so that the next message of each is a first message."""
        self._shown.clear()

    def frame(self, name: str, market: Market, api_date: ApiDate) -> bytes | None:
        """Return the notification of a channel as bytes; None if nothing that the channel shows has changed."""
        channel = read_channel(name)
        assert channel is not None, "only channels with a name can be subscribed to"
        text = self._text(channel, market, api_date)
        return None if text is None else notification(name, text)

    def _text(self, channel: Channel, market: Market, api_date: ApiDate) -> str | None:
        if channel.family.name == BOOK and channel.group is None:
            return self._book_changes_text(channel, market, api_date)
        shown, write = _view(channel, market, api_date)
        if self._shown.get(channel.name) == shown:
            return None
        self._shown[channel.name] = shown
        return write()

    def _book_changes_text(self, channel: Channel, market: Market, api_date: ApiDate) -> str | None:
        """Return the changed levels of the order book, all of them in the first message; None if none has changed."""
        last = self._shown.get(channel.name, NO_BOOK)
        book = ShownBook(dict(market.ticker.bids), dict(market.ticker.asks), market.derivative.revision)
        bids, asks = _changes(last.bids, book.bids), _changes(last.asks, book.asks)
        if last is not NO_BOOK and not bids and not asks:
            return None
        self._shown[channel.name] = book
        return book_change_text(BookChange(market.derivative, market.at, bids, asks, last.revision), api_date)


def _changes(before: dict[Decimal, Decimal], now: dict[Decimal, Decimal]) -> list[tuple[str, Decimal, Decimal]]:
    """Return how levels changed: the new and changed ones from the best on, then those that are gone."""
    there = [
        ("change" if price in before else "new", price, amount)
        for price, amount in now.items()
        if before.get(price) != amount
    ]
    return [*there, *(("delete", price, Decimal(0)) for price in before if price not in now)]


def _view(channel: Channel, market: Market, api_date: ApiDate) -> tuple[Shown, Callable[[], str]]:
    """Return what a channel shows of an instrument, and the function that writes it."""
    ticker = market.ticker
    if channel.family.name == QUOTE:
        shown = ticker.best_bid, ticker.best_bid_amount, ticker.best_ask, ticker.best_ask_amount
        return shown, lambda: quote_text(ticker, api_date)
    if channel.group is not None:
        book = grouped(ticker, channel.group, channel.depth)
        return (book.bids, book.asks), lambda: grouped_book_text(book, api_date)
    # Compared without the time: a newer time alone is no change.
    return ticker_text(replace(ticker, at=0), api_date), lambda: ticker_text(ticker, api_date)


def grouped(ticker: Ticker, group: str, depth: int) -> GroupedBook:
    """Return the best levels of an order book with prices rounded to multiples of a step (`group`).

    Bids are rounded down, asks up.
    """
    bids, asks = ticker.bids, ticker.asks
    if group != UNGROUPED:
        step = Decimal(group) / (100 if ticker.derivative.terms.base in GROUPED_IN_HUNDREDTHS else 1)
        bids, asks = _rounded(bids, step, ROUND_FLOOR), _rounded(asks, step, ROUND_CEILING)
    return GroupedBook(ticker.derivative, ticker.at, bids[:depth], asks[:depth])


def _rounded(levels: Levels, step: Decimal, rounding: str) -> Levels:
    amounts: dict[Decimal, Decimal] = {}
    for price, amount in levels:
        group = (price / step).to_integral_value(rounding) * step
        amounts[group] = amounts.get(group, Decimal(0)) + amount
    return list(amounts.items())
