"""Defines `mockexchange stub`, which installs, lists and removes the stubs of a running exchange."""

from pathlib import Path
from typing import Any

import click

from mockexchange.cli.argument_types import parse_argument
from mockexchange.cli.click_base import Group, json_option
from mockexchange.cli.rule_lists import add_list_and_clear, describe_rule, install
from mockexchange.cli.server_connection import sandbox_option, server_option
from mockexchange.cli.terminal import fitted, printable, show_json_lines
from mockexchange.clients.request_signers import REQUEST_SIGNERS
from mockexchange.scenario.stubs import BODIES, STUB

PATH = "/stubs"
BODY_CHARS_SHOWN_MAX = 200


@click.group(cls=Group)
def stub() -> None:
    """Add stubs: fixed answers to requests, also to requests that the server does not emulate.

    \b
    mockexchange stub add '{request: GET /trade-api/v2/milestones,
        json: {milestones: [], cursor: ""}}'
    """


@stub.command()
@click.argument("stubs", metavar="STUB...", nargs=-1, required=True)
@json_option("stub add")
@sandbox_option
@server_option
def add(stubs: tuple[str, ...], as_json: bool, sandbox: str, ready_file: Path) -> None:
    """Install stubs, all or none, and print them.

    Each STUB is written as under a scenario's `stubs`; if several stubs fit a request, the one installed last answers
    it. A STUB with the name of an installed stub replaces it.
    """
    written = [parse_argument(STUB, "stub", number, text).value.written for number, text in enumerate(stubs, start=1)]
    body = f"[{','.join(written)}]".encode()
    installed = install(ready_file, sandbox, PATH, body)
    (show_json_lines if as_json else _show)(installed)
    for one in installed:
        _note_foreign_path(one)


def _note_foreign_path(installed: dict[str, Any]) -> None:
    """Print a note on standard error if a stub's path is below no venue's prefix, such as one that `call` takes."""
    prefixes = [signer.prefix for signer in REQUEST_SIGNERS.values()]
    path = installed["request"].partition(" ")[2]
    if path.startswith("/") and not path.startswith((*prefixes, "/*")):
        text = f"{installed['name']}: paths of the venues begin with {', '.join(prefixes)}: this answers {path} alone"
        click.secho(fitted(printable(text)), fg="yellow", err=True)


def _show(stubs: list[dict[str, Any]]) -> None:
    for one in stubs:
        bound = f" of {one['times']} times" if "times" in one else ""
        click.secho(printable(one["name"]), bold=True, nl=False)
        click.echo(f"  matched {one['matched']}, answered {one['answered']}{bound}")
        asked = "  ".join([one["request"], *([describe_rule(one["query"])] if "query" in one else [])])
        body = {name: one[name] for name in BODIES if name in one}
        click.echo(f"  {printable(asked)} -> {one['status']}  {describe_rule(body)[:BODY_CHARS_SHOWN_MAX]}".rstrip())


add_list_and_clear(
    stub,
    PATH,
    _show,
    listing="Print what is installed, and how often each was asked for and answered.",
    clearing="Remove the stubs of these names, or all, and print their names.",
)
