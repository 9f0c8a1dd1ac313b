"""Defines `mockexchange journal`, which lists recorded requests and frames, or prints one of them with all details."""

import sys
from pathlib import Path
from typing import Any

import click

from mockexchange.cli.click_base import Failure, UsageFailure, option
from mockexchange.cli.commands.completion import ACCOUNT
from mockexchange.cli.events.event_format import GREEN, remarks_on, request_line, style_of_request
from mockexchange.cli.journal_entry import causes_of, show_frame, show_request
from mockexchange.cli.journal_filters import describe_kept, describe_numbers, noun_of, require_known_names
from mockexchange.cli.rule_lists import describe_rule
from mockexchange.cli.secret_option import REDACTED, SecretFilter, show_secrets_option
from mockexchange.cli.server_connection import Server, find_server, sandbox_option, server_option
from mockexchange.cli.terminal import Line, clock_time, show_empty, show_json_lines, show_table, terminal_width
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
    _refuse_foreign(foreign, frames)
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
    lines = [_short_line(entry, effects, has_day=not same_day, is_wide=is_wide) for entry in entries]
    show_table(titles, lines, one_line=True, right=NUMBERS)


def _short_line(entry: Entry, effects: dict[str, str], *, has_day: bool, is_wide: bool) -> Line:
    """Return the line of a request for people: short times and paths, and remarks behind the request."""
    style = style_of_request(entry)
    number, _, _, status, _, account, milliseconds, _ = _cells(entry, effects)
    words = "  ".join(part for part in (_short_request(entry), _remarks(entry, effects)) if part)
    more = [milliseconds] if is_wide else []
    cells = [number, _short_time(entry, has_day), status, account, *more, words]
    return Line(cells, "" if style == GREEN else style, {2: style})


def _same_day(entries: list[Entry]) -> str:
    """Return the day of all entries, which is then the title of their times; empty if they are of several days."""
    days = {entry["at"][:10] for entry in entries}
    return days.pop() if len(days) == 1 else ""


def _short_time(entry: Entry, has_day: bool) -> str:
    return f"{entry['at'][5:10]} {clock_time(entry['at'])}" if has_day else clock_time(entry["at"])


def _short_request(entry: Entry) -> str:
    """Return the method and the path as `call` takes it, without the prefix of the account's venue."""
    signer = REQUEST_SIGNERS.get(entry["venue"])
    prefix = signer.prefix if signer else ""
    method, _, target = request_line(entry).partition(" ")
    return f"{method} {target.removeprefix(prefix) or '/'}"


def _show_frames(entries: list[Entry]) -> None:
    width = terminal_width()
    rows = [(frame, _frame_cells(frame)) for frame in entries]
    lines = [Line(cells, "yellow" if frame["fault"] or frame["note"] else "") for frame, cells in rows]
    if width is None:
        show_table(FRAME_TITLES, lines)
        return
    same_day = _same_day(entries)
    titles = ["#", same_day or "at", "stream", "account", "way", "kind", "frame"]
    short = [_short_frame(frame, line, has_day=not same_day) for frame, line in zip(entries, lines, strict=True)]
    show_table(titles, short, one_line=True, right=NUMBERS)


def _short_frame(frame: Entry, line: Line, *, has_day: bool) -> Line:
    number, _, stream, account, way, _, kind, remarks, text = line.cells
    words = "  ".join(part for part in (remarks, text) if part != "-")
    return line._replace(cells=[number, _short_time(frame, has_day), stream, account, way, kind, words])


def _refuse_foreign(options: Entry, frames: bool) -> None:
    for name, value in options.items():
        if value is not None:
            raise UsageFailure(f"--{name} is of {'requests' if frames else 'frames: add --frames'}")


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
