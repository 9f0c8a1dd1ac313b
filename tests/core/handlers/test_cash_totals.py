"""No payment and no transfer creates or loses cash: for any sequence of them the rows explain every balance."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import (
    Command,
    CompleteTransfer,
    Deposit,
    FinalizePayment,
    OpenSubaccount,
    Transfer,
    TransferShard,
    Withdraw,
)
from mockexchange.core.events import (
    CashMoved,
)
from mockexchange.core.exchange import Outcome
from mockexchange.core.model.ledgers import Payment, ShardTransfer
from mockexchange.core.refusals import Refusal, RefusalCode
from mockexchange.core.vocabulary import (
    Instance,
    PaymentKind,
    PaymentMethod,
    PaymentStatus,
    SubaccountRef,
    TransferStatus,
)
from tests.core.world import World
from tests.helpers.effort import examples

HERE = Instance.EVENT_CONTRACT
EXPECTED = {
    RefusalCode.INSUFFICIENT_CASH,
    RefusalCode.ILLEGAL_TRANSITION,
    RefusalCode.UNKNOWN_PAYMENT,
    RefusalCode.UNKNOWN_TRANSFER,
}
BOOKS = ("alice", "alice/1", "bob", "desk", "desk/st1")
AMOUNTS = st.integers(1, 10_000)
OPENING = st.sampled_from([PaymentStatus.APPLIED, PaymentStatus.PENDING])
SHARD = st.integers(0, 2)
SUBACCOUNT_REFS = st.sampled_from([SubaccountRef.parse(name) for name in BOOKS])
ACCOUNTS = st.sampled_from(["alice", "bob", "desk"])
PAID = {
    "subaccount_ref": SUBACCOUNT_REFS,
    "amount_micros": AMOUNTS,
    "status": OPENING,
    "method": st.sampled_from(PaymentMethod),
}
ANY: list[st.SearchStrategy[dict[str, Any]]] = [
    st.fixed_dictionaries({"do": st.just("deposit"), **PAID, "fee_micros": st.just(1)}),
    st.fixed_dictionaries({"do": st.just("withdraw"), **PAID, "fee_micros": st.integers(0, 9)}),
    st.fixed_dictionaries(
        {"do": st.just("finalize"), "number": st.integers(0, 9), "status": st.sampled_from(PaymentStatus)}
    ),
    st.fixed_dictionaries(
        {"do": st.just("transfer"), "source": SUBACCOUNT_REFS, "target": SUBACCOUNT_REFS, "amount_micros": AMOUNTS}
    ),
    st.fixed_dictionaries(
        {
            "do": st.just("shard"),
            "account": ACCOUNTS,
            "amount_micros": AMOUNTS,
            "source": st.sampled_from(Instance),
            "target": st.sampled_from(Instance),
            "source_shard": SHARD,
            "target_shard": SHARD,
            "status": st.sampled_from(TransferStatus),
        }
    ),
    st.fixed_dictionaries({"do": st.just("complete"), "number": st.integers(0, 9)}),
]


def made(wanted: dict[str, Any], world: World) -> Command | None:
    """The command, or None where the values make none."""
    values = dict(wanted)
    kind, state = values.pop("do"), world.exchange.state
    kinds: dict[str, Any] = {"deposit": Deposit, "withdraw": Withdraw, "transfer": Transfer, "shard": TransferShard}
    if kind == "finalize":
        kinds[kind] = FinalizePayment
        values["payment"] = nth(list(state.payments), values.pop("number"))
    if kind == "complete":
        kinds[kind] = CompleteTransfer
        values["transfer"] = nth(list(state.shard_transfers), values.pop("number"))
    try:
        command: Command = kinds[kind](**values)
    except ValueError:
        return None
    return command


def nth(names: list[str], number: int) -> str:
    return names[number % len(names)] if names else "none"


def expected_cash(world: World, subaccount_ref: SubaccountRef) -> int:
    """From the rows alone, without what the exchange keeps count of."""
    ledger = world.exchange.state.accounts[subaccount_ref.account].ledger
    payments = sum(
        moved_by(row) for row in (*ledger.deposits, *ledger.withdrawals) if row.subaccount_ref == subaccount_ref
    )
    came = sum(row.amount_micros for row in ledger.transfers if row.target == subaccount_ref)
    went = sum(row.amount_micros for row in ledger.transfers if row.source == subaccount_ref)
    return (
        payments
        + came
        - went
        + (sum(moved_between(row) for row in ledger.shard_transfers) if is_first(subaccount_ref) else 0)
    )


def moved_by(row: Payment) -> int:
    counts = {PaymentStatus.APPLIED, *({PaymentStatus.PENDING} if row.kind is PaymentKind.WITHDRAWAL else ())}
    if row.status not in counts:
        return 0
    return (
        row.amount_micros - row.fee_micros if row.kind is PaymentKind.DEPOSIT else -row.amount_micros - row.fee_micros
    )


def moved_between(row: ShardTransfer) -> int:
    left = row.amount_micros if row.source is HERE else 0
    arrived = row.amount_micros if row.target is HERE and row.status is TransferStatus.COMPLETE else 0
    return arrived - left


def is_first(subaccount_ref: SubaccountRef) -> bool:
    return subaccount_ref.subaccount == "0"


def shard_sums(world: World, account: str) -> Iterator[tuple[int, int]]:
    for shard in (1, 2):
        rows = list(world.exchange.state.accounts[account].ledger.shard_transfers)
        came = [row for row in rows if (row.target, row.target_shard) == (HERE, shard)]
        went = [row for row in rows if (row.source, row.source_shard) == (HERE, shard)]
        complete = [row for row in came if row.status is TransferStatus.COMPLETE]
        yield shard, sum(row.amount_micros for row in complete) - sum(row.amount_micros for row in went)


def total(world: World) -> int:
    return sum(subaccount.cash_micros for subaccount in world.exchange.state.subaccounts.values())


def moves_of(outcome: Outcome) -> list[CashMoved]:
    return [] if isinstance(outcome, Refusal) else [event for event in outcome if isinstance(event, CashMoved)]


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.one_of(ANY), min_size=5, max_size=30))
def test_rows_explain_the_cash_of_every_book_to_the_micro_dollar(wanted: list[dict[str, Any]]) -> None:
    world = World()
    world.do(OpenSubaccount(account="alice", subaccount="1"))
    for each in wanted:
        command = made(each, world)
        before = total(world)
        outcome = world.exchange.execute(command, world.at) if command else ()
        assert not isinstance(outcome, Refusal) or outcome.code in EXPECTED
        assert total(world) - before == sum(event.amount_micros for event in moves_of(outcome))
    for name in BOOKS:
        subaccount_ref = SubaccountRef.parse(name)
        subaccount = world.subaccount(name)
        assert subaccount.cash_micros == subaccount.contributed_micros == expected_cash(world, subaccount_ref)
    for account in ("alice", "bob", "desk"):
        kept = {shard: amount for shard, amount in shard_sums(world, account) if amount}
        assert world.subaccount(account).shards_micros == kept
        assert all(amount > 0 for amount in kept.values())
