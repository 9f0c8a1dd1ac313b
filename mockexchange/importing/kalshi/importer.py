"""Kalshi's part of an import, as a function from answers to a scenario, and the cash of a balance."""

import json
from decimal import Decimal
from typing import Any

from mockexchange.importing.kalshi.facts import Facts, facts_of
from mockexchange.importing.kalshi.scenario import scenario_of
from mockexchange.importing.kalshi.steps import ACCOUNT
from mockexchange.importing.recorded_answers import RecordedAnswer

__all__ = ["balances_of", "cash_missing", "facts_of", "scenario_of", "with_cash"]


def balances_of(facts: Facts) -> list[RecordedAnswer]:
    """Return the answers that an opening deposit has to fit."""
    return [one for one in facts.balances if "subaccount=" not in one.query or one.query == "subaccount=0"]


def cash_missing(recorded: str, answered: str) -> dict[int, Decimal]:
    """Return by exchange index how many dollars the mock's balance lacks."""
    before, after = _cash(json.loads(recorded)), _cash(json.loads(answered))
    return {index: amount - after.get(index, Decimal(0)) for index, amount in before.items()}


def with_cash(scenario: dict[str, Any], cash: dict[int, Decimal]) -> dict[str, Any]:
    """Return a scenario with an opening deposit on each exchange index; less than nothing cannot be deposited."""
    account = {**scenario["accounts"][ACCOUNT]}
    if cash.get(0, Decimal(0)) > 0:
        account = {"cash": f"{cash[0]:f}", **account}
    others = [(index, amount) for index, amount in sorted(cash.items()) if index and amount > 0]
    deposits = [
        {"at": scenario["start"], "deposit": {"account": ACCOUNT, "amount": f"{amount:f}", "shard": index}}
        for index, amount in others
    ]
    return {**scenario, "accounts": {ACCOUNT: account}, "history": [*deposits, *scenario["history"]]}


def _cash(body: dict[str, Any]) -> dict[int, Decimal]:
    breakdown = body.get("balance_breakdown")
    if breakdown:
        return {int(one["exchange_index"]): Decimal(str(one["balance"])) for one in breakdown}
    found = body.get("balance_dollars")
    return {0: Decimal(found) if found is not None else Decimal(body["balance"]) / 100}
