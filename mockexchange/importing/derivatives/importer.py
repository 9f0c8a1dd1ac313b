"""Makes a scenario from the answers of a derivatives venue, and computes the cash with which it has to begin."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mockexchange.importing.derivatives.facts import (
    ZERO,
    Facts,
    Row,
    amount_of,
    call_of,
    facts_of,
    plain,
    rows_in,
    subaccount_of,
)
from mockexchange.importing.derivatives.scenario import ACCOUNT, holder, scenario_of
from mockexchange.importing.recorded_answers import Problem, RecordedAnswer, StreamLine

SUMS = ("equity", "margin_balance", "available_funds")
LAST_DIGIT = Decimal("0.000000001")
Cash = dict[tuple[int, str], Decimal]
"""Amounts by subaccount and currency."""


@dataclass(frozen=True, slots=True)
class DerivativesImporter:
    """Imports recordings of one derivatives venue."""

    venue: str
    rounds_max: int = 8
    """The most rounds in which the opening cash is corrected, until its last digit is right."""

    def facts_of(self, bodies: Iterable[tuple[RecordedAnswer, Any]]) -> Facts:
        return facts_of(bodies)

    def add_frames(self, facts: Facts, lines: Iterable[StreamLine]) -> list[Problem]:
        """Add nothing: streams of derivatives are counted and not read."""
        return []

    def scenario_of(self, facts: Facts, name: str, first_at: int) -> dict[str, Any]:
        return scenario_of(self.venue, facts, name, first_at)

    def balances_of(self, facts: Facts) -> list[RecordedAnswer]:
        """Return the first recorded answer with an account summary, for each subaccount and currency."""
        found: dict[str, RecordedAnswer] = {}
        for answer in facts.balances:
            method, params = call_of(answer)
            found.setdefault(f"{method} {subaccount_of(params)} {params.get('currency')}", answer)
        return list(found.values())

    def extent_of(self, facts: Facts) -> None:
        """Return None: cash that no row gives is a step `credit` in any recording."""

    def cash_missing(self, answer: RecordedAnswer, recorded: str, answered: str) -> Cash:
        """Return the amount by which the recorded balance is above the mock's, by subaccount and currency."""
        subaccount = subaccount_of(call_of(answer)[1])
        before, after = (_summaries(subaccount, json.loads(text)["result"]) for text in (recorded, answered))
        return {key: _missing(row, after[key]) for key, row in before.items() if key in after}

    def with_cash(self, scenario: dict[str, Any], cash: Cash, extent: None) -> dict[str, Any]:
        """Return the scenario with this cash at its beginning.

        A negative amount becomes a step `credit` at the start.
        """
        account, history = {**scenario["accounts"][ACCOUNT]}, list(scenario["history"])
        given: dict[int, dict[str, str]] = {}
        for (subaccount, currency), amount in sorted(cash.items()):
            if amount > 0:
                given.setdefault(subaccount, {})[currency] = plain(amount)
            elif amount:
                body = {"account": holder(subaccount), "currency": currency, "amount": plain(amount)}
                history.insert(0, {"at": scenario["start"], "credit": body})
        others = {str(number): {"cash": amounts} for number, amounts in given.items() if number}
        if subaccounts := {**account.get("subaccounts", {}), **others}:
            account["subaccounts"] = subaccounts
        account |= {"cash": given[0]} if 0 in given else {}
        return {**scenario, "accounts": {ACCOUNT: account}, "history": history}

    def cash_assumed(self, scenario: dict[str, Any], balances: Sequence[RecordedAnswer]) -> list[Problem]:
        """Return no assumption: an account has no list of payments that its opening cash could contradict."""
        return []

    def is_order_book(self, answer: RecordedAnswer) -> bool:
        """Return False: no step can set the order book of a derivative, which has the prices of others."""
        return False


def _summaries(subaccount: int, result: Any) -> dict[tuple[int, str], Row]:
    (row,) = rows_in(result)
    return {(subaccount, one["currency"]): one for one in row.get("summaries", [row])}


def _missing(recorded: Row, answered: Row) -> Decimal:
    """Return what a balance lacks; of an equal one, what a sum of it lacks in digits that rows do not show."""
    lacks = {name: amount_of(recorded[name]) - amount_of(answered[name]) for name in ("balance", *SUMS)}
    if lacks["balance"]:
        return lacks["balance"]
    return next((lacks[name] / 5 for name in SUMS if 0 < abs(lacks[name]) <= LAST_DIGIT), ZERO)
