"""Adds the rows that only the frames of a recorded stream show: fills, orders and their changes, groups, positions.

Answers are read first. A frame adds what they do not have, and the report names it. A frame without the fields of its
type adds nothing; it is compared all the same.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.core.instants import format_instant
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Side
from mockexchange.importing.kalshi.amounts import MICROS, Row, centis_of, instant_of, price_of
from mockexchange.importing.kalshi.facts import Dated, Facts, GroupEvent
from mockexchange.importing.kalshi.fills import prices
from mockexchange.importing.recorded_answers import CLOSE, Problem, StreamLine

NOT_UNDERSTOOD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
MS_US = 1_000
ORDER_KEYS = (
    *("order_id", "user_id", "ticker", "side", "yes_price_dollars", "created_time", "last_update_time", "status"),
    *("fill_count_fp", "remaining_count_fp", "initial_count_fp", "client_order_id"),
)
ORDER_OPTIONS = ("order_group_id", "self_trade_prevention_type", "expiration_time", "subaccount_number")
COSTS = tuple(f"{role}_{name}_dollars" for role in ("taker", "maker") for name in ("fill_cost", "fees"))
CREATED = "created"
BUY, SELL = "buy", "sell"
POSITION_AMOUNTS = {
    "market_exposure": "position_cost",
    "realized_pnl": "realized_pnl",
    "fees_paid": "fees_paid",
}
"""Amounts of a position in REST, with their names in frames."""


class Seen(NamedTuple):
    """The body of a frame, with its line in the recording and the instant at which it was sent, or else arrived."""

    at: int
    line: int
    body: Row


def add_frames(facts: Facts, lines: Iterable[StreamLine]) -> list[Problem]:
    """Add what the frames of recorded streams show, and the answers do not; return it with its lines."""
    by_type: dict[str, list[Seen]] = defaultdict(list)
    for kind, seen in _bodies(lines):
        by_type[kind].append(seen)
    actions = _actions(facts, by_type["fill"])
    _add_each(by_type["user_order"], lambda seen: _add_order(facts, seen, actions))
    _add_each(by_type["fill"], lambda seen: _add_fill(facts, seen))  # after orders, which have the microseconds
    _add_each(by_type["order_group_updates"], lambda seen: _add_group_event(facts, seen))
    filled = {(int(fill["subaccount_number"] or 0), fill["ticker"]) for fill in facts.fills.values()}
    _add_each(by_type["market_position"], lambda seen: _add_position(facts, seen, filled))
    # Rows are the newest first, as in lists.
    added = [key for key, row in facts.fills.items() if row.get("is_of_frame")]
    for key in reversed(added):
        facts.fills[key] = facts.fills.pop(key)
    return facts.from_frames


def _add_each(frames: Iterable[Seen], add: Callable[[Seen], None]) -> None:
    for seen in frames:
        try:
            add(seen)
        except NOT_UNDERSTOOD:
            continue


def _actions(facts: Facts, frames: Iterable[Seen]) -> dict[str, str]:
    """Return the actions of orders that rows or frames of their fills show."""
    framed = {str(seen.body.get("order_id")): str(seen.body.get("action")) for seen in frames}
    listed = {order_id: str(fill["action"]) for (_, order_id), fill in facts.fills.items()}
    return {key: SELL if action.startswith(SELL) else BUY for key, action in {**framed, **listed}.items()}


def _bodies(lines: Iterable[StreamLine]) -> Iterator[tuple[str, Seen]]:
    for line in lines:
        if line.is_sent or line.kind == CLOSE:
            continue
        try:
            document = json.loads(line.text)
            kind, body = document["type"], document["msg"]
        except (*NOT_UNDERSTOOD, RecursionError):
            continue
        if isinstance(kind, str) and isinstance(body, dict):
            sent_ms = document.get("sending_ts_ms")
            yield kind, Seen(sent_ms * MS_US if isinstance(sent_ms, int) else line.at, line.line, body)


def _add_order(facts: Facts, seen: Seen, actions: Mapping[str, str]) -> None:
    """Add the state of an order that a frame shows to its versions, and the order if no answer has it."""
    order_id = str(seen.body["order_id"])
    known = facts.orders.get(order_id)
    row = _order_row(seen.body, known or {}, _action(facts, seen, known or {}, actions))
    versions = facts.versions.setdefault(order_id, [])
    if _state_of(row) in map(_state_of, versions):
        return
    # Stable, so that of frames of one instant the later one stays later.
    versions.insert(sum(_changed(one) <= _changed(row) for one in versions), row)
    if known is None or _changed(row) > _changed(known):
        facts.orders[order_id] = row
    facts.lines.setdefault(order_id, seen.line)
    facts.from_frames.append(Problem(seen.line, f"order {order_id} {row['status']} at {row['last_update_time']}"))


def _order_row(body: Row, known: Row, action: str) -> Row:
    row = {name: body[name] for name in ORDER_KEYS} | {name: body.get(name) for name in (*ORDER_OPTIONS, *COSTS)}
    row |= {"action": action} | prices(Decimal(body["yes_price_dollars"]), Side.YES)
    return {**known, **row, "subaccount_number": body.get("subaccount_number") or known.get("subaccount_number") or 0}


def _action(facts: Facts, seen: Seen, known: Row, actions: Mapping[str, str]) -> str:
    """Return the action of an order: it buys if it gains from its own side.

    At dates without that field it is the action of its row or of a fill, else a purchase, which is assumed.
    """
    body, order_id = seen.body, seen.body["order_id"]
    if "outcome_side" in body:
        return BUY if body["outcome_side"] == body["side"] else SELL
    found = known.get("action") or actions.get(order_id)
    if found is None:
        facts.assumed.append(
            Problem(seen.line, f"order {order_id}: a purchase, since no frame or answer has its action")
        )
    return str(found or BUY)


def _changed(row: Row) -> int:
    return instant_of(row, "last_update_time")


def _state_of(row: Row) -> tuple[Any, ...]:
    counts = (centis_of(row, f"{name}_count") for name in ("initial", "fill", "remaining"))
    return (_changed(row), row["status"], price_of(row, "yes"), *counts)


def _add_fill(facts: Facts, seen: Seen) -> None:
    body = seen.body
    key = str(body["trade_id"]), str(body["order_id"])
    if key in facts.fills or any(
        facts.whole_lists.get(key, 0) > seen.at for key in (None, (body.get("subaccount") or 0))
    ):
        return
    yes = Decimal(body["yes_price_dollars"]) if "yes_price_dollars" in body else Decimal(body["yes_price"]) / 100
    kept = {name: body[name] for name in ("order_id", "side", "is_taker")}
    counts = {name: body[name] for name in ("count_fp", "count", "client_order_id", "fee_cost") if name in body}
    at = _fill_instant(facts, seen)
    facts.fills[key] = {
        **kept,
        **counts,
        **prices(yes, Side.YES),
        "fill_id": key[0],
        "ticker": body["market_ticker"],
        "action": SELL if str(body["action"]).startswith(SELL) else BUY,
        "created_time": format_instant(at),
        "subaccount_number": body.get("subaccount") or 0,
        "is_of_frame": True,
    }
    facts.lines.setdefault(key[1], seen.line)
    facts.from_frames.append(Problem(seen.line, f"fill {key[0]} at {format_instant(at)}"))


def _fill_instant(facts: Facts, seen: Seen) -> int:
    """Return the instant of a fill.

    A frame has its second, or its millisecond since 2026. The order's change in the same span has the microseconds.
    """
    body, span = seen.body, MS_US if "ts_ms" in seen.body else MICROS
    first = int(body["ts_ms"]) * MS_US if "ts_ms" in body else int(body["ts"]) * MICROS
    changes = [_changed(row) for row in facts.versions.get(str(body["order_id"]), ())]
    exact = [at for at in changes if first <= at < first + span]
    return min(exact, default=first if span == MS_US else min(max(first, seen.at), first + span - 1))


def _add_group_event(facts: Facts, seen: Seen) -> None:
    """Add an event of a group, at the change of its orders in the same millisecond if there was one.

    Frames have no instant before May 2026, and arrive later than a group's first order.
    """
    body, group_id = seen.body, str(seen.body["order_group_id"])
    members = [order for order in facts.orders.values() if order.get("order_group_id") == group_id]
    at, kind = int(body["ts_ms"]) * MS_US if "ts_ms" in body else seen.at, str(body["event_type"])
    changes = [_changed(row) for order in members for row in facts.versions[order["order_id"]]]
    exact = [one for one in changes if at <= one < at + MS_US]
    limit = centis_of(body, "contracts_limit") if "contracts_limit_fp" in body else None
    begun = min([at, *(instant_of(order, "created_time") for order in members)])
    at = begun if kind == CREATED else max(exact, default=at)
    facts.group_events[group_id].append(GroupEvent(at, kind, limit))
    facts.from_frames.append(Problem(seen.line, f"group {group_id} {kind} at {format_instant(at)}"))


def _add_position(facts: Facts, seen: Seen, filled: Container[tuple[int, str]]) -> None:
    """Add the first position that frames show in a market of which the recording has no fill and no row.

    A list of positions has all that matters, and leaves out those that settled.
    """
    body, ticker = seen.body, str(seen.body["market_ticker"])
    key = int(body.get("subaccount") or 0), ticker
    is_known = key in facts.positions or key[0] in facts.listed_positions or ticker in facts.settlements
    if is_known or key in filled or not centis_of(body, "position"):
        return
    amounts = {f"{name}_dollars": _dollars(body, framed) for name, framed in POSITION_AMOUNTS.items()}
    row = {**amounts, "ticker": ticker, "position_fp": f"{Decimal(centis_of(body, 'position')) / 100:.2f}"}
    facts.positions[key] = Dated({**row, "last_updated_ts": format_instant(seen.at)}, seen.at, seen.line)
    facts.from_frames.append(Problem(seen.line, f"position in {ticker} at {format_instant(seen.at)}"))


def _dollars(body: Row, name: str) -> str:
    """Return an amount of a frame in dollars; older frames have hundredths of a cent."""
    found = body.get(f"{name}_dollars")
    return str(found) if found is not None else f"{Decimal(body[name]) / CENTICENTS_PER_DOLLAR:.6f}"
