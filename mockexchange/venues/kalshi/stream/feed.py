"""Events of the exchange as messages of the channels, in the order in which they go out.

What is somebody's own goes first and in the order in which it happened, so that a fill is told as user_order, fill and
market_position; then trades, then what changed in books, and at last each market's ticker, once a command. The venue
promises no order across channels; this one is a choice, and always the same.
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
    OrderChanged,
    PositionChanged,
    Traded,
)
from mockexchange.core.model.markets import Market
from mockexchange.core.model.state import State
from mockexchange.venues.kalshi.market_ids import market_id
from mockexchange.venues.kalshi.settings import KalshiSettings
from mockexchange.venues.kalshi.stream import lifecycle
from mockexchange.venues.kalshi.stream.messages import Message
from mockexchange.venues.kalshi.stream.snapshots import ORDERBOOK, TICKER, best_bid, ticker_of
from mockexchange.venues.kalshi.stream.views import DeltaView, FillView, GroupView, OrderView, PositionView, TradeView

DEFAULTS = KalshiSettings()
LAST = {"trade": 1, ORDERBOOK: 2}
"""Channels that come after the others of their command, in this order."""


class Moment(NamedTuple):
    """The exchange after a command, the instant of it, and what the scenario wants."""

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
    """Return what the channels tell of one command's events; `state` is as it is after them.

    `channels` are those that somebody listens to, None for all: what nobody hears is not made.
    """
    happened = list(events)
    moment = Moment(state, at, settings)
    found = [
        tell(moment, event)
        for event in happened
        for channel, tell in TELLERS.get(type(event), NOBODY)
        if channels is None or channel in channels
    ]
    messages = [message for message in found if message is not None]
    messages.sort(key=lambda message: LAST.get(message.channel, 0))
    if channels is None or TICKER in channels:
        messages += [ticker_of(state, market, at) for market in _moved_markets(state, happened)]
    return messages


def _moved_markets(state: State, events: Iterable[Event]) -> list[Market]:
    """The markets of whose ticker something has changed, each once, in the order of the first change."""
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
    """Whether the best bid is another, or of another size: what changed is not below what is the best now."""
    return level.price_centicents >= best_bid(state, state.markets[level.market], level.side).price_centicents


def _tell_order(moment: Moment, event: OrderChanged) -> Message:
    state, subaccount_ref = moment.state, event.subaccount_ref
    view = OrderView(event, state.orders[event.order_id], state.accounts[subaccount_ref.account].user_id)
    return Message("user_orders", "user_order", view, market=state.markets[event.market], subaccount_ref=subaccount_ref)


def _tell_fill(moment: Moment, event: Filled) -> Message:
    view = FillView(event, moment.state.orders[event.order_id], moment.at)
    return Message("fill", "fill", view, market=moment.state.markets[event.market], subaccount_ref=event.subaccount_ref)


def _tell_position(moment: Moment, event: PositionChanged) -> Message | None:
    """None where only what rests has changed: no key tells of that."""
    if not event.has_moved:
        return None
    state, subaccount_ref = moment.state, event.subaccount_ref
    is_held = moment.settings.stream_position_fee_cost == "held"
    view = PositionView(
        state.accounts[subaccount_ref.account].user_id,
        event,
        state.subaccounts[subaccount_ref].number or None,
        event.held_fees_micros if is_held else event.fees_micros,
    )
    return Message(
        "market_positions", "market_position", view, market=state.markets[event.market], subaccount_ref=subaccount_ref
    )


def _tell_trade(moment: Moment, event: Traded) -> Message:
    return Message("trade", "trade", TradeView(event, moment.at), market=moment.state.markets[event.market])


def _tell_level(moment: Moment, event: LevelChanged) -> Message:
    """Whose order it is that changed the level sees it marked as his own."""
    state, market = moment.state, moment.state.markets[event.market]
    view = DeltaView(event, market_id(event.market), event.price_centicents, moment.at)
    if event.order_id is None:
        return Message(ORDERBOOK, ORDERBOOK, view, market=market)
    order = state.orders[event.order_id]
    own = view._replace(client_order_id=order.client_order_id or None, subaccount=order.subaccount.number)
    return Message(ORDERBOOK, ORDERBOOK, view, market=market, owner=order.subaccount_ref, own_value=own)


def _group_teller(event_type: str) -> Callable[[Moment, Any], Message]:
    """Only two of the five event types have a limit to tell."""

    def tell(moment: Moment, event: Any) -> Message:
        view = GroupView(event_type, event.group, getattr(event, "limit_centis", None), moment.at)
        return Message("order_group_updates", "order_group_updates", view, subaccount_ref=event.subaccount_ref)

    return tell


def _of_lifecycle(tell: Callable[[State, Any, int], Message | None]) -> Callable[[Moment, Any], Message | None]:
    return lambda moment, event: tell(moment.state, event, moment.at)


Teller = tuple[str, Callable[[Moment, Any], Message | None]]
"""A channel and what makes its message of an event."""
NOBODY: tuple[Teller, ...] = ()
TELLERS: dict[type[Event], tuple[Teller, ...]] = {
    OrderChanged: (("user_orders", _tell_order),),
    Filled: (("fill", _tell_fill),),
    PositionChanged: (("market_positions", _tell_position),),
    GroupOpened: (("order_group_updates", _group_teller("created")),),
    GroupTriggered: (("order_group_updates", _group_teller("triggered")),),
    GroupReset: (("order_group_updates", _group_teller("reset")),),
    GroupLimited: (("order_group_updates", _group_teller("limit_updated")),),
    GroupDeleted: (("order_group_updates", _group_teller("deleted")),),
    Traded: (("trade", _tell_trade),),
    LevelChanged: ((ORDERBOOK, _tell_level),),
    EventListed: ((lifecycle.CHANNEL, _of_lifecycle(lifecycle.tell_event)),),
    MarketListed: ((lifecycle.CHANNEL, _of_lifecycle(lifecycle.tell_created)),),
    MarketMoved: ((lifecycle.CHANNEL, _of_lifecycle(lifecycle.tell_moved)),),
}
