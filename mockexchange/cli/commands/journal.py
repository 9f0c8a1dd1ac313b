"""`mockexchange journal` and `mockexchange why`: the requests and frames, and the reasons of refusals."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mockexchange.cli.click_base import UsageFailure, option
from mockexchange.cli.commands.completion import ACCOUNT
from mockexchange.cli.rule_lists import describe_refusal, describe_rule
from mockexchange.cli.server_connection import Server, find_server, sandbox_option, server_option
from mockexchange.cli.terminal import Line, printable, show_table
from mockexchange.runtime.redaction import HIDDEN, redact_entry, secrets_of_ready
from mockexchange.venues.registry import client_setups

LAST_DEFAULT = 20
REFUSALS_DEFAULT = 3
RECENT_MAX = 500
"""The number of requests searched for refusals before the whole journal, which may hold 32 MiB of bodies, is read."""
FRAME_TITLES = ("#", "at", "stream", "account", "way", "channel", "kind", "remarks", "frame")
FRAME_OPTIONS = ("connection", "channel", "kind", "direction")
DIRECTIONS = ("in", "out", "lost")
TITLES = ("#", "at", "request", "status", "operation", "account", "ms", "remarks")
BODY_CHARS_SHOWN_MAX = 1_000

Entry = dict[str, Any]


show_secrets_option = click.option("--show-secrets", is_flag=True, help="Show tokens, secrets and private keys, too.")


@click.command()
@option("--last", type=click.IntRange(0), help=f"How many; 0 for all.  [default: {LAST_DEFAULT}, with --json all]")
@option("--frames", is_flag=True, help="The frames of streams instead of requests.")
@option("--status", type=click.IntRange(0, 599), help="Only answers of this status; 0 for none.")
@option("--operation", help="Only requests of this operation, such as GetPositions.")
@option("--stub", help="Only requests that the stub of this name matched.")
@option("--account", type=ACCOUNT, help="Only what is of this account.")
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
    """Print requests and answers, newest last; or the frames of streams. JSON is whole, with what clients sent."""
    count = (0 if as_json else LAST_DEFAULT) if last is None else last
    of_frames = {name: more.pop(name) for name in FRAME_OPTIONS}
    asked, foreign = (of_frames, more) if frames else (more, of_frames)
    _refuse_foreign(foreign, frames)
    wanted = {"last": count or None, "account": account, "stub": stub, **asked}
    query = {name: value for name, value in wanted.items() if value not in (None, "")}
    server = find_server(ready_file)
    entries = _fetch(server, sandbox, "/frames" if frames else "/journal", query)
    if account and not entries:
        _require_account(server, sandbox, account)
    if not (as_json or show_secrets):
        entries = _without_secrets(server, entries)
    if as_json:
        click.echo("".join(json.dumps(entry) + "\n" for entry in entries), nl=False)
    elif frames:
        show_table(
            FRAME_TITLES,
            [Line(_frame_cells(frame), "yellow" if frame["fault"] or frame["note"] else "") for frame in entries],
        )
    else:
        effects = _effects(server, sandbox) if any(entry["fault"] for entry in entries) else {}
        show_table(TITLES, [Line(_cells(entry, effects), _style(entry)) for entry in entries])


def _require_account(server: Server, sandbox: str, account: str) -> None:
    """Raise UsageFailure if there is no such account."""
    from mockexchange.api.values.accounts import unknown_account

    names = [row["name"] for row in server.ask_sandbox("GET", sandbox)["accounts"]]
    if account not in names:
        raise UsageFailure(unknown_account(account, names))


def _effects(server: Server, sandbox: str) -> dict[str, str]:
    """Return the effects of the installed faults by name, since an answer does not show a delay, for example."""
    return {one["name"]: describe_rule(one["then"]) for one in _fetch(server, sandbox, "/faults", {})}


def _refuse_foreign(options: Entry, frames: bool) -> None:
    for name, value in options.items():
        if value is not None:
            raise UsageFailure(f"--{name} is of {'requests' if frames else 'frames: add --frames'}")


@click.command()
@click.argument("count", metavar="[N]", type=click.IntRange(1), default=REFUSALS_DEFAULT)
@show_secrets_option
@sandbox_option
@server_option
def why(count: int, show_secrets: bool, sandbox: str, ready_file: Path) -> None:
    """Print why requests, commands of streams and steps of the script were refused, or channels left out.

    The last N refusals (3 if not said), newest last: what was sent, and what to change.
    """
    server = find_server(ready_file)
    refused = _refusals(server, sandbox, count)
    errors = _fetch(server, sandbox, "/frames", {"kind": "error", "last": count})
    acknowledged = _fetch(server, sandbox, "/frames", {"kind": "subscribed", "last": RECENT_MAX})
    errors = sorted([*errors, *filter(_is_noted, acknowledged)], key=lambda frame: frame["number"])[-count:]
    steps = [step for step in _fetch(server, sandbox, "/script", {}) if step["refused"] or step["failed"]]
    if not (refused or errors or steps):
        click.echo("nothing was refused")
    for entry in refused if show_secrets else _without_secrets(server, refused):
        _explain(entry)
    for frame in errors if show_secrets else _without_secrets(server, errors):
        _explain_frame(frame)
    for step in steps:
        click.secho(f"script  {printable(step['name'])}  {step['action']}", fg="red")
        click.secho(f"  why       {describe_refusal(step)}", fg="yellow", bold=True)


def _without_secrets(server: Server, entries: list[Entry]) -> list[Entry]:
    """Return entries without the server's secrets, and without texts that look like secrets."""
    known = secrets_of_ready(server.ready)
    return [redact_entry({**entry, "headers": _whole_lines(entry)}, known) for entry in entries]


def _whole_lines(entry: Entry) -> list[list[str]]:
    """Return the headers, in which a cookie, like the header Authorization, is a secret as a whole."""
    return [[name, HIDDEN if name.lower() == "cookie" else value] for name, value in entry.get("headers", [])]


def _is_noted(frame: Entry) -> bool:
    """Return whether a subscription left out some channels."""
    return bool(frame["note"])


def _refusals(server: Server, sandbox: str, count: int) -> list[Entry]:
    refused: list[Entry] = []
    for last in (RECENT_MAX, 0):
        entries = _fetch(server, sandbox, "/journal", {"last": last} if last else {})
        refused = [entry for entry in entries if entry["status"] >= 400][-count:]
        if len(refused) == count or len(entries) < last:
            break
    return refused


def _fetch(server: Server, sandbox: str, path: str, query: dict[str, Any]) -> list[Entry]:
    entries: list[Entry] = server.ask_sandbox("GET", sandbox, path, query=query)
    return entries


def _cells(entry: Entry, effects: dict[str, str]) -> list[str]:
    names = entry["fault"].split(", ") if entry["fault"] else []
    told = [f"{name} ({effects[name]})" if name in effects else name for name in names]
    fault = f"fault {', '.join(told)}" if told else ""
    stub = f"stub {entry['stub']}" if entry["stub"] else ""
    remarks = "; ".join(words for words in (entry["diagnosis"], *entry["findings"], fault, stub) if words)
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


def _causes(frame: Entry) -> Iterator[str]:
    """Yield the fault and the stub that affected a frame."""
    yield from (f"{cause} {frame[cause]}" for cause in ("fault", "stub") if frame.get(cause))


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
        "; ".join(words for words in (*_causes(frame), frame["note"]) if words) or "-",
        text.rstrip("\n")[:BODY_CHARS_SHOWN_MAX] or "-",
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


def _explain_frame(frame: Entry) -> None:
    head = (f"frame {frame['number']}", frame["at"], f"stream {frame['connection']}", frame["account"] or "")
    click.secho(printable("  ".join(part for part in head if part)), fg="red")
    words = "; ".join(part for part in (frame["note"], *_causes(frame)) if part) or "not known"
    click.secho(f"  why       {printable(words)}", fg="yellow", bold=True)
    click.echo(f"  answered  {printable(frame.get('frame', '').rstrip()[:BODY_CHARS_SHOWN_MAX])}")


def _evidence(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the findings, credentials, body and answer of a request, each with its title."""
    yield from (("noticed", finding) for finding in entry["findings"])
    credential_headers = {name for setup in client_setups().values() for name in setup.credential_headers}
    sent = [(name, value) for name, value in entry["headers"] if name in credential_headers]
    yield from (("sent", f"{name.upper()}: {value}") for name, value in sent)
    if not sent and entry["method"]:
        yield "sent", "no header that says whose it is"
    for title, name in (("body", "body"), ("answered", "answer")):
        text = entry.get(name) or entry.get(f"{name}_base64")
        if text:
            yield title, text[:BODY_CHARS_SHOWN_MAX]
