"""Defines `mockexchange call`, which sends a signed request as an account and prints the answer."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import click

from mockexchange.cli.click_base import Failure, UsageFailure, checked, option
from mockexchange.cli.commands.completion import ACCOUNT, CALL_PATH
from mockexchange.cli.server_connection import Server, find_server, sandbox_option, server_option
from mockexchange.cli.terminal import fitted, printable, show_json
from mockexchange.clients.request_signers import REQUEST_SIGNERS, RequestSigner, UnsignedRequest, envelope, sign
from mockexchange.runtime.http_request import Reply, Unreachable, send

DIAGNOSIS_HEADER = "X-Mock-Diagnosis"
NOT_FOUND = 404
UNKNOWN_PATH = ("unknown path", "nothing is served at")
"""The beginnings of the diagnoses that the server gives for paths without an operation."""
SUGGESTED = "did you mean"
"""Text of a diagnosis that suggests a similar path of the same venue."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
RECENT_MAX = 20
"""The number of the newest journal entries among which that of the request is searched."""
URL = re.compile("https?://", re.IGNORECASE)
SENT_AS_IS = "/%:@!$&'()*+,;=?~"
"""Characters of a target that are not encoded (RFC 3986); a "%" starts an encoded character."""


def _method(text: str) -> str:
    if text.upper() not in METHODS:
        from mockexchange.scenario.errors import did_you_mean

        raise ValueError(f"expected one of {', '.join(METHODS)}, got {text!r}{did_you_mean(text, METHODS)}")
    return text.upper()


def _json(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        json.loads(text)
    except ValueError:
        raise ValueError(f'expected JSON such as {{"contracts_limit": 5}}, got {text!r}') from None
    return text.encode()


def _params(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        params = json.loads(text)
        if isinstance(params, dict):
            return params
    except ValueError:
        pass
    raise ValueError(f'expected a JSON object such as {{"currency": "BTC"}}, got {text!r}')


def path_of(text: str, base_url: str) -> str:
    """Return the path and the query of a URL of this server; a text that is no URL is returned unchanged.

    Raises UsageFailure for a URL of another server.
    """
    if not URL.match(text):
        return text
    own, given = urlsplit(base_url), urlsplit(text)
    if (own.scheme, own.netloc) != (given.scheme.lower(), given.netloc):
        raise UsageFailure(
            f"PATH: expected a path such as /portfolio/balance, or a URL that begins with {own.scheme}://{own.netloc}; "
            f"got {text!r}, which is of another server"
        )
    return given._replace(scheme="", netloc="", fragment="").geturl()


def target_of(text: str, prefix: str) -> str:
    """Return the request target for a path: with the venue's prefix if that is missing, and encoded for HTTP."""
    target = quote(text if text.startswith("/") else f"/{text}", safe=SENT_AS_IS)
    path = target.partition("?")[0]
    return target if path == prefix or path.startswith(f"{prefix}/") else prefix + target


def request_of(
    dialect: RequestSigner, method: str, path: str, params: dict[str, Any] | None, body: bytes | None = None
) -> UnsignedRequest:
    """Return the unsigned request that the command's arguments describe.

    At a JSON-RPC venue a POST names its method in the URL and in the body. Raises UsageFailure if `params` or `body`
    are given for a request that has no such body.
    """
    target = target_of(path, dialect.prefix)
    has_body = dialect.id_name is not None and method == "POST"
    if params is not None and not has_body:
        example = "/private/get_positions?currency=BTC" if dialect.id_name else "/portfolio/fills?limit=2"
        raise UsageFailure(f"--params is for POST at a JSON-RPC venue: put them into PATH, as in '{example}'")
    if body is not None and (dialect.id_name is not None or method == "GET"):
        raise UsageFailure("--json is for POST, PUT and DELETE at a venue without JSON-RPC: use --params or PATH")
    if dialect.id_name is None or not has_body:
        return UnsignedRequest(method, target, body or b"")
    called = target.partition("?")[0].removeprefix(dialect.prefix).removeprefix("/")
    return UnsignedRequest(method, target, envelope(dialect.id_name, called, params or {}))


@click.command()
@click.argument("account", type=ACCOUNT)
@click.argument("method", callback=checked(_method))
@click.argument("path", type=CALL_PATH)
@option("--params", callback=checked(_params), metavar="JSON", help="Params of a POST, at a JSON-RPC venue.")
@option(
    "--json",
    "body",
    envvar="MOCKEXCHANGE_CALL_JSON",
    callback=checked(_json),
    metavar="BODY",
    help="JSON body of a POST, PUT or DELETE.",
)
@option("--key", help="The account's key to sign with.  [default: its first]")
@sandbox_option
@server_option
@click.pass_context
def call(
    context: click.Context,
    account: str,
    method: str,
    path: str,
    params: dict[str, Any] | None,
    body: bytes | None,
    key: str | None,
    sandbox: str,
    ready_file: Path,
) -> None:
    """Send a signed request and print the answer.

    The request goes to the account's venue. PATH may leave out the prefix of the venue's paths, such as /trade-api/v2.
    PATH may be a URL of this server, and ACCOUNT the id of a key, too.
    The body goes to standard output, status and diagnosis go to standard error. Exit code 0 for a status of 2xx.

    \b
    mockexchange call alice GET '/portfolio/positions?limit=2'
    mockexchange call alice PUT /portfolio/order_groups/ID/limit \\
        --json '{"contracts_limit": 5}'
    mockexchange call dora GET '/private/get_positions?currency=BTC'
    mockexchange call gina POST /private/get_positions \\
        --params '{"currency": "BTC"}'
    """
    server = find_server(ready_file)
    known = server.ask_sandbox("GET", sandbox)
    credential = _credential(known["accounts"], account, key)
    dialect = REQUEST_SIGNERS[credential["venue"]]
    base_url = known["venues"][credential["venue"]]["base_url"]
    request = request_of(dialect, method, path_of(path, base_url), params, body)
    reply = _send_signed(base_url, dialect, credential, request, server.ca_cert)
    diagnosis = reply.headers.get(DIAGNOSIS_HEADER) or ""
    if diagnosis:
        remarks = [diagnosis]
    elif "?" in request.target or request.body:
        # Findings are about misspelt and ignored parameters: a request that sends none is not looked up.
        remarks = _findings(server, sandbox, request)
    else:
        remarks = []
    _show(reply, remarks)
    if reply.status == NOT_FOUND and diagnosis.startswith(UNKNOWN_PATH) and SUGGESTED not in diagnosis:
        text = printable(f"{account} is on {credential['venue']}, whose paths begin with {dialect.prefix}")
        click.echo(fitted(text, 0), err=True)
    context.exit(0 if 200 <= reply.status < 300 else 1)


def _credential(accounts: list[dict[str, Any]], account: str, key: str | None) -> dict[str, Any]:
    """Return the row of an account's key, or of a key's id. Raises UsageFailure if it is unknown or cannot sign."""
    own = [entry for entry in accounts if account in (entry["name"], entry["key_id"])]
    if not own:
        from mockexchange.scenario.errors import did_you_mean

        names = dict.fromkeys(entry["name"] for entry in accounts)
        raise UsageFailure(f"no account {account!r}{did_you_mean(account, names)}; known: {', '.join(names) or 'none'}")
    found = next((entry for entry in own if key in (None, entry["key"])), None)
    if found is None:
        raise UsageFailure(f"{account} has no key {key!r}; known: {', '.join(entry['key'] for entry in own)}")
    if found["private_key_pem"] is None and found["secret"] is None:
        raise UsageFailure(
            f"the scenario has only the public half of {account}'s key {found['key']!r}: it cannot sign here"
        )
    return found


def _send_signed(
    base_url: str, dialect: RequestSigner, credential: dict[str, Any], request: UnsignedRequest, ca_cert: str | None
) -> Reply:
    parts = urlsplit(base_url)
    url = f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(dialect.prefix)}{request.target}"
    # What is signed is what is sent: behind a public URL that has a path, with that path.
    sent = request._replace(target=urlsplit(url)._replace(scheme="", netloc="").geturl())
    json_type = {"Content-Type": "application/json"} if request.body else {}
    headers = {**json_type, **sign(credential["venue"], credential, sent)}
    try:
        return send(request.method, url, headers, request.body or None, ca_cert=ca_cert)
    except Unreachable as error:
        raise Failure(f"no answer from {base_url}: {error}") from None


def _findings(server: Server, sandbox: str, request: UnsignedRequest) -> list[str]:
    """Return the findings of the newest journal entry of such a request, such as the name of an ignored parameter."""
    query = {"last": RECENT_MAX, "short": "true"}
    recent = server.ask_sandbox("GET", sandbox, "/journal", query=query)["entries"]
    sent = (request.method, request.target)
    own = [entry for entry in recent if (entry["method"], entry["target"]) == sent]
    return list(own[-1]["findings"]) if own else []


def _show(reply: Reply, remarks: list[str]) -> None:
    colour = "green" if 200 <= reply.status < 300 else "red"
    click.secho(f"{reply.status} {printable(reply.reason)}", fg=colour, bold=True, err=True)
    for text in remarks:
        click.secho(fitted(printable(text), 0), fg="yellow", bold=True, err=True)
    if reply.body:
        show_json(reply.body)
