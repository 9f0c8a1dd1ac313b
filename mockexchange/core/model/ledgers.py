"""The ledger of an account: lists of its fills, orders, trades, settlements, payments and transfers, read in pages."""

from typing import NamedTuple

from msgspec import Struct

from mockexchange.core.model.markets import Market
from mockexchange.core.model.orders import FillRow, Order, Trade
from mockexchange.core.model.paged_history import EVERYTHING, History, Partition, Selector
from mockexchange.core.vocabulary import (
    Instance,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    Result,
    SubaccountRef,
    TransferStatus,
)

# (status, next): whether cash that the payment had moved stays moved. A move that is not here is refused.
PAYMENT_TRANSITIONS: frozenset[tuple[PaymentStatus, PaymentStatus]] = frozenset(
    {
        (PaymentStatus.PENDING, PaymentStatus.APPLIED),
        (PaymentStatus.PENDING, PaymentStatus.FAILED),
        (PaymentStatus.PENDING, PaymentStatus.RETURNED),
        (PaymentStatus.APPLIED, PaymentStatus.RETURNED),
    }
)


class _Listed:
    """The base of rows in lists without filters: one selector for all rows, and one partition."""

    __slots__ = ()

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return (EVERYTHING,)

    @property
    def partition(self) -> Partition:
        return ()


class Payment(_Listed, Struct, eq=False):
    """A deposit or a withdrawal."""

    payment_id: str
    kind: PaymentKind
    subaccount_ref: SubaccountRef
    method: PaymentMethod
    status: PaymentStatus
    amount_micros: int
    fee_micros: int
    shard: int
    created_at: int
    finalized_at: int | None
    serial: int
    revision: int

    @property
    def moved_micros(self) -> int:
        """The change of the subaccount's cash that the payment has made so far, in micro-dollars.

        A deposit less its fee counts once it is applied. A withdrawal and its fee count from the start, until it fails
        or is returned.
        """
        if self.kind is PaymentKind.DEPOSIT:
            return self.amount_micros - self.fee_micros if self.status is PaymentStatus.APPLIED else 0
        is_out = self.status in (PaymentStatus.PENDING, PaymentStatus.APPLIED)
        return -self.amount_micros - self.fee_micros if is_out else 0


class TransferRow(_Listed, Struct, frozen=True, eq=False):
    """A transfer of cash between two subaccounts of one account."""

    transfer_id: str
    source: SubaccountRef
    target: SubaccountRef
    amount_micros: int
    shard: int
    created_at: int
    serial: int

    @property
    def revision(self) -> int:
        return self.serial


class ShardTransfer(_Listed, Struct, eq=False):
    """A transfer of cash between instances and shards of the venue."""

    transfer_id: str
    account: str
    source: Instance
    target: Instance
    source_shard: int
    target_shard: int
    source_subaccount: str
    target_subaccount: str
    amount_micros: int
    status: TransferStatus
    created_at: int
    serial: int
    revision: int


class Bought(NamedTuple):
    """The contracts of one side (YES or NO) that a subaccount acquired in a market: their count and cost.

    A sale acquires the other side at 1 dollar - price.
    """

    count_centis: int = 0
    cost_micros: int = 0


class Settlement(Struct, frozen=True, eq=False):
    """The settlement of one subaccount's position in a market."""

    subaccount_ref: SubaccountRef
    market: Market
    result: Result
    value_centicents: int | None
    """Payout of one YES contract; None for a void market."""
    yes: Bought
    no: Bought
    held_centis: int
    """The position that was paid, negative for NO."""
    held_cost_micros: int
    revenue_micros: int
    """Amount paid out, without the part of a cent that a scalar result keeps back as a fee."""
    fees_micros: int
    """All fees of the subaccount in this market, including the part of a cent that was kept back."""
    created_at: int
    serial: int

    @property
    def revision(self) -> int:
        """The cache key of the settlement: its serial, because a settlement never changes."""
        return self.serial

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return EVERYTHING, self.market.ticker

    @property
    def partition(self) -> Partition:
        """The values by which lists filter the settlement: (subaccount,)."""
        return (self.subaccount_ref.subaccount,)


class Ledger:
    """The lists of one account to which rows are only added: fills, orders, settlements, payments and transfers."""

    __slots__ = (
        "deposits",
        "fills",
        "orders",
        "settlements",
        "shard_transfers",
        "trades",
        "transfers",
        "withdrawals",
    )

    def __init__(self) -> None:
        self.fills: History[FillRow] = History()
        self.orders: History[Order] = History()
        self.settlements: History[Settlement] = History()
        self.trades: History[Trade] = History()
        """Trades of an FCM, over all its subtraders; a trade with both sides of the FCM is one row."""
        self.deposits: History[Payment] = History()
        self.withdrawals: History[Payment] = History()
        self.transfers: History[TransferRow] = History()
        self.shard_transfers: History[ShardTransfer] = History()
