"""Defines the subcommands `list` and `clear`, which `fault` and `stub` have in common, and texts about rules."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from mockexchange.cli.click_base import json_option
from mockexchange.cli.server_connection import find_server, sandbox_option, server_option
from mockexchange.cli.terminal import printable, show_empty, show_json_lines

Show = Callable[[list[dict[str, Any]]], None]
"""A function that prints installed rules."""


def add_list_and_clear(group: click.Group, path: str, show: Show, *, listing: str, clearing: str) -> None:
    """Add the subcommands `list` and `clear` to a group.

    `path` is the path of the rules below a sandbox; `listing` and `clearing` are the help texts.
    """

    @group.command("list", help=listing)
    @json_option(f"{group.name} list")
    @sandbox_option
    @server_option
    def list_(as_json: bool, sandbox: str, ready_file: Path) -> None:
        show_rules(find_server(ready_file).ask_sandbox("GET", sandbox, path), show, as_json, str(group.name))

    @group.command(help=clearing)
    @click.argument("names", metavar="[NAME]...", nargs=-1)
    @json_option(f"{group.name} clear")
    @sandbox_option
    @server_option
    def clear(names: tuple[str, ...], as_json: bool, sandbox: str, ready_file: Path) -> None:
        server = find_server(ready_file)
        gone = names or [one["name"] for one in server.ask_sandbox("GET", sandbox, path)]
        if not names:
            server.ask_sandbox("DELETE", sandbox, path)
        if not gone and not as_json:
            show_empty(f"no {group.name} is installed")
        for name in gone:
            if names:
                server.ask_sandbox("DELETE", sandbox, f"{path}/{quote(name, safe='')}")
            show_cleared(name, as_json)


def show_rules(rules: list[dict[str, Any]], show: Show, as_json: bool, noun: str) -> None:
    """Print installed rules or steps. At a terminal, also print that there are none."""
    (show_json_lines if as_json else show)(rules)
    if not rules and not as_json:
        show_empty(f"no {noun} is installed")


def show_cleared(name: str, as_json: bool) -> None:
    """Print the name of a rule or a step that was removed."""
    if as_json:
        show_json_lines([{"cleared": name}])
    else:
        click.echo(f"cleared {printable(name)}")


def install(ready_file: Path, sandbox: str, path: str, body: Any) -> list[dict[str, Any]]:
    """Install rules in a sandbox, all or none, and return them as installed. Raises Failure."""
    installed: list[dict[str, Any]] = find_server(ready_file).ask_sandbox("POST", sandbox, path, body=body)
    return installed


def describe_rule(given: dict[str, Any]) -> str:
    """Return the conditions (`match`) or effects (`then`) of a rule as text."""
    texts = {
        name: value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False)
        for name, value in given.items()
    }
    return printable("  ".join(name if text is None else f"{name}={text}" for name, text in texts.items()))


def describe_refusal(step: dict[str, Any]) -> str:
    """Return how often a script step was refused or failed, with the latest reason, as text."""
    counts = [f"{kind} {times(step[kind])}" for kind in ("refused", "failed") if step[kind]]
    return f"{', '.join(counts)}: {printable(step['reason'])}"


def times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
