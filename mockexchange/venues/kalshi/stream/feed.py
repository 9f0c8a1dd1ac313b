"""Turns events of the exchange into the messages of channels, each encoded once for each API date."""

from collections.abc import Callable, Container, Iterable
from typing import Any, NamedTuple

from mockexchange.core.events import (
    BlockTradeAccepted,
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
    RfqCreated,
    RfqDeleted,
    RfqQuoteAccepted,
    RfqQuoted,
    RfqQuoteExecuted,
    Traded,
)
from mockexchange.core.model.markets import Market
from mockexchange.core.model.state import State
from mockexchange.core.queries.order_books import Level, levels
from mockexchange.core.vocabulary import MarketStatus, Side, SubaccountRef
from mockexchange.venues.dated_fields import FOREVER, ApiDate
from mockexchange.venues.kalshi.frames import body_encoder
from mockexchange.venues.kalshi.frames.communications import QuoteView, RfqView
from mockexchange.venues.kalshi.frames.fills import FillView
from mockexchange.venues.kalshi.frames.lifecycle import EventLifecycleView, LifecycleView, MetadataView
from mockexchange.venues.kalshi.frames.order_groups import GroupView
from mockexchange.venues.kalshi.frames.orderbooks import DeltaView, SnapshotView
from mockexchange.venues.kalshi.frames.positions import PositionView
from mockexchange.venues.kalshi.frames.rows import COMBINATIONS_LEFT
from mockexchange.venues.kalshi.frames.tickers import TickerView
from mockexchange.venues.kalshi.frames.trades import TradeView
from mockexchange.venues.kalshi.frames.user_orders import OrderView
from mockexchange.venues.kalshi.market_ids import market_id
from mockexchange.venues.kalshi.resources.communications import communications_id
from mockexchange.venues.kalshi.resources.market_views import NO_BID, VALUES_CENTICENTS, EventView, MarketView
from mockexchange.venues.kalshi.settings import KalshiSettings

# Messages, encoded once for each API date, however many sessions receive them


class Message:
    """One message of one channel. `kind` names its table in FRAMES, `value` is the value that the table reads.

    `market` is compared with the filters of subscriptions, None if the channel has no filter; `subaccount_ref` is the
    owner of a private message, None for a public one. In a public message about an order, the order's owner (`owner`)
    gets `own_value` instead of `value`. API dates from `until` on do not have the message. Encode it before the next
    command runs, because it reads the current state. `at` is the exchange time at which it is published.
    """

    __slots__ = (
        "_bodies",
        "at",
        "channel",
        "frames",
        "kind",
        "market",
        "own_value",
        "owner",
        "subaccount_ref",
        "until",
        "value",
    )

    def __init__(
        self,
        channel: str,
        kind: str,
        value: Any,
        *,
        market: Market | None = None,
        subaccount_ref: SubaccountRef | None = None,
        owner: SubaccountRef | None = None,
        own_value: Any = None,
        until: str = FOREVER,
    ) -> None:
        self.channel, self.kind, self.value = channel, kind, value
        self.market, self.subaccount_ref = market, subaccount_ref
        self.owner, self.own_value = owner, own_value
        self.until = until
        self.at = 0
        self.frames: dict[Any, Any] = {}
        """Whole frames, shared by sessions with the same date, sid, number and view."""
        self._bodies: dict[tuple[str | None, bool, bool], bytes] = {}

    def body(self, api_date: ApiDate, is_own: bool = False, in_yes_price: bool = False) -> bytes:
        """Return the `msg` part of the message as bytes for an API date.

        `is_own` is true for the owner of the order; with `in_yes_price` an order book has all prices as prices of YES.
        """
        key = (api_date.day, is_own, in_yes_price)
        body = self._bodies.get(key)
        if body is None:
            value = self.own_value if is_own else self.value
            shown = value.in_yes_price() if in_yes_price else value
            body = self._bodies[key] = body_encoder(self.kind, api_date)(shown)
        return body


# The first messages about a market: its order book and its ticker


ORDERBOOK = "orderbook_delta"
TICKER = "ticker"


def snapshot_of(state: State, market: Market, *, has_empty_sides: bool = False) -> Message:
    """Return a market's order book as a message.

    A side without bids is left out (recorded) unless `has_empty_sides`.
    """
    yes, no = (levels(state, market, side) for side in (Side.YES, Side.NO))
    nothing: list[Level] | None = [] if has_empty_sides else None
    view = SnapshotView(market, market_id(market.ticker), yes or nothing, no or nothing)
    return Message(ORDERBOOK, "orderbook_snapshot", view, market=market)


def ticker_of(state: State, market: Market, at: int) -> Message:
    """Return a market's ticker as a message at `at` (exchange time in microseconds)."""
    last = state.tape.find(1, (market.ticker,)).rows
    view = TickerView(
        market=market,
        market_id=market_id(market.ticker),
        price_centicents=market.price_centicents or 0,
        yes_bid=best_bid(state, market, Side.YES),
        no_bid=best_bid(state, market, Side.NO),
        volume_centis=market.volume_centis,
        open_interest_centis=max(market.yes_held_centis, market.no_held_centis),
        last_trade_centis=last[0].count_centis if last else 0,
        at=at,
    )
    return Message(TICKER, TICKER, view, market=market)


def best_bid(state: State, market: Market, side: Side) -> Level:
    """Return the highest bid of a side, with outside bids and orders added up; price and count are 0 without bids."""
    order_book = state.order_books.get(market.ticker)
    queues = order_book.sides[side] if order_book else {}
    quotes = market.quotes[side] if market.quotes else {}
    if not queues and not quotes:
        return NO_BID
    price = max(max(queues, default=0), max(quotes, default=0))
    queue = queues.get(price)
    return Level(price, quotes.get(price, 0) + (queue.count_centis if queue else 0))


# Lifecycle: new events, and changes of markets' states
#
# A market trades from the moment it is listed, so the event type is `created` and no `activated` follows. A market that
# is paused or closed is `deactivated`: trading has stopped, and its closing time stays what it was; one that resumes is
# `activated`. A dispute has no event type.


LIFECYCLE = "market_lifecycle_v2"
COMMUNICATIONS = "communications"
COMBINATION_PREFIX = "KXMVE"
"""Ticker prefix of the venue's own markets that combine others."""


def created_message(state: State, event: MarketListed, at: int) -> Message:
    market = state.markets[event.market]
    row = MarketView(state, market, at, 0)
    view = LifecycleView("created", market)
    view.exchange_index = market.event.exchange_index
    view.open_at, view.close_at = row.open_at, row.close_at
    view.is_fractional = row.is_fractional
    view.price_level_structure, view.price_ranges = row.price_level_structure, row.price_ranges
    name = market.event.details.title or market.event.ticker
    view.metadata = MetadataView(market, name, row.title, row.expected_expiration_at)
    return _message(market, view)


def moved_message(state: State, event: MarketMoved, at: int) -> Message | None:
    """Return the message about a market whose status became `event.status`.

    None for a status without a message, such as disputed.
    """
    market = state.markets[event.market]
    if event.status is MarketStatus.CLOSED:
        view = LifecycleView("deactivated", market)
        view.is_deactivated = True
    elif event.status is MarketStatus.DETERMINED:
        view = LifecycleView("determined", market)
        view.result, view.determined_at = event.result, at
        assert event.result is not None, "a determined market has a result"
        view.value_centicents = VALUES_CENTICENTS.get(event.result, event.value_centicents)
    elif event.status is MarketStatus.FINALIZED:
        view = LifecycleView("settled", market)
        view.settled_at = at
    else:
        return None
    return _message(market, view)


def switched_message(state: State, event: MarketSwitched, at: int) -> Message:
    """Return the message of a market in which trading was paused or resumed."""
    market = state.markets[event.market]
    view = LifecycleView("activated" if event.trading else "deactivated", market)
    view.is_deactivated = not event.trading
    return _message(market, view)


def event_message(state: State, event: EventListed, at: int) -> Message:
    listing = state.events[event.event]
    row = EventView(state, listing, at, 0, is_nested=False)
    view = EventLifecycleView(listing, row.title, row.strike_period, row.collateral_return_type)
    return Message(LIFECYCLE, "event_lifecycle", view, until=_told_until(listing.ticker, listing.markets[0]))


def _message(market: Market, view: LifecycleView) -> Message:
    return Message(LIFECYCLE, LIFECYCLE, view, market=market, until=_told_until(market.ticker, market))


def _told_until(ticker: str, market: Market) -> str:
    """Combinations left this channel before they got their own on 2026-03-19."""
    return COMBINATIONS_LEFT if market.collection or ticker.startswith(COMBINATION_PREFIX) else FOREVER


# Events to messages, in the order in which they are sent
#
# Private messages come first, in the order of their events, so that a fill is sent as user_order, fill and
# market_position; then trades, changes of order books, and each market's ticker once for a command. The venue promises
# no order across channels; this one is a choice, and always the same.


DEFAULTS = KalshiSettings()
LAST = {"trade": 1, ORDERBOOK: 2}
"""Channels whose messages come after all others of the same command, in the order of these numbers."""


class CommandOutcome(NamedTuple):
    """The values that messages are made from: the state after a command, the command's instant, and the settings."""

    state: State
    at: int
    settings: KalshiSettings
    is_block: bool = False
    """Whether the command's trade is a block trade."""


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
    outcome = CommandOutcome(state, at, settings, any(type(event) is BlockTradeAccepted for event in changes))
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
    user_id, sale_cost = state.accounts[subaccount_ref.account].user_id, outcome.settings.sale_cost
    view = OrderView(event, state.orders[event.order_id], user_id, sale_cost)
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
    return Message(
        "trade", "trade", TradeView(event, outcome.at, outcome.is_block), market=outcome.state.markets[event.market]
    )


def _level_message(outcome: CommandOutcome, event: LevelChanged) -> Message:
    """Return the message of a changed level; the owner of the order sees it marked as its own."""
    state, market = outcome.state, outcome.state.markets[event.market]
    view = DeltaView(
        event,
        market_id(event.market),
        event.price_centicents,
        outcome.at,
        state.sequence,
        ts_form=outcome.settings.delta_ts,
    )
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


def _rfq_created_message(outcome: CommandOutcome, event: RfqCreated) -> Message:
    rfq = outcome.state.rfqs[event.rfq]
    return Message(COMMUNICATIONS, "rfq_created", RfqView(rfq, ""), market=rfq.market)


def _rfq_deleted_message(outcome: CommandOutcome, event: RfqDeleted) -> Message:
    rfq, creator_id = outcome.state.rfqs[event.rfq], communications_id(outcome.state, event.subaccount_ref.account)
    return Message(COMMUNICATIONS, "rfq_deleted", RfqView(rfq, creator_id), market=rfq.market)


def _quote_message_makers(kind: str) -> "tuple[MessageMaker, MessageMaker]":
    """Return the makers of the messages about a quote: for the account that quoted, and for the one that asked."""

    def for_creator(outcome: CommandOutcome, event: Any) -> Message:
        quote = outcome.state.quotes[event.quote]
        view, owner = QuoteView(outcome.state, quote, quote.subaccount_ref), quote.subaccount_ref
        return Message(COMMUNICATIONS, kind, view, market=quote.rfq.market, subaccount_ref=owner)

    def for_asker(outcome: CommandOutcome, event: Any) -> Message | None:
        quote = outcome.state.quotes[event.quote]
        asker = quote.rfq.subaccount_ref
        if asker == quote.subaccount_ref:
            return None
        view = QuoteView(outcome.state, quote, asker)
        return Message(COMMUNICATIONS, kind, view, market=quote.rfq.market, subaccount_ref=asker)

    return (COMMUNICATIONS, for_creator), (COMMUNICATIONS, for_asker)


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
    RfqCreated: ((COMMUNICATIONS, _rfq_created_message),),
    RfqDeleted: ((COMMUNICATIONS, _rfq_deleted_message),),
    RfqQuoted: _quote_message_makers("quote_created"),
    RfqQuoteAccepted: _quote_message_makers("quote_accepted"),
    RfqQuoteExecuted: _quote_message_makers("quote_executed"),
    Traded: (("trade", _trade_message),),
    LevelChanged: ((ORDERBOOK, _level_message),),
    EventListed: ((LIFECYCLE, _lifecycle_maker(event_message)),),
    MarketListed: ((LIFECYCLE, _lifecycle_maker(created_message)),),
    MarketMoved: ((LIFECYCLE, _lifecycle_maker(moved_message)),),
    MarketSwitched: ((LIFECYCLE, _lifecycle_maker(switched_message)),),
}
