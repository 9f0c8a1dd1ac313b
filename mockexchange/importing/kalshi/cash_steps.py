"""Makes the steps of recorded deposits, withdrawals, transfers, and settings about netting of subaccounts."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from mockexchange.importing.kalshi.amounts import MICROS, Row, dollars, trimmed
from mockexchange.importing.kalshi.facts import Facts
from mockexchange.importing.kalshi.step import ACCOUNT, Step, holder

CENT_MICROS = MICROS // 100
PENDING, APPLIED = "pending", "applied"
MOVES, FINAL = 0, 1
"""The order of steps at the same instant: cash moves before anything is bought with it."""


def cash_steps(facts: Facts, start: int) -> Iterator[Step]:
    """Yield the steps of payments, oldest first, then those of transfers and of settings about netting."""
    for step, row in reversed(facts.payments.values()):
        yield from _payment_steps(step, row)
    for row in reversed(facts.transfers.values()):
        yield _shard_step(row) if "source_exchange_shard" in row else _subaccount_step(row)
    for (number, _), is_enabled in facts.netting.items():
        if is_enabled:
            yield Step(start, MOVES, {"netting": {"account": holder(number), "enabled": True}})
    if facts.allocation:
        yield Step(start, MOVES, {"allocate": _allocation(facts.allocation)})


def subaccounts_of_cash(facts: Facts) -> set[int]:
    """Return the numbers of the subaccounts that transfers and settings about netting name."""
    ends = {int(row.get(f"{end}_subaccount") or 0) for row in facts.transfers.values() for end in ("from", "to")}
    return ends | {number for number, _ in facts.netting}


def _payment_steps(step: str, row: Row) -> Iterator[Step]:
    """Yield a payment, and its end if that came later. A payment that was returned had been applied."""
    status, made, final = str(row["status"]), _seconds(row["created_ts"]), row.get("finalized_ts")
    is_at_once = final is None or _seconds(final) == made
    begun = status if is_at_once and status in (PENDING, APPLIED) else _status_before(status)
    body: dict[str, Any] = {"account": ACCOUNT, "amount": dollars(int(row["amount_cents"]) * CENT_MICROS)}
    if row.get("fee_cents"):
        body["fee"] = dollars(int(row["fee_cents"]) * CENT_MICROS)
    body |= {"method": row["type"], "payment": row["id"]}
    yield Step(made, MOVES, {step: body | ({"status": PENDING} if begun == PENDING else {})})
    if begun != status:
        at = made if final is None else _seconds(final)
        yield Step(at, FINAL, {"finalize_payment": {"payment": row["id"], "status": status}})


def _status_before(status: str) -> str:
    return APPLIED if status == "returned" else PENDING


def _subaccount_step(row: Row) -> Step:
    ends = {name: holder(int(row[f"{end}_subaccount"])) for name, end in (("source", "from"), ("target", "to"))}
    amount = dollars(int(row["amount_cents"]) * CENT_MICROS)
    shard = int(row.get("exchange_index") or 0)
    body = {**ends, "amount": amount, "id": row["transfer_id"]} | ({"shard": shard} if shard else {})
    return Step(_seconds(row["created_ts"]), FINAL, {"transfer": body})


def _shard_step(row: Row) -> Step:
    body = {
        "account": ACCOUNT,
        "source": row["source"],
        "target": row["destination"],
        "source_shard": int(row["source_exchange_shard"]),
        "target_shard": int(row["destination_exchange_shard"]),
        "amount": trimmed(Decimal(row["amount"])),
        "status": row["status"],
        "id": row["transfer_id"],
    }
    return Step(_seconds(row["created_ts"]), FINAL, {"shard_transfer": body})


def _allocation(row: Row) -> dict[str, Any]:
    percents = {str(int(one["exchange_index"])): int(one["percent"]) for one in row["allocations"]}
    return {"account": ACCOUNT, "allocations": percents, "reservation": row["resting_margin_reservation"]}


def _seconds(value: Any) -> int:
    return int(value) * MICROS
