"""Events of deposits, withdrawals and transfers."""

from msgspec import Struct

from mockexchange.core.vocabulary import (
    Instance,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    SubaccountRef,
    TransferStatus,
)


class CashMoved(Struct, frozen=True, kw_only=True):
    """Cash entered a subaccount (positive) or left it (negative) other than by trading."""

    subaccount_ref: SubaccountRef
    amount_micros: int
    cash_micros: int


class PaymentMade(Struct, frozen=True, kw_only=True):
    """A deposit or a withdrawal was made."""

    payment: str
    kind: PaymentKind
    subaccount_ref: SubaccountRef
    method: PaymentMethod
    status: PaymentStatus
    amount_micros: int
    fee_micros: int


class PaymentFinalized(Struct, frozen=True, kw_only=True):
    """A payment was applied, failed or was returned."""

    payment: str
    status: PaymentStatus


class Transferred(Struct, frozen=True, kw_only=True):
    """Cash moved from one subaccount of an account to another."""

    transfer: str
    source: SubaccountRef
    target: SubaccountRef
    amount_micros: int


class ShardTransferred(Struct, frozen=True, kw_only=True):
    """Cash left its shard in a transfer; it arrives at the target when the transfer is complete."""

    transfer: str
    account: str
    source: Instance
    target: Instance
    source_shard: int
    target_shard: int
    amount_micros: int
    status: TransferStatus


class TransferCompleted(Struct, frozen=True, kw_only=True):
    """The cash of a transfer between shards arrived at its target."""

    transfer: str


class BalanceAllocated(Struct, frozen=True, kw_only=True):
    """The target allocation of an account's cash was set: pairs (shard, percent)."""

    account: str
    allocations: tuple[tuple[int, int], ...]
    reservation: Reservation


class NettingSet(Struct, frozen=True, kw_only=True):
    """Netting of a subaccount was switched on or off."""

    subaccount_ref: SubaccountRef
    enabled: bool
