"""Defines `mockexchange env`, which prints variables that point a published client at the running server."""

import json
import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from mockexchange.cli.click_base import Failure, UsageFailure, option
from mockexchange.cli.commands.completion import ACCOUNT
from mockexchange.cli.server_connection import find_server, server_option
from mockexchange.clients import published
from mockexchange.clients.published import (
    CLIENTS,
    GENERIC,
    AccountKey,
    UnusableAccount,
    choose,
    client_of,
    variables_of,
)
from mockexchange.named_files import KEY_BYTES_MAX, read_file

# Environment variables as shell commands, as a .env file or as JSON


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


# The command


@click.command()
@option(
    "--client",
    type=click.Choice(list(CLIENTS)),
    metavar="CLIENT",
    default=GENERIC,
    show_default=True,
    help=f"Client to point here: {', '.join(CLIENTS)}.",
)
@option(
    "--format",
    "shell",
    envvar="MOCKEXCHANGE_ENV_FORMAT",
    type=click.Choice(list(FORMATS)),
    default="sh",
    show_default=True,
    help="Language of the exports.",
)
@option("--account", type=ACCOUNT, help="Account whose key is used.  [default: the first that the client can use]")
@server_option
def env(client: str, shell: str, account: str | None, ready_file: Path) -> None:
    """Print shell commands that point a client at the running server.

    Variables that would point the client elsewhere are unset. A client that no variable can point is refused with exit
    code 1, and what to do instead. Only the commands are on standard output.

    \b
    sh, bash, zsh:  eval "$(mockexchange env)"
    fish:           mockexchange env --format fish | source
    PowerShell:     mockexchange env --format powershell | Out-String |
                        Invoke-Expression
    """
    server = find_server(ready_file)
    server.ask("GET", "live")
    try:
        chosen = choose([holder_of(one) for one in server.ready["accounts"]], account, client)
    except UnusableAccount as error:
        raise UsageFailure(str(error)) from None
    (row,) = (one for one in server.ready["accounts"] if one["name"] == chosen.name)
    known = client_of(client, chosen.venue)
    if known.unpointed:
        raise Failure(
            f"{client} {known.version} {known.unpointed}: so with any environment it calls the real exchange:"
            " nothing is exported. Run the program with `mockexchange run`, which refuses real venues, and answers for"
            " their demos if it has --as demo; or export all variables with"
            f" `mockexchange env --account {chosen.name}`, and write:\n  " + "\n  ".join(known.code)
        )
    variables = variables_of(known, template_values(server.ready, row), os.environ)
    notes = [f"{client} {known.version} as {chosen.name}", *known.code]
    click.echo("\n".join(FORMATS[shell](variables)))
    click.echo("\n".join(to_comments(notes)), err=True)


def template_values(ready: Mapping[str, Any], account: Mapping[str, Any]) -> dict[str, str]:
    """Return the values for the variables of clients: the URLs of an account's venue, its key, and the CA bundle."""
    words = published.template_values(
        ready["venues"][account["venue"]], holder_of(account), account["private_key_path"] or ""
    )
    return {**words, "ca_bundle": ready.get("ca_bundle") or ""}


def holder_of(account: Mapping[str, Any]) -> AccountKey:
    """Return the name, venue and key of an account in the ready file. The key file is read only when needed."""
    read_pem = partial(_read_key, account) if account["private_key_path"] is not None else None
    return AccountKey(account["name"], account["venue"], account["key_id"], read_pem, account["secret"])


def _read_key(account: Mapping[str, Any]) -> str:
    try:
        return read_file(account["private_key_path"], KEY_BYTES_MAX).decode("ascii")
    except (OSError, ValueError) as error:
        raise Failure(f"{account['private_key_path']} cannot be read: {error}") from None
