"""Arguments of calls: they are checked before a request is sent, and encoded as JSON; rows of answers are decoded."""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from mockexchange.api.errors import WrongArgument, WrongRequest
from mockexchange.core.instants import format_duration, format_instant, parse_duration
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.literal_json import plain
from mockexchange.scenario.located_text import read_yaml

# Types of arguments
#
# The control API checks all other arguments. Either way a wrong argument raises WrongRequest.


PORT_MAX = 65_535
CHARS_SHOWN_MAX = 200


class ArgumentType(NamedTuple):
    """The type of an argument: its description for errors, and a function that checks whether a value has the type."""

    expected: str
    is_valid: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_token(value: Any) -> bool:
    return _is_text(value) and value.isascii() and value.isprintable() and " " not in value


def _is_list(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping)


def _is_count(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_duration(value: Any) -> bool:
    if isinstance(value, timedelta):
        return value >= timedelta(0)
    try:
        return isinstance(value, str) and parse_duration(value) >= 0
    except ValueError:
        return False


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _is_frame(value: Any) -> bool:
    """Return whether a value can be the text of a frame."""
    try:
        return (
            isinstance(value, str)
            or (isinstance(value, bytes) and value.decode() is not None)
            or (isinstance(value, Mapping) and _is_json(value))
        )
    except UnicodeDecodeError:
        return False


_JSON = ArgumentType("what JSON can say: mappings, lists, text, finite numbers, true, false and null", _is_json)
_DURATION = ArgumentType("a duration such as 250ms, 5s, 1h30m or 90d, or a timedelta of 0 or more", _is_duration)
_SWITCH = ArgumentType("True or False", lambda value: isinstance(value, bool))
_LIST = ArgumentType("a list such as ['mock.test']", lambda value: _is_list(value) and all(map(_is_text, value)))
ARGUMENTS = {
    # serve, asgi, connect
    "scenario": ArgumentType(
        "a name, a file, YAML text or a mapping", lambda value: isinstance(value, str | Path | Mapping)
    ),
    "log": ArgumentType("the path of a file", lambda value: isinstance(value, str | Path)),
    "host": ArgumentType("the name or address of this machine, such as 127.0.0.1", _is_text),
    "port": ArgumentType(f"a whole number from 0 to {PORT_MAX}", lambda value: _is_count(value) and value <= PORT_MAX),
    "token": ArgumentType("text of visible ASCII characters", _is_token),
    "tls": _SWITCH,
    "tls_names": _LIST,
    "overlay": ArgumentType("the path of an OpenAPI document", lambda value: isinstance(value, str | Path)),
    "url": ArgumentType("the URL of a server such as http://127.0.0.1:8600", _is_text),
    "sandbox": ArgumentType("the name of a sandbox", _is_text),
    # time
    "duration": _DURATION,
    "within": _DURATION,
    # what is installed, asked and watched
    "client": ArgumentType("the name of a client such as ccxt", _is_text),
    "account": ArgumentType("the name of an account", lambda value: isinstance(value, str)),
    "name": ArgumentType("a name", _is_text),
    "json": _JSON,
    "result": _JSON,
    "body": ArgumentType("bytes", lambda value: isinstance(value, bytes)),
    "raw": ArgumentType("text, UTF-8 as bytes, or a mapping that JSON can say", _is_frame),
    "times": ArgumentType("a whole number of 0 or more", _is_count),
    "count": ArgumentType("a whole number of 1 or more", lambda value: _is_count(value, 1)),
    "query": ArgumentType("a mapping such as {'limit': '100'}", lambda value: isinstance(value, Mapping)),
    "allow": ArgumentType("a list of statuses and operations such as [404, 'GetMarket']", _is_list),
}
"""The argument types by parameter name, which are the same in every call. None stands for a missing argument."""


def require(**given: Any) -> None:
    """Raise WrongArgument for the first argument whose value does not have its type in ARGUMENTS; None is accepted."""
    for name, value in given.items():
        if value is not None:
            require_as(name, value, name)


def require_as(name: str, value: object, where: str) -> None:
    """Raise WrongArgument unless `value` has the type of `name` in ARGUMENTS. None is not accepted.

    `where` names the argument in the error.
    """
    argument_type = ARGUMENTS[name]
    if not argument_type.is_valid(value):
        raise wrong_argument(where, argument_type.expected, value)


def wrong_argument(name: str, expected: str, got: object) -> WrongArgument:
    """Return the exception for a wrong argument, with its name, the expected type and the given value."""
    return WrongArgument(f"expected {expected}, got {_shown(got)}", name)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= CHARS_SHOWN_MAX else f"{text[:CHARS_SHOWN_MAX]}..."


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
    account book buyer categories client_order_id code combo event fill_id group id instrument key key_id label market
    message order order_id payment proposal proposer quote rfq rfq_order_id seller series source source_book subject
    target target_book text tier title trade_id transfer type
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
