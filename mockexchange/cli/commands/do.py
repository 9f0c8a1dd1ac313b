"""Defines `mockexchange do`, which executes steps now. They are written as in a scenario."""

from pathlib import Path
from typing import Any

import click

from mockexchange.cli.argument_types import parse_argument
from mockexchange.cli.click_base import UsageFailure, json_option
from mockexchange.cli.event_format import event_row, named_ids
from mockexchange.cli.server_connection import find_server, sandbox_option, server_option
from mockexchange.cli.terminal import clock_time, printable, show_json_lines, terminal_width, wrapped
from mockexchange.scenario.steps import STEP

FACTS_INDENT = " " * 6
REASON_INDENT = len("  refused: ")


@click.command()
@click.argument("steps", metavar="STEP...", nargs=-1, required=True)
@json_option("do", "What happened as JSON, a line for each step.")
@sandbox_option
@server_option
@click.pass_context
def do(context: click.Context, steps: tuple[str, ...], as_json: bool, sandbox: str, ready_file: Path) -> None:
    """Carry out steps now, and print what happened, with numbers to 12 decimal places.

    Each STEP is written as in a scenario's history. If a STEP cannot be read, none is carried out. A refused STEP
    changes nothing, and the others are carried out nevertheless; the exit code is then 1.

    \b
    mockexchange do 'fill: {account: alice, market: M, side: yes, action: buy,
        count: 1, price: 0.56}'
    """
    body = []
    for number, text in enumerate(steps, start=1):
        step, step_json = parse_argument(STEP, "step", number, text)
        if step.at is not None or step.after_us is not None:
            raise UsageFailure(f"step {number}: a step here happens now: expected neither `at` nor `after`")
        body.append(step_json)
    outcomes = find_server(ready_file).ask_sandbox("POST", sandbox, "/commands", body=body)
    if as_json:
        show_json_lines(outcomes)
    else:
        for done, outcome in zip(body, outcomes, strict=True):
            _show(next(iter(done)), outcome)
    context.exit(1 if any("refusal" in outcome for outcome in outcomes) else 0)


def _show(name: str, outcome: dict[str, Any]) -> None:
    """Print what a step changed as a small table under a line that names the step."""
    events = outcome.get("events", ())
    when = f"{outcome['at'][:10]} {clock_time(outcome['at'])}"
    ids = "".join(f"  {printable(one)}" for one in named_ids(events))
    click.secho(f"#{outcome['seq']}  {when}  {printable(name)}", bold=True, nl=False)
    click.echo(ids)
    if "refusal" in outcome:
        refusal = outcome["refusal"]
        reason = f"{refusal['code']}: {printable(refusal['message'])}"
        click.secho(wrapped("  refused: ", reason, REASON_INDENT, terminal_width()), fg="red")
    rows = [[printable(cell) for cell in event_row(event)] for event in events]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for *row, facts in rows:
        cells = (f"{cell:<{width}}  " for cell, width in zip(row, widths, strict=False) if width)
        head, width_max = f"  {''.join(cells)}", terminal_width()
        longest = max(map(len, facts.split()), default=0)
        if width_max is not None and len(head) + longest > width_max:
            # A word, such as an id, has no room beside the other columns: the facts are on a line below.
            click.echo(head.rstrip())
            head = FACTS_INDENT
        click.echo(wrapped(head, facts, len(head), width_max))
