"""Finds the subtrader of each order, fill and order group of an FCM, since rows of its own lists do not name it."""

from collections.abc import Iterator
from typing import Any

from mockexchange.core.vocabulary import Action, Side
from mockexchange.importing.kalshi.amounts import Row, price_of
from mockexchange.importing.kalshi.facts import MAKER, TAKER, Facts, FcmTrade, sides_of
from mockexchange.importing.kalshi.fills import OTHER, prices
from mockexchange.importing.kalshi.step import Step, holder
from mockexchange.importing.recorded_answers import Problem

OWNER = "subaccount_number"
OPPOSITE = {Action.BUY: Action.SELL, Action.SELL: Action.BUY}
UNRESTRICTED: dict[str, Any] = {"blocked": False, "categories": [], "limit": None}


def give_owners(facts: Facts) -> None:
    """Give the rows of an FCM the numbers of their subtraders, and add the fills that only its list of trades has.

    An order whose subtrader no answer names is taken for one of the account itself, which is reported as assumed.
    """
    for order_id, order in facts.orders.items():
        facts.orders[order_id] = _owned(facts, order)
        rows = [_owned(facts, row) for row in facts.versions[order_id]]
        facts.versions[order_id] = [row for place, row in enumerate(rows) if not place or row != rows[place - 1]]
    for order_id in dict.fromkeys([*facts.orders, *(order_id for _, order_id in facts.fills)]):
        if order_id not in facts.fcm.owners:
            why = f"order {order_id}: an order of the account itself, since no answer names its subtrader"
            facts.assumed.append(Problem(facts.lines[order_id], why))
    for key, fill in facts.fills.items():
        facts.fills[key] = _owned(facts, fill)
    for trade in facts.fcm.trades.values():
        for role in sides_of(trade.row):
            _add_fill(facts, trade, role)
    groups = {row["order_group_id"]: row[OWNER] for row in facts.orders.values() if row.get("order_group_id")}
    for group_id, group in facts.groups.items():
        facts.groups[group_id] = {**group, OWNER: groups.get(group_id, 0)}
    if 0 in facts.listed_orders:
        facts.listed_orders |= set(facts.fcm.numbers.values())


def rule_steps(facts: Facts) -> Iterator[Step]:
    """Yield a step for each answer from which on a subtrader has other restrictions than before."""
    known: dict[int, dict[str, Any]] = {}
    for at, number, name, value in sorted(facts.fcm.rules, key=lambda rule: rule.at):
        rules = known.setdefault(number, {**UNRESTRICTED})
        if rules[name] == value:
            continue
        rules[name] = value
        if name == "limit":
            yield Step(at, 0, {"cap": {"account": holder(number), "limit": value}})
        else:
            restricted = {key: rules[key] for key in ("categories", "blocked")}
            yield Step(at, 0, {"restrict": {"account": holder(number), **restricted}})


def _owned(facts: Facts, row: Row) -> Row:
    return {**row, OWNER: facts.fcm.owners.get(row["order_id"], 0)}


def _add_fill(facts: Facts, trade: FcmTrade, role: str) -> None:
    """Add one side of a trade as a fill of its subtrader, unless the account's own list of fills has it."""
    row, order_id = trade.row, trade.row[f"{role}_order_id"]
    if (row["fill_id"], order_id) in facts.fills:
        return
    terms = {**_terms(facts, trade, role), "order_id": order_id, OWNER: facts.fcm.owners[order_id]}
    kept = {name: row[name] for name in ("fill_id", "created_time", "ticker", "count_fp")}
    roles = {"is_taker": role == TAKER, "fee_cost": row.get(f"{role}_fee_cost")}
    facts.fills[row["fill_id"], order_id] = {**kept, **roles, **terms, **prices(price_of(row, "yes"), Side.YES)}


def _terms(facts: Facts, trade: FcmTrade, role: str) -> dict[str, str]:
    """Return the side and the action of a fill's order, which are assumed if the order was not recorded.

    Then it is the opposite of the counterparty's order if that is of the FCM too, else a purchase.
    """
    order_id, taken = trade.row[f"{role}_order_id"], Side(trade.row["taker_outcome_side"])
    if order := facts.orders.get(order_id):
        return {name: str(order[name]) for name in ("side", "action")}
    counterparty = TAKER if role == MAKER else MAKER
    known = facts.orders.get(trade.row.get(f"{counterparty}_order_id", ""))
    side, action = (taken if role == TAKER else OTHER[taken]), Action.BUY
    if known:
        side, action = Side(known["side"]), OPPOSITE[Action(known["action"])]
    elif role == MAKER and TAKER in sides_of(trade.row):
        side, action = taken, Action.SELL
    why = f"fill {trade.row['fill_id']}: {action.value} {side.value}, since its order {order_id} was not recorded"
    facts.assumed.append(Problem(trade.line, why))
    return {"side": side.value, "action": action.value}
