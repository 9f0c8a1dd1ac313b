"""Formats the exchange's own events: what happened, to which account, in which market, and with which numbers."""

import re
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from typing import Any

from mockexchange.cli.terminal import printable

Data = dict[str, Any]
TEMPLATES = {
    "filled": "{action} {side} {count} at {price}, fee {fee}",
    "contract_traded": "{direction} {amount} at {price}, fee {fee}",
    "order_rested": "{action} {side} {count} at {price}",
    "order_changed": "{status}, {filled} of {initial} at {price}",
    "position_changed": "{quantity}, cost {cost}, realized {realized}, fees {fees}",
    "position_settled": "{result}, {quantity} for {revenue}",
    "holding_changed": "{size}, cost {cost}, realized {realized}",
    "traded": "{count} at {yes} for yes, taker {taker_side}",
    "cash_moved": "{amount}, now {cash}",
    "cash_changed": "{currency} {cash}",
    "payment_made": "{kind} {amount} by {method}, fee {fee}, {status}",
    "market_priced": "{price}",
    "contract_marked": "{price}",
    "level_changed": "{side} at {price} by {change}",
    "transferred": "{amount} from {source} to {target}",
}
"""Texts for the most frequent types of events; other types list all their fields by name."""
SUBJECTS = ("account", "book")
PLACES = ("market", "instrument", "index", "event", "series")
IDS = ("order_id", "fill_id", "trade_id")
"""Ids left out of an event's line, which they would fill, unless it has nothing else; `named_ids` has them too."""
SHOWN = Decimal("1e-12")
EXACT = Context(prec=200)
LONG_DECIMAL = re.compile(r"-?[0-9]{1,40}\.[0-9]{13,150}")
MONEY = re.compile(r"-?[0-9]+\.[0-9]{2}(?:[0-9]{2}){1,2}")
"""Dollars with four or six decimals, as the control API writes them."""


class _Facts(dict[str, str]):
    """The fields of an event by name; "-" stands for a field that a server of another version does not send."""

    def __missing__(self, name: str) -> str:
        return "-"


def event_row(event: Data) -> tuple[str, str, str, str]:
    """Return an event as table cells: its type, its account, its market or instrument, and its other fields."""
    where = next((str(event[name]) for name in PLACES if event.get(name)), "")
    return event["type"].replace("_", " "), owner_of(event), where, facts_of(event)


def owner_of(event: Data) -> str:
    """Return the account of an event, as ACCOUNT or ACCOUNT/SUBACCOUNT; empty if the event has no account."""
    account, book = event.get("account") or "", str(event.get("book") or "0")
    return account if book == "0" else f"{account}/{book}"


def facts_of(event: Data) -> str:
    template = TEMPLATES.get(event["type"])
    if template:
        return template.format_map(_Facts({name: format_value(value) for name, value in event.items()}))
    place = next((name for name in PLACES if event.get(name)), "type")
    hidden = {"type", *SUBJECTS, *IDS, place}
    facts = [
        f"{name} {format_value(value)}"
        for name, value in event.items()
        if (name not in hidden and not name.endswith("_at") and value not in (None, "", [], {}))
    ]
    has_subject = bool(facts or event.get("account") or place != "type")
    ids = [] if has_subject else [f"{name.removesuffix('_id')} {event[name]}" for name in IDS if event.get(name)]
    return ", ".join(facts or ids)


def describe_core_event(event: Data) -> str:
    """Return an event of the exchange as one line of text."""
    return " ".join(part for part in event_row(event) if part)


def named_ids(events: Sequence[Data]) -> Iterator[str]:
    """Yield the first id of each kind that later steps can refer to: order, payment, group and transfer."""
    for kind in ("order_id", "payment", "group", "transfer"):
        ids = dict.fromkeys(str(event[kind]) for event in events if event.get(kind))
        yield from (f"{kind.removesuffix('_id')} {one}" for one in list(ids)[:1])


def format_value(value: object) -> str:
    """Return a value as text: dollars without needless zeros, long decimals rounded to 12 places, None as "-"."""
    if value is None:
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{printable(str(name))} {format_value(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(format_value, value))
    text = str(value)
    if MONEY.fullmatch(text):
        whole, _, decimals = text.partition(".")
        return f"{whole}.{decimals.rstrip('0'):0<2}"
    return printable(LONG_DECIMAL.sub(_rounded, text))


def _rounded(found: re.Match[str]) -> str:
    """Return a number with 12 decimal places; the control API has it exactly."""
    return f"{Decimal(found[0]).quantize(SHOWN, context=EXACT).normalize(EXACT):f}"
