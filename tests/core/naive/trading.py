"""What commands do to the naive exchange: fills, opening balances, orders and groups."""

from collections.abc import Iterable
from fractions import Fraction

from msgspec.structs import replace

from mockexchange.core import commands
from mockexchange.core.vocabulary import CENTIS_PER_CONTRACT, AccountKind, Action, Side, SubaccountRef
from tests.core.naive.arithmetic import MICRO, down, rounded_fee, unrounded_fee
from tests.core.naive.doing import do, reprice
from tests.core.naive.exchange import NaiveExchange
from tests.core.naive.records import OPPOSITE, ZERO, Fill, Group, Holding, Order, Trade
from tests.core.naive.units import contracts, count, dollars, price


def do_all(world: NaiveExchange, done: Iterable[tuple[commands.Command, int]]) -> NaiveExchange:
    """What the world is after `done`: legal commands, each with its instant."""
    for command, at in done:
        do(command, world, at)
    return world


@do.register
def _(command: commands.OpenPosition, world: NaiveExchange, at: int) -> None:
    holding = _holding(world, command.subaccount_ref, command.market, at)
    quantity, stake = Fraction(command.quantity_centis, CENTIS_PER_CONTRACT), holding.stake
    pile = stake.piles[Side.YES if quantity > 0 else Side.NO]
    pile.count, pile.cost = abs(quantity), dollars(command.cost_micros)
    stake.realized, stake.traded = dollars(command.realized_micros), dollars(command.traded_micros)
    stake.bought = abs(quantity) if command.shares_centis is None else Fraction(command.shares_centis, 100)
    holding.fees, holding.opened = dollars(command.fees_micros), command
    holding.held_fees = holding.fees if quantity else ZERO
    world.contributed[command.subaccount_ref] += stake.cost - stake.realized + holding.fees


@do.register
def _(command: commands.RestOrder, world: NaiveExchange, at: int) -> None:
    _holding(world, command.subaccount_ref, command.market, at)
    world.orders.append(
        Order(
            name=command.order,
            client=command.client_order_id,
            subaccount_ref=command.subaccount_ref,
            market=command.market,
            side=command.side,
            action=command.action,
            created_at=at,
            updated_at=at,
            arrived=world.arrive(),
            rested=command,
            group=None if command.group is None else world.groups[command.group],
        )
    )


@do.register
def _(command: commands.ReduceOrder, world: NaiveExchange, at: int) -> None:
    order = world.order(command.order)
    assert order is not None
    if count(command) >= order.remaining:
        order.canceled = True
    order.reduced += count(command)
    order.updated_at = at


@do.register
def _(command: commands.AmendOrder, world: NaiveExchange, at: int) -> None:
    order = world.order(command.order)
    assert order is not None
    assert order.rested is not None
    before, order.updated_at = (order.price, order.remaining), at
    if command.count_centis is not None and contracts(command.count_centis) == order.filled:
        order.canceled = True
        return
    if command.price_centicents is not None:
        order.rested = replace(order.rested, price_centicents=command.price_centicents)
    if command.count_centis is not None:
        order.rested = replace(order.rested, count_centis=command.count_centis)
        order.reduced = ZERO
    if order.price != before[0] or order.remaining > before[1]:
        order.arrived = world.arrive()


@do.register
def _(command: commands.CancelOrder, world: NaiveExchange, at: int) -> None:
    _cancel(world, command.order, at)


@do.register
def _(command: commands.ExpireOrder, world: NaiveExchange, at: int) -> None:
    _cancel(world, command.order, at)


@do.register
def _(command: commands.OpenGroup, world: NaiveExchange, at: int) -> None:
    world.groups[command.group or f"unnamed {world.arrive()}"] = Group(command)


@do.register
def _(command: commands.TriggerGroup, world: NaiveExchange, at: int) -> None:
    _trigger(world, world.groups[command.group], at)


@do.register
def _(command: commands.ResetGroup, world: NaiveExchange, at: int) -> None:
    world.groups[command.group].filled = ZERO
    world.groups[command.group].is_triggered = False


@do.register
def _(command: commands.LimitGroup, world: NaiveExchange, at: int) -> None:
    group = world.groups[command.group]
    group.opened = replace(group.opened, limit_centis=command.limit_centis)
    _count(world, group, ZERO, at)


@do.register
def _(command: commands.DeleteGroup, world: NaiveExchange, at: int) -> None:
    _trigger(world, world.groups.pop(command.group), at)


@do.register
def _(command: commands.Fill, world: NaiveExchange, at: int) -> None:
    own = command.side if (command.action is Action.BUY) else OPPOSITE[command.side]
    last = price(command) if command.side is Side.YES else 1 - price(command)
    taker_side = own if command.taker else OPPOSITE[own]
    trade = Trade(command.fill_id, command.market, last, count(command), taker_side, at)
    world.trades.append(trade)
    _fill(world, command, trade)
    if command.against:
        action = Action.SELL if command.action is Action.BUY else Action.BUY
        mirror = replace(
            command, subaccount_ref=command.against, against=command.subaccount_ref, action=action, client_order_id=""
        )
        _fill(world, replace(mirror, taker=not command.taker, fee_micros=None, order=None), trade)
    reprice(world, command.market, last)
    order = world.order(_name_of(command))
    if order and order.group:
        _count(world, order.group, count(command), at)


def _fill(world: NaiveExchange, command: commands.Fill, trade: Trade) -> None:
    holding = _holding(world, command.subaccount_ref, command.market, trade.at)
    act, gains_from = holding.stake.buy, command.side
    if command.action is Action.SELL:
        act, gains_from = holding.stake.sell, OPPOSITE[command.side]
    held = holding.stake.piles[OPPOSITE[gains_from]].count
    change = act(command.side, count(command), price(command))
    order = world.order(_name_of(command)) or _told(world, command, trade.at)
    fee = _fee(world, command, order, change) if command.fee_micros is None else dollars(command.fee_micros)
    world.pay(command.subaccount_ref, change - fee, world.markets[command.market].listed.exchange_index)
    world.paid_at[command.subaccount_ref] = holding.updated_at = order.updated_at = trade.at
    holding.fees += fee
    _share_fee(holding, held, count(command), fee)
    fill = Fill(trade, order, command.taker, fee)
    order.fills.append(fill)
    world.fills.append(fill)


def _name_of(command: commands.Fill) -> str | None:
    return command.order.order_id if isinstance(command.order, commands.NewOrder) else command.order


def _told(world: NaiveExchange, command: commands.Fill, at: int) -> Order:
    """An order of which only fills tell."""
    order = Order(
        name=_name_of(command),
        client=command.client_order_id,
        subaccount_ref=command.subaccount_ref,
        market=command.market,
        side=command.side,
        action=command.action,
        created_at=at,
        updated_at=at,
        arrived=world.arrive(),
    )
    world.orders.append(order)
    return order


def _fee(world: NaiveExchange, fill: commands.Fill, order: Order, change: Fraction) -> Fraction:
    fee_type, multiplier = world.series[world.markets[fill.market].listed.series]
    exact = unrounded_fee(fee_type, multiplier, fill.taker, count(fill), price(fill))
    is_direct = world.kinds[fill.subaccount_ref.account] is AccountKind.MEMBER
    fee, order.collected = rounded_fee(exact, change, world.rounding, is_direct, order.collected)
    return fee


def _share_fee(holding: Holding, held: Fraction, traded: Fraction, fee: Fraction) -> None:
    """`held` of the other side can be closed. What is closed takes its part of the fees along; the rest brings some."""
    closed = min(held, traded)
    if held:
        holding.held_fees = down(holding.held_fees * (held - closed) / held, MICRO)
    holding.held_fees += down(fee * (traded - closed) / traded, MICRO)


def _cancel(world: NaiveExchange, name: str, at: int) -> None:
    order = world.order(name)
    assert order is not None
    order.canceled, order.updated_at = True, at


def _count(world: NaiveExchange, group: Group, filled: Fraction, at: int) -> None:
    group.filled += filled
    limit = group.opened.limit_centis
    if limit is not None and group.filled >= contracts(limit):
        _trigger(world, group, at)


def _trigger(world: NaiveExchange, group: Group, at: int) -> None:
    group.is_triggered = True
    for order in world.orders:
        if order.group is group and order.remaining:
            order.canceled, order.updated_at = True, at


def _holding(world: NaiveExchange, subaccount_ref: SubaccountRef, market: str, at: int) -> Holding:
    return world.holdings.setdefault((subaccount_ref, market), Holding(subaccount_ref, market, at))
