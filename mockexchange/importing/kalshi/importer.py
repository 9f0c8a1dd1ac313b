"""Makes a scenario from Kalshi's answers, and computes the cash with which it has to begin."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.importing.kalshi.facts import Facts, rows_of, subaccount_of
from mockexchange.importing.kalshi.fcm_owners import give_owners
from mockexchange.importing.kalshi.order_books import is_order_book, with_order_books
from mockexchange.importing.kalshi.scenario import scenario_of
from mockexchange.importing.kalshi.step import ACCOUNT, holder
from mockexchange.importing.recorded_answers import RecordedAnswer

Cash = dict[tuple[int, int], Decimal]
"""Dollars by subaccount and exchange index."""
rounds_max = 4
"""The most rounds in which the opening cash is corrected: what cannot be paid in one round changes the next."""
__all__ = [
    "balances_of",
    "cash_missing",
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


def with_cash(scenario: dict[str, Any], cash: Cash, before: int) -> dict[str, Any]:
    """Return the scenario with deposits of this cash at its beginning; negative amounts are left out.

    `before` is the time of the first balance. Rows of deposits do not name their subaccount: a recorded deposit of
    exactly the missing amount is given to that subaccount. Cash at other shards (exchange indexes) is transferred there
    from the first.
    """
    history, account = list(scenario["history"]), {**scenario["accounts"][ACCOUNT]}
    given: dict[int, str] = {}
    for (number, index), amount in sorted(cash.items()):
        if amount > 0 and index:
            history = _with_shard_transfer(history, number, index, amount, before)
        elif amount > 0 and not (number and _is_placed(history, number, amount)):
            given[number] = f"{amount:f}"
    others = {str(number): {"cash": amount} for number, amount in given.items() if number}
    if subaccounts := {**account.get("subaccounts", {}), **others}:
        account["subaccounts"] = subaccounts
    account = {"cash": given[0], **account} if 0 in given else account
    return {**scenario, "accounts": {ACCOUNT: account}, "history": history}


def _is_placed(history: list[dict[str, Any]], number: int, amount: Decimal) -> bool:
    """Give a deposit of an amount to a subaccount; return whether there is one."""
    for place, step in enumerate(history):
        found = step.get("deposit", {})
        if found.get("account") == ACCOUNT and "status" not in found and Decimal(found["amount"]) == amount:
            history[place] = {**step, "deposit": {**found, "account": holder(number)}}
            return True
    return False


def _with_shard_transfer(
    history: list[dict[str, Any]], number: int, index: int, amount: Decimal, before: int
) -> list[dict[str, Any]]:
    """Return a history with a transfer to an exchange index, after the last step before an instant."""
    place = sum(parse_instant(step["at"]) <= before for step in history)
    at = history[place - 1]["at"] if place else format_instant(before)
    ends = {"source_book": str(number), "target_book": str(number)} if number else {}
    body = {"account": ACCOUNT, **ends, "target_shard": index, "amount": f"{amount:f}"}
    return [*history[:place], {"at": at, "shard_transfer": body}, *history[place:]]


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
