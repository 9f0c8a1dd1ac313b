"""Handlers of deposits, withdrawals and transfers.

The cash of a subaccount is divided over shards: a market's trades and payouts change the cash on the market's own
shard, and `transfer_shard` moves cash between shards. Cash of a pending transfer belongs to no subaccount until it
arrives.
"""

from collections.abc import Iterator

from mockexchange.core.commands import (
    CompleteTransfer,
    Deposit,
    FinalizePayment,
    OpenCash,
    SetNetting,
    Transfer,
    TransferShard,
    Withdraw,
)
from mockexchange.core.decimal_text import exact
from mockexchange.core.events import (
    CashMoved,
    Event,
    NettingSet,
    PaymentFinalized,
    PaymentMade,
    ShardTransferred,
    TransferCompleted,
    Transferred,
)
from mockexchange.core.handlers import handler
from mockexchange.core.model.ledgers import PAYMENT_TRANSITIONS, Payment, ShardTransfer, TransferRow
from mockexchange.core.model.paged_history import History
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import (
    AccountKind,
    Instance,
    PaymentKind,
    PaymentStatus,
    SubaccountRef,
    TransferStatus,
)


@handler
def deposit(state: State, command: Deposit, at: int) -> Iterator[Event]:
    """Make a deposit; a pending deposit moves no cash yet."""
    state.dollar_subaccount(command.subaccount_ref)
    yield from _pay(state, PaymentKind.DEPOSIT, command, at)


@handler
def withdraw(state: State, command: Withdraw, at: int) -> Iterator[Event]:
    """Withdraw cash that is not held back for orders."""
    subaccount = state.dollar_subaccount(command.subaccount_ref)
    _require_free(subaccount, command.shard, command.amount_micros + command.fee_micros)
    yield from _pay(state, PaymentKind.WITHDRAWAL, command, at)


@handler
def open_cash(state: State, command: OpenCash, at: int) -> Iterator[Event]:
    """Change cash without a payment, for an account imported from elsewhere."""
    subaccount = state.dollar_subaccount(command.subaccount_ref)
    opened = subaccount.opened_cash_micros
    opened[command.shard] = opened.get(command.shard, 0) + command.amount_micros
    yield from _move(subaccount, command.shard, command.amount_micros, at)


@handler
def finalize_payment(state: State, command: FinalizePayment, at: int) -> Iterator[Event]:
    """Set the final status of a payment, and change cash by the difference that the new status makes."""
    payment = state.payment(command.payment)
    if (payment.status, command.status) not in PAYMENT_TRANSITIONS:
        possible = sorted(after for before, after in PAYMENT_TRANSITIONS if before is payment.status)
        message = (
            f"payment {payment.payment_id} is {payment.status}: it cannot become {command.status};"
            f" possible now: {', '.join(possible) or 'nothing more'}"
        )
        raise Refused(RefusalCode.ILLEGAL_TRANSITION, message)
    moved_micros, revision = payment.moved_micros, state.next_revision()
    payment.status, payment.finalized_at, payment.revision = command.status, at, revision
    _payments_of(state, payment).revision = revision
    yield PaymentFinalized(payment=payment.payment_id, status=payment.status)
    change_micros = payment.moved_micros - moved_micros
    yield from _move(state.subaccounts[payment.subaccount_ref], payment.shard, change_micros, at)


@handler
def transfer(state: State, command: Transfer, at: int) -> Iterator[Event]:
    """Move cash that is not held back for orders between two subaccounts of an account, on one shard."""
    source, target = state.dollar_subaccount(command.source), state.dollar_subaccount(command.target)
    _require_free(source, command.shard, command.amount_micros)
    transfer_id = _new_transfer_id(state, command.transfer)
    row = state.transfers[transfer_id] = TransferRow(
        transfer_id=transfer_id,
        source=command.source,
        target=command.target,
        amount_micros=command.amount_micros,
        shard=command.shard,
        created_at=at,
        serial=state.next_revision(),
    )
    state.accounts[command.source.account].ledger.transfers.add(row, row.revision)
    yield Transferred(
        transfer=transfer_id, source=command.source, target=command.target, amount_micros=command.amount_micros
    )
    yield from _move(source, command.shard, -command.amount_micros, at)
    yield from _move(target, command.shard, command.amount_micros, at)


@handler
def transfer_shard(state: State, command: TransferShard, at: int) -> Iterator[Event]:
    """Move an account's cash to another shard, subaccount or instance.

    The mock does not track cash on the instance for margined contracts: cash that moves there only disappears.
    """
    source = state.dollar_subaccount(SubaccountRef(command.account, command.source_subaccount))
    state.dollar_subaccount(SubaccountRef(command.account, command.target_subaccount))
    if command.source is Instance.EVENT_CONTRACT:
        _require_free(source, command.source_shard, command.amount_micros)
    transfer_id, serial = _new_transfer_id(state, command.transfer), state.next_revision()
    row = state.shard_transfers[transfer_id] = ShardTransfer(
        transfer_id=transfer_id,
        account=command.account,
        source=command.source,
        target=command.target,
        source_shard=command.source_shard,
        target_shard=command.target_shard,
        source_subaccount=command.source_subaccount,
        target_subaccount=command.target_subaccount,
        amount_micros=command.amount_micros,
        status=command.status,
        created_at=at,
        serial=serial,
        revision=serial,
    )
    state.accounts[command.account].ledger.shard_transfers.add(row, serial)
    yield ShardTransferred(
        transfer=row.transfer_id,
        account=row.account,
        source=row.source,
        target=row.target,
        source_shard=row.source_shard,
        target_shard=row.target_shard,
        amount_micros=row.amount_micros,
        status=row.status,
    )
    if row.source is Instance.EVENT_CONTRACT:
        yield from _move(source, row.source_shard, -row.amount_micros, at)
    if row.status is TransferStatus.COMPLETE:
        yield from _arrive(state, row, at)


@handler
def complete_transfer(state: State, command: CompleteTransfer, at: int) -> Iterator[Event]:
    """Complete a pending transfer between shards: its cash arrives at the target."""
    row = state.shard_transfer(command.transfer)
    if row.status is not TransferStatus.PENDING:
        message = f"transfer {row.transfer_id} is {row.status}: expected a pending one"
        raise Refused(RefusalCode.ILLEGAL_TRANSITION, message)
    row.status, row.revision = TransferStatus.COMPLETE, state.next_revision()
    state.accounts[row.account].ledger.shard_transfers.revision = row.revision
    yield TransferCompleted(transfer=row.transfer_id)
    yield from _arrive(state, row, at)


@handler
def set_netting(state: State, command: SetNetting, at: int) -> Iterator[Event]:
    """Switch netting of a member's subaccount on or off."""
    state.dollar_subaccount(command.subaccount_ref)
    account = state.account(command.subaccount_ref.account)
    if account.kind is not AccountKind.MEMBER:
        message = f"account {account.name} is an {account.kind}: netting is set for a member's books"
        raise Refused(RefusalCode.WRONG_KIND, message)
    change = account.netted_subaccounts.add if command.enabled else account.netted_subaccounts.discard
    change(command.subaccount_ref.subaccount)
    yield NettingSet(subaccount_ref=command.subaccount_ref, enabled=command.enabled)


def _pay(state: State, kind: PaymentKind, command: Deposit | Withdraw, at: int) -> Iterator[Event]:
    payment_id = command.payment or state.new_id("payment")
    if payment_id in state.payments:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"payment {payment_id} exists already")
    serial = state.next_revision()
    payment = state.payments[payment_id] = Payment(
        payment_id=payment_id,
        kind=kind,
        subaccount_ref=command.subaccount_ref,
        method=command.method,
        status=command.status,
        amount_micros=command.amount_micros,
        fee_micros=command.fee_micros,
        shard=command.shard,
        created_at=at,
        finalized_at=None if command.status is PaymentStatus.PENDING else at,
        serial=serial,
        revision=serial,
    )
    _payments_of(state, payment).add(payment, serial)
    yield PaymentMade(
        payment=payment.payment_id,
        kind=kind,
        subaccount_ref=payment.subaccount_ref,
        method=payment.method,
        status=payment.status,
        amount_micros=payment.amount_micros,
        fee_micros=payment.fee_micros,
    )
    yield from _move(state.subaccounts[payment.subaccount_ref], payment.shard, payment.moved_micros, at)


def _payments_of(state: State, payment: Payment) -> History[Payment]:
    ledger = state.accounts[payment.subaccount_ref.account].ledger
    return ledger.deposits if payment.kind is PaymentKind.DEPOSIT else ledger.withdrawals


def _new_transfer_id(state: State, given: str | None) -> str:
    transfer_id = given or state.new_id("transfer")
    if transfer_id in state.transfers or transfer_id in state.shard_transfers:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"transfer {transfer_id} exists already")
    return transfer_id


def _arrive(state: State, row: ShardTransfer, at: int) -> Iterator[Event]:
    if row.target is Instance.EVENT_CONTRACT:
        target = state.subaccounts[SubaccountRef(row.account, row.target_subaccount)]
        yield from _move(target, row.target_shard, row.amount_micros, at)


def _require_free(subaccount: Subaccount, shard: int, amount_micros: int) -> None:
    free_micros = subaccount.free_on(shard)
    if amount_micros > free_micros:
        where = f" on shard {shard}" if shard or subaccount.shards_micros else ""
        message = (
            f"{subaccount.ref} has {exact(free_micros, 6)} dollars free{where}, asked for {exact(amount_micros, 6)}"
        )
        reserved_micros = subaccount.reserved_on(shard)
        if reserved_micros:
            message = f"{message}: its orders that rest hold back {exact(reserved_micros, 6)}"
        raise Refused(RefusalCode.INSUFFICIENT_CASH, message)


def _move(subaccount: Subaccount, shard: int, amount_micros: int, at: int) -> Iterator[Event]:
    if not amount_micros:
        return
    subaccount.pay(amount_micros, at, shard)
    subaccount.contributed_micros += amount_micros
    subaccount.assert_conserved()
    yield CashMoved(subaccount_ref=subaccount.ref, amount_micros=amount_micros, cash_micros=subaccount.cash_micros)
