"""Gives an imported account the cash with which its recorded balances come out: as deposits, or without a row.

Rows of deposits do not name their subaccount, so that a deposit is given to the subaccount that lacks it. What remains
is the account's own `cash`, which is a deposit. Beside a recorded list of deposits, or below zero, it is `open_cash`:
what was not recorded moved it. With all fills and orders in the recording the difference stays unexplained.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from operator import eq
from typing import Any, NamedTuple

from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.importing.kalshi.facts import Facts
from mockexchange.importing.kalshi.step import ACCOUNT, holder
from mockexchange.importing.recorded_answers import Problem, RecordedAnswer

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
            history = _with_shard_transfer(history, number, index, amount, extent.before)
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


def _with_shard_transfer(
    history: list[dict[str, Any]], number: int, index: int, amount: Decimal, before: int
) -> list[dict[str, Any]]:
    """Return a history with a transfer to an exchange index, after the last step before an instant."""
    place = sum(parse_instant(step["at"]) <= before for step in history)
    at = history[place - 1]["at"] if place else format_instant(before)
    ends = {"source_book": str(number), "target_book": str(number)} if number else {}
    body = {"account": ACCOUNT, **ends, "target_shard": index, "amount": f"{amount:f}"}
    return [*history[:place], {"at": at, "shard_transfer": body}, *history[place:]]
