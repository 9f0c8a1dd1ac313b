"""Defines `mockexchange why`, which prints the latest refused requests, frames and script steps with their reasons."""

from pathlib import Path
from typing import Any

import click

from mockexchange.cli.click_base import json_option
from mockexchange.cli.commands.journal import BODY_CHARS_SHOWN_MAX, INDENT, fetch, remarks_of, show_facts, when
from mockexchange.cli.event_format import request_line
from mockexchange.cli.rule_lists import describe_refusal
from mockexchange.cli.server_connection import (
    REDACTED,
    SecretFilter,
    Server,
    find_server,
    sandbox_option,
    server_option,
    show_secrets_option,
)
from mockexchange.cli.terminal import cut, printable, show_json_lines, terminal_width, wrapped
from mockexchange.venues.registry import client_setups

REFUSALS_DEFAULT = 3
RECENT_MAX = 500
"""The number of requests searched for refusals before the whole journal, which may hold 32 MiB of bodies, is read."""
HEADER_CHARS_MAX = 60
"""Longer values, which are signatures, are cut: `journal NUMBER` has them."""

Entry = dict[str, Any]


@click.command()
@click.argument("count", metavar="[N]", type=click.IntRange(1), default=REFUSALS_DEFAULT)
@json_option("why", "As JSON, a refusal a line.")
@show_secrets_option
@sandbox_option
@server_option
def why(count: int, as_json: bool, show_secrets: bool, sandbox: str, ready_file: Path) -> None:
    """Print why requests, commands of streams and steps of the script were refused, or channels left out.

    Prints the last N refusals (by default 3), newest last, with the answer and what to change. `journal NUMBER` prints
    all details of a request.
    """
    server = find_server(ready_file)
    redaction = {} if show_secrets else REDACTED
    clean = (lambda entry: entry) if show_secrets else SecretFilter(server, sandbox).clean
    requests = list(map(clean, _refused_requests(server, sandbox, count, redaction)))
    frames = list(map(clean, _refused_frames(server, sandbox, count, redaction)))
    steps = [step for step in fetch(server, sandbox, "/script", {}) if step["refused"] or step["failed"]]
    if as_json:
        kinds = (("request", requests), ("frame", frames), ("script", steps))
        show_json_lines({"refused": kind, **entry} for kind, entries in kinds for entry in entries)
        return
    if not (requests or frames or steps):
        click.echo("nothing was refused")
    for entry in requests:
        _show_head(f"#{entry['number']}", when(entry), request_line(entry), str(entry["status"]), entry["account"])
        _say_why(entry["diagnosis"] or "not known")
        show_facts([("noticed", finding) for finding in entry["findings"]])
        for title, text in [*_credentials(entry), ("body", _text(entry, "body")), ("answered", _text(entry, "answer"))]:
            if text:
                click.echo(cut(f"  {title:<{INDENT - 2}}{printable(text)}", terminal_width()))
    for frame in frames:
        _show_head(f"frame {frame['number']}", when(frame), f"stream {frame['connection']}", frame["account"])
        _say_why("; ".join(remarks_of(frame)) or "not known")
        answer = printable(_text(frame, "frame").rstrip())
        click.echo(cut(f"  {'answered':<{INDENT - 2}}{answer}", terminal_width()))
    for step in steps:
        click.secho(f"script  {printable(step['name'])}  {step['action']}", fg="red")
        _say_why(describe_refusal(step))


def _refused_requests(server: Server, sandbox: str, count: int, redaction: dict[str, str]) -> list[Entry]:
    """Return the last refused requests, oldest first, from the newest entries or, if too few are there, from all."""

    def refused(entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if entry["status"] >= 400][-count:]

    recent = fetch(server, sandbox, "/journal", {**redaction, "last": RECENT_MAX})
    found = refused(recent)
    if len(found) == count or len(recent) < RECENT_MAX:
        return found
    return refused(fetch(server, sandbox, "/journal", redaction))


def _refused_frames(server: Server, sandbox: str, count: int, redaction: dict[str, str]) -> list[Entry]:
    """Return the errors of streams, and the subscriptions that left out some channels."""
    errors = fetch(server, sandbox, "/frames", {"kind": "error", "last": count, **redaction})
    acknowledged = fetch(server, sandbox, "/frames", {"kind": "subscribed", "last": RECENT_MAX, **redaction})
    noted = [frame for frame in acknowledged if frame["note"]]
    return sorted([*errors, *noted], key=lambda frame: frame["number"])[-count:]


def _show_head(*parts: str | None) -> None:
    click.secho(cut(printable("  ".join(part for part in parts if part)), terminal_width()), fg="red")


def _say_why(text: str) -> None:
    click.secho(wrapped("  why", printable(text), INDENT, terminal_width()), fg="yellow", bold=True)


def _text(entry: Entry, name: str) -> str:
    return str(entry.get(name) or entry.get(f"{name}_base64") or "")[:BODY_CHARS_SHOWN_MAX]


def _credentials(entry: Entry) -> list[tuple[str, str]]:
    """Return the headers that say whose a request is, if that is what was refused: no account was found for it."""
    if entry["account"] or not entry["operation"] or not entry["method"]:
        return []
    names = {name for setup in client_setups().values() for name in setup.credential_headers}
    sent = [(name.upper(), value) for name, value in entry["headers"] if name in names]
    if not sent:
        return [("sent", "no header that says whose it is")]
    return [
        ("sent", f"{name}: {value if len(value) <= HEADER_CHARS_MAX else f'{value[:20]}… ({len(value)} characters)'}")
        for name, value in sent
    ]
