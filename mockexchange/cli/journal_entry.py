"""Prints one request or frame of the journal, with headers and bodies."""

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import click

from mockexchange.cli.events.event_format import request_line, style_of_request
from mockexchange.cli.terminal import body_text, clock_time, printable, terminal_width, wrapped

INDENT = 12
"""The column in which values begin, after their titles."""

Entry = dict[str, Any]


def show_request(entry: Entry) -> None:
    """Print a recorded request and its answer, with headers and bodies."""
    click.secho(printable(f"#{entry['number']}  {when(entry)}  {request_line(entry)}"), bold=True)
    click.secho(
        f"  status    {entry['status'] or 'none'} in {entry['latency_us'] / 1_000:.1f} ms", fg=style_of_request(entry)
    )
    key = f", key {entry['key_id']}" if entry["key_id"] else ""
    commands = ", ".join(f"#{number}" for number in entry.get("commands", ()))
    show_facts(
        [
            ("account", f"{entry['account'] or 'none'}{key}"),
            ("operation", entry["operation"] or ""),
            ("why", entry["diagnosis"] or ""),
            *(("noticed", finding) for finding in entry["findings"]),
            ("fault", entry["fault"] or ""),
            ("stub", entry["stub"] or ""),
            ("stream", str(entry["connection"] or "")),
            ("commands", commands),
        ]
    )
    for name, value in entry["headers"]:
        click.echo(f"  header    {printable(name)}: {printable(value)}")
    for title, name in (("body", "body"), ("answer", "answer")):
        _show_body(title, entry, name)


def show_frame(frame: Entry) -> None:
    """Print a recorded frame with its contents."""
    head = f"frame {frame['number']}  {when(frame)}  stream {frame['connection']}  {frame['direction']}"
    click.secho(printable(head), bold=True)
    names = ("account", "channel", "kind")
    show_facts([*((name, frame[name]) for name in names if frame[name]), ("remarks", "; ".join(remarks_of(frame)))])
    _show_body("frame", frame, "frame")


def when(entry: Entry) -> str:
    return f"{entry['at'][:10]} {clock_time(entry['at'])}"


def causes_of(frame: Entry) -> Iterator[str]:
    """Yield the name of the fault and of the stub that affected a frame, each as text."""
    yield from (f"{cause} {frame[cause]}" for cause in ("fault", "stub") if frame.get(cause))


def remarks_of(frame: Entry) -> list[str]:
    return [words for words in (frame["note"], *causes_of(frame)) if words]


def show_facts(facts: list[tuple[str, str]]) -> None:
    """Print titles with their texts, wrapped to the terminal's width; those with an empty text are left out."""
    for title, text in facts:
        if text:
            click.echo(wrapped(f"  {title}", printable(text), INDENT, terminal_width()))


def _show_body(title: str, entry: Entry, name: str) -> None:
    """Print a body, indented; a dropped one by its size."""
    if name in entry.get("dropped", {}):
        click.echo(f"  {title:<{INDENT - 2}}{entry['dropped'][name][0]:,} bytes that are not kept any more")
        return
    text = entry.get(name)
    raw = b64decode(entry[f"{name}_base64"]) if f"{name}_base64" in entry else (text or "").encode()
    if raw:
        click.echo(f"  {title}")
        click.echo("".join(f"    {line}\n" for line in body_text(raw)[0].splitlines()), nl=False)
