"""Why a command must be refused, in a world as the naive exchange knows it. Nothing to object means: it must be done.

Where several things are wrong at once any of them may be named, so objections are a set.
"""

from collections.abc import Iterator
from functools import singledispatch

from mockexchange.core import commands
from mockexchange.core.refusals import RefusalCode as R
from mockexchange.core.vocabulary import AccountKind, FeeType, Instance, MarketStatus, PaymentStatus, SubaccountRef
from tests.core.naive.exchange import NaiveExchange
from tests.core.naive.records import Order
from tests.core.naive.units import contracts, count, micros

# (from, move) that a market can make.
MOVES = {
    ("open", "close"),
    ("open", "determine"),
    ("closed", "determine"),
    ("disputed", "determine"),
    ("determined", "dispute"),
    ("determined", "finalize"),
}


def objections(command: commands.Command, world: NaiveExchange) -> set[R]:
    return set(_objections(command, world))


@singledispatch
def _objections(command: object, world: NaiveExchange) -> Iterator[R]:
    raise NotImplementedError(command)


@_objections.register
def _(command: commands.OpenAccount, world: NaiveExchange) -> Iterator[R]:
    if command.account in world.kinds:
        yield R.ALREADY_EXISTS


@_objections.register
def _(command: commands.OpenSubaccount, world: NaiveExchange) -> Iterator[R]:
    if command.account not in world.kinds:
        yield R.UNKNOWN_ACCOUNT
        return
    if SubaccountRef(command.account, command.subaccount) in world.cash:
        yield R.ALREADY_EXISTS
    is_subaccount = command.subaccount.isdecimal() and 1 <= int(command.subaccount) <= 63
    if world.kinds[command.account] is AccountKind.MEMBER and not is_subaccount:
        yield R.WRONG_KIND


@_objections.register
def _(command: commands.AddKey, world: NaiveExchange) -> Iterator[R]:
    if command.account not in world.kinds:
        yield R.UNKNOWN_ACCOUNT
    elif command.subaccount is not None:
        yield from _of_subaccount_ref(SubaccountRef(command.account, command.subaccount), world)
    if any((key.account, key.key) == (command.account, command.key) for key in world.keys):
        yield R.ALREADY_EXISTS
    if any(key.key_id == command.key_id for key in world.keys):
        yield R.KEY_IN_USE
    if any(key.public_key == command.public_key and key.account != command.account for key in world.keys):
        yield R.KEY_IN_USE


@_objections.register
def _(command: commands.Deposit, world: NaiveExchange) -> Iterator[R]:
    yield from _of_subaccount_ref(command.subaccount_ref, world)
    if command.payment in world.payments:
        yield R.ALREADY_EXISTS


@_objections.register
def _(command: commands.Withdraw, world: NaiveExchange) -> Iterator[R]:
    yield from _of_cash(command.subaccount_ref, command.amount_micros + command.fee_micros, world, command.shard)
    if command.payment in world.payments:
        yield R.ALREADY_EXISTS


@_objections.register
def _(command: commands.FinalizePayment, world: NaiveExchange) -> Iterator[R]:
    if command.payment not in world.payments:
        yield R.UNKNOWN_PAYMENT
        return
    before = world.payments[command.payment].status
    is_undone = before is PaymentStatus.APPLIED and command.status is PaymentStatus.RETURNED
    if before is not PaymentStatus.PENDING and not is_undone:
        yield R.ILLEGAL_TRANSITION


@_objections.register
def _(command: commands.Transfer, world: NaiveExchange) -> Iterator[R]:
    yield from _of_cash(command.source, command.amount_micros, world, command.shard)
    yield from _of_subaccount_ref(command.target, world)
    if command.transfer in world.transfers:
        yield R.ALREADY_EXISTS


@_objections.register
def _(command: commands.TransferShard, world: NaiveExchange) -> Iterator[R]:
    source = SubaccountRef(command.account, command.source_subaccount)
    if command.source is Instance.EVENT_CONTRACT:
        yield from _of_cash(source, command.amount_micros, world, command.source_shard)
    yield from _of_subaccount_ref(source, world)
    yield from _of_subaccount_ref(SubaccountRef(command.account, command.target_subaccount), world)
    if command.transfer in world.transfers:
        yield R.ALREADY_EXISTS


@_objections.register
def _(command: commands.CompleteTransfer, world: NaiveExchange) -> Iterator[R]:
    if not isinstance(world.transfers.get(command.transfer), commands.TransferShard):
        yield R.UNKNOWN_TRANSFER
    elif command.transfer not in world.on_the_way:
        yield R.ILLEGAL_TRANSITION


@_objections.register
def _(command: commands.ListSeries, world: NaiveExchange) -> Iterator[R]:
    if command.series in world.series:
        yield R.ALREADY_EXISTS


@_objections.register
def _(command: commands.ListMarket, world: NaiveExchange) -> Iterator[R]:
    if command.market in world.markets:
        yield R.ALREADY_EXISTS
    home = (command.series, command.exchange_index)
    listed = [market.listed for market in world.markets.values() if market.listed.event == command.event]
    if any((other.series, other.exchange_index) != home for other in listed):
        yield R.WRONG_EVENT


@_objections.register
def _(command: commands.PriceMarket, world: NaiveExchange) -> Iterator[R]:
    return _of_open(command.market, world)


@_objections.register
def _(command: commands.QuoteMarket, world: NaiveExchange) -> Iterator[R]:
    return _of_open(command.market, world)


@_objections.register
def _(command: commands.SwitchExchange, world: NaiveExchange) -> Iterator[R]:
    yield from ()


@_objections.register
def _(command: commands.CloseMarket, world: NaiveExchange) -> Iterator[R]:
    return _of_move(command.market, "close", world)


@_objections.register
def _(command: commands.DetermineMarket, world: NaiveExchange) -> Iterator[R]:
    return _of_move(command.market, "determine", world)


@_objections.register
def _(command: commands.DisputeMarket, world: NaiveExchange) -> Iterator[R]:
    return _of_move(command.market, "dispute", world)


@_objections.register
def _(command: commands.FinalizeMarket, world: NaiveExchange) -> Iterator[R]:
    return _of_move(command.market, "finalize", world)


@_objections.register
def _(command: commands.SettleMarket, world: NaiveExchange) -> Iterator[R]:
    market = world.markets.get(command.market)
    if market is None or market.status is not MarketStatus.DETERMINED:
        yield from _of_move(command.market, "determine", world)
        return
    value = None if market.value is None else market.value * 10_000
    if (market.result, value) != (command.result, command.value_centicents):
        yield R.ILLEGAL_TRANSITION


@_objections.register
def _(command: commands.Fill, world: NaiveExchange) -> Iterator[R]:
    yield from _of_open(command.market, world)
    for subaccount_ref in filter(None, (command.subaccount_ref, command.against)):
        yield from _of_subaccount_ref(subaccount_ref, world)
    flat = command.market in world.markets and world.fee_type(command.market) is FeeType.FLAT
    if flat and (command.fee_micros is None or (command.against and command.against_fee_micros is None)):
        yield R.FEE_UNKNOWN
    if command.fill_id is not None and any(trade.name == command.fill_id for trade in world.trades):
        yield R.ALREADY_EXISTS
    if isinstance(command.order, commands.NewOrder):
        if world.order(command.order.order_id):
            yield R.ALREADY_EXISTS
    elif command.order is not None:
        order = world.order(command.order)
        if order:
            yield from _of_part(command, order)
        else:
            yield R.UNKNOWN_ORDER


@_objections.register
def _(command: commands.OpenPosition, world: NaiveExchange) -> Iterator[R]:
    yield from _of_subaccount_ref(command.subaccount_ref, world)
    if command.market not in world.markets:
        yield R.UNKNOWN_MARKET
    elif world.markets[command.market].status is MarketStatus.FINALIZED:
        yield R.MARKET_NOT_OPEN
    if (command.subaccount_ref, command.market) in world.holdings:
        yield R.POSITION_EXISTS


@_objections.register
def _(command: commands.RestOrder, world: NaiveExchange) -> Iterator[R]:
    yield from _of_open(command.market, world)
    yield from _of_subaccount_ref(command.subaccount_ref, world)
    if world.order(command.order):
        yield R.ALREADY_EXISTS
    if command.group is None:
        return
    yield from _of_group(command.group, world)
    group = world.groups.get(command.group)
    if group and group.opened.subaccount_ref != command.subaccount_ref:
        yield R.GROUP_MISMATCH
    listing = world.markets.get(command.market)
    if group and listing and group.opened.exchange_index != listing.listed.exchange_index:
        yield R.GROUP_MISMATCH
    if group and group.is_triggered:
        yield R.GROUP_TRIGGERED


@_objections.register
def _(command: commands.OpenGroup, world: NaiveExchange) -> Iterator[R]:
    yield from _of_subaccount_ref(command.subaccount_ref, world)
    if command.group in world.groups:
        yield R.ALREADY_EXISTS


@_objections.register
def _(command: commands.TriggerGroup, world: NaiveExchange) -> Iterator[R]:
    return _of_group(command.group, world)


@_objections.register
def _(command: commands.ResetGroup, world: NaiveExchange) -> Iterator[R]:
    return _of_group(command.group, world)


@_objections.register
def _(command: commands.LimitGroup, world: NaiveExchange) -> Iterator[R]:
    return _of_group(command.group, world)


@_objections.register
def _(command: commands.DeleteGroup, world: NaiveExchange) -> Iterator[R]:
    return _of_group(command.group, world)


@_objections.register
def _(command: commands.ReduceOrder, world: NaiveExchange) -> Iterator[R]:
    return _of_order(command.order, world)


@_objections.register
def _(command: commands.CancelOrder, world: NaiveExchange) -> Iterator[R]:
    return _of_order(command.order, world)


@_objections.register
def _(command: commands.ExpireOrder, world: NaiveExchange) -> Iterator[R]:
    return _of_order(command.order, world)


@_objections.register
def _(command: commands.AmendOrder, world: NaiveExchange) -> Iterator[R]:
    if not world.is_trading:
        yield R.TRADING_PAUSED
    yield from _of_order(command.order, world)
    order = world.order(command.order)
    if order and command.count_centis is not None and contracts(command.count_centis) < order.filled:
        yield R.AMEND_COUNT_TOO_SMALL


@_objections.register
def _(command: commands.Note, world: NaiveExchange) -> Iterator[R]:
    yield from ()


def _of_subaccount_ref(subaccount_ref: SubaccountRef, world: NaiveExchange) -> Iterator[R]:
    if subaccount_ref.account not in world.kinds:
        yield R.UNKNOWN_ACCOUNT
    elif subaccount_ref not in world.cash:
        yield R.UNKNOWN_SUBACCOUNT


def _of_cash(subaccount_ref: SubaccountRef, amount_micros: int, world: NaiveExchange, shard: int) -> Iterator[R]:
    yield from _of_subaccount_ref(subaccount_ref, world)
    if subaccount_ref in world.cash and amount_micros > micros(world.free(subaccount_ref, shard)):
        yield R.INSUFFICIENT_CASH


def _of_group(group: str, world: NaiveExchange) -> Iterator[R]:
    if group not in world.groups:
        yield R.UNKNOWN_GROUP


def _of_open(market: str, world: NaiveExchange) -> Iterator[R]:
    if market not in world.markets:
        yield R.UNKNOWN_MARKET
    elif world.markets[market].status is not MarketStatus.OPEN:
        yield R.MARKET_NOT_OPEN


def _of_move(market: str, move: str, world: NaiveExchange) -> Iterator[R]:
    if market not in world.markets:
        yield R.UNKNOWN_MARKET
    elif (world.markets[market].status, move) not in MOVES:
        yield R.ILLEGAL_TRANSITION


def _of_order(name: str, world: NaiveExchange) -> Iterator[R]:
    order = world.order(name)
    if not order:
        yield R.UNKNOWN_ORDER
    elif not order.remaining:
        is_open = world.markets[order.market].status is MarketStatus.OPEN
        yield R.ORDER_NOT_RESTING if is_open else R.MARKET_NOT_OPEN


def _of_part(fill: commands.Fill, order: Order) -> Iterator[R]:
    if order.rested and not order.remaining:
        yield R.ORDER_NOT_RESTING
    if (fill.subaccount_ref, fill.market, fill.side, fill.action) != (
        order.subaccount_ref,
        order.market,
        order.side,
        order.action,
    ):
        yield R.ORDER_MISMATCH
    if order.rested and count(fill) > order.remaining:
        yield R.ORDER_MISMATCH
    if fill.client_order_id and fill.client_order_id != order.client:
        yield R.ORDER_MISMATCH
