"""A deliberately naive exchange: after every command it is made anew from all of them.

No index, no running sum, no event; money in fractions of a dollar. What commands do to it is in `doing` and `trading`,
and what it must refuse in `objections`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from mockexchange.core import commands
from mockexchange.core.vocabulary import (
    CENTIS_PER_CONTRACT,
    AccountKind,
    Action,
    FeeRounding,
    FeeType,
    OrderStatus,
    Side,
    SubaccountRef,
)
from tests.core.naive.pages import Row
from tests.core.naive.records import ZERO, Fill, Group, Holding, Listing, Order, Payment, Settlement, Trade, priced
from tests.core.naive.units import micros, whole


@dataclass
class NaiveExchange:
    rounding: FeeRounding
    cutoff: int = 0
    """What was last touched before it is history."""
    kinds: dict[str, AccountKind] = field(default_factory=dict)
    cash: dict[SubaccountRef, Fraction] = field(default_factory=dict)
    contributed: dict[SubaccountRef, Fraction] = field(default_factory=dict)
    paid_at: dict[SubaccountRef, int] = field(default_factory=dict)
    shards: dict[tuple[SubaccountRef, int], Fraction] = field(default_factory=dict)
    keys: list[commands.AddKey] = field(default_factory=list)
    series: dict[str, tuple[FeeType, Fraction]] = field(default_factory=dict)
    markets: dict[str, Listing] = field(default_factory=dict)
    holdings: dict[tuple[SubaccountRef, str], Holding] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    payments: dict[str, Payment] = field(default_factory=dict)
    transfers: dict[str, commands.Transfer | commands.TransferShard] = field(default_factory=dict)
    on_the_way: set[str] = field(default_factory=set)
    arrivals: int = 0
    is_trading: bool = True

    def arrive(self) -> int:
        self.arrivals += 1
        return self.arrivals

    def order(self, name: str | None) -> Order | None:
        return next((order for order in self.orders if name is not None and order.name == name), None)

    def rows(self, subaccount_ref: SubaccountRef) -> list[Row]:
        return [self._row(holding) for (owner, _), holding in self.holdings.items() if owner == subaccount_ref]

    def resting(self, market: str) -> list[Order]:
        orders = (order for order in self.orders if order.market == market)
        return [order for order in orders if order.status is OrderStatus.RESTING]

    def pay(self, subaccount_ref: SubaccountRef, amount: Fraction, shard: int) -> None:
        self.cash[subaccount_ref] += amount
        self.shards[subaccount_ref, shard] = self.shards.get((subaccount_ref, shard), ZERO) + amount

    def reserved(self, subaccount_ref: SubaccountRef, shard: int | None = None) -> Fraction:
        buying = (
            order for order in self.orders if (order.subaccount_ref, order.action) == (subaccount_ref, Action.BUY)
        )
        here = (order for order in buying if shard in (None, self.markets[order.market].listed.exchange_index))
        return sum((order.remaining * order.price for order in here if order.remaining), ZERO)

    def free(self, subaccount_ref: SubaccountRef, shard: int) -> Fraction:
        return self.shards.get((subaccount_ref, shard), ZERO) - self.reserved(subaccount_ref, shard)

    def values(self, subaccount_ref: SubaccountRef) -> dict[int, Fraction]:
        """What the positions are worth at last price, or at cost without one, by exchange index; zeros left out."""
        worth: dict[int, Fraction] = {}
        for (owner, market), holding in self.holdings.items():
            last, index = self.markets[market].price, self.markets[market].listed.exchange_index
            value = holding.stake.cost if last is None else holding.stake.value(last)
            worth[index] = worth.get(index, ZERO) + (value if owner == subaccount_ref else 0)
        return {index: value for index, value in worth.items() if value}

    def fee_type(self, market: str) -> FeeType:
        return self.series[self.markets[market].listed.series][0]

    def volume(self, market: str) -> Fraction:
        return sum((trade.count for trade in self.trades if trade.market == market), ZERO)

    def held(self, market: str, side: Side) -> Fraction:
        """Contracts of one side that the accounts here hold."""
        return sum((holding.stake.piles[side].count for holding in self.in_market(market)), ZERO)

    def in_market(self, market: str) -> list[Holding]:
        return [holding for holding in self.holdings.values() if holding.market == market]

    def bids(self, market: str, side: Side) -> Iterator[tuple[Fraction, Fraction, int]]:
        """Every bid of the side, an order's or a stranger's: price, count and place in time."""
        for price, count in self.markets[market].quotes[side].items():
            yield price, count, -1
        for order in self.resting(market):
            if order.gains_from is side:
                yield priced(order.side, order.price, side), order.remaining, order.arrived

    def levels(self, market: str, side: Side) -> list[tuple[Fraction, Fraction]]:
        prices = sorted({price for price, _, _ in self.bids(market, side)})
        return [(at, sum((n for price, n, _ in self.bids(market, side) if price == at), ZERO)) for at in prices]

    def ahead(self, order: Order) -> Fraction:
        """Contracts that trade before the order's."""
        side = order.gains_from
        own = (-priced(order.side, order.price, side), order.arrived)
        bids = self.bids(order.market, side)
        return sum((count for price, count, earlier in bids if (-price, earlier) < own), ZERO)

    def _row(self, holding: Holding) -> Row:
        listed, stake = self.markets[holding.market].listed, holding.stake
        resting = (order for order in self.resting(holding.market) if order.subaccount_ref == holding.subaccount_ref)
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
            held_fees_micros=micros(holding.held_fees),
            resting_centis=whole(sum((order.remaining for order in resting), ZERO) * CENTIS_PER_CONTRACT),
            settled=holding.settled,
            archived=holding.settled and holding.updated_at < self.cutoff,
            updated_at=holding.updated_at,
        )
