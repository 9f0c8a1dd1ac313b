"""Defines `mockexchange console`, which opens the web console of a server in a browser."""

import webbrowser
from pathlib import Path
from urllib.parse import quote

import click

from mockexchange.cli.click_base import Failure, option
from mockexchange.cli.server_connection import find_server, sandbox_option, server_option


@click.command()
@option(
    "--print",
    "is_printed",
    envvar="MOCKEXCHANGE_CONSOLE_PRINT",
    is_flag=True,
    help="Print the URL, which opens the console once, instead of opening it.",
)
@sandbox_option
@server_option
def console(is_printed: bool, sandbox: str, ready_file: Path) -> None:
    """Open the web console: requests and why they were refused, live.

    The URL has a code that opens the console once, within 5 minutes. The page exchanges it for the token of the control
    API, which it keeps until its tab is closed.
    """
    server = find_server(ready_file)
    server.ask_sandbox("GET", sandbox, "/clock")
    issued = server.ask("POST", "console/codes")
    page = f"{server.ready['control_url']}/console/"
    url = f"{page}#code={issued['code']}&/s/{quote(sandbox, safe='')}/requests"
    if is_printed:
        click.echo(url)
        click.echo(f"it opens the console once, within {issued['expires_after_s'] // 60} minutes", err=True)
    elif webbrowser.open(url):
        click.echo(f"opened {page}")
    else:
        raise Failure("no browser could be started here: open what `mockexchange console --print` prints")
