"""Defines `mockexchange log`, which prints the commands that a sandbox has executed, for replays and bug reports."""

from pathlib import Path
from urllib.parse import quote

import click

from mockexchange.cli.server_connection import find_server, sandbox_option, server_option


@click.command()
@sandbox_option
@server_option
def log(sandbox: str, ready_file: Path) -> None:
    """Print the log of commands, as `replay` reads it."""
    click.echo(find_server(ready_file).download(f"sandboxes/{quote(sandbox, safe='')}/log"), nl=False)
