"""What commands do to the naive exchange: accounts, cash, markets and their life."""

from fractions import Fraction
from functools import singledispatch

from mockexchange.core import commands
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    FeeType,
    Instance,
    MarketStatus,
    PaymentStatus,
    Side,
    SubaccountRef,
    TransferStatus,
)
from tests.core.naive.exchange import NaiveExchange
from tests.core.naive.records import ZERO, Listing, Payment, Settlement
from tests.core.naive.units import contracts, dollars, price


@singledispatch
def do(command: object, world: NaiveExchange, at: int) -> None:
    raise NotImplementedError(command)


@do.register
def _(command: commands.OpenAccount, world: NaiveExchange, at: int) -> None:
    world.kinds[command.account] = command.kind
    _open(world, SubaccountRef(command.account), at)


@do.register
def _(command: commands.OpenSubaccount, world: NaiveExchange, at: int) -> None:
    _open(world, SubaccountRef(command.account, command.subaccount), at)


@do.register
def _(command: commands.AddKey, world: NaiveExchange, at: int) -> None:
    world.keys.append(command)


@do.register
def _(command: commands.Deposit, world: NaiveExchange, at: int) -> None:
    _note(world, command)
    if command.status is PaymentStatus.APPLIED:
        contribute(
            world, command.subaccount_ref, dollars(command.amount_micros - command.fee_micros), at, command.shard
        )


@do.register
def _(command: commands.Withdraw, world: NaiveExchange, at: int) -> None:
    _note(world, command)
    contribute(world, command.subaccount_ref, -dollars(command.amount_micros + command.fee_micros), at, command.shard)


@do.register
def _(command: commands.FinalizePayment, world: NaiveExchange, at: int) -> None:
    payment = world.payments[command.payment]
    asked, before, payment.status = payment.asked, payment.status, command.status
    is_applied = command.status is PaymentStatus.APPLIED
    if isinstance(asked, commands.Withdraw) and not is_applied:
        contribute(world, asked.subaccount_ref, dollars(asked.amount_micros + asked.fee_micros), at, asked.shard)
    if isinstance(asked, commands.Deposit) and is_applied:
        contribute(world, asked.subaccount_ref, dollars(asked.amount_micros - asked.fee_micros), at, asked.shard)
    if isinstance(asked, commands.Deposit) and before is PaymentStatus.APPLIED:
        contribute(world, asked.subaccount_ref, -dollars(asked.amount_micros - asked.fee_micros), at, asked.shard)


@do.register
def _(command: commands.Transfer, world: NaiveExchange, at: int) -> None:
    world.transfers[command.transfer or f"unnamed {len(world.transfers)}"] = command
    contribute(world, command.source, -dollars(command.amount_micros), at, command.shard)
    contribute(world, command.target, dollars(command.amount_micros), at, command.shard)


@do.register
def _(command: commands.TransferShard, world: NaiveExchange, at: int) -> None:
    name = command.transfer or f"unnamed {len(world.transfers)}"
    world.transfers[name] = command
    if command.source is Instance.EVENT_CONTRACT:
        source = SubaccountRef(command.account, command.source_subaccount)
        contribute(world, source, -dollars(command.amount_micros), at, command.source_shard)
    if command.status is TransferStatus.PENDING:
        world.on_the_way.add(name)
    elif command.target is Instance.EVENT_CONTRACT:
        target = SubaccountRef(command.account, command.target_subaccount)
        contribute(world, target, dollars(command.amount_micros), at, command.target_shard)


@do.register
def _(command: commands.CompleteTransfer, world: NaiveExchange, at: int) -> None:
    world.on_the_way.remove(command.transfer)
    moved = world.transfers[command.transfer]
    assert isinstance(moved, commands.TransferShard)
    if moved.target is Instance.EVENT_CONTRACT:
        target = SubaccountRef(moved.account, moved.target_subaccount)
        contribute(world, target, dollars(moved.amount_micros), at, moved.target_shard)


@do.register
def _(command: commands.ListSeries, world: NaiveExchange, at: int) -> None:
    world.series[command.series] = (command.fee_type, Fraction(command.fee_multiplier, 10_000))


@do.register
def _(command: commands.ListMarket, world: NaiveExchange, at: int) -> None:
    world.series.setdefault(command.series, (FeeType.QUADRATIC, Fraction(1)))
    world.markets[command.market] = Listing(command, price(command) if command.price_centicents else None)


@do.register
def _(command: commands.PriceMarket, world: NaiveExchange, at: int) -> None:
    reprice(world, command.market, price(command))


@do.register
def _(command: commands.QuoteMarket, world: NaiveExchange, at: int) -> None:
    for side, levels in ((Side.YES, command.yes), (Side.NO, command.no)):
        world.markets[command.market].quotes[side] = {
            Fraction(level, CENTICENTS_PER_DOLLAR): contracts(centis) for level, centis in levels
        }


@do.register
def _(command: commands.SwitchExchange, world: NaiveExchange, at: int) -> None:
    world.is_trading = command.trading
    for market in world.markets:
        for order in world.resting(market):
            if order.rested and order.rested.cancel_on_pause and not (command.active and command.trading):
                order.canceled, order.updated_at = True, at


@do.register
def _(command: commands.Note, world: NaiveExchange, at: int) -> None:
    pass


@do.register
def _(command: commands.CloseMarket, world: NaiveExchange, at: int) -> None:
    _stop(world, command.market, MarketStatus.CLOSED, at)


@do.register
def _(command: commands.DetermineMarket, world: NaiveExchange, at: int) -> None:
    _determine(world, command, at)


@do.register
def _(command: commands.DisputeMarket, world: NaiveExchange, at: int) -> None:
    world.markets[command.market].status = MarketStatus.DISPUTED


@do.register
def _(command: commands.FinalizeMarket, world: NaiveExchange, at: int) -> None:
    _finalize(world, command.market, at)


@do.register
def _(command: commands.SettleMarket, world: NaiveExchange, at: int) -> None:
    _determine(world, command, at)
    _finalize(world, command.market, at)


def contribute(world: NaiveExchange, subaccount_ref: SubaccountRef, amount: Fraction, at: int, shard: int) -> None:
    world.pay(subaccount_ref, amount, shard)
    world.contributed[subaccount_ref] += amount
    if amount:
        world.paid_at[subaccount_ref] = at


def reprice(world: NaiveExchange, market: str, last: Fraction) -> None:
    listing = world.markets[market]
    if listing.price != last:
        listing.previous, listing.price = listing.price, last


def _open(world: NaiveExchange, subaccount_ref: SubaccountRef, at: int) -> None:
    world.cash[subaccount_ref] = world.contributed[subaccount_ref] = ZERO
    world.paid_at[subaccount_ref] = at


def _note(world: NaiveExchange, asked: commands.Deposit | commands.Withdraw) -> None:
    world.payments[asked.payment or f"unnamed {len(world.payments)}"] = Payment(asked, asked.status)


def _stop(world: NaiveExchange, market: str, status: MarketStatus, at: int) -> None:
    world.markets[market].status = status
    world.markets[market].quotes = {side: {} for side in Side}
    for order in world.resting(market):
        order.canceled, order.updated_at = True, at


def _determine(world: NaiveExchange, command: commands.DetermineMarket | commands.SettleMarket, at: int) -> None:
    _stop(world, command.market, MarketStatus.DETERMINED, at)
    market, value = world.markets[command.market], command.value_centicents
    market.result = command.result
    market.value = None if value is None else Fraction(value, CENTICENTS_PER_DOLLAR)


def _finalize(world: NaiveExchange, ticker: str, at: int) -> None:
    market = world.markets[ticker]
    market.status, market.settled_at = MarketStatus.FINALIZED, at
    assert market.result is not None
    for holding in world.in_market(ticker):
        held, held_cost = holding.stake.position, holding.stake.cost
        payout, kept = holding.stake.settle(market.result, market.value)
        world.pay(holding.subaccount_ref, payout - kept, world.markets[holding.market].listed.exchange_index)
        world.paid_at[holding.subaccount_ref] = at
        holding.fees += kept
        holding.held_fees = ZERO
        holding.settled, holding.updated_at = True, at
        world.settlements.append(
            Settlement(
                holding=holding,
                result=market.result,
                value={"yes": Fraction(1), "no": ZERO, "void": None, "scalar": market.value}[market.result],
                bought={side: bought(world, holding.subaccount_ref, ticker, side) for side in Side},
                held=held,
                held_cost=held_cost,
                revenue=payout - kept,
                fees=holding.fees,
                at=at,
            )
        )


def bought(world: NaiveExchange, subaccount_ref: SubaccountRef, market: str, side: Side) -> tuple[Fraction, Fraction]:
    """Count and cost of a side acquired, the opening balance included."""
    fills = [fill for fill in world.fills if (fill.order.subaccount_ref, fill.trade.market) == (subaccount_ref, market)]
    gained = [fill for fill in fills if fill.gains_from is side]
    count = sum((fill.trade.count for fill in gained), ZERO)
    cost = sum((fill.trade.count * fill.price_of_gain for fill in gained), ZERO)
    opened = world.holdings[subaccount_ref, market].opened
    if opened and opened.quantity_centis and (opened.quantity_centis > 0) is (side is Side.YES):
        return count + contracts(abs(opened.quantity_centis)), cost + dollars(opened.cost_micros)
    return count, cost
