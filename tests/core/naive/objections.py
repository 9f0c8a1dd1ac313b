"""Why a command must be refused, in a world as the naive exchange knows it. Nothing to object means: it must be done.

Where several things are wrong at once any of them may be named, so objections are a set.
"""

from collections.abc import Iterator
from functools import singledispatch

from mockexchange.core import commands
from mockexchange.core.refusals import RefusalCode as R
from mockexchange.core.vocabulary import AccountKind, BookRef, FeeType, MarketStatus
from tests.core.naive.exchange import NaiveExchange, count, micros

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
def _(command: commands.OpenBook, world: NaiveExchange) -> Iterator[R]:
    if command.account not in world.kinds:
        yield R.UNKNOWN_ACCOUNT
        return
    if BookRef(command.account, command.book) in world.cash:
        yield R.ALREADY_EXISTS
    is_subaccount = command.book.isdecimal() and 1 <= int(command.book) <= 63
    if world.kinds[command.account] is AccountKind.MEMBER and not is_subaccount:
        yield R.WRONG_KIND


@_objections.register
def _(command: commands.AddKey, world: NaiveExchange) -> Iterator[R]:
    if command.account not in world.kinds:
        yield R.UNKNOWN_ACCOUNT
    elif command.book is not None:
        yield from _of_purse(BookRef(command.account, command.book), world)
    if any((key.account, key.key) == (command.account, command.key) for key in world.keys):
        yield R.ALREADY_EXISTS
    if any(key.key_id == command.key_id for key in world.keys):
        yield R.KEY_IN_USE
    if any(key.public_key == command.public_key and key.account != command.account for key in world.keys):
        yield R.KEY_IN_USE


@_objections.register
def _(command: commands.Deposit, world: NaiveExchange) -> Iterator[R]:
    return _of_purse(command.purse, world)


@_objections.register
def _(command: commands.Withdraw, world: NaiveExchange) -> Iterator[R]:
    return _of_cash(command.purse, command.amount_micros, world)


@_objections.register
def _(command: commands.Transfer, world: NaiveExchange) -> Iterator[R]:
    yield from _of_cash(command.source, command.amount_micros, world)
    yield from _of_purse(command.target, world)


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
    for purse in filter(None, (command.purse, command.against)):
        yield from _of_purse(purse, world)
    flat = command.market in world.markets and world.fee_type(command.market) is FeeType.FLAT
    if flat and (command.fee_micros is None or command.against):
        yield R.FEE_UNKNOWN
    if command.order in world.orders:
        yield from _of_part(command, command.order, world)


@_objections.register
def _(command: commands.OpenPosition, world: NaiveExchange) -> Iterator[R]:
    yield from _of_purse(command.purse, world)
    if command.market not in world.markets:
        yield R.UNKNOWN_MARKET
    elif world.markets[command.market].status is MarketStatus.FINALIZED:
        yield R.MARKET_NOT_OPEN
    if (command.purse, command.market) in world.holdings:
        yield R.POSITION_EXISTS


@_objections.register
def _(command: commands.RestOrder, world: NaiveExchange) -> Iterator[R]:
    yield from _of_open(command.market, world)
    yield from _of_purse(command.purse, world)
    if command.order in world.orders:
        yield R.ALREADY_EXISTS


@_objections.register
def _(command: commands.ReduceOrder, world: NaiveExchange) -> Iterator[R]:
    return _of_order(command.order, world)


@_objections.register
def _(command: commands.CancelOrder, world: NaiveExchange) -> Iterator[R]:
    return _of_order(command.order, world)


def _of_purse(purse: BookRef, world: NaiveExchange) -> Iterator[R]:
    if purse.account not in world.kinds:
        yield R.UNKNOWN_ACCOUNT
    elif purse not in world.cash:
        yield R.UNKNOWN_BOOK


def _of_cash(purse: BookRef, amount_micros: int, world: NaiveExchange) -> Iterator[R]:
    yield from _of_purse(purse, world)
    if purse in world.cash and amount_micros > micros(world.cash[purse] - world.reserved(purse)):
        yield R.INSUFFICIENT_CASH


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


def _of_order(order: str, world: NaiveExchange) -> Iterator[R]:
    if order not in world.orders:
        yield R.UNKNOWN_ORDER
    elif not world.orders[order].remaining:
        yield R.ORDER_NOT_RESTING


def _of_part(fill: commands.Fill, name: str, world: NaiveExchange) -> Iterator[R]:
    yield from _of_order(name, world)
    order = world.orders[name]
    rested = order.rested
    if (fill.purse, fill.market, fill.side, fill.action) != (rested.purse, rested.market, rested.side, rested.action):
        yield R.ORDER_MISMATCH
    if count(fill) > order.remaining:
        yield R.ORDER_MISMATCH
