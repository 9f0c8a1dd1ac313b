"""Matches an incoming order with the best bids of the other side of its market.

The order trades until it is filled or no bid within its limit is left; meanwhile it is in no order book. The price of
each trade is that of the bid that was there first.
"""

from mockexchange.core.events import Event, LevelChanged
from mockexchange.core.handlers.orders.order_changes import order_book_of
from mockexchange.core.handlers.orders.orders import cancel
from mockexchange.core.handlers.trades import Leg, carry_out
from mockexchange.core.matching.crossing import Bid, Opposite, is_self_trade, opposite_of, shared
from mockexchange.core.model.markets import ConsumedQuote, Market
from mockexchange.core.model.order_rules import FillRule, QueueRule
from mockexchange.core.model.orders import OTHER_SIDE, Order, Trade
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, OrderReason, SelfTradePrevention, Side


def match(state: State, order: Order, wanted_centis: int, at: int) -> tuple[list[Event], OrderReason | None]:
    """Match an order with the order book, for at most `wanted_centis` contracts.

    Return the events, and the reason why the rest of the order must be canceled; None if it may rest.
    """
    events: list[Event] = []
    if state.rules.fill is FillRule.ALL and wanted_centis:
        events += _trade(state, order, None, order.yes_centicents, wanted_centis, at)
    if state.rules.fill is not FillRule.BOOK:
        return events, None
    opposite, account = opposite_to(state, order), state.accounts[order.subaccount.ref.account]
    least_left = order.remaining_centis - wanted_centis
    while order.remaining_centis > least_left and (bid := opposite.best()) is not None:
        if bid.order is not None and is_self_trade(order, bid.order, account):
            if order.self_trade_prevention is not SelfTradePrevention.MAKER:
                return events, OrderReason.SELF_TRADE
            events += cancel(state, bid.order, at, OrderReason.SELF_TRADE)
            continue
        events += _meet(state, order, bid, opposite, order.remaining_centis - least_left, at)
        if order.group is not None and order.group.is_triggered:
            return events, OrderReason.GROUP
    return events, None


def opposite_to(state: State, order: Order) -> Opposite:
    """Return the bids of the other side that an order can trade with in its market."""
    order_book = order_book_of(state, order.market)
    return opposite_of(order, order_book, quotes_first=state.rules.queue is QueueRule.AHEAD)


def consume_quote(state: State, market: Market, side: Side, price_centicents: int, count_centis: int, at: int) -> Event:
    """Deduct traded contracts from an outside bid, and schedule their return if the order rules set a delay for it."""
    assert market.quotes is not None, "an outside bid was met"
    levels = market.quotes[side]
    levels[price_centicents] -= count_centis
    if not levels[price_centicents]:
        del levels[price_centicents]
    if state.rules.replenish_us is not None:
        consumed = ConsumedQuote(at + state.rules.replenish_us, side, price_centicents, count_centis)
        if market.consumed is None:
            market.consumed = []
        market.consumed.append(consumed)
    return LevelChanged(market=market.ticker, side=side, price_centicents=price_centicents, change_centis=-count_centis)


def _meet(state: State, order: Order, bid: Bid, opposite: Opposite, wanted_centis: int, at: int) -> list[Event]:
    """Trade with one bid. Of an outside bid that is shared, strangers take what the order does not get of it."""
    share_centis = shared(bid, state.rules.share_parts)
    count_centis = min(wanted_centis, share_centis)
    events: list[Event] = []
    if bid.order is None:
        gone_centis = bid.count_centis if wanted_centis > share_centis else count_centis
        events.append(consume_quote(state, order.market, opposite.side, bid.price_centicents, gone_centis, at))
    if count_centis:
        own_price = bid.price_centicents
        yes_centicents = own_price if opposite.side is Side.YES else CENTICENTS_PER_DOLLAR - own_price
        events += _trade(state, order, bid.order, yes_centicents, count_centis, at)
    return events


def take_resting(state: State, order: Order, count_centis: int, at: int) -> list[Event]:
    """Fill a resting order at its own price, with an outside trader as taker."""
    traded = new_trade(state, order.market, order.yes_centicents, count_centis, OTHER_SIDE[order.bid_side], at)
    return carry_out(state, traded, (Leg(order, is_taker=False),), at)


def new_trade(state: State, market: Market, yes_centicents: int, count_centis: int, taker_side: Side, at: int) -> Trade:
    """Return a new trade."""
    return Trade(
        given_id=None,
        market=market,
        yes_centicents=yes_centicents,
        count_centis=count_centis,
        taker_side=taker_side,
        created_at=at,
        serial=state.next_revision(),
        market_volume_centis=market.volume_centis,
    )


def _trade(
    state: State, order: Order, resting: Order | None, yes_centicents: int, count_centis: int, at: int
) -> list[Event]:
    """Trade an incoming order with a resting one, or with strangers."""
    traded = new_trade(state, order.market, yes_centicents, count_centis, order.bid_side, at)
    taker = Leg(order, is_taker=True, is_incoming=True)
    legs = (taker,) if resting is None else (Leg(resting, is_taker=False), taker)
    return carry_out(state, traded, legs, at)
