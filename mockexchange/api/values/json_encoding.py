"""Encodes arguments as JSON for the control API, and decodes the rows of its answers."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite
from pathlib import PurePath
from typing import Any

from mockexchange.api.errors import WrongRequest
from mockexchange.api.values.arguments import require_as, wrong_argument
from mockexchange.core.instants import format_duration, format_instant
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.literal_json import plain
from mockexchange.scenario.located_text import read_yaml

# Arguments as JSON
# Amounts are best given as `Decimal` or text: a float is sent as Python prints it, so that 0.56 is 0.56, but 0.1 + 0.2
# is refused for its many digits. Durations are "5s" or a `timedelta`; instants are RFC 3339 text or an aware
# `datetime`.


Amount = Decimal | int | float | str
"""An amount of dollars, contracts or coins."""
Duration = str | timedelta
Instant = str | datetime
Step = Mapping[str, Any]
"""A step, written as in a scenario's history: `{"settle": {"market": "KXRAIN-1", "result": "yes"}}`."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_json(value: Any, where: str = "value") -> Any:
    """Encode a value of mappings, lists, numbers, texts, instants, durations and paths. Raises WrongArgument.

    `where` names the value in the error.
    """
    match value:
        case Enum():
            return to_json(value.value, where)
        case None | bool() | int() | str():
            return value
        case float() | Decimal():
            # A number with all its digits and without an exponent, as the control API reads it.
            if not isfinite(value):
                raise wrong_argument(where, "a finite number", value)
            if isinstance(value, float) and "e" not in repr(value):
                return value
            return f"{Decimal(str(value)):f}"
        case datetime():
            return instant_text(value, where)
        case timedelta():
            return duration_text(value, where)
        case PurePath():
            return str(value)
        case Mapping():
            return {str(to_json(key, where)): to_json(item, f"{where}.{key}") for key, item in value.items()}
        case bytes() | bytearray():
            pass
        case Sequence() | set() | frozenset():
            return [to_json(item, f"{where}[{place}]") for place, item in enumerate(value)]
    raise wrong_argument(where, "text, a number, a mapping or a list", value)


def step_json(name: str, **words: Any) -> dict[str, Any]:
    """Return a step named `name` as JSON. `words` are its parameters; those that are None are left out."""
    return {name: given_json(words)}


def given_json(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that are not None, each encoded as JSON. Raises WrongArgument."""
    return {key: to_json(value, key) for key, value in words.items() if value is not None}


def duration_text(duration: Duration, where: str = "duration") -> str:
    """Return a duration as text in the notation of scenarios, such as 1h30m. Raises WrongArgument."""
    require_as("duration", duration, where)
    return duration if isinstance(duration, str) else format_duration(duration // _MICROSECOND)


def instant_text(instant: Instant, where: str = "instant") -> str:
    """Return an instant as RFC 3339 text. Raises WrongArgument for a `datetime` without an offset."""
    if isinstance(instant, str):
        return instant
    if instant.tzinfo is None:
        raise wrong_argument(where, "an instant with an offset, such as tzinfo=datetime.UTC", instant)
    return format_instant((instant - _EPOCH) // _MICROSECOND)


# Rows of answers: amounts become `Decimal`, instants aware `datetime`s; all else is unchanged


_TEXTS = """
    account book categories client_order_id code combo event fill_id group id instrument key key_id label market
    message order order_id payment series source source_book subject target target_book text tier title trade_id
    transfer type
"""
TEXTS = frozenset(_TEXTS.split())
"""Fields that stay text, since names may look like numbers."""
BY_NAME = frozenset({"cash", "reserved", "prices"})
"""Fields whose values are mappings from names, such as a subaccount's, to amounts."""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def read_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the control API with its amounts as `Decimal` and its instants as `datetime`."""
    return {name: _read(name, value) for name, value in row.items()}


def read_instant(text: str) -> datetime:
    """Parse an instant of the control API, which is RFC 3339 text, to an aware `datetime`."""
    return datetime.fromisoformat(text)


def _read(name: str, value: Any) -> Any:
    if isinstance(value, str):  # most values are
        if name in TEXTS:
            return value
        if name == "at" or name.endswith("_at"):
            return read_instant(value)
        return Decimal(value) if _NUMBER.fullmatch(value) else value
    if isinstance(value, list):
        return [_read(name, item) for item in value]
    if isinstance(value, Mapping):
        return {key: _read(name, item) for key, item in value.items()} if name in BY_NAME else read_row(value)
    return value


# Steps from YAML text


def read_step(text: str) -> Any:
    """Return the JSON of a step given as YAML text. Raises WrongRequest."""
    try:
        body = plain(read_yaml(text, "step"))
    except ScenarioError as error:
        raise WrongRequest("bad_step", str(error)) from None
    if not isinstance(body, dict):
        raise WrongRequest("bad_step", f"expected a step such as 'settle: {{market: M, result: yes}}', got {text!r}")
    return body
