"""Makes the scenario of a Kalshi account from its rows. The deposit at its beginning is computed afterwards."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.importing.kalshi.cash_steps import subaccounts_of_cash
from mockexchange.importing.kalshi.facts import Facts
from mockexchange.importing.kalshi.step import ACCOUNT, ticker_of
from mockexchange.importing.kalshi.steps import steps_of

FEES_OF_2026 = "2026-01-01T00:00:00Z"
SECOND_US = 1_000_000
AT_START = -1
"""A stand-in for the start, which is known only after the instants of all other steps."""
MARKET_TEXTS = {"title": "title", "rules_primary": "rules", "yes_sub_title": "yes_title", "no_sub_title": "no_title"}


def scenario_of_rows(facts: Facts, name: str, first_at: int) -> dict[str, Any]:
    """Return the scenario for the recorded rows; `first_at` is the time of the first answer."""
    steps = steps_of(facts, AT_START)
    start = midnight_before(min([first_at, *(step.at for step in steps if step.at != AT_START)]))
    found: dict[str, Any] = {"scenario": name, "title": f"Imported from {name}", "start": format_instant(start)}
    if start < parse_instant(FEES_OF_2026):
        found["fees"] = {"rounding": "2025"}
    if cutoff := _cutoff(facts):
        found["historical"] = {"cutoff": cutoff}
    if not facts.balances or facts.fcm.numbers:
        found["orders"] = {"check_cash": False}  # the cash is unknown, and amendments have to be carried out
    found["accounts"] = {ACCOUNT: _account(facts)}
    found["markets"] = {ticker: _market(facts, ticker) for ticker in _tickers(facts)}
    found["history"] = [(step._replace(at=start) if step.at == AT_START else step).written() for step in steps]
    return found


def _cutoff(facts: Facts) -> str:
    """Return the instant before which rows are history: the recorded one, else just after the rows that are."""
    recorded = [str(value) for value in facts.cutoff.values() if value]
    archived = [parse_instant(instant) + 1 for instant in facts.archived]
    return min(recorded, default=format_instant(max(archived)) if archived else "")


def midnight_before(first: int) -> int:
    """Return the last midnight, in microseconds, that is at least a second before an instant."""
    day = datetime.fromtimestamp(first // SECOND_US, UTC).replace(hour=0, minute=0, second=0)
    if first - int(day.timestamp()) * SECOND_US < SECOND_US:
        day -= timedelta(days=1)
    return int(day.timestamp()) * SECOND_US


def _account(facts: Facts) -> dict[str, Any]:
    users = [order["user_id"] for order in facts.orders.values() if order.get("user_id")]
    rows = [*facts.fills.values(), *facts.orders.values()]
    numbers = {int(row["subaccount_number"] or 0) for row in rows} | {number for number, _ in facts.positions}
    numbers |= facts.subaccounts | subaccounts_of_cash(facts)
    subaccounts: dict[str, Any] = {str(number): {} for number in sorted(numbers) if number}
    found = {"user_id": users[0] if users else "", "tier": facts.tier, **_members(facts, subaccounts)}
    return {name: value for name, value in found.items() if value}


def _members(facts: Facts, subaccounts: dict[str, Any]) -> dict[str, Any]:
    """Return the subaccounts of a member, or the subtraders of an FCM, in the order of their recorded list."""
    if not facts.fcm.numbers:
        return {"subaccounts": subaccounts}
    known = facts.fcm.numbers
    ids = [*facts.fcm.listed, *(one for one in known if one not in facts.fcm.listed)]
    subtraders = {str(known[one]): {"subtrader_id": one} for one in ids}
    return {"kind": "fcm", "account_id": facts.fcm.account_id, "subtraders": subtraders}


def _tickers(facts: Facts) -> list[str]:
    rows = [*facts.fills.values(), *facts.orders.values(), *facts.settlements.values(), *facts.markets.values()]
    return sorted({*(ticker_of(row) for row in rows), *(ticker for _, ticker in facts.positions), *facts.books})


def _market(facts: Facts, ticker: str) -> dict[str, Any]:
    """Return a market; its event is the recorded one that its ticker begins with, else its ticker without the end."""
    row = facts.markets.get(ticker, {})
    events = {*facts.events, *(event for _, event in facts.shares)}
    known = sorted((one for one in events if ticker.startswith(f"{one}-")), key=len)
    event = row.get("event_ticker") or (known[-1] if known else ticker.rpartition("-")[0] or ticker)
    series = facts.events.get(event, {}).get("series_ticker") or event.partition("-")[0]
    texts = {key: row[name] for name, key in MARKET_TEXTS.items() if row.get(name)}
    indexes = [one["exchange_index"] for _, held in facts.positions.items() for one in [held.row] if _is(one, ticker)]
    index = row.get("exchange_index") or next(iter(indexes), 0)
    return {"event": event, "series": series, **texts, **({"exchange_index": index} if index else {})}


def _is(row: Any, ticker: str) -> bool:
    return bool(row["ticker"] == ticker and row.get("exchange_index"))
