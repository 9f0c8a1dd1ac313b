"""Defines `mockexchange journal`, which lists recorded requests and frames, or prints one of them with all details."""

import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mockexchange.cli.click_base import Failure, UsageFailure, option
from mockexchange.cli.commands.completion import ACCOUNT
from mockexchange.cli.event_format import GREEN, remarks_on, request_line, style_of_request
from mockexchange.cli.rule_lists import describe_rule
from mockexchange.cli.server_connection import (
    REDACTED,
    SecretFilter,
    Server,
    find_server,
    sandbox_option,
    server_option,
    show_secrets_option,
)
from mockexchange.cli.terminal import (
    Line,
    body_text,
    clock_time,
    printable,
    show_empty,
    show_json_lines,
    show_table,
    terminal_width,
    wrapped,
)
from mockexchange.clients.request_signers import REQUEST_SIGNERS

LAST_DEFAULT = 20
FRAME_TITLES = ("#", "at", "stream", "account", "way", "channel", "kind", "remarks", "frame")
FRAME_OPTIONS = ("connection", "channel", "kind", "direction")
DIRECTIONS = ("in", "out", "lost")
TITLES = ("#", "at", "request", "status", "operation", "account", "ms", "remarks")
BODY_CHARS_SHOWN_MAX = 1_000
WIDE = 100
"""The width of a terminal, in columns, from which the list shows more columns."""
NUMBERS = "# status ms stream"

Entry = dict[str, Any]


@click.command()
@click.argument("numbers", metavar="[NUMBER]...", type=click.IntRange(1), nargs=-1)
@option(
    "--last",
    type=click.IntRange(0),
    help=f"How many of the newest; 0 for all.  [default: {LAST_DEFAULT}, with --json all]",
)
@option("--frames", is_flag=True, help="The frames of streams instead of requests.")
@option("--status", type=click.IntRange(0, 599), help="Only answers of this status; 0 for none.")
@option("--operation", help="Only requests of this operation, such as GetPositions.")
@option("--stub", help="Only requests that the stub of this name matched.")
@option("--account", type=ACCOUNT, help="Only requests or frames of this account.")
@option("--connection", type=click.IntRange(1), help="Only frames of this stream.")
@option("--channel", help="Only frames of this channel, such as fill.")
@option("--kind", help="Only frames of this kind, such as market_position, subscribed or close.")
@option("--direction", type=click.Choice(DIRECTIONS), help="Only frames that came in, went out or were lost.")
@option(
    "--json",
    "as_json",
    envvar="MOCKEXCHANGE_JOURNAL_JSON",
    is_flag=True,
    help="Whole entries, one a line, as `replay --journal` reads them.",
)
@show_secrets_option
@sandbox_option
@server_option
def journal(
    numbers: tuple[int, ...],
    last: int | None,
    frames: bool,
    account: str | None,
    stub: str | None,
    as_json: bool,
    show_secrets: bool,
    sandbox: str,
    ready_file: Path,
    **more: Any,
) -> None:
    """Print requests and answers, newest last; or the frames of streams.

    With a NUMBER, that request or frame is printed with all details, such as headers and bodies. JSON output always has
    them. Secrets that clients sent are hidden: a replay of requests that need them takes --show-secrets.

    \b
    mockexchange journal --status 401
    mockexchange journal 12
    """
    count = (0 if as_json or numbers else LAST_DEFAULT) if last is None else last
    of_frames = {name: more.pop(name) for name in FRAME_OPTIONS}
    asked, foreign = (of_frames, more) if frames else (more, of_frames)
    for name, value in foreign.items():
        if value is not None:
            raise UsageFailure(f"--{name} is of {'requests' if frames else 'frames: add --frames'}")
    wanted = {"last": count or None, "account": account, "stub": stub, **asked}
    query = {name: value for name, value in wanted.items() if value not in (None, "")}
    server, hidden = find_server(ready_file), {} if show_secrets else REDACTED
    path = "/frames" if frames else "/journal"
    entries = _find(server, sandbox, path, {**query, **hidden}, numbers)
    if not entries:
        require_known_names(server, sandbox, query)
    if hidden:
        entries = list(map(SecretFilter(server, sandbox).clean, entries))
    if as_json:
        show_json_lines(entries)
    elif numbers:
        for entry in entries:
            (show_frame if frames else show_request)(entry)
    elif not entries:
        if sys.stdout.isatty():
            show_empty(describe_kept(server, sandbox, path, query))
    elif frames:
        _show_frames(entries)
    else:
        _show_requests(server, sandbox, entries)


def _find(server: Server, sandbox: str, path: str, query: Entry, numbers: tuple[int, ...]) -> list[Entry]:
    """Return the entries that match a query, or those of these numbers. Raises Failure if a number is not kept."""
    if not numbers:
        return fetch(server, sandbox, path, query)
    kept = {entry["number"]: entry for entry in fetch(server, sandbox, path, {**query, "after": min(numbers) - 1})}
    missing = next((number for number in numbers if number not in kept), None)
    if missing is not None:
        require_known_names(server, sandbox, query)
        raise Failure(f"no {noun_of(path)} {missing}: {describe_numbers(server, sandbox, path, query)}")
    return [kept[number] for number in numbers]


def _show_requests(server: Server, sandbox: str, entries: list[Entry]) -> None:
    effects = (
        {one["name"]: describe_rule(one["then"]) for one in fetch(server, sandbox, "/faults", {})}
        if any(entry["fault"] for entry in entries)
        else {}
    )
    width = terminal_width()
    if width is None:
        show_table(TITLES, [Line(_cells(entry, effects)) for entry in entries])
        return
    is_wide, same_day = width >= WIDE, _same_day(entries)
    titles = ["#", same_day or "at", "status", "account", *(["ms"] if is_wide else []), "request"]
    lines = []
    for entry in entries:
        style, signer = style_of_request(entry), REQUEST_SIGNERS.get(entry["venue"])
        method, _, target = request_line(entry).partition(" ")
        path = target.removeprefix(signer.prefix if signer else "") or "/"  # as `call` takes it
        words = "  ".join(part for part in (f"{method} {path}", _remarks(entry, effects)) if part)
        head = [str(entry["number"]), _short_time(entry, not same_day), str(entry["status"]), entry["account"] or "-"]
        milliseconds = [f"{entry['latency_us'] / 1_000:.1f}"] if is_wide else []
        lines.append(Line([*head, *milliseconds, words], "" if style == GREEN else style, {2: style}))
    show_table(titles, lines, one_line=True, right=NUMBERS)


def _same_day(entries: list[Entry]) -> str:
    """Return the day of all entries, which is then the title of their times; empty if they are of several days."""
    days = {entry["at"][:10] for entry in entries}
    return days.pop() if len(days) == 1 else ""


def _short_time(entry: Entry, has_day: bool) -> str:
    return f"{entry['at'][5:10]} {clock_time(entry['at'])}" if has_day else clock_time(entry["at"])


def _show_frames(entries: list[Entry]) -> None:
    width = terminal_width()
    if width is None:
        show_table(FRAME_TITLES, [Line(_frame_cells(frame)) for frame in entries])
        return
    same_day = _same_day(entries)
    titles = ["#", same_day or "at", "stream", "account", "way", "kind", "frame"]
    lines = []
    for frame in entries:
        number, _, stream, account, way, _, kind, remarks, text = _frame_cells(frame)
        words = "  ".join(part for part in (remarks, text) if part != "-")
        style = "yellow" if frame["fault"] or frame["note"] else ""
        lines.append(Line([number, _short_time(frame, not same_day), stream, account, way, kind, words], style))
    show_table(titles, lines, one_line=True, right=NUMBERS)


def fetch(server: Server, sandbox: str, path: str, query: dict[str, Any]) -> list[Entry]:
    entries: list[Entry] = server.ask_sandbox("GET", sandbox, path, query=query)
    return entries


def _cells(entry: Entry, effects: dict[str, str]) -> list[str]:
    return [
        str(entry["number"]),
        entry["at"],
        request_line(entry),
        str(entry["status"]),
        entry["operation"] or "-",
        entry["account"] or "-",
        f"{entry['latency_us'] / 1_000:.1f}",
        _remarks(entry, effects) or "-",
    ]


def _remarks(entry: Entry, effects: dict[str, str]) -> str:
    """Return the remarks on a request, with the effects of the faults that are still installed."""
    names = entry["fault"].split(", ") if entry["fault"] else []
    explained = [f"{name} ({effects[name]})" if name in effects else name for name in names]
    return remarks_on({**entry, "fault": ", ".join(explained)})


def _frame_cells(frame: Entry) -> list[str]:
    text = frame.get("frame") or frame.get("frame_base64") or ""
    return [
        str(frame["number"]),
        frame["at"],
        str(frame["connection"]),
        frame["account"] or "-",
        frame["direction"],
        frame["channel"] or "-",
        frame["kind"] or "-",
        "; ".join(words for words in (*causes_of(frame), frame["note"]) if words) or "-",
        text.rstrip("\n")[:BODY_CHARS_SHOWN_MAX] or "-",
    ]


# Why no entry matches: a name that no account, operation or kind of frame has


Query = dict[str, Any]
PARAMETERS = ("last", "redact")
"""Parameters of a query that choose no entries by their content."""


def require_known_names(server: Server, sandbox: str, query: Query) -> None:
    """Raise UsageFailure if a query without a result has an account or an operation that does not exist."""
    from mockexchange.api.values.accounts import unknown_account
    from mockexchange.scenario.errors import did_you_mean
    from mockexchange.scenario.fault_rules import OPERATION_NAMES

    if account := query.get("account"):
        names = [row["name"] for row in server.ask_sandbox("GET", sandbox)["accounts"]]
        if account not in names:
            raise UsageFailure(unknown_account(account, names))
    operation = query.get("operation")
    if operation and operation not in OPERATION_NAMES:
        advice = did_you_mean(operation, OPERATION_NAMES) or ": expected a name such as GetPositions"
        raise UsageFailure(f"no operation {operation!r}{advice}")


def describe_kept(server: Server, sandbox: str, path: str, query: Query) -> str:
    """Return what the journal has instead of the entries of a query: how many, and for a frame's kind, which kinds."""
    kept = short_entries(server, sandbox, path, {})
    if not kept:
        return f"no {noun_of(path)} yet"
    kinds = dict.fromkeys(frame["kind"] for frame in kept if frame["kind"]) if "kind" in query else ()
    which = f", of the kinds {', '.join(kinds)}" if kinds and query["kind"] not in kinds else ""
    return f"no {noun_of(path)} matches the options: {len(kept):,} {'is' if len(kept) == 1 else 'are'} kept{which}"


def describe_numbers(server: Server, sandbox: str, path: str, query: Query) -> str:
    """Return which numbers the journal has, or has of a query, for a number that it does not have."""
    filters = {name: value for name, value in query.items() if name not in PARAMETERS}
    kept = short_entries(server, sandbox, path, filters)
    if not kept:
        return describe_kept(server, sandbox, path, query)
    matching = " and match the options" if filters else ""
    return f"those that are kept{matching} are {kept[0]['number']} to {kept[-1]['number']}"


def short_entries(server: Server, sandbox: str, path: str, query: Query) -> list[dict[str, Any]]:
    """Return the entries of the journal, or its frames, that match a query, without their bodies."""
    answer = server.ask_sandbox("GET", sandbox, path, query={**query, "short": "true"})
    entries: list[dict[str, Any]] = answer["frames" if path == "/frames" else "entries"]
    return entries


def noun_of(path: str) -> str:
    """Return what a list of the control API has: requests, or frames."""
    return "frame" if path == "/frames" else "request"


# One request or frame, with headers and bodies


INDENT = 12
"""The column in which values begin, after their titles."""


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
