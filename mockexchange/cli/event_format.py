"""Formats as a line what happened: events of the exchange, and the live events in which the control API sends them."""

import re
from collections.abc import Collection, Iterator, Sequence
from decimal import Context, Decimal
from typing import Any, NamedTuple

from mockexchange.cli.terminal import printable

Data = dict[str, Any]
TEMPLATES = {
    "filled": "{action} {side} {count} at {price}, fee {fee}",
    "contract_traded": "{direction} {amount} at {price}, fee {fee}",
    "order_rested": "{action} {side} {count} at {price}",
    "order_changed": "{status}, {filled} of {initial} at {price}",
    "position_changed": "{quantity}, cost {cost}, realized {realized}, fees {fees}",
    "position_settled": "{result}, {quantity} for {revenue}",
    "holding_changed": "{size}, cost {cost}, realized {realized}",
    "traded": "{count} at {yes} for yes, taker {taker_side}",
    "cash_moved": "{amount}, now {cash}",
    "cash_changed": "{currency} {cash}",
    "payment_made": "{kind} {amount} by {method}, fee {fee}, {status}",
    "market_priced": "{price}",
    "contract_marked": "{price}",
    "level_changed": "{side} at {price} by {change}",
    "transferred": "{amount} from {source} to {target}",
}
"""Texts for the most frequent types of events; other types list all their fields by name."""
SUBJECTS = ("account", "book")
PLACES = ("market", "instrument", "index", "event", "series")
IDS = ("order_id", "fill_id", "trade_id")
"""Ids left out of an event's line, which they would fill, unless it has nothing else; `named_ids` has them too."""
SHOWN = Decimal("1e-12")
EXACT = Context(prec=200)
LONG_DECIMAL = re.compile(r"-?[0-9]{1,40}\.[0-9]{13,150}")
MONEY = re.compile(r"-?[0-9]+\.[0-9]{2}(?:[0-9]{2}){1,2}")
"""Dollars with four or six decimals, as the control API writes them."""


class LiveEvent(NamedTuple):
    """A server-sent event of the control API, as of a command with the events of the exchange that it brought.

    `kind` is command, request, frame, script or fault, or begin, lost or end.
    """

    kind: str
    data: dict[str, Any]
    event_id: str | None = None


class _Facts(dict[str, str]):
    """The fields of an event by name; "-" stands for a field that a server of another version does not send."""

    def __missing__(self, name: str) -> str:
        return "-"


def event_row(event: Data) -> tuple[str, str, str, str]:
    """Return an event as table cells: its type, its account, its market or instrument, and its other fields."""
    where = next((str(event[name]) for name in PLACES if event.get(name)), "")
    return event["type"].replace("_", " "), owner_of(event), where, facts_of(event)


def owner_of(event: Data) -> str:
    """Return the account of an event, as ACCOUNT or ACCOUNT/SUBACCOUNT; empty if the event has no account."""
    account, book = event.get("account") or "", str(event.get("book") or "0")
    return account if book == "0" else f"{account}/{book}"


def facts_of(event: Data) -> str:
    template = TEMPLATES.get(event["type"])
    if template:
        return template.format_map(_Facts({name: format_value(value) for name, value in event.items()}))
    place = next((name for name in PLACES if event.get(name)), "type")
    hidden = {"type", *SUBJECTS, *IDS, place}
    facts = [
        f"{name} {format_value(value)}"
        for name, value in event.items()
        if (name not in hidden and not name.endswith("_at") and value not in (None, "", [], {}))
    ]
    has_subject = bool(facts or event.get("account") or place != "type")
    ids = [] if has_subject else [f"{name.removesuffix('_id')} {event[name]}" for name in IDS if event.get(name)]
    return ", ".join(facts or ids)


def describe_core_event(event: Data) -> str:
    """Return an event of the exchange as one line of text."""
    return " ".join(part for part in event_row(event) if part)


def named_ids(events: Sequence[Data]) -> Iterator[str]:
    """Yield the first id of each kind that later steps can refer to: order, payment, group and transfer."""
    for kind in ("order_id", "payment", "group", "transfer"):
        ids = dict.fromkeys(str(event[kind]) for event in events if event.get(kind))
        yield from (f"{kind.removesuffix('_id')} {one}" for one in list(ids)[:1])


def format_value(value: object) -> str:
    """Return a value as text: dollars without needless zeros, long decimals rounded to 12 places, None as "-"."""
    if value is None:
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{printable(str(name))} {format_value(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(format_value, value))
    text = str(value)
    if MONEY.fullmatch(text):
        whole, _, decimals = text.partition(".")
        return f"{whole}.{decimals.rstrip('0'):0<2}"
    return printable(LONG_DECIMAL.sub(_rounded, text))


def _rounded(found: re.Match[str]) -> str:
    """Return a number with 12 decimal places; the control API has it exactly."""
    return f"{Decimal(found[0]).quantize(SHOWN, context=EXACT).normalize(EXACT):f}"


# Live events, for `mockexchange watch` and the request log


FRAME_CHARS_MAX = 400
EVENTS_SHOWN_MAX = 4
GREEN, YELLOW, RED = "green", "yellow", "red"
TRADED = ("filled", "contract_traded")
"""The types of events that are trades."""


def accounts_of(event: LiveEvent) -> set[str]:
    """Return the accounts that an event concerns; an empty set if it concerns no account in particular."""
    if event.kind == "command":
        return {one["account"] for one in event.data.get("events", ()) if one.get("account")}
    account = event.data.get("account")
    return {account} if account else set()


def concerns(event: LiveEvent, accounts: Collection[str]) -> bool:
    """Return whether an event is shown when only `accounts` are watched. If `accounts` is empty, all are watched."""
    if not accounts or event.kind in ("begin", "lost", "end"):
        return True
    about = accounts_of(event)
    return not about.isdisjoint(accounts) if about or event.kind in ("request", "frame") else True


def style_of(event: LiveEvent) -> str:
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


def event_cells(event: LiveEvent) -> list[str]:
    """Return the cells of an event's line: time, kind and description."""
    return [event.data.get("at", "-"), event.kind, describe_event(event)]


def describe_event(event: LiveEvent) -> str:
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
