"""What the naive exchange writes down: plain records in fractions of dollars and contracts."""

from dataclasses import dataclass, field
from fractions import Fraction

from mockexchange.core import commands
from mockexchange.core.vocabulary import Action, MarketStatus, OrderStatus, PaymentStatus, Result, Side, SubaccountRef
from tests.core.naive.arithmetic import Stake

ZERO = Fraction(0)
OPPOSITE = {Side.YES: Side.NO, Side.NO: Side.YES}


def priced(side: Side, price: Fraction, other: Side) -> Fraction:
    """The price of `other`, where that of `side` is known."""
    return price if side is other else 1 - price


@dataclass(eq=False)
class Listing:
    listed: commands.ListMarket
    price: Fraction | None
    status: MarketStatus = MarketStatus.OPEN
    result: Result | None = None
    value: Fraction | None = None
    previous: Fraction | None = None
    settled_at: int | None = None
    quotes: dict[Side, dict[Fraction, Fraction]] = field(default_factory=lambda: {side: {} for side in Side})


@dataclass(eq=False)
class Holding:
    subaccount_ref: SubaccountRef
    market: str
    updated_at: int
    stake: Stake = field(default_factory=Stake)
    fees: Fraction = ZERO
    held_fees: Fraction = ZERO
    """Those of the contracts that are still held."""
    settled: bool = False
    opened: commands.OpenPosition | None = None


@dataclass(eq=False)
class Trade:
    name: str | None
    market: str
    yes_price: Fraction
    count: Fraction
    taker_side: Side
    at: int


@dataclass(eq=False)
class Fill:
    """One side of a trade."""

    trade: Trade
    order: "Order"
    is_taker: bool
    fee: Fraction

    @property
    def gains_from(self) -> Side:
        return self.order.gains_from

    @property
    def price(self) -> Fraction:
        return priced(Side.YES, self.trade.yes_price, self.order.side)

    @property
    def price_of_gain(self) -> Fraction:
        return priced(Side.YES, self.trade.yes_price, self.gains_from)


@dataclass(eq=False)
class Order:
    name: str | None
    client: str
    subaccount_ref: SubaccountRef
    market: str
    side: Side
    action: Action
    created_at: int
    updated_at: int
    arrived: int
    """Its place in time among the orders in the book."""
    rested: commands.RestOrder | None = None
    """As it was amended."""
    group: "Group | None" = None
    canceled: bool = False
    reduced: Fraction = ZERO
    fills: list[Fill] = field(default_factory=list)
    collected: Fraction = ZERO

    @property
    def gains_from(self) -> Side:
        return self.side if self.action is Action.BUY else OPPOSITE[self.side]

    @property
    def filled(self) -> Fraction:
        return sum((fill.trade.count for fill in self.fills), ZERO)

    @property
    def initial(self) -> Fraction:
        return Fraction(self.rested.count_centis, 100) if self.rested else self.filled

    @property
    def remaining(self) -> Fraction:
        return ZERO if self.canceled else self.initial - self.filled - self.reduced

    @property
    def price(self) -> Fraction:
        """The limit; where only fills are known, the worst of them."""
        if self.rested:
            return Fraction(self.rested.price_centicents, 10_000)
        return (max if self.action is Action.BUY else min)(fill.price for fill in self.fills)

    @property
    def status(self) -> OrderStatus:
        if self.canceled:
            return OrderStatus.CANCELED
        return OrderStatus.RESTING if self.remaining else OrderStatus.EXECUTED

    def spent(self, is_taker: bool) -> Fraction:
        return sum((fill.trade.count * fill.price for fill in self.fills if fill.is_taker is is_taker), ZERO)

    def paid(self, is_taker: bool) -> Fraction:
        return sum((fill.fee for fill in self.fills if fill.is_taker is is_taker), ZERO)


@dataclass(eq=False)
class Group:
    opened: commands.OpenGroup
    filled: Fraction = ZERO
    is_triggered: bool = False


@dataclass(eq=False)
class Settlement:
    holding: Holding
    result: Result
    value: Fraction | None
    bought: dict[Side, tuple[Fraction, Fraction]]
    """Count and cost of each side acquired."""
    held: Fraction
    held_cost: Fraction
    revenue: Fraction
    fees: Fraction
    at: int


@dataclass(eq=False)
class Payment:
    asked: commands.Deposit | commands.Withdraw
    status: PaymentStatus
