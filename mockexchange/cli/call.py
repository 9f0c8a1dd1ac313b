"""`mockexchange call`: a signed request as an account, printed."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import click

from mockexchange.cli.control import (
    Reply,
    Unreachable,
    find_server,
    sandbox_option,
    send,
    server_option,
    signed_headers,
)
from mockexchange.cli.frame import Failure, Misuse, checked, option
from mockexchange.cli.terminal import printable, show_json
from mockexchange.venues.kalshi.catalogue import PREFIX

DIAGNOSIS_HEADER = "X-Mock-Diagnosis"
SENT_AS_IS = "/%:@!$&'()*+,;=?~"
"""What may stand in a target by itself (RFC 3986); a "%" begins what is encoded already."""


def _method(text: str) -> str:
    if not re.fullmatch("[A-Za-z]{1,20}", text):
        raise ValueError(f"expected a method such as GET, got {text!r}")
    return text.upper()


def target_of(text: str) -> str:
    """Return the target that a path means: with the venue's prefix, and nothing in it that HTTP cannot carry."""
    target = quote(text if text.startswith("/") else f"/{text}", safe=SENT_AS_IS)
    path = target.partition("?")[0]
    return target if path == PREFIX or path.startswith(f"{PREFIX}/") else PREFIX + target


@click.command()
@click.argument("account")
@click.argument("method", callback=checked(_method))
@click.argument("path")
@option("--key", help="The account's key to sign with.  [default: its first]")
@sandbox_option
@server_option
@click.pass_context
def call(
    context: click.Context, account: str, method: str, path: str, key: str | None, sandbox: str, ready_file: Path
) -> None:
    """Send a signed request and print the answer.

    PATH may leave out /trade-api/v2. The body goes to standard output, status and diagnosis go to standard error.
    Exit code 0 for a status of 2xx.

    \b
    mockexchange call alice GET '/portfolio/positions?limit=2'
    """
    server = find_server(ready_file)
    known = server.ask_sandbox("GET", sandbox)
    credential = _credential(known["accounts"], account, key)
    reply = _send_signed(known["base_url"], credential, method, target_of(path))
    _show(reply)
    context.exit(0 if 200 <= reply.status < 300 else 1)


def _credential(accounts: list[dict[str, Any]], account: str, key: str | None) -> dict[str, Any]:
    """Return the entry of an account's key. Raises Misuse for one that is not there or cannot sign."""
    own = [entry for entry in accounts if entry["name"] == account]
    if not own:
        known = ", ".join(dict.fromkeys(entry["name"] for entry in accounts)) or "none"
        raise Misuse(f"no account {account!r}; known: {known}")
    found = next((entry for entry in own if key in (None, entry["key"])), None)
    if found is None:
        raise Misuse(f"{account} has no key {key!r}; known: {', '.join(entry['key'] for entry in own)}")
    if found["private_key_pem"] is None:
        raise Misuse(f"the scenario has only the public half of {account}'s key {found['key']!r}: it cannot sign here")
    return found


def _send_signed(base_url: str, credential: dict[str, Any], method: str, target: str) -> Reply:
    parts = urlsplit(base_url)
    url = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(PREFIX)}{target}"
    headers = signed_headers(credential["key_id"], credential["private_key_pem"], method, urlsplit(url).path)
    try:
        return send(method, url, headers)
    except Unreachable as error:
        raise Failure(f"no answer from {base_url}: {error}") from None


def _show(reply: Reply) -> None:
    colour = "green" if 200 <= reply.status < 300 else "red"
    click.secho(f"{reply.status} {printable(reply.reason)}", fg=colour, bold=True, err=True)
    diagnosis = reply.headers.get(DIAGNOSIS_HEADER)
    if diagnosis:
        click.secho(printable(diagnosis), fg="yellow", bold=True, err=True)
    if reply.body:
        show_json(reply.body)
