"""Defines `mockexchange script`, which adds, lists and removes the script steps of a running exchange."""

from pathlib import Path
from typing import Any

import click

from mockexchange.cli.argument_types import parse_argument
from mockexchange.cli.click_base import Group, json_option
from mockexchange.cli.rule_lists import describe_refusal, show_cleared, show_rules, times
from mockexchange.cli.server_connection import find_server, sandbox_option, server_option
from mockexchange.cli.terminal import printable, show_json_lines
from mockexchange.scenario.script_entries import ENTRY


@click.group(cls=Group)
def script() -> None:
    """Add steps that the server carries out by itself: at a time, or when a client does something.

    \b
    mockexchange script add '{every: 1s, times: 5,
        price: {market: KXRAINNYC-25NOV05-T1, price: 0.5$n}}'
    """


@script.command()
@click.argument("steps", metavar="STEP...", nargs=-1, required=True)
@json_option("script add")
@sandbox_option
@server_option
def add(steps: tuple[str, ...], as_json: bool, sandbox: str, ready_file: Path) -> None:
    """Add steps, all or none, and print them.

    Each STEP is written as under a scenario's `script`. Its times count from now.
    """
    body = [parse_argument(ENTRY, "step", number, text).body for number, text in enumerate(steps, start=1)]
    added = find_server(ready_file).ask_sandbox("POST", sandbox, "/script", body=body)
    (show_json_lines if as_json else _show)(added)


@script.command("list")
@json_option("script list")
@sandbox_option
@server_option
def list_(as_json: bool, sandbox: str, ready_file: Path) -> None:
    """Print the script's steps: how often each has run, and when each runs next."""
    show_rules(find_server(ready_file).ask_sandbox("GET", sandbox, "/script"), _show, as_json, "step")


@script.command()
@json_option("script clear")
@sandbox_option
@server_option
def clear(as_json: bool, sandbox: str, ready_file: Path) -> None:
    """Remove all steps of the script with their remaining runs, and print their names."""
    server = find_server(ready_file)
    steps = server.ask_sandbox("GET", sandbox, "/script")
    server.ask_sandbox("DELETE", sandbox, "/script")
    for step in steps:
        show_cleared(step["name"], as_json)


def _show(steps: list[dict[str, Any]]) -> None:
    for step in steps:
        click.secho(printable(step["name"]), bold=True, nl=False)
        coming = f", next at {step['next']}" if step["next"] else ""
        state = "" if step["state"] == "done" else f"{step['state']}, "
        click.echo(f"  {step['action']}: {state}done {times(step['fired'])}{coming}")
        if step["refused"] or step["failed"]:
            click.secho(f"  {describe_refusal(step)}", fg="yellow")
