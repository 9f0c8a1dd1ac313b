"""`mockexchange journal` and `mockexchange why`: what crossed the wire, and why some of it was refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mockexchange.cli.control import Server, find_server, sandbox_option, server_option
from mockexchange.cli.frame import option
from mockexchange.cli.terminal import Line, printable, show_table

LAST = 20
REFUSALS = 3
RECENT = 500
"""How far back refusals are sought before the whole journal is read, which may hold 32 MiB of bodies."""
TITLES = ("#", "at", "request", "status", "operation", "account", "ms", "remarks")
SENT_HEADERS = ("kalshi-access-key", "kalshi-access-timestamp", "kalshi-access-signature")
BODY_CHARS_SHOWN_MAX = 1_000

Entry = dict[str, Any]


@click.command()
@option("--last", type=click.IntRange(0), help=f"How many; 0 for all.  [default: {LAST}, with --json all]")
@option("--status", type=click.IntRange(100, 599), help="Only answers of this status.")
@option("--operation", help="Only requests of this operation, such as GetPositions.")
@option(
    "--json",
    "as_json",
    envvar="MOCKEXCHANGE_JOURNAL_JSON",
    is_flag=True,
    help="Whole entries, one a line, as `replay --journal` reads them.",
)
@sandbox_option
@server_option
def journal(
    last: int | None, status: int | None, operation: str | None, as_json: bool, sandbox: str, ready_file: Path
) -> None:
    """Print requests and answers, newest last."""
    count = (0 if as_json else LAST) if last is None else last
    asked = {"last": count, "status": status, "operation": operation}
    entries = _entries(find_server(ready_file), sandbox, {name: value for name, value in asked.items() if value})
    if as_json:
        click.echo("".join(json.dumps(entry) + "\n" for entry in entries), nl=False)
    else:
        show_table(TITLES, [Line(_cells(entry), _style(entry)) for entry in entries])


@click.command()
@click.argument("count", metavar="[N]", type=click.IntRange(1), default=REFUSALS)
@sandbox_option
@server_option
def why(count: int, sandbox: str, ready_file: Path) -> None:
    """Print why requests were refused.

    The last N refusals (3 if not said), newest last: what was sent, and what to change.
    """
    refused = _refusals(find_server(ready_file), sandbox, count)
    if not refused:
        click.echo("nothing was refused")
    for entry in refused:
        _explain(entry)


def _refusals(server: Server, sandbox: str, count: int) -> list[Entry]:
    refused: list[Entry] = []
    for last in (RECENT, 0):
        entries = _entries(server, sandbox, {"last": last} if last else {})
        refused = [entry for entry in entries if entry["status"] >= 400][-count:]
        if len(refused) == count or len(entries) < last:
            break
    return refused


def _entries(server: Server, sandbox: str, query: dict[str, Any]) -> list[Entry]:
    entries: list[Entry] = server.ask_sandbox("GET", sandbox, "/journal", query=query)
    return entries


def _cells(entry: Entry) -> list[str]:
    remarks = "; ".join([*([entry["diagnosis"]] if entry["diagnosis"] else []), *entry["findings"]])
    return [
        str(entry["number"]),
        entry["at"],
        _request(entry),
        str(entry["status"]),
        entry["operation"] or "-",
        entry["account"] or "-",
        f"{entry['latency_us'] / 1_000:.1f}",
        remarks or "-",
    ]


def _style(entry: Entry) -> str:
    return "red" if entry["status"] >= 400 else "yellow" if entry["findings"] else ""


def _request(entry: Entry) -> str:
    return f"{entry['method']} {entry['target']}" if entry["method"] else "bytes that are no HTTP"


def _explain(entry: Entry) -> None:
    head = (f"#{entry['number']}", entry["at"], _request(entry), str(entry["status"]), entry["account"] or "")
    click.secho(printable("  ".join(part for part in head if part)), fg="red")
    click.secho(f"  why       {printable(entry['diagnosis'] or 'not known')}", fg="yellow", bold=True)
    for title, text in _evidence(entry):
        click.echo(f"  {title:<9} {printable(text)}")


def _evidence(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield what was sent and what was answered, each with its title."""
    yield from (("noticed", finding) for finding in entry["findings"])
    sent = [(name, value) for name, value in entry["headers"] if name in SENT_HEADERS]
    yield from (("sent", f"{name.upper()}: {value}") for name, value in sent)
    if not sent and entry["method"]:
        yield "sent", "none of the KALSHI-ACCESS headers"
    for title, name in (("body", "body"), ("answered", "answer")):
        text = entry.get(name) or entry.get(f"{name}_base64")
        if text:
            yield title, text[:BODY_CHARS_SHOWN_MAX]
