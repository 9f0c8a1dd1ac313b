"""Writes outcomes of commands as JSON text, by functions that are compiled once per type of event.

The text equals that of `state.outcome_of`. The events of a batch of steps are most of its answer, and conversion by
dictionaries takes longer than executing the steps.
"""

import json
from collections.abc import Callable
from functools import cache, lru_cache
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

from msgspec.structs import fields

from mockexchange.core.decimals import exact
from mockexchange.core.events import Event
from mockexchange.core.exchange import Outcome
from mockexchange.core.instants import format_instant
from mockexchange.core.refusals import Refusal
from mockexchange.sandbox.ledger.state import SCALES, Write, form_of, outcome_of

INSTANTS_MAX = 64
"""How many formatted instants are cached: several times as many as one command has, whose events repeat them."""
ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
"""The encoder of the answers of the control API."""
BOOLEANS = {True: "true", False: "false"}
SUBACCOUNT_PATHS = {"account": "subaccount_ref.account", "book": "subaccount_ref.subaccount"}


def write_outcome(sequence: int, at: int, outcome: Outcome, *, has_events: bool = True) -> str:
    """Return the JSON text of a command's outcome; `has_events` says whether the events are included."""
    if isinstance(outcome, Refusal):
        return ENCODER.encode(outcome_of(sequence, at, outcome))
    written = ",".join([_writer_of(type(event))(event) for event in outcome]) if has_events else ""
    return f'{{"seq":{sequence},"at":{_instant(at)},"events":[{written}]}}'


@cache
def _writer_of(kind: type[Event]) -> Callable[[Event], str]:
    """Return the function from an event of this type to its JSON."""
    name, form = form_of(kind)
    types = {field.name: field.type for field in fields(kind)}
    parts: dict[str, tuple[str, Callable[[Any], str]]] = {}
    for field, key, write in form:
        if write is None:
            parts |= {key: (path, encode_basestring) for key, path in SUBACCOUNT_PATHS.items()}
        else:
            parts[key] = (field, _writer_of_field(field, types[field], write))
    template = "{" + ",".join([f'"type":"{name}"', *(f'"{key}":%s' for key in parts)]) + "}"
    paths, writers = zip(*parts.values(), strict=True)
    if len(paths) == 1:  # of one path a getter returns the value itself
        read, [write_one] = attrgetter(*paths), writers
        return lambda event: template % write_one(read(event))
    read_all = attrgetter(*paths)
    return lambda event: template % tuple([write(value) for write, value in zip(writers, read_all(event), strict=True)])


def _writer_of_field(field: str, kind: Any, write: Write) -> Callable[[Any], str]:
    """Return the function from a field to its JSON, by its type; `write` is the function to its plain form."""
    if write is format_instant:
        return _instant
    if kind is bool:
        return BOOLEANS.__getitem__
    if isinstance(kind, type) and issubclass(kind, str):  # a name, or a member of an enumeration
        return encode_basestring
    for suffix, decimals in SCALES.items():
        if field.endswith(suffix):
            return _amount(decimals)
    return lambda value: ENCODER.encode(None if value is None else write(value))


def _amount(decimals: int) -> Callable[[int | None], str]:
    """Return the function from a scaled integer to the JSON of `decimals.exact`."""
    one, form = 10**decimals, f'"%d.%0{decimals}d"'

    def text_of(value: int | None) -> str:
        if value is None:
            return "null"
        return form % divmod(value, one) if value >= 0 else f'"{exact(value, decimals)}"'

    return text_of


@lru_cache(maxsize=INSTANTS_MAX)
def _instant(at: int | None) -> str:
    return "null" if at is None else f'"{format_instant(at)}"'
