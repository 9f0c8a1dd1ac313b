"""Random commands that move cash other than by trading."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.vocabulary import Instance, PaymentStatus, SubaccountRef, TransferStatus

Commands = SearchStrategy[Command]

amounts = st.integers(1, 30).map(lambda dollars: dollars * 1_000_000) | st.integers(1, 20_000_000)
payments = st.sampled_from([None, "in", "out", "back"])
shards = st.sampled_from(
    [
        ((Instance.EVENT_CONTRACT, 0), (Instance.EVENT_CONTRACT, 1)),
        ((Instance.EVENT_CONTRACT, 1), (Instance.EVENT_CONTRACT, 0)),
        ((Instance.MARGINED, 0), (Instance.EVENT_CONTRACT, 0)),
        ((Instance.EVENT_CONTRACT, 0), (Instance.MARGINED, 1)),
    ]
)


def transfer_shard(ends: tuple[tuple[Instance, int], tuple[Instance, int]], **values: Any) -> Command:
    (source, source_shard), (target, target_shard) = ends
    return commands.TransferShard(
        source=source, target=target, source_shard=source_shard, target_shard=target_shard, **values
    )


def deposit(amount_micros: int, fee_micros: int, **values: Any) -> Command:
    return commands.Deposit(amount_micros=amount_micros, fee_micros=min(fee_micros, amount_micros), **values)


def transfer(account: str, subaccounts: tuple[str, str], amount_micros: int) -> Command:
    source, target = (SubaccountRef(account, subaccount) for subaccount in subaccounts)
    return commands.Transfer(source=source, target=target, amount_micros=amount_micros)


def cash(subaccount_refs: SearchStrategy[SubaccountRef]) -> Commands:
    """Payments, and transfers between books, shards and instances."""
    between = st.sampled_from([("0", "3"), ("3", "0"), ("0", "st1"), ("st1", "0")])
    paid = {
        "subaccount_ref": subaccount_refs,
        "amount_micros": amounts,
        "fee_micros": st.sampled_from([0, 0, 250_000]),
        "status": st.sampled_from([PaymentStatus.APPLIED, PaymentStatus.APPLIED, PaymentStatus.PENDING]),
        "payment": payments,
    }
    return (
        st.builds(deposit, **paid)
        | st.builds(commands.Withdraw, **paid)
        | st.builds(transfer, st.sampled_from(["alice", "desk"]), between, amounts)
        | st.builds(
            commands.FinalizePayment,
            payment=payments.filter(bool),
            status=st.sampled_from([PaymentStatus.APPLIED, PaymentStatus.FAILED, PaymentStatus.RETURNED]),
        )
        | shard_transfers()
    )


def shard_transfers() -> Commands:
    return st.builds(
        transfer_shard,
        shards,
        account=st.sampled_from(["alice", "desk"]),
        amount_micros=amounts,
        status=st.sampled_from(TransferStatus),
        transfer=st.sampled_from([None, "there", "here"]),
    ) | st.builds(commands.CompleteTransfer, transfer=st.sampled_from(["there", "here"]))
