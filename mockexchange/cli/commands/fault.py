"""Defines `mockexchange fault`, which installs, lists and removes the faults of a running exchange."""

from pathlib import Path
from typing import Any

import click

from mockexchange.cli.argument_types import parse_argument
from mockexchange.cli.click_base import Group, json_option
from mockexchange.cli.rule_lists import add_list_and_clear, describe_rule, install
from mockexchange.cli.server_connection import sandbox_option, server_option
from mockexchange.cli.terminal import printable, show_json_lines
from mockexchange.scenario.fault_rules import FAULT

PATH = "/faults"


@click.group(cls=Group)
def fault() -> None:
    """Add faults: errors, delays, wrong bodies and lost frames, at requests and frames of your choice.

    \b
    mockexchange fault add '{match: {operation: GetPositions, nth: 3},
        then: {status: 503}}'
    """


@fault.command()
@click.argument("rules", metavar="RULE...", nargs=-1, required=True)
@json_option("fault add")
@sandbox_option
@server_option
def add(rules: tuple[str, ...], as_json: bool, sandbox: str, ready_file: Path) -> None:
    """Install rules, all or none, and print them.

    Each RULE is written as under a scenario's `faults`. A RULE with the name of an installed fault replaces it.
    """
    body = [parse_argument(FAULT, "rule", number, text).body for number, text in enumerate(rules, start=1)]
    (show_json_lines if as_json else _show)(install(ready_file, sandbox, PATH, body))


@fault.command()
@click.argument("name")
@json_option("fault preset")
@sandbox_option
@server_option
def preset(name: str, as_json: bool, sandbox: str, ready_file: Path) -> None:
    """Install a preset: flaky, maintenance, 429-storm, lossy-stream or blocked-edge."""
    (show_json_lines if as_json else _show)(install(ready_file, sandbox, PATH, {"preset": name}))


def _show(faults: list[dict[str, Any]]) -> None:
    for one in faults:
        click.secho(printable(one["name"]), bold=True, nl=False)
        limit = "" if one["times"] is None else f" of {one['times']} times"
        click.echo(f"  matched {one['matched']}, fired {one['fired']}{limit}")
        click.echo(f"  {describe_rule(one['match']) or 'anything'} -> {describe_rule(one['then'])}")


add_list_and_clear(
    fault,
    PATH,
    _show,
    listing="Print what is installed, and how often each rule matched and fired.",
    clearing="Remove the rules of these names, or all, and print their names.",
)
