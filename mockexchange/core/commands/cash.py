"""Commands that move cash: deposits, withdrawals and transfers."""

from mockexchange.core.commands.validation import CommandStruct, require, require_amount
from mockexchange.core.vocabulary import (
    EXCHANGE_INDEX_MAX,
    PRIMARY_SUBACCOUNT,
    Instance,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    SubaccountRef,
    TransferStatus,
)

OPENING_STATUSES = (PaymentStatus.APPLIED, PaymentStatus.PENDING)


class Deposit(CommandStruct, frozen=True, kw_only=True):
    """Deposit cash. The subaccount receives the amount less the fee when the payment is applied."""

    subaccount_ref: SubaccountRef
    amount_micros: int
    fee_micros: int = 0
    method: PaymentMethod = PaymentMethod.ACH
    status: PaymentStatus = PaymentStatus.APPLIED
    payment: str | None = None
    shard: int = 0
    """Exchange index (shard of the venue) that receives the cash."""

    def __post_init__(self) -> None:
        require_amount(self.amount_micros)
        _require_shard(self.shard)
        require(0 <= self.fee_micros <= self.amount_micros, "fee: expected 0 to the amount")
        require(self.status in OPENING_STATUSES, f"status: a payment begins applied or pending, not {self.status}")


class Withdraw(CommandStruct, frozen=True, kw_only=True):
    """Withdraw cash.

    The amount and the fee leave the subaccount at once, and return if the payment fails or is returned.
    """

    subaccount_ref: SubaccountRef
    amount_micros: int
    fee_micros: int = 0
    method: PaymentMethod = PaymentMethod.ACH
    status: PaymentStatus = PaymentStatus.APPLIED
    payment: str | None = None
    shard: int = 0
    """Exchange index (shard of the venue) that the cash leaves."""

    def __post_init__(self) -> None:
        require_amount(self.amount_micros)
        _require_shard(self.shard)
        require(self.fee_micros >= 0, "fee: expected 0 or more")
        require(self.status in OPENING_STATUSES, f"status: a payment begins applied or pending, not {self.status}")


class OpenCash(CommandStruct, frozen=True, kw_only=True):
    """Add cash without a payment, for an account imported from elsewhere; a negative amount takes cash."""

    subaccount_ref: SubaccountRef
    amount_micros: int
    shard: int = 0
    """Exchange index (shard of the venue) whose cash changes."""

    def __post_init__(self) -> None:
        _require_shard(self.shard)


class FinalizePayment(CommandStruct, frozen=True, kw_only=True):
    """Set the final status of a deposit or a withdrawal."""

    payment: str
    status: PaymentStatus

    def __post_init__(self) -> None:
        require(self.status is not PaymentStatus.PENDING, "status: expected applied, failed or returned")


class Transfer(CommandStruct, frozen=True, kw_only=True):
    """Move cash between two subaccounts of one account, on one shard (`shard`, the wire's exchange_index)."""

    source: SubaccountRef
    target: SubaccountRef
    amount_micros: int
    transfer: str | None = None
    shard: int = 0

    def __post_init__(self) -> None:
        require_amount(self.amount_micros)
        _require_shard(self.shard)
        require(self.source.account == self.target.account, "target: expected a book of the same account")
        require(self.source != self.target, "target: expected another book than the source")


class TransferShard(CommandStruct, frozen=True, kw_only=True):
    """Move an account's cash to another shard, subaccount or instance of the venue.

    The cash leaves its source at once; it arrives at once if `status` is complete, otherwise by `CompleteTransfer`. The
    instances are the exchange for event contracts and the one for margined contracts.
    """

    account: str
    amount_micros: int
    source: Instance = Instance.EVENT_CONTRACT
    target: Instance = Instance.EVENT_CONTRACT
    source_shard: int = 0
    target_shard: int = 0
    status: TransferStatus = TransferStatus.COMPLETE
    transfer: str | None = None
    source_subaccount: str = PRIMARY_SUBACCOUNT
    target_subaccount: str = PRIMARY_SUBACCOUNT

    def __post_init__(self) -> None:
        require_amount(self.amount_micros)
        _require_shard(self.source_shard)
        _require_shard(self.target_shard)
        source = (self.source, self.source_shard, self.source_subaccount)
        target = (self.target, self.target_shard, self.target_subaccount)
        require(source != target, "target: expected another instance or shard than the source")


class CompleteTransfer(CommandStruct, frozen=True, kw_only=True):
    """Complete a pending transfer between shards, so that its cash arrives at the target."""

    transfer: str


class AllocateBalance(CommandStruct, frozen=True, kw_only=True):
    """Set the target allocation of an account's cash: pairs (shard, percent) that add up to 100 percent.

    The cash of an account without a target allocation stays where it is.
    """

    account: str
    allocations: tuple[tuple[int, int], ...]
    reservation: Reservation = Reservation.NONE

    def __post_init__(self) -> None:
        indexes, percents = zip(*self.allocations, strict=True) if self.allocations else ((), ())
        require(len(set(indexes)) == len(indexes), "allocations: expected each exchange index once")
        require(all(0 <= index <= EXCHANGE_INDEX_MAX for index in indexes), "allocations: expected indexes 0 to 63")
        require(all(0 <= percent <= 100 for percent in percents), "allocations: expected 0 to 100 percent each")
        require(sum(percents) == 100 or not indexes, f"allocations: expected 100 percent in all, got {sum(percents)}")


class RebalanceCash(CommandStruct, frozen=True, kw_only=True):
    """Move an account's free cash between shards until each shard has the percentage that `AllocateBalance` set."""

    account: str


class SetNetting(CommandStruct, frozen=True, kw_only=True):
    """Switch netting of YES and NO positions of a subaccount on or off."""

    subaccount_ref: SubaccountRef
    enabled: bool


def _require_shard(shard: int) -> None:
    require(0 <= shard <= EXCHANGE_INDEX_MAX, f"shard: expected 0 to {EXCHANGE_INDEX_MAX}")
