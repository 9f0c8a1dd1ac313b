"""Events: cash that came, went and moved other than by trading."""

from dataclasses import dataclass

from mockexchange.core.vocabulary import (
    Instance,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    SubaccountRef,
    TransferStatus,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CashMoved:
    """Cash entered (positive) or left (negative) a book other than by trading."""

    subaccount_ref: SubaccountRef
    amount_micros: int
    cash_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMade:
    payment: str
    kind: PaymentKind
    subaccount_ref: SubaccountRef
    method: PaymentMethod
    status: PaymentStatus
    amount_micros: int
    fee_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFinalized:
    payment: str
    status: PaymentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """Cash went from one book of an account to another."""

    transfer: str
    source: SubaccountRef
    target: SubaccountRef
    amount_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardTransferred:
    """Cash left an instance's shard; it is at the target once the transfer is complete."""

    transfer: str
    account: str
    source: Instance
    target: Instance
    source_shard: int
    target_shard: int
    amount_micros: int
    status: TransferStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCompleted:
    transfer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceAllocated:
    """How the account's cash is to be spread: (exchange index, percent)."""

    account: str
    allocations: tuple[tuple[int, int], ...]
    reservation: Reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class NettingSet:
    subaccount_ref: SubaccountRef
    enabled: bool
