"""Defines `mockexchange wait`, which waits until a sandbox has received or sent something, and prints that."""

import json
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from mockexchange.cli.click_base import UsageFailure, checked_text, option
from mockexchange.cli.server_connection import REDACTED, find_server, sandbox_option, server_option, show_secrets_option
from mockexchange.core.instants import MICROSECONDS_PER_SECOND, parse_duration
from mockexchange.runtime.http_request import TIMEOUT_S

SUBJECTS = ("subscribed", "request", "frame", "fault", "script")
"""What the control API can wait for."""
JSON_FILTERS = ("contains",)
"""Filters whose values are JSON; all others are text."""


@click.command()
@click.argument("subject", type=click.Choice(SUBJECTS))
@click.argument("filters", metavar="[NAME=VALUE]...", nargs=-1)
@option("--timeout", default="5s", show_default=True, callback=checked_text(parse_duration), help="Time to wait.")
@show_secrets_option
@sandbox_option
@server_option
def wait(
    subject: str, filters: tuple[str, ...], timeout: str, show_secrets: bool, sandbox: str, ready_file: Path
) -> None:
    """Wait for a subscription, request, frame, fault or the script's end; print each as a line of JSON.

    If that does not happen in time, the nearest misses are printed and the exit code is 1.

    \b
    mockexchange wait subscribed account=alice channel=fill
    mockexchange wait request operation=GetPositions times=2
    mockexchange wait frame kind=fill \\
        contains='{"msg": {"market_ticker": "KXRAIN-1"}}'
    mockexchange wait fault name=flaky
    mockexchange wait script done
    """
    wanted: Any = "done" if (subject, filters) == ("script", ("done",)) else _read_filters(filters)
    body = {"for": {subject: wanted}, "timeout": timeout}
    patience_s = parse_duration(timeout) / MICROSECONDS_PER_SECOND + TIMEOUT_S
    query = {} if show_secrets else REDACTED
    answer = find_server(ready_file).ask_sandbox(
        "POST", sandbox, "/wait", body=body, query=query, patience_s=patience_s
    )
    click.echo("".join(json.dumps(one) + "\n" for one in answer["found"]), nl=False)


def _read_filters(texts: tuple[str, ...]) -> dict[str, Any]:
    """Return filters such as account=alice by name. Raises UsageFailure."""
    wanted: dict[str, Any] = {}
    for text in texts:
        name, is_there, value = text.partition("=")
        if not is_there:
            near = ": did you mean done?" if get_close_matches(text, ["done"]) else ""
            example = "expected NAME=VALUE, such as account=alice, or done for the script"
            raise UsageFailure(f"{example}, got {text!r}{near}")
        if name in wanted:
            raise UsageFailure(f"{name}: expected it once, for all that is given has to be so")
        try:
            wanted[name] = json.loads(value) if name in JSON_FILTERS else value
        except ValueError:
            raise UsageFailure(f"{name}: expected JSON, got {value!r}") from None
    return wanted
