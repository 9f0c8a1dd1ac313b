"""Variables in the words of a shell or a file: each format sets some, unsets others, and takes notes as comments."""

import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping

Variables = Mapping[str, str | None]
"""Name to value; None is to be unset."""

_BARE = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
"""What no reader of .env files, docker's included, takes for anything but itself."""


def to_sh(variables: Variables) -> list[str]:
    return [
        f"unset {name};" if value is None else f"export {name}={shlex.quote(value)};"
        for name, value in variables.items()
    ]


def to_fish(variables: Variables) -> list[str]:
    """Inside single quotes fish knows two escapes, of the backslash and of the quote."""
    quoted = {name: value and re.sub(r"([\\'])", r"\\\1", value) for name, value in variables.items()}
    return [f"set -e {name};" if value is None else f"set -gx {name} '{value}';" for name, value in quoted.items()]


def to_powershell(variables: Variables) -> list[str]:
    """Inside single quotes PowerShell knows one escape, of a quote by itself; typographic ones are quotes too."""
    quoted = {name: value and re.sub("(['\u2018-\u201b])", r"\1\1", value) for name, value in variables.items()}
    return [
        f"Remove-Item Env:{name} -ErrorAction SilentlyContinue" if value is None else f"$Env:{name} = '{value}'"
        for name, value in quoted.items()
    ]


def to_dotenv(variables: Variables) -> list[str]:
    """A file can only add: what is to be unset is said in a comment."""
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
    """An object of strings; null is to be unset."""
    return [json.dumps(variables, indent=2)]


FORMATS: dict[str, Callable[[Variables], list[str]]] = {
    "sh": to_sh,
    "fish": to_fish,
    "dotenv": to_dotenv,
    "powershell": to_powershell,
    "json": to_json,
}


def to_comments(notes: Iterable[str]) -> list[str]:
    """Notes as comment lines, which all the formats spell alike, but JSON, which has none."""
    return [f"# {line}" for note in notes for line in note.splitlines()]
