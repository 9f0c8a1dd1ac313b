"""Converts events of the exchange to messages of the channels, in the order in which they are sent.

Private messages come first, in the order of their events, so that a fill is sent as user_order, fill and
market_position; then trades, changes of order books, and each market's ticker once for a command. The venue promises no
order across channels; this one is a choice, and always the same.
"""

from collections.abc import Callable, Container, Iterable
from typing import Any, NamedTuple

from mockexchange.core.events import (
    Event,
    EventListed,
    Filled,
    GroupDeleted,
    GroupLimited,
    GroupOpened,
    GroupReset,
    GroupTriggered,
    LevelChanged,
    MarketListed,
    MarketMoved,
    MarketPriced,
    MarketSwitched,
    OrderChanged,
    PositionChanged,
    Traded,
)
from mockexchange.core.model.markets import Market
from mockexchange.core.model.state import State
from mockexchange.venues.kalshi.frames.fills import FillView
from mockexchange.venues.kalshi.frames.order_groups import GroupView
from mockexchange.venues.kalshi.frames.orderbooks import DeltaView
from mockexchange.venues.kalshi.frames.positions import PositionView
from mockexchange.venues.kalshi.frames.trades import TradeView
from mockexchange.venues.kalshi.frames.user_orders import OrderView
from mockexchange.venues.kalshi.market_ids import market_id
from mockexchange.venues.kalshi.settings import KalshiSettings
from mockexchange.venues.kalshi.stream import lifecycle
from mockexchange.venues.kalshi.stream.messages import Message
from mockexchange.venues.kalshi.stream.snapshots import ORDERBOOK, TICKER, best_bid, ticker_of

DEFAULTS = KalshiSettings()
LAST = {"trade": 1, ORDERBOOK: 2}
"""Channels whose messages come after all others of the same command, in the order of these numbers."""


class CommandOutcome(NamedTuple):
    """The values that messages are made from: the state after a command, the command's instant, and the settings."""

    state: State
    at: int
    settings: KalshiSettings


def messages_of(
    state: State,
    events: Iterable[Event],
    at: int,
    settings: KalshiSettings = DEFAULTS,
    channels: Container[str] | None = None,
) -> list[Message]:
    """Return the messages for one command's events; `state` is the state after them.

    `channels` are the channels with subscribers; no message is made for others. None means all channels.
    """
    changes = list(events)
    outcome = CommandOutcome(state, at, settings)
    found = [
        make(outcome, event)
        for event in changes
        for channel, make in MESSAGE_MAKERS.get(type(event), NO_MAKERS)
        if channels is None or channel in channels
    ]
    messages = [message for message in found if message is not None]
    if len(messages) > 1:
        messages.sort(key=lambda message: LAST.get(message.channel, 0))
    if channels is None or TICKER in channels:
        messages += [ticker_of(state, market, at) for market in _moved_markets(state, changes)]
    for message in messages:
        message.at = at
    return messages


def _moved_markets(state: State, events: Iterable[Event]) -> list[Market]:
    """Return the markets whose ticker message changed, each once, in the order of the first change."""
    tickers: dict[str, None] = {}
    for event in events:
        match event:
            case Traded(market=ticker) | MarketPriced(market=ticker):
                tickers[ticker] = None
            case PositionChanged(market=ticker, has_moved=True):
                tickers[ticker] = None
            case LevelChanged(market=ticker) if ticker not in tickers and _is_on_top(state, event):
                tickers[ticker] = None
    return [state.markets[ticker] for ticker in tickers]


def _is_on_top(state: State, level: LevelChanged) -> bool:
    """Return whether the best bid changed in price or size: the changed level is at the best bid or was above it."""
    return level.price_centicents >= best_bid(state, state.markets[level.market], level.side).price_centicents


def _order_message(outcome: CommandOutcome, event: OrderChanged) -> Message:
    state, subaccount_ref = outcome.state, event.subaccount_ref
    view = OrderView(event, state.orders[event.order_id], state.accounts[subaccount_ref.account].user_id)
    return Message("user_orders", "user_order", view, market=state.markets[event.market], subaccount_ref=subaccount_ref)


def _fill_message(outcome: CommandOutcome, event: Filled) -> Message:
    view = FillView(event, outcome.state.orders[event.order_id], outcome.at)
    return Message(
        "fill", "fill", view, market=outcome.state.markets[event.market], subaccount_ref=event.subaccount_ref
    )


def _position_message(outcome: CommandOutcome, event: PositionChanged) -> Message | None:
    """Return a position's message; None if only resting orders changed, which the message does not show."""
    if not event.has_moved:
        return None
    state, subaccount_ref = outcome.state, event.subaccount_ref
    is_held = outcome.settings.stream_position_fee_cost == "held"
    view = PositionView(
        state.accounts[subaccount_ref.account].user_id,
        event,
        state.subaccounts[subaccount_ref].number or None,
        event.held_fees_micros if is_held else event.fees_micros,
    )
    return Message(
        "market_positions", "market_position", view, market=state.markets[event.market], subaccount_ref=subaccount_ref
    )


def _trade_message(outcome: CommandOutcome, event: Traded) -> Message:
    return Message("trade", "trade", TradeView(event, outcome.at), market=outcome.state.markets[event.market])


def _level_message(outcome: CommandOutcome, event: LevelChanged) -> Message:
    """Return the message of a changed level; the owner of the order sees it marked as its own."""
    state, market = outcome.state, outcome.state.markets[event.market]
    view = DeltaView(event, market_id(event.market), event.price_centicents, outcome.at, state.sequence)
    if event.order_id is None:
        return Message(ORDERBOOK, ORDERBOOK, view, market=market)
    order = state.orders[event.order_id]
    own = view._replace(client_order_id=order.client_order_id or None, subaccount=order.subaccount.number)
    return Message(ORDERBOOK, ORDERBOOK, view, market=market, owner=order.subaccount_ref, own_value=own)


def _group_message_maker(event_type: str) -> Callable[[CommandOutcome, Any], Message]:
    """Return the maker of an event type's messages; only two of the five types have a limit."""

    def make(outcome: CommandOutcome, event: Any) -> Message:
        view = GroupView(event_type, event.group, getattr(event, "limit_centis", None), outcome.at)
        return Message("order_group_updates", "order_group_updates", view, subaccount_ref=event.subaccount_ref)

    return make


def _lifecycle_maker(
    make: Callable[[State, Any, int], Message | None],
) -> Callable[[CommandOutcome, Any], Message | None]:
    return lambda outcome, event: make(outcome.state, event, outcome.at)


MessageMaker = tuple[str, Callable[[CommandOutcome, Any], Message | None]]
"""A channel, and the function that makes the channel's message for an event."""
NO_MAKERS: tuple[MessageMaker, ...] = ()
MESSAGE_MAKERS: dict[type[Event], tuple[MessageMaker, ...]] = {
    OrderChanged: (("user_orders", _order_message),),
    Filled: (("fill", _fill_message),),
    PositionChanged: (("market_positions", _position_message),),
    GroupOpened: (("order_group_updates", _group_message_maker("created")),),
    GroupTriggered: (("order_group_updates", _group_message_maker("triggered")),),
    GroupReset: (("order_group_updates", _group_message_maker("reset")),),
    GroupLimited: (("order_group_updates", _group_message_maker("limit_updated")),),
    GroupDeleted: (("order_group_updates", _group_message_maker("deleted")),),
    Traded: (("trade", _trade_message),),
    LevelChanged: ((ORDERBOOK, _level_message),),
    EventListed: ((lifecycle.CHANNEL, _lifecycle_maker(lifecycle.event_message)),),
    MarketListed: ((lifecycle.CHANNEL, _lifecycle_maker(lifecycle.created_message)),),
    MarketMoved: ((lifecycle.CHANNEL, _lifecycle_maker(lifecycle.moved_message)),),
    MarketSwitched: ((lifecycle.CHANNEL, _lifecycle_maker(lifecycle.switched_message)),),
}
