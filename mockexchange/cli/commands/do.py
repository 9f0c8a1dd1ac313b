"""`mockexchange do`: carry out steps now, written as in a scenario."""

import re
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import click

from mockexchange.cli.click_base import UsageFailure
from mockexchange.cli.server_connection import find_server, sandbox_option, server_option
from mockexchange.cli.terminal import printable
from mockexchange.cli.yaml_argument import parse_argument
from mockexchange.scenario.steps import STEP

SHOWN = Decimal("1e-12")
EXACT = Context(prec=200)
LONG_DECIMAL = re.compile(r"-?[0-9]{1,40}\.[0-9]{13,150}")


@click.command()
@click.argument("steps", metavar="STEP...", nargs=-1, required=True)
@sandbox_option
@server_option
@click.pass_context
def do(context: click.Context, steps: tuple[str, ...], sandbox: str, ready_file: Path) -> None:
    """Carry out steps now and print what happened, numbers to 12 places.

    Each STEP is written as in a scenario's history. None is carried out when one cannot be read. One that is refused
    changes nothing, the others are carried out; the exit code is then 1.

    \b
    mockexchange do 'fill: {account: alice, market: M, side: yes, action: buy, count: 1, price: 0.56}'
    """
    body = [_read(number, text) for number, text in enumerate(steps, start=1)]
    outcomes = find_server(ready_file).ask_sandbox("POST", sandbox, "/commands", body=body)
    for step, outcome in zip(body, outcomes, strict=True):
        _show(next(iter(step)), outcome)
    context.exit(1 if any("refusal" in outcome for outcome in outcomes) else 0)


def _read(number: int, text: str) -> Any:
    step, body = parse_argument(STEP, "step", number, text)
    if step.at is not None or step.after_us is not None:
        raise UsageFailure(f"step {number}: a step here happens now: expected neither `at` nor `after`")
    return body


def _show(name: str, outcome: dict[str, Any]) -> None:
    click.secho(f"#{outcome['seq']} {outcome['at']} {printable(name)}", bold=True)
    if "refusal" in outcome:
        refusal = outcome["refusal"]
        click.secho(f"  refused: {refusal['code']}: {printable(refusal['message'])}", fg="red")
    for event in outcome.get("events", ()):
        facts = {key: value for key, value in event.items() if key != "type"}
        click.echo(f"  {event['type']}  {'  '.join(f'{key}={_format_value(value)}' for key, value in facts.items())}")


def _format_value(value: Any) -> str:
    return "-" if value is None else printable(LONG_DECIMAL.sub(_rounded, str(value)))


def _rounded(found: re.Match[str]) -> str:
    """Return a number with 12 decimal places; the control API has it exactly."""
    exact = Decimal(found[0])
    return f"{exact.quantize(SHOWN, context=EXACT).normalize(EXACT):f}"
