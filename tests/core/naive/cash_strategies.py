"""Random commands that move cash other than by trading."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.vocabulary import Instance, PaymentStatus, SubaccountRef, TransferStatus

Commands = SearchStrategy[Command]

amounts = st.integers(1, 30).map(lambda dollars: dollars * 1_000_000) | st.integers(1, 20_000_000)
on_shards = st.sampled_from([0, 0, 1])
payments = st.sampled_from([None, "in", "out", "back"])
End = tuple[Instance, int, str]
ends: SearchStrategy[tuple[End, End]] = st.sampled_from(
    [
        ((Instance.EVENT_CONTRACT, 0, "0"), (Instance.EVENT_CONTRACT, 1, "0")),
        ((Instance.EVENT_CONTRACT, 0, "0"), (Instance.EVENT_CONTRACT, 1, "3")),
        ((Instance.EVENT_CONTRACT, 1, "3"), (Instance.EVENT_CONTRACT, 1, "0")),
        ((Instance.EVENT_CONTRACT, 1, "0"), (Instance.EVENT_CONTRACT, 0, "0")),
        ((Instance.MARGINED, 0, "0"), (Instance.EVENT_CONTRACT, 0, "0")),
        ((Instance.EVENT_CONTRACT, 0, "0"), (Instance.MARGINED, 1, "0")),
    ]
)


def transfer_shard(ends: tuple[End, End], **values: Any) -> Command:
    source, target = ends
    for name, (instance, shard, subaccount) in (("source", source), ("target", target)):
        values |= {name: instance, f"{name}_shard": shard, f"{name}_subaccount": subaccount}
    return commands.TransferShard(**values)


def deposit(amount_micros: int, fee_micros: int, **values: Any) -> Command:
    return commands.Deposit(amount_micros=amount_micros, fee_micros=min(fee_micros, amount_micros), **values)


def transfer(account: str, subaccounts: tuple[str, str], amount_micros: int, shard: int) -> Command:
    source, target = (SubaccountRef(account, subaccount) for subaccount in subaccounts)
    return commands.Transfer(source=source, target=target, amount_micros=amount_micros, shard=shard)


def cash(subaccount_refs: SearchStrategy[SubaccountRef]) -> Commands:
    """Payments, and transfers between books, shards and instances."""
    between = st.sampled_from([("0", "3"), ("3", "0"), ("0", "st1"), ("st1", "0")])
    paid = {
        "subaccount_ref": subaccount_refs,
        "amount_micros": amounts,
        "fee_micros": st.sampled_from([0, 0, 250_000]),
        "status": st.sampled_from([PaymentStatus.APPLIED, PaymentStatus.APPLIED, PaymentStatus.PENDING]),
        "payment": payments,
        "shard": on_shards,
    }
    return (
        st.builds(deposit, **paid)
        | st.builds(commands.Withdraw, **paid)
        | st.builds(transfer, st.sampled_from(["alice", "desk"]), between, amounts, on_shards)
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
        ends,
        account=st.sampled_from(["alice", "desk"]),
        amount_micros=amounts,
        status=st.sampled_from(TransferStatus),
        transfer=st.sampled_from([None, "there", "here"]),
    ) | st.builds(commands.CompleteTransfer, transfer=st.sampled_from(["there", "here"]))
