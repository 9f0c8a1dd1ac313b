"""`mockexchange fault`: faults installed in an exchange that runs, listed and removed."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from mockexchange.cli.control import find_server, sandbox_option, server_option
from mockexchange.cli.terminal import printable
from mockexchange.cli.written import read_written
from mockexchange.scenario.faults import FAULT


@click.group()
def fault() -> None:
    """Disturb what crosses the wire, on purpose.

    \b
    mockexchange fault add '{match: {operation: GetPositions, nth: 3}, then: {status: 503}}'
    """


@fault.command()
@click.argument("rules", metavar="RULE...", nargs=-1, required=True)
@sandbox_option
@server_option
def add(rules: tuple[str, ...], sandbox: str, ready_file: Path) -> None:
    """Install rules, all or none, and print them.

    Each RULE is written as under a scenario's `faults`. One that has the name of another takes its place.
    """
    body = [read_written(FAULT, "rule", number, text).body for number, text in enumerate(rules, start=1)]
    _show(find_server(ready_file).ask_sandbox("POST", sandbox, "/faults", body=body))


@fault.command()
@click.argument("name")
@sandbox_option
@server_option
def preset(name: str, sandbox: str, ready_file: Path) -> None:
    """Install a preset: flaky, maintenance, 429-storm or lossy-stream."""
    _show(find_server(ready_file).ask_sandbox("POST", sandbox, "/faults", body={"preset": name}))


@fault.command("list")
@sandbox_option
@server_option
def list_(sandbox: str, ready_file: Path) -> None:
    """Print what is installed, and how often each rule matched and fired."""
    _show(find_server(ready_file).ask_sandbox("GET", sandbox, "/faults"))


@fault.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@sandbox_option
@server_option
def clear(names: tuple[str, ...], sandbox: str, ready_file: Path) -> None:
    """Remove the rules of these names, or all, and print their names."""
    server = find_server(ready_file)
    gone = names or [one["name"] for one in server.ask_sandbox("GET", sandbox, "/faults")]
    if not names:
        server.ask_sandbox("DELETE", sandbox, "/faults")
    for name in gone:
        if names:
            server.ask_sandbox("DELETE", sandbox, f"/faults/{quote(name, safe='')}")
        click.echo(f"cleared {printable(name)}")


def _show(faults: list[dict[str, Any]]) -> None:
    for one in faults:
        click.secho(printable(one["name"]), bold=True, nl=False)
        click.echo(f"  matched {one['matched']}, fired {one['fired']}{_bound(one['times'])}")
        click.echo(f"  {words_of(one['match']) or 'anything'} -> {words_of(one['then'])}")


def _bound(times: int | None) -> str:
    return "" if times is None else f" of {times} times"


def words_of(given: dict[str, Any]) -> str:
    """What a rule looks for, or does, in words."""
    return printable("  ".join(name if value is None else f"{name}={_word(value)}" for name, value in given.items()))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
