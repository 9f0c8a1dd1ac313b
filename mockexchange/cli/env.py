"""`mockexchange env`: exports that point a published client here."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from mockexchange.cli.control import Server, find_server, server_option
from mockexchange.cli.frame import Failure, Misuse, option
from mockexchange.cli.shells import FORMATS, to_comments
from mockexchange.clients import CLIENTS, GENERIC, variables_of

ED25519_MARK = "MC4CAQAwBQYDK2Vw"
"""How every Ed25519 key in PKCS #8 begins: its algorithm identifier is fixed and its length always the same."""


@click.command()
@option("--client", type=click.Choice(list(CLIENTS)), default=GENERIC, show_default=True, help="The client to point.")
@option(
    "--format",
    "shell",
    envvar="MOCKEXCHANGE_ENV_FORMAT",
    type=click.Choice(list(FORMATS)),
    default="sh",
    show_default=True,
    help="In whose words.",
)
@option("--account", help="Whose key.  [default: the first that the client can use]")
@server_option
def env(client: str, shell: str, account: str | None, ready_file: Path) -> None:
    """Print exports that point a client here.

    What would point it elsewhere is unset; comments say what no variable can do.

    \b
    sh, bash, zsh:  eval "$(mockexchange env)"
    fish:           mockexchange env --format fish | source
    PowerShell:     mockexchange env --format powershell | Out-String | Invoke-Expression
    """
    server = find_server(ready_file)
    server.ask("GET", "live")
    known = CLIENTS[client]
    chosen = _choose(server.ready["accounts"], account, client)
    variables = variables_of(known, _words(server, chosen), os.environ)
    notes = [f"{client} {known.version} as {chosen['name']}", *known.notes]
    click.echo("\n".join(FORMATS[shell](variables)))
    click.echo("\n".join(to_comments(notes)), err=shell == "json")


def _words(server: Server, account: Mapping[str, Any]) -> dict[str, str]:
    parts = urlsplit(server.base_url)
    return {
        "base_url": server.base_url,
        "origin": f"{parts.scheme}://{parts.netloc}",
        "ws_origin": f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}",
        "key_id": account["key_id"],
        "key_path": account["private_key_path"],
        "key_pem": _read_key(account),
    }


def _choose(accounts: list[dict[str, Any]], name: str | None, client: str) -> dict[str, Any]:
    """Return the account asked for, or the first that the client can use. Raises Misuse where it can use none."""
    asked = [account for account in accounts if name in (None, account["name"])]
    if not asked:
        known = ", ".join(account["name"] for account in accounts)
        raise Misuse(f"no account {name!r}; known: {known}" if accounts else "the scenario has no accounts")
    usable = next((account for account in asked if _problem(account, client) is None), None)
    if usable is None:
        raise Misuse(_problem(asked[0], client) or "")
    return usable


def _problem(account: dict[str, Any], client: str) -> str | None:
    if account["private_key_path"] is None:
        return f"the scenario has only the public half of {account['name']}'s key: its private half is with you"
    if CLIENTS[client].is_rsa_only and ED25519_MARK in _read_key(account):
        return f"{client} signs with RSA keys only: {account['name']}'s is Ed25519"
    return None


def _read_key(account: Mapping[str, Any]) -> str:
    try:
        return Path(account["private_key_path"]).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise Failure(f"{account['private_key_path']} cannot be read: {error}") from None
