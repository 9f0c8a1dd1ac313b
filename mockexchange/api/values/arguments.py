"""Defines the types of arguments in a table, with which methods check their arguments before they send a request.

The control API checks all other arguments. Either way a wrong argument raises WrongRequest.
"""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.api.errors import WrongArgument
from mockexchange.core.instants import parse_duration

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
