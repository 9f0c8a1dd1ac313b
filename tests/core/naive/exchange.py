"""A deliberately naive exchange: after every command it is made anew from all of them.

No index, no running sum, no event; money in fractions of a dollar. What it must refuse, `objections` knows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import singledispatchmethod

from mockexchange.core import commands
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    CENTIS_PER_CONTRACT,
    MICROS_PER_DOLLAR,
    AccountKind,
    Action,
    BookRef,
    FeeRounding,
    FeeType,
    MarketStatus,
    Result,
    Side,
)
from tests.core.naive.arithmetic import Stake, rounded_fee, unrounded_fee
from tests.core.naive.pages import Row

ZERO = Fraction(0)


@dataclass
class Holding:
    purse: BookRef
    market: str
    updated_at: int
    stake: Stake = field(default_factory=Stake)
    fees: Fraction = ZERO
    settled: bool = False


@dataclass
class Order:
    rested: commands.RestOrder
    remaining: Fraction


@dataclass
class Listing:
    listed: commands.ListMarket
    price: Fraction | None
    status: MarketStatus = MarketStatus.OPEN
    result: Result | None = None
    value: Fraction | None = None


class NaiveExchange:
    """What the world is after `done`: legal commands, each with its instant."""

    def __init__(self, rounding: FeeRounding, done: Iterable[tuple[commands.Command, int]]) -> None:
        self.rounding = rounding
        self.kinds: dict[str, AccountKind] = {}
        self.cash: dict[BookRef, Fraction] = {}
        self.contributed: dict[BookRef, Fraction] = {}
        self.keys: list[commands.AddKey] = []
        self.series: dict[str, tuple[FeeType, Fraction]] = {}
        self.markets: dict[str, Listing] = {}
        self.holdings: dict[tuple[BookRef, str], Holding] = {}
        self.orders: dict[str, Order] = {}
        self.collected: dict[tuple[BookRef, str], Fraction] = {}
        for command, at in done:
            self.do(command, at)

    # what can be asked

    def rows(self, purse: BookRef) -> list[Row]:
        return [self._row(holding) for (owner, _), holding in self.holdings.items() if owner == purse]

    def resting(self, purse: BookRef, market: str) -> Fraction:
        orders = (order for order in self.orders.values() if order.rested.market == market)
        return sum((order.remaining for order in orders if order.rested.purse == purse), ZERO)

    def reserved(self, purse: BookRef) -> Fraction:
        buying = (order for order in self.orders.values() if order.rested.action is Action.BUY)
        return sum((o.remaining * price(o.rested) for o in buying if o.rested.purse == purse), ZERO)

    def values(self, purse: BookRef) -> dict[int, Fraction]:
        """What the positions are worth at last price, or at cost without one, by exchange index; zeros left out."""
        worth: dict[int, Fraction] = {}
        for (owner, market), holding in self.holdings.items():
            last, index = self.markets[market].price, self.markets[market].listed.exchange_index
            value = holding.stake.cost if last is None else holding.stake.value(last)
            worth[index] = worth.get(index, ZERO) + (value if owner == purse else 0)
        return {index: value for index, value in worth.items() if value}

    def fee_type(self, market: str) -> FeeType:
        return self.series[self.markets[market].listed.series][0]

    def _row(self, holding: Holding) -> Row:
        listed, stake = self.markets[holding.market].listed, holding.stake
        return Row(
            market=holding.market,
            event=listed.event,
            exchange_index=listed.exchange_index,
            quantity_centis=whole(stake.position * CENTIS_PER_CONTRACT),
            cost_micros=micros(stake.cost),
            realized_micros=micros(stake.realized),
            traded_micros=micros(stake.traded),
            shares_centis=whole(stake.bought * CENTIS_PER_CONTRACT),
            fees_micros=micros(holding.fees),
            resting_centis=whole(self.resting(holding.purse, holding.market) * CENTIS_PER_CONTRACT),
            settled=holding.settled,
            updated_at=holding.updated_at,
        )

    # what can be done

    @singledispatchmethod
    def do(self, command: object, at: int) -> None:
        raise NotImplementedError(command)

    @do.register
    def _(self, command: commands.OpenAccount, at: int) -> None:
        self.kinds[command.account] = command.kind
        self._open(BookRef(command.account))

    @do.register
    def _(self, command: commands.OpenBook, at: int) -> None:
        self._open(BookRef(command.account, command.book))

    @do.register
    def _(self, command: commands.AddKey, at: int) -> None:
        self.keys.append(command)

    @do.register
    def _(self, command: commands.Deposit, at: int) -> None:
        self._contribute(command.purse, dollars(command.amount_micros))

    @do.register
    def _(self, command: commands.Withdraw, at: int) -> None:
        self._contribute(command.purse, -dollars(command.amount_micros))

    @do.register
    def _(self, command: commands.Transfer, at: int) -> None:
        self._contribute(command.source, -dollars(command.amount_micros))
        self._contribute(command.target, dollars(command.amount_micros))

    @do.register
    def _(self, command: commands.ListSeries, at: int) -> None:
        self.series[command.series] = (command.fee_type, Fraction(command.fee_multiplier, 10_000))

    @do.register
    def _(self, command: commands.ListMarket, at: int) -> None:
        self.series.setdefault(command.series, (FeeType.QUADRATIC, Fraction(1)))
        self.markets[command.market] = Listing(command, price(command) if command.price_centicents else None)

    @do.register
    def _(self, command: commands.PriceMarket, at: int) -> None:
        self.markets[command.market].price = price(command)

    @do.register
    def _(self, command: commands.CloseMarket, at: int) -> None:
        self._stop(command.market, MarketStatus.CLOSED)

    @do.register
    def _(self, command: commands.DetermineMarket, at: int) -> None:
        self._determine(command)

    @do.register
    def _(self, command: commands.DisputeMarket, at: int) -> None:
        self.markets[command.market].status = MarketStatus.DISPUTED

    @do.register
    def _(self, command: commands.FinalizeMarket, at: int) -> None:
        self._finalize(command.market, at)

    @do.register
    def _(self, command: commands.SettleMarket, at: int) -> None:
        self._determine(command)
        self._finalize(command.market, at)

    @do.register
    def _(self, command: commands.OpenPosition, at: int) -> None:
        holding = self._holding(command.purse, command.market, at)
        quantity, stake = Fraction(command.quantity_centis, CENTIS_PER_CONTRACT), holding.stake
        pile = stake.piles[Side.YES if quantity > 0 else Side.NO]
        pile.count, pile.cost = abs(quantity), dollars(command.cost_micros)
        stake.realized, stake.traded = dollars(command.realized_micros), dollars(command.traded_micros)
        stake.bought = abs(quantity) if command.shares_centis is None else Fraction(command.shares_centis, 100)
        holding.fees = dollars(command.fees_micros)
        self.contributed[command.purse] += stake.cost - stake.realized + holding.fees

    @do.register
    def _(self, command: commands.RestOrder, at: int) -> None:
        self._holding(command.purse, command.market, at)
        self.orders[command.order or f"unnamed {len(self.orders)}"] = Order(command, count(command))

    @do.register
    def _(self, command: commands.ReduceOrder, at: int) -> None:
        order = self.orders[command.order]
        order.remaining = max(ZERO, order.remaining - count(command))

    @do.register
    def _(self, command: commands.CancelOrder, at: int) -> None:
        self.orders[command.order].remaining = ZERO

    @do.register
    def _(self, command: commands.Fill, at: int) -> None:
        self._trade(command, at)
        if command.against:
            action = Action.SELL if command.action is Action.BUY else Action.BUY
            mirror = replace(command, purse=command.against, against=command.purse, action=action)
            self._trade(replace(mirror, taker=not command.taker, fee_micros=None, order=None), at)
        last = price(command)
        self.markets[command.market].price = last if command.side is Side.YES else 1 - last

    def _trade(self, fill: commands.Fill, at: int) -> None:
        holding = self._holding(fill.purse, fill.market, at)
        act = holding.stake.buy if fill.action is Action.BUY else holding.stake.sell
        change = act(fill.side, count(fill), price(fill))
        fee = self._fee(fill, change) if fill.fee_micros is None else dollars(fill.fee_micros)
        self.cash[fill.purse] += change - fee
        holding.fees += fee
        holding.updated_at = at
        if fill.order in self.orders:
            self.orders[fill.order].remaining -= count(fill)

    def _fee(self, fill: commands.Fill, change: Fraction) -> Fraction:
        fee_type, multiplier = self.series[self.markets[fill.market].listed.series]
        exact = unrounded_fee(fee_type, multiplier, fill.taker, count(fill), price(fill))
        is_direct = self.kinds[fill.purse.account] is AccountKind.MEMBER
        collected = self.collected.get((fill.purse, fill.order), ZERO) if fill.order else ZERO
        fee, collected = rounded_fee(exact, change, self.rounding, is_direct, collected)
        if fill.order:
            self.collected[fill.purse, fill.order] = collected
        return fee

    def _open(self, purse: BookRef) -> None:
        self.cash[purse] = self.contributed[purse] = ZERO

    def _contribute(self, purse: BookRef, amount: Fraction) -> None:
        self.cash[purse] += amount
        self.contributed[purse] += amount

    def _holding(self, purse: BookRef, market: str, at: int) -> Holding:
        return self.holdings.setdefault((purse, market), Holding(purse, market, at))

    def _stop(self, market: str, status: MarketStatus) -> None:
        self.markets[market].status = status
        for order in self.orders.values():
            if order.rested.market == market:
                order.remaining = ZERO

    def _determine(self, command: commands.DetermineMarket | commands.SettleMarket) -> None:
        self._stop(command.market, MarketStatus.DETERMINED)
        market, value = self.markets[command.market], command.value_centicents
        market.result = command.result
        market.value = None if value is None else Fraction(value, CENTICENTS_PER_DOLLAR)

    def _finalize(self, ticker: str, at: int) -> None:
        market = self.markets[ticker]
        market.status = MarketStatus.FINALIZED
        assert market.result is not None
        for holding in self._in(ticker):
            payout, kept = holding.stake.settle(market.result, market.value)
            self.cash[holding.purse] += payout - kept
            holding.fees += kept
            holding.settled, holding.updated_at = True, at

    def _in(self, market: str) -> Iterator[Holding]:
        return (holding for holding in self.holdings.values() if holding.market == market)


Counted = commands.Fill | commands.RestOrder | commands.ReduceOrder
Priced = commands.Fill | commands.RestOrder | commands.PriceMarket | commands.ListMarket


def count(command: Counted) -> Fraction:
    return Fraction(command.count_centis, CENTIS_PER_CONTRACT)


def price(command: Priced) -> Fraction:
    return Fraction(command.price_centicents or 0, CENTICENTS_PER_DOLLAR)


def dollars(micros: int) -> Fraction:
    return Fraction(micros, MICROS_PER_DOLLAR)


def micros(amount: Fraction) -> int:
    return whole(amount * MICROS_PER_DOLLAR)


def whole(number: Fraction) -> int:
    assert number.denominator == 1, f"{number} is no whole number"
    return number.numerator
