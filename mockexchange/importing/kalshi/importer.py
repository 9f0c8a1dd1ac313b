"""Makes a scenario from Kalshi's answers, and computes the cash with which it has to begin."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from mockexchange.importing.kalshi.cash import Cash, cash_assumed, extent_of, with_cash
from mockexchange.importing.kalshi.facts import Facts, rows_of, subaccount_of
from mockexchange.importing.kalshi.fcm_owners import give_owners
from mockexchange.importing.kalshi.fills import add_assumed_fills
from mockexchange.importing.kalshi.frame_rows import add_frames
from mockexchange.importing.kalshi.order_books import is_order_book, with_order_books
from mockexchange.importing.kalshi.scenario import scenario_of_rows
from mockexchange.importing.recorded_answers import RecordedAnswer

rounds_max = 4
"""The most rounds in which the opening cash is corrected: what cannot be paid in one round changes the next."""
__all__ = [
    "add_frames",
    "balances_of",
    "cash_assumed",
    "cash_missing",
    "extent_of",
    "facts_of",
    "is_order_book",
    "rounds_max",
    "scenario_of",
    "with_cash",
    "with_order_books",
]


def facts_of(bodies: Iterable[tuple[RecordedAnswer, Any]]) -> Facts:
    """Return the rows of all answers in a recording; those of an FCM have the numbers of their subtraders."""
    facts = rows_of(bodies)
    if facts.fcm.numbers:
        give_owners(facts)
    return facts


def scenario_of(facts: Facts, name: str, first_at: int) -> dict[str, Any]:
    """Return the scenario for the recorded rows and the fills that only orders show.

    `first_at` is the time of the first answer.
    """
    add_assumed_fills(facts)
    return scenario_of_rows(facts, name, first_at)


def balances_of(facts: Facts) -> list[RecordedAnswer]:
    """Return the first recorded answer with a balance, for each subaccount and for all subaccounts together."""
    found: dict[str, RecordedAnswer] = {}
    for answer in facts.balances:
        found.setdefault(f"{answer.path}?{subaccount_of(answer.query)}", answer)
    return list(found.values())


def cash_missing(answer: RecordedAnswer, recorded: str, answered: str) -> Cash:
    """Return the dollars by which the recorded balance is above the mock's, by subaccount and shard."""
    number = subaccount_of(answer.query)
    before, after = _cash(number, json.loads(recorded)), _cash(number, json.loads(answered))
    return {key: amount - after.get(key, Decimal(0)) for key, amount in before.items()}


def _cash(number: int, body: dict[str, Any]) -> Cash:
    rows = body.get("subaccount_balances")
    if rows is not None:
        return {(int(row["subaccount_number"]), int(row.get("exchange_index") or 0)): _dollars(row) for row in rows}
    breakdown = body.get("balance_breakdown")
    if breakdown:
        return {(number, int(one["exchange_index"])): _dollars(one) for one in breakdown}
    found = body.get("balance_dollars")
    return {(number, 0): Decimal(found) if found is not None else Decimal(body["balance"]) / 100}


def _dollars(row: dict[str, Any]) -> Decimal:
    return Decimal(str(row["balance"]))
