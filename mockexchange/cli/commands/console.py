"""Defines `mockexchange console`, which opens the web console of a server in a browser."""

import webbrowser
from pathlib import Path
from urllib.parse import quote

import click

from mockexchange.cli.click_base import Failure, option
from mockexchange.cli.server_connection import Server, find_server, sandbox_option, server_option


@click.command()
@option(
    "--print",
    "is_printed",
    envvar="MOCKEXCHANGE_CONSOLE_PRINT",
    is_flag=True,
    help="Print the URL, with its token, instead of opening it.",
)
@sandbox_option
@server_option
def console(is_printed: bool, sandbox: str, ready_file: Path) -> None:
    """Open the web console: requests and why they were refused, live.

    The URL has the token of the control API after a #, a part that browsers do not send; the page keeps it until its
    tab is closed.
    """
    server = find_server(ready_file)
    server.ask_sandbox("GET", sandbox, "/clock")
    url = console_url(server, sandbox)
    if is_printed:
        click.echo(url)
    elif webbrowser.open(url):
        click.echo(f"opened {page_of(server.ready['control_url'])}")
    else:
        raise Failure("no browser could be started here: open what `mockexchange console --print` prints")


def console_url(server: Server, sandbox: str) -> str:
    """Return the URL that opens the console on a sandbox, with the control API's token in its fragment."""
    token = quote(server.ready["control_token"], safe="")
    return f"{page_of(server.ready['control_url'])}#token={token}&/s/{quote(sandbox, safe='')}/requests"


def page_of(control_url: str) -> str:
    return f"{control_url}/console/"
