"""Defines `mockexchange fork`, which copies a sandbox, as it was after a command or at an instant, into a new one."""

from pathlib import Path
from typing import Any

import click

from mockexchange.cli.argument_types import FileToRead
from mockexchange.cli.click_base import Failure, checked_text, json_option, option
from mockexchange.cli.server_connection import find_server, sandbox_option, server_option
from mockexchange.cli.terminal import printable, show_json_lines
from mockexchange.named_files import read_file
from mockexchange.recording.read_errors import reason_of
from mockexchange.sandbox.clock import parse_mode
from mockexchange.sandbox.forks import parse_until

FIELD = "fork"
"""The member of the request that errors of the control API begin with."""
NO_LOG = "expected a log, as `mockexchange log` writes it: "


@click.command()
@option(
    "--at",
    metavar="COMMAND|TIME",
    callback=checked_text(parse_until),
    help="The last command, or an instant.  [default: now]",
)
@option(
    "--of-log",
    type=FileToRead(takes_pipes=True),
    help="Fork the log in a file, as `mockexchange log` wrote it, instead of a sandbox.",
)
@option("--to", help="The name of the fork.  [default: the first free one of sandbox-1, sandbox-2 and so on]")
@option("--clock", callback=checked_text(parse_mode), help="real, paused, or such as 10x.  [default: as it was]")
@json_option("fork")
@sandbox_option
@server_option
def fork(
    at: str | None,
    of_log: Path | None,
    to: str | None,
    clock: str | None,
    as_json: bool,
    sandbox: str,
    ready_file: Path,
) -> None:
    """Copy a sandbox as it was after a command, or at an instant, into a new one.

    The new one has the same keys, and a port of its own.

    \b
    mockexchange fork --at 84
    mockexchange fork --at 2026-06-01T12:00:00Z --clock paused
    """
    given = {"name": to, "clock": clock}
    source = {"sandbox": sandbox} if of_log is None else {"log": _read(of_log)}
    body = {"fork": {**source, **({"at": at} if at else {})}, **{name: value for name, value in given.items() if value}}
    try:
        shown: dict[str, Any] = find_server(ready_file).ask("POST", "sandboxes", body)
    except Failure as error:
        raise Failure(_in_words_of_options(str(error), of_log)) from None
    if as_json:
        show_json_lines([shown])
        return
    time = shown["clock"]
    click.echo(printable(f"{shown['id']}: {shown['commands']} commands, {time['now']} ({time['mode']})"))
    click.echo(printable(f"  {shown['base_url']}"))


def _in_words_of_options(message: str, of_log: Path | None) -> str:
    """Return an error of the control API with the file or the option in place of the field."""
    place, _, why = message.partition(": ")
    if place != FIELD:
        return message.replace(f"{FIELD}.sandbox", "--sandbox")
    return why if of_log is None else f"{of_log}: {NO_LOG if why.startswith('line ') else ''}{why}"


def _read(path: Path) -> str:
    """Return the text of a log. Raises Failure."""
    try:
        return read_file(path, takes_pipes=True).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path}: {NO_LOG}{reason_of(error)}") from None
