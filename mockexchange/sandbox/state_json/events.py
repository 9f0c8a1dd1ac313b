"""Writes events and outcomes of commands as JSON for the control API: exact decimals and RFC 3339 instants.

It is made without the venues' encoders, so it does not have their errors.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache, partial
from operator import attrgetter
from typing import Any

from msgspec.structs import fields

from mockexchange.core.decimal_text import exact
from mockexchange.core.events import Event
from mockexchange.core.exchange import Outcome
from mockexchange.core.instants import format_instant
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import SubaccountRef, written_tag
from mockexchange.sandbox.state_json.accounts import decimal_text, json_value

Write = Callable[[Any], Any]
SCALES = {"_micros": 6, "_centicents": 4, "_centis": 2}


def outcome_of(sequence: int, at: int, outcome: Outcome) -> dict[str, Any]:
    """Return the outcome of a command: {seq, at, events} or {seq, at, refusal}."""
    head = {"seq": sequence, "at": format_instant(at)}
    if isinstance(outcome, Refusal):
        return {**head, "refusal": {"code": outcome.code, "message": outcome.message}}
    return {**head, "events": [event_of(event) for event in outcome]}


def event_of(event: Event) -> dict[str, Any]:
    """Return an event as JSON.

    The unit at the end of a field's name (`_us`) selects the format of its value, and is not in the key.
    """
    kind, keys, read, writers = _form_of(type(event))
    shown: dict[str, Any] = {"type": kind}
    for key, write, value in zip(keys, writers, read(event), strict=True):
        shown[key] = value if write is None or value is None else write(value)
    return shown


@cache
def _form_of(kind: type[Event]) -> tuple[str, list[str], Callable[[Event], tuple[Any, ...]], list[Write | None]]:
    """Return the JSON form of a type of events: its name, its keys, the function that reads their values from an event,
    and for each key the function that writes a value; None for a value that JSON has as it is.

    The subaccount of an event becomes two keys.
    """
    keys, paths, writers = list[str](), list[str](), list[Write | None]()
    for field in fields(kind):
        if field.name == "subaccount_ref":
            keys += "account", "book"
            paths += "subaccount_ref.account", "subaccount_ref.subaccount"
            writers += None, None
        else:
            key, write = _field(field.name)
            is_plain = isinstance(field.type, type) and issubclass(field.type, str | bool)  # also words of a vocabulary
            keys.append(key)
            paths.append(field.name)
            writers.append(None if is_plain and write is _plain else write)
    getter = attrgetter(*paths)
    read = getter if len(paths) > 1 else lambda event: (getter(event),)
    return written_tag(kind), keys, read, writers


def _field(name: str) -> tuple[str, Write]:
    """Return the key of an event's field in JSON and the function that writes its value."""
    if name.endswith("_at"):
        return name, format_instant
    if name.endswith("_levels"):
        return name.removesuffix("_levels"), _levels
    for suffix, decimals in SCALES.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix), partial(exact, decimals=decimals)
    if name == "derivative":
        return "instrument", json_value
    return name, WRITERS.get(name, _plain)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, SubaccountRef) else json_value(value)


def _levels(levels: Sequence[tuple[int, int]]) -> list[list[str]]:
    return [[exact(price, 4), exact(count, 2)] for price, count in levels]


def _prices(prices: Sequence[tuple[str, Decimal]]) -> dict[str, str]:
    return {derivative: decimal_text(price) for derivative, price in prices}


def _offers(offers: Sequence[tuple[Decimal, Decimal]]) -> list[list[str]]:
    return [[decimal_text(price), decimal_text(amount)] for price, amount in offers]


WRITERS: dict[str, Write] = {"prices": _prices, "bids": _offers, "asks": _offers}
"""The functions that write the values of fields with these names."""
