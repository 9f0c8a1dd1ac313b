"""Deposits, withdrawals and transfers: lists of the cash that moved other than by trading."""

from msgspec import Struct

from mockexchange.core.model.history import EVERYTHING, Partition, Selector
from mockexchange.core.vocabulary import (
    Instance,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
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
