"""Defines `mockexchange advance`, which moves the exchange time of a sandbox forward and prints the new time."""

from pathlib import Path

import click

from mockexchange.cli.click_base import checked_text, json_option
from mockexchange.cli.server_connection import find_server, sandbox_option, server_option
from mockexchange.cli.terminal import printable, show_json_lines
from mockexchange.core.instants import parse_duration


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("duration", callback=checked_text(parse_duration))
@json_option("advance")
@sandbox_option
@server_option
def advance(duration: str, as_json: bool, sandbox: str, ready_file: Path) -> None:
    """Move the sandbox's clock forward, and print its time.

    DURATION is such as 250ms, 5s, 1h30m or 90d.
    """
    server = find_server(ready_file)
    clock = server.ask_sandbox("POST", sandbox, "/clock", body={"advance": duration})
    if as_json:
        show_json_lines([clock])
        return
    shown = server.ask_sandbox("GET", sandbox)
    click.echo(printable(f"{clock['now']} ({clock['mode']}), sandbox {shown['id']} of scenario {shown['scenario']}"))
