"""Describes an event in one line, for `mockexchange watch` and the request log."""

from collections.abc import Collection
from typing import Any

from mockexchange.cli.events.core_events import describe_core_event
from mockexchange.cli.events.event_source import Event

Data = dict[str, Any]
FRAME_CHARS_MAX = 400
EVENTS_SHOWN_MAX = 4
GREEN, YELLOW, RED = "green", "yellow", "red"


def accounts_of(event: Event) -> set[str]:
    """Return the accounts that an event concerns; an empty set if it concerns no account in particular."""
    if event.kind == "command":
        return {one["account"] for one in event.data.get("events", ()) if one.get("account")}
    account = event.data.get("account")
    return {account} if account else set()


def concerns(event: Event, accounts: Collection[str]) -> bool:
    """Return whether an event is shown when only `accounts` are watched. If `accounts` is empty, all are watched."""
    if not accounts or event.kind in ("begin", "lost", "end"):
        return True
    about = accounts_of(event)
    return not about.isdisjoint(accounts) if about or event.kind in ("request", "frame") else True


def style_of(event: Event) -> str:
    """Return an event's colour: red if refused or lost, yellow if odd or disturbed by a fault, green for a good answer.

    Other events have no colour.
    """
    data = event.data
    if event.kind == "request":
        return style_of_request(data)
    if event.kind == "lost" or data.get("refusal") or data.get("kind") == "error":
        return RED
    is_odd = event.kind == "fault" or data.get("kind") == "finding" or data.get("fault") or data.get("note")
    return YELLOW if is_odd else ""


def style_of_request(data: Data) -> str:
    """Return the colour of a request: red if it was refused or got no answer, yellow if it is odd, else green."""
    if data["status"] >= 400 or not data["status"]:
        return RED
    return YELLOW if data["findings"] or data["fault"] or data["diagnosis"] else GREEN


def event_cells(event: Event) -> list[str]:
    """Return the cells of an event's line: time, kind and description."""
    return [event.data.get("at", "-"), event.kind, describe_event(event)]


def describe_event(event: Event) -> str:
    match event.kind:
        case "command":
            return _describe_command(event.data)
        case "request":
            return describe_request(event.data)
        case "frame":
            return _describe_frame(event.data)
        case "script" | "fault":
            data = event.data
            facts = " ".join(f"{name}={value}" for name, value in data["detail"].items())
            kind = "" if data["kind"] in ("script", "fault") else f"{data['kind']} "
            return f"{kind}{data['name']} {facts}".rstrip()
        case "lost":
            return f"{event.data['lost'] or 'some'} events were lost: this watcher was too slow, or away for too long"
        case "begin":
            return f"watching {event.data['sandbox']}"
    return f"the sandbox was {event.data['reason']}"


TRADED = ("filled", "contract_traded")
"""The types of events that are trades."""


def frame_text(frame: Data) -> str:
    return str(frame.get("frame") or frame.get("frame_base64") or "").rstrip("\n")[:FRAME_CHARS_MAX]


def _describe_command(data: Data) -> str:
    head = f"#{data['seq']} {data['command']}"
    cause = f" (by {data['cause']['step']}, {data['cause']['repetition']})" if data["cause"] else ""
    if "refusal" in data:
        return f"{head}{cause} refused: {data['refusal']['code']}: {data['refusal']['message']}"
    shown = [describe_core_event(one) for one in data["events"][:EVENTS_SHOWN_MAX]]
    rest = len(data["events"]) + data["left_out"] - len(shown)
    return f"{head}{cause}: {'; '.join(shown) or 'nothing changed'}{f'; and {rest} more' if rest else ''}"


def describe_request(data: Data) -> str:
    head = request_line(data)
    facts = [str(data["status"]), data["operation"] or "-", data["account"] or "-"]
    facts.append(f"{data['latency_us'] / 1_000:.1f} ms")
    remarks = remarks_on(data)
    return f"{head} -> {' '.join(facts)}{f': {remarks}' if remarks else ''}"


def request_line(data: Data) -> str:
    return f"{data['method']} {data['target']}" if data["method"] else "bytes that are no HTTP"


def remarks_on(data: Data) -> str:
    """Return the remarks on a request: its diagnosis, findings, and the fault and stub that affected it."""
    causes = [f"{cause} {data[cause]}" for cause in ("fault", "stub") if data.get(cause)]
    return "; ".join([*([data["diagnosis"]] if data["diagnosis"] else []), *data["findings"], *causes])


def _describe_frame(data: Data) -> str:
    head = f"{data['direction']} stream {data['connection']} {data['account'] or '-'}"
    kind = f" {data['kind']}" if data["kind"] else ""
    causes = (f"{cause} {data[cause]}" for cause in ("fault", "stub") if data.get(cause))
    remarks = "; ".join(words for words in (*causes, data["note"]) if words)
    return f"{head}{kind}{f' [{remarks}]' if remarks else ''} {frame_text(data)}".rstrip()
