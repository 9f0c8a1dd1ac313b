"""Handlers of fills and opening balances.

A fill is a trade with at least one side on this exchange: the account's own, and its counterparty's if it is here too.
Each side is a row in its account's list of fills, under the id of the trade (recorded 2025-11-03 and 2026-06-11:
fill_id is trade_id). Each side belongs to an order, which is created with the fill unless an order of that id exists.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from mockexchange.core import fees
from mockexchange.core.commands import Fill, OpenPosition
from mockexchange.core.events import Event, Filled, Traded
from mockexchange.core.handlers import order_groups, orders
from mockexchange.core.handlers.markets import refile_market, reprice
from mockexchange.core.handlers.position_changes import change_row, row_of
from mockexchange.core.instruments.binary import Stake, held_fees, trade
from mockexchange.core.model.accounts import Account
from mockexchange.core.model.markets import Market, require_open
from mockexchange.core.model.orders import OTHER_SIDE, FillRow, Order, Trade, outcome_side
from mockexchange.core.model.positions import Position
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    MICROS_PER_CENT,
    AccountKind,
    Action,
    MarketStatus,
    OrderStatus,
    Side,
    SubaccountRef,
)


def fill(state: State, command: Fill, at: int) -> Iterator[Event]:
    """Carry out a trade for one account, or for two of them."""
    market = require_open(state.market(command.market))
    sides = list(_sides(command))
    _require_new(state, command.fill_id)
    for side in sides:
        _require_fillable(state, market, side)
    traded = _trade(state, market, command, at)
    for place, side in enumerate(sides):
        yield from _fill_one(state, traded, side, at, place)
    yield from _print(state, traded, command.fill_id, at)
    yield from _count_for_group(state, traded, at)


def open_position(state: State, command: OpenPosition, at: int) -> Iterator[Event]:
    """Open a position without fills."""
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
    yield change_row(state, subaccount, row_of(state, subaccount, market, at), lambda row: _open(row, command))
    refile_market(state, market, at)


def _sides(command: Fill) -> Iterator[Fill]:
    """Yield the account's side, then the counterparty's side, which has the opposite action and role."""
    yield command
    if command.against is not None:
        yield replace(
            command,
            subaccount_ref=command.against,
            against=command.subaccount_ref,
            action=Action.SELL if command.action is Action.BUY else Action.BUY,
            taker=not command.taker,
            fee_micros=None,
            order=None,
            client_order_id="",
        )


def _require_new(state: State, fill_id: str | None) -> None:
    if fill_id in state.named_trades:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"fill {fill_id} exists already")


def _require_fillable(state: State, market: Market, command: Fill) -> None:
    state.dollar_subaccount(command.subaccount_ref)
    if command.fee_micros is None and _exact_fee(market, command) is None:
        message = (
            f"series {market.event.series.ticker} has fee_type flat, which has no formula: state the fill's fee,"
            " and make `against` a fill of its own"
        )
        raise Refused(RefusalCode.FEE_UNKNOWN, message)
    if command.order is not None and command.order in state.orders:
        orders.require_fillable(state.orders[command.order], command)


def _trade(state: State, market: Market, command: Fill, at: int) -> Trade:
    """Create the trade of a fill; the taker gains from one outcome side, its counterparty from the other."""
    own_side = outcome_side(command.side, command.action)
    price_centicents = command.price_centicents
    return Trade(
        command.fill_id or state.new_id("fill"),
        market,
        yes_centicents=price_centicents if command.side is Side.YES else CENTICENTS_PER_DOLLAR - price_centicents,
        count_centis=command.count_centis,
        taker_side=own_side if command.taker else OTHER_SIDE[own_side],
        created_at=at,
        serial=state.next_revision(),
    )


def _fill_one(state: State, traded: Trade, command: Fill, at: int, place: int) -> Iterator[Event]:
    subaccount = state.dollar_subaccount(command.subaccount_ref)
    row = row_of(state, subaccount, traded.market, at)
    stake, change_micros = trade(
        row.stake, command.side, command.action, command.count_centis, command.price_centicents
    )
    order = state.orders.get(command.order or "") or _order(state, traded, command, place)
    fee_micros = _fee(state, order, command, change_micros)
    subaccount.pay(change_micros - fee_micros, at)
    done = _list(state, traded, order, command, fee_micros)
    yield from orders.execute(state, order, done, at)
    yield _filled(done, stake)
    rested_centis = command.count_centis if order.has_rested else 0
    yield change_row(state, subaccount, row, lambda row: _apply_trade(row, stake, done, rested_centis))


def _order(state: State, traded: Trade, command: Fill, place: int) -> Order:
    """Return a new executed order that is known only by its fills, before its first fill is counted."""
    serial = state.next_revision()
    return Order(
        order_id=command.order or state.new_id(f"order {place}"),
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
        has_rested=False,
        is_archived=traded.created_at < state.archived_before,
    )


def _list(state: State, traded: Trade, order: Order, command: Fill, fee_micros: int) -> FillRow:
    """Add one side of the trade to its account's list of fills; for an FCM add the trade to its list of trades."""
    serial = state.next_revision()
    done = FillRow(traded, order, is_taker=command.taker, fee_micros=fee_micros, serial=serial)
    account = state.accounts[command.subaccount_ref.account]
    account.ledger.fills.add(done, serial)
    if account.kind is AccountKind.FCM:
        _list_trade(account, traded)
    if command.taker:
        traded.taker = done
    else:
        traded.maker = done
    return done


def _list_trade(account: Account, traded: Trade) -> None:
    """Add the trade to an account's list of trades, once even if both sides are of that account."""
    listed = (side.subaccount_ref.account for side in (traded.maker, traded.taker) if side is not None)
    if account.name not in listed:
        account.ledger.trades.add(traded, traded.serial)


def _print(state: State, traded: Trade, given_id: str | None, at: int) -> Iterator[Event]:
    """Add the trade to the public tape, and update the market's volume and last price."""
    if given_id is not None:
        state.named_trades[given_id] = traded
    state.tape.add(traded, traded.serial)
    market = traded.market
    yield Traded(
        trade_id=traded.trade_id,
        market=market.ticker,
        yes_centicents=traded.yes_centicents,
        count_centis=traded.count_centis,
        taker_side=traded.taker_side,
    )
    market.volume_centis += traded.count_centis
    if traded.yes_centicents == market.price_centicents:
        refile_market(state, market, at)
    yield from reprice(state, market, traded.yes_centicents, at)


def _count_for_group(state: State, traded: Trade, at: int) -> Iterator[Event]:
    for side in (traded.maker, traded.taker):
        if side is not None and side.order.group is not None:
            yield from order_groups.count_fill(state, side.order.group, traded.count_centis, at)


def _filled(done: FillRow, stake: Stake) -> Filled:
    return Filled(
        fill_id=done.trade.trade_id,
        order_id=done.order.order_id,
        subaccount_ref=done.subaccount_ref,
        market=done.trade.market.ticker,
        side=done.side,
        action=done.action,
        count_centis=done.trade.count_centis,
        price_centicents=done.price_centicents,
        taker=done.is_taker,
        fee_micros=done.fee_micros,
        post_position_centis=stake.quantity_centis,
    )


def _apply_trade(row: Position, stake: Stake, done: FillRow, rested_centis: int) -> None:
    count_centis, fee_micros = done.trade.count_centis, done.fee_micros
    row.held_fees_micros = held_fees(row.held_fees_micros, row.stake, stake, count_centis, fee_micros)
    row.stake = stake
    row.fees_micros += fee_micros
    row.resting_centis -= rested_centis
    row.rank = (-done.trade.created_at, row.market.ticker)


def _open(row: Position, command: OpenPosition) -> None:
    shares_centis = abs(command.quantity_centis) if command.shares_centis is None else command.shares_centis
    row.stake = row.opened = Stake(
        command.quantity_centis, command.cost_micros, command.realized_micros, command.traded_micros, shares_centis
    )
    row.fees_micros = row.opened_fees_micros = command.fees_micros
    row.held_fees_micros = command.fees_micros if command.quantity_centis else 0


def _exact_fee(market: Market, command: Fill) -> int | None:
    series = market.event.series
    return fees.exact_fee_attos(
        series.fee_type, series.fee_multiplier, command.taker, command.count_centis, command.price_centicents
    )


def _fee(state: State, order: Order, command: Fill, change_micros: int) -> int:
    """Return the given fee, or the fee of the series' formula after rounding; the order accumulates the rounding."""
    if command.fee_micros is not None:
        return command.fee_micros
    exact_attos = _exact_fee(order.market, command)
    assert exact_attos is not None, "checked before anything changed"
    step_micros = _balance_step_micros(state, command.subaccount_ref)
    charge = fees.charge(exact_attos, change_micros, state.rounding, step_micros, order.accrued_attos)
    order.accrued_attos = charge.accrued_attos
    return charge.fee_micros


def _balance_step_micros(state: State, subaccount_ref: SubaccountRef) -> int:
    """Return the smallest step of a balance: a centi-cent for members, a cent for subtraders of an FCM."""
    is_direct = state.accounts[subaccount_ref.account].kind is AccountKind.MEMBER
    return fees.MICROS_PER_CENTICENT if is_direct else MICROS_PER_CENT
