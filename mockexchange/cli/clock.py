"""`mockexchange advance`: the exchange's time, moved."""

from pathlib import Path

import click

from mockexchange.cli.control import find_server, sandbox_option, server_option
from mockexchange.cli.frame import checked
from mockexchange.core.instants import parse_duration


def _duration(text: str) -> str:
    parse_duration(text)
    return text


@click.command()
@click.argument("duration", callback=checked(_duration))
@sandbox_option
@server_option
def advance(duration: str, sandbox: str, ready_file: Path) -> None:
    """Move exchange time forward and print it.

    DURATION is such as 250ms, 5s, 1h30m or 90d.
    """
    clock = find_server(ready_file).ask_sandbox("POST", sandbox, "/clock", body={"advance": duration})
    click.echo(f"{clock['now']} ({clock['mode']})")
