"""Writes environment variables as shell commands, as a .env file or as JSON."""

import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping

Variables = Mapping[str, str | None]
"""The values of variables by name; None unsets the variable."""

_BARE = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
"""Values that need no quotes in .env files for any common reader, docker's included."""


def to_sh(variables: Variables) -> list[str]:
    return [
        f"unset {name};" if value is None else f"export {name}={shlex.quote(value)};"
        for name, value in variables.items()
    ]


def to_fish(variables: Variables) -> list[str]:
    """Return fish commands that set the variables.

    Within single quotes, fish escapes only the backslash and the quote.
    """
    quoted = {name: value and re.sub(r"([\\'])", r"\\\1", value) for name, value in variables.items()}
    return [f"set -e {name};" if value is None else f"set -gx {name} '{value}';" for name, value in quoted.items()]


def to_powershell(variables: Variables) -> list[str]:
    """Return PowerShell commands that set the variables.

    Within single quotes, PowerShell doubles a quote; typographic quotes count as quotes.
    """
    quoted = {name: value and re.sub("(['\u2018-\u201b])", r"\1\1", value) for name, value in variables.items()}
    return [
        f"Remove-Item Env:{name} -ErrorAction SilentlyContinue" if value is None else f"$Env:{name} = '{value}'"
        for name, value in quoted.items()
    ]


def to_dotenv(variables: Variables) -> list[str]:
    """Return the lines of a .env file that sets the variables.

    A comment lists those to unset, which such a file cannot do.
    """
    unset = [name for name, value in variables.items() if value is None]
    lines = [f"{name}={_dotenv_value(value)}" for name, value in variables.items() if value is not None]
    return [*lines, *([f"# must not be set: {', '.join(unset)}"] if unset else [])]


def _dotenv_value(value: str) -> str:
    if _BARE.fullmatch(value):
        return value
    if "\n" in value:
        return '"{}"'.format(value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
    return "'{}'".format(value.replace("\\", "\\\\").replace("'", "\\'"))


def to_json(variables: Variables) -> list[str]:
    """Return the lines of a JSON object that maps each variable to its text, or to null to unset it."""
    return [json.dumps(variables, indent=2)]


FORMATS: dict[str, Callable[[Variables], list[str]]] = {
    "sh": to_sh,
    "fish": to_fish,
    "dotenv": to_dotenv,
    "powershell": to_powershell,
    "json": to_json,
}


def to_comments(notes: Iterable[str]) -> list[str]:
    """Return notes as comment lines."""
    return [f"# {line}" for note in notes for line in note.splitlines()]
