"""Defines the scenario steps for deposits, withdrawals and transfers of cash."""

from mockexchange.core import commands
from mockexchange.core.vocabulary import (
    PRIMARY_SUBACCOUNT,
    Instance,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    TransferStatus,
)
from mockexchange.scenario.steps.shared_fields import (
    ALLOCATIONS,
    EXCHANGE_INDEX,
    FINAL_STATUS,
    INSTANCE,
    OPENING_STATUS,
    PAYMENT_METHOD,
    RESERVATION,
    TRANSFER_STATUS,
)
from mockexchange.scenario.steps.step_type import StepKind, step
from mockexchange.scenario.types.composite_types import may, must
from mockexchange.scenario.types.value_types import AMOUNT, AMOUNT_ABOVE_ZERO, BOOK, BOOLEAN, NAME, PART, SIGNED_AMOUNT

_AMOUNT = ("amount_micros", must(AMOUNT_ABOVE_ZERO))
_SHARD = ("shard", may(EXCHANGE_INDEX, 0))
_PAYMENT = {
    "account": ("subaccount_ref", must(BOOK)),
    "amount": _AMOUNT,
    "payment": ("payment", may(NAME)),
    "method": ("method", may(PAYMENT_METHOD, PaymentMethod.ACH)),
    "fee": ("fee_micros", may(AMOUNT, 0)),
    "status": ("status", may(OPENING_STATUS, PaymentStatus.APPLIED)),
    "shard": _SHARD,
}

STEPS: dict[str, StepKind] = {
    "deposit": step(commands.Deposit, **_PAYMENT),
    "withdraw": step(commands.Withdraw, **_PAYMENT),
    "open_cash": step(
        commands.OpenCash,
        account=("subaccount_ref", must(BOOK)),
        amount=("amount_micros", must(SIGNED_AMOUNT)),
        shard=_SHARD,
    ),
    "finalize_payment": step(
        commands.FinalizePayment, payment=("payment", must(NAME)), status=("status", must(FINAL_STATUS))
    ),
    "transfer": step(
        commands.Transfer,
        source=("source", must(BOOK)),
        target=("target", must(BOOK)),
        amount=_AMOUNT,
        id=("transfer", may(NAME)),
        shard=_SHARD,
    ),
    "shard_transfer": step(
        commands.TransferShard,
        account=("account", must(PART)),
        source=("source", may(INSTANCE, Instance.EVENT_CONTRACT)),
        target=("target", may(INSTANCE, Instance.EVENT_CONTRACT)),
        source_shard=("source_shard", may(EXCHANGE_INDEX, 0)),
        target_shard=("target_shard", may(EXCHANGE_INDEX, 0)),
        source_book=("source_subaccount", may(PART, PRIMARY_SUBACCOUNT)),
        target_book=("target_subaccount", may(PART, PRIMARY_SUBACCOUNT)),
        amount=_AMOUNT,
        id=("transfer", may(NAME)),
        status=("status", may(TRANSFER_STATUS, TransferStatus.COMPLETE)),
    ),
    "complete_transfer": step(commands.CompleteTransfer, transfer=("transfer", must(NAME))),
    "allocate": step(
        commands.AllocateBalance,
        account=("account", must(PART)),
        allocations=("allocations", must(ALLOCATIONS)),
        reservation=("reservation", may(RESERVATION, Reservation.SUM)),
    ),
    "rebalance": step(commands.RebalanceCash, account=("account", must(PART))),
    "netting": step(commands.SetNetting, account=("subaccount_ref", must(BOOK)), enabled=("enabled", must(BOOLEAN))),
}
