"""Makes the steps of recorded cash (deposits, withdrawals, transfers, netting), and the cash that balances need."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from operator import eq
from typing import Any, NamedTuple

from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.importing.kalshi.amounts import MICROS, Row, dollars, trimmed
from mockexchange.importing.kalshi.facts import Facts
from mockexchange.importing.kalshi.step import ACCOUNT, Step, holder
from mockexchange.importing.recorded_answers import Problem, RecordedAnswer

# Recorded deposits, withdrawals, transfers, and settings about netting of subaccounts


CENT_MICROS = MICROS // 100
PENDING, APPLIED = "pending", "applied"
MOVES, FINAL = 0, 1
"""The order of steps at the same instant: cash moves before anything is bought with it."""


def cash_steps(facts: Facts, start: int) -> Iterator[Step]:
    """Yield the steps of payments, oldest first, then those of transfers and of settings about netting."""
    for step, row in reversed(facts.payments.values()):
        # A payment, and its end if that came later. A payment that was returned had been applied.
        status, made, final = str(row["status"]), _seconds(row["created_ts"]), row.get("finalized_ts")
        is_at_once = final is None or _seconds(final) == made
        begun = (
            status if is_at_once and status in (PENDING, APPLIED) else (APPLIED if status == "returned" else PENDING)
        )
        body: dict[str, Any] = {"account": ACCOUNT, "amount": dollars(int(row["amount_cents"]) * CENT_MICROS)}
        if row.get("fee_cents"):
            body["fee"] = dollars(int(row["fee_cents"]) * CENT_MICROS)
        body |= {"method": row["type"], "payment": row["id"]}
        yield Step(made, MOVES, {step: body | ({"status": PENDING} if begun == PENDING else {})})
        if begun != status:
            at = made if final is None else _seconds(final)
            yield Step(at, FINAL, {"finalize_payment": {"payment": row["id"], "status": status}})
    for row in reversed(facts.transfers.values()):
        yield _shard_step(row) if "source_exchange_shard" in row else _subaccount_step(row)
    for (number, _), is_enabled in facts.netting.items():
        if is_enabled:
            yield Step(start, MOVES, {"netting": {"account": holder(number), "enabled": True}})
    if facts.allocation:
        percents = {str(int(one["exchange_index"])): int(one["percent"]) for one in facts.allocation["allocations"]}
        yield Step(
            start,
            MOVES,
            {
                "allocate": {
                    "account": ACCOUNT,
                    "allocations": percents,
                    "reservation": facts.allocation["resting_margin_reservation"],
                }
            },
        )


def subaccounts_of_cash(facts: Facts) -> set[int]:
    """Return the numbers of the subaccounts that transfers and settings about netting name."""
    ends = {int(row.get(f"{end}_subaccount") or 0) for row in facts.transfers.values() for end in ("from", "to")}
    return ends | {number for number, _ in facts.netting}


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


def _seconds(value: Any) -> int:
    return int(value) * MICROS


# The cash with which the recorded balances come out: as deposits, or without a row
# Rows of deposits do not name their subaccount, so that a deposit is given to the subaccount that lacks it. What
# remains is the account's own `cash`, which is a deposit. Beside a recorded list of deposits, or below zero, it is
# `open_cash`: what was not recorded moved it. With all fills and orders in the recording the difference stays
# unexplained.


Cash = dict[tuple[int, int], Decimal]
"""Dollars by subaccount and exchange index."""
History = list[dict[str, Any]]


class Extent(NamedTuple):
    """How much of an account's cash a recording shows."""

    before: int
    """The instant of the first balance."""
    has_deposits: bool
    """Whether a list of deposits was recorded."""
    fills: frozenset[int | None]
    """The subaccounts whose fills were recorded to the end; None for all."""
    orders: frozenset[int]
    """The subaccounts whose orders were recorded to the end."""

    def is_whole(self, number: int, history: History) -> bool:
        """Return whether nothing of a subaccount is missing: no end of its lists, and no opening balance."""
        is_opened = any(step.get("open", {}).get("account") == holder(number) for step in history)
        return bool({None, number} & self.fills and {0, number} & self.orders) and not is_opened


def extent_of(facts: Facts) -> Extent:
    """Return how much of an account's cash its recorded rows show."""
    before = min((balance.at for balance in facts.balances), default=0)
    return Extent(before, facts.has_deposits, frozenset(facts.whole_lists), frozenset(facts.listed_orders))


def with_cash(scenario: dict[str, Any], cash: Cash, extent: Extent) -> dict[str, Any]:
    """Return the scenario with this cash at its beginning.

    Cash at other shards (exchange indexes) is transferred there from the first, before the first recorded balance.
    """
    history = list(scenario["history"])
    for (number, index), amount in sorted(cash.items()):
        if amount > 0 and index:
            # A history with a transfer to an exchange index, after the last step before an instant.
            place = sum(parse_instant(step["at"]) <= extent.before for step in history)
            at = history[place - 1]["at"] if place else format_instant(extent.before)
            ends = {"source_book": str(number), "target_book": str(number)} if number else {}
            body = {"account": ACCOUNT, **ends, "target_shard": index, "amount": f"{amount:f}"}
            history = [*history[:place], {"at": at, "shard_transfer": body}, *history[place:]]
    own = {number: amount for (number, index), amount in cash.items() if not index}
    members = [number for number, amount in sorted(own.items()) if number and amount]
    history, left = _with_given_deposits(history, own)
    unpaid = {number for number in left if not extent.is_whole(number, history)}
    opened = {number for number in unpaid if left[number] and (extent.has_deposits or left[number] < 0)}
    paid = {number: f"{left[number]:f}" for number in sorted(left.keys() - opened) if left[number] > 0}
    steps = [_opened(scenario["start"], number, left[number]) for number in sorted(opened)]
    return {**scenario, "accounts": {ACCOUNT: _paid_in(scenario, members, paid)}, "history": [*steps, *history]}


def cash_assumed(scenario: dict[str, Any], balances: Sequence[RecordedAnswer]) -> list[Problem]:
    """Return the assumptions of a scenario about cash that no row has, with the line of the first balance."""
    line = min((balance.line for balance in balances), default=0)
    opened = [step["open_cash"] for step in scenario["history"] if "open_cash" in step]
    why = "dollars of cash at the start that no row has, since not all of its fills and orders were recorded"
    return [Problem(line, f"{one['account']}: {one['amount']} {why}") for one in opened]


def _paid_in(scenario: dict[str, Any], members: Sequence[int], paid: dict[int, str]) -> dict[str, Any]:
    """Return the account with subaccounts that have cash, and with opening deposits for them."""
    account = {**scenario["accounts"][ACCOUNT]}
    others: dict[str, Any] = {str(number): {"cash": paid[number]} if number in paid else {} for number in members}
    if subaccounts := {**account.get("subaccounts", {}), **others}:
        account["subaccounts"] = subaccounts
    return {"cash": paid[0], **account} if 0 in paid else account


def _with_given_deposits(history: History, cash: dict[int, Decimal]) -> tuple[History, dict[int, Decimal]]:
    """Return the history in which deposits are the subaccounts' that lack them, and the cash that is still missing.

    A deposit of just what is missing is given first, then one that leaves less missing in sum than before.
    """
    history, left = list(history), dict(cash)
    for number in [number for number in cash if number and cash[number] > 0]:
        place = _place_of(history, partial(eq, left[number]))
        if place is not None:
            history[place] = _given(history[place], number)
            left[number] = Decimal(0)
    for number in [number for number in cash if number and left[number] > 0]:
        while (place := _place_of(history, partial(_is_nearer, left, number))) is not None:
            amount = Decimal(history[place]["deposit"]["amount"])
            history[place] = _given(history[place], number)
            left |= {number: left[number] - amount, 0: left[0] + amount}
    return history, left


def _place_of(history: History, fits: Callable[[Decimal], bool]) -> int | None:
    """Return the place of the first deposit of the account itself whose amount fits."""
    for place, step in enumerate(history):
        found = step.get("deposit", {})
        if found.get("account") == ACCOUNT and "status" not in found and fits(Decimal(found["amount"])):
            return place
    return None


def _is_nearer(left: dict[int, Decimal], number: int, amount: Decimal) -> bool:
    """Return whether less is missing in sum if a deposit is a subaccount's; not without a balance of the account."""
    if 0 not in left:
        return False
    return abs(left[number] - amount) + abs(left[0] + amount) < abs(left[number]) + abs(left[0])


def _given(step: dict[str, Any], number: int) -> dict[str, Any]:
    return {**step, "deposit": {**step["deposit"], "account": holder(number)}}


def _opened(start: str, number: int, amount: Decimal) -> dict[str, Any]:
    return {"at": start, "open_cash": {"account": holder(number), "amount": f"{amount:f}"}}
