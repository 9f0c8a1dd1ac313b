"""Handlers of recorded fills and opening balances.

A fill is a trade with at least one side on this exchange: that of the account, and that of its counterparty if it has
an account here too. Each side is a row in its account's list of fills, under the id of the trade (recorded 2025-11-03
and 2026-06-11: fill_id is trade_id). Each side belongs to an order: the one that the fill names, or one that is created
with the fill.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from mockexchange.core.commands import Fill, NewOrder, OpenPosition
from mockexchange.core.events import Event
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.markets import touch_market
from mockexchange.core.handlers.orders import orders
from mockexchange.core.handlers.position_changes import change_row, row_changed, row_of
from mockexchange.core.handlers.trades import Leg, carry_out, exact_fee
from mockexchange.core.instruments.binary import Stake
from mockexchange.core.model.markets import Market, require_open
from mockexchange.core.model.orders import OTHER_SIDE, Order, Trade, outcome_side
from mockexchange.core.model.positions import Position
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Action, MarketStatus, OrderStatus, Side

OPPOSITE = {Action.BUY: Action.SELL, Action.SELL: Action.BUY}


@handler
def fill(state: State, command: Fill, at: int) -> Iterator[Event]:
    """Carry out a recorded trade for one account, or for two."""
    market = require_open(state.market(command.market))
    sides = list(_sides(state, command))
    _require_new(state, command.fill_id)
    for side in sides:
        _require_fillable(state, market, side)
    traded = _trade(state, market, command, at)
    legs = (_leg(state, traded, side, place) for place, side in enumerate(sides))
    yield from carry_out(state, traded, legs, at)


@handler
def open_position(state: State, command: OpenPosition, at: int) -> Iterator[Event]:
    """Open a position without fills, for an account imported from elsewhere."""
    market = state.market(command.market)
    subaccount = state.dollar_subaccount(command.subaccount_ref)
    if market.status is MarketStatus.FINALIZED:
        message = f"market {market.ticker} is finalized: open the position before it settles"
        raise Refused(RefusalCode.MARKET_NOT_OPEN, message)
    if market.ticker in subaccount.positions:
        raise Refused(
            RefusalCode.POSITION_EXISTS,
            f"{command.subaccount_ref} has a row in {market.ticker} already: open it before any fill or order there",
        )
    imported = command.cost_micros - command.realized_micros + command.fees_micros
    subaccount.contributed_micros += imported
    yield _open(state, subaccount, row_of(state, subaccount, market, at), command)
    touch_market(state, market, at)


def _sides(state: State, command: Fill) -> Iterator[Fill]:
    """Yield the account's side, then the counterparty's side, which has the opposite action and role."""
    yield command
    if command.against is not None:
        other = replace(
            command,
            subaccount_ref=command.against,
            against=None,
            against_order=None,
            against_fee_micros=None,
            action=OPPOSITE[command.action],
            taker=not command.taker,
            fee_micros=command.against_fee_micros,
            order=command.against_order,
            client_order_id="",
        )
        yield _as_ordered(state, other)


def _as_ordered(state: State, command: Fill) -> Fill:
    """Return a fill in the terms of the order that it names: to sell YES at 0.60 is to buy NO at 0.40."""
    order = state.orders.get(command.order) if isinstance(command.order, str) else None
    if order is None or order.side is command.side:
        return command
    price_centicents = CENTICENTS_PER_DOLLAR - command.price_centicents
    return replace(command, side=order.side, action=OPPOSITE[command.action], price_centicents=price_centicents)


def _require_new(state: State, fill_id: str | None) -> None:
    if fill_id in state.named_trades:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"fill {fill_id} exists already")


def _require_fillable(state: State, market: Market, command: Fill) -> None:
    state.dollar_subaccount(command.subaccount_ref)
    exact_attos = exact_fee(market, command.taker, command.count_centis, command.price_centicents)
    if command.fee_micros is None and exact_attos is None:
        message = (
            f"series {market.event.series.ticker} has fee_type flat, which has no formula: state the fill's fee,"
            " and with `against` the against_fee too"
        )
        raise Refused(RefusalCode.FEE_UNKNOWN, message)
    if isinstance(command.order, str):
        orders.require_fillable(_named_order(state, command.order), command)
    elif command.order is not None and command.order.order_id in state.orders:
        order_id = command.order.order_id
        message = f"order {order_id} exists already: `order: {order_id}` fills it"
        raise Refused(RefusalCode.ALREADY_EXISTS, message)


def _named_order(state: State, order_id: str) -> Order:
    """Return the order that a fill names. Raises Refused with the way to make one, if it is unknown."""
    try:
        return state.order(order_id)
    except Refused as refused:
        message = f"{refused.refusal.message}; `order: {{new: {order_id}}}` makes an order with this id"
        raise Refused(RefusalCode.UNKNOWN_ORDER, message) from None


def _trade(state: State, market: Market, command: Fill, at: int) -> Trade:
    """Create the trade of a fill; the taker gains from one outcome side, its counterparty from the other."""
    own_side = outcome_side(command.side, command.action)
    price_centicents = command.price_centicents
    return Trade(
        given_id=command.fill_id,
        market=market,
        yes_centicents=price_centicents if command.side is Side.YES else CENTICENTS_PER_DOLLAR - price_centicents,
        count_centis=command.count_centis,
        taker_side=own_side if command.taker else OTHER_SIDE[own_side],
        created_at=at,
        serial=state.next_revision(),
        market_volume_centis=market.volume_centis,
    )


def _leg(state: State, traded: Trade, command: Fill, place: int) -> Leg:
    order = state.orders[command.order] if isinstance(command.order, str) else _order(state, traded, command, place)
    return Leg(order, command.taker, command.fee_micros)


def _order(state: State, traded: Trade, command: Fill, place: int) -> Order:
    """Return a new executed order that is known only by its fills, before its first fill is counted.

    The order of the account's side has the serial of the trade.
    """
    serial = state.next_revision() if place else traded.serial
    return Order(
        given_id=command.order.order_id if isinstance(command.order, NewOrder) else "",
        client_order_id=command.client_order_id,
        subaccount=state.subaccounts[command.subaccount_ref],
        market=traded.market,
        side=command.side,
        action=command.action,
        price_centicents=command.price_centicents,
        initial_centis=0,
        remaining_centis=0,
        created_at=traded.created_at,
        updated_at=traded.created_at,
        serial=serial,
        revision=serial,
        status=OrderStatus.EXECUTED,
        is_placed=False,
        is_archived=traded.created_at < state.archived_before,
    )


def _open(state: State, subaccount: Subaccount, row: Position, command: OpenPosition) -> Event:
    shares_centis = abs(command.quantity_centis) if command.shares_centis is None else command.shares_centis
    stake = Stake(
        command.quantity_centis, command.cost_micros, command.realized_micros, command.traded_micros, shares_centis
    )
    has_moved = change_row(subaccount, row, state.next_revision(), stake, command.fees_micros)
    row.opened, row.opened_fees_micros = stake, command.fees_micros
    row.held_fees_micros = command.fees_micros if command.quantity_centis else 0
    return row_changed(row, has_moved=has_moved)
