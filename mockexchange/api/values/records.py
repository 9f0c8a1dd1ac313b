"""Defines records of an exchange's traffic: requests with answers, frames, subscriptions, uses of retired items.

They are read from rows of the control API's journal and from its server-sent events.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from mockexchange.sandbox.journal_json import entry_bytes, frame_bytes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request of a client with its answer, as the journal recorded it.

    `at` is exchange time, `host_at` is the machine's time. Bodies are the bytes as sent; None if the full journal
    dropped them.
    """

    number: int
    """The request's number in the journal, from 1."""
    at: datetime
    host_at: datetime
    position: int
    """The number of commands in the sandbox's log when the request was answered."""
    method: str
    target: str
    """The path and the query, as sent."""
    status: int
    """The status of the answer; 0 if there was none, because the client broke off or a fault closed the connection."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    """The request's headers, by lower-case name; values of a repeated header are joined with ", "."""
    body: bytes | None = field(default=None, repr=False)
    """The body of the request."""
    answer: bytes | None = field(default=None, repr=False)
    """The body of the answer."""
    operation: str | None = None
    """The venue's operation; None for a path without an operation."""
    account: str | None = None
    """The account that the request's key belongs to; None if the key was not recognised."""
    key_id: str | None = None
    latency: timedelta = timedelta(0)
    diagnosis: str | None = None
    """Why the request was refused, and what to change."""
    findings: tuple[str, ...] = ()
    """Oddities of the request or its answer that did not cause a refusal."""
    fault: str | None = None
    """The fault that affected the request; None without one."""
    stub: str | None = None
    """The stub that answered the request; None without one."""
    connection: int | None = None
    """The number of the stream that this handshake opened; None for other requests."""
    overlay: tuple[str, ...] = ()
    """The paths of fields that `serve --overlay` added to the answer, such as "fills[].new"."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """Return the decoded query parameters; a repeated parameter has its last value."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def json(self) -> Any:
        """Return the body, parsed as JSON; numbers with a fraction are Decimal.

        Raises ValueError if the body is not JSON.
        """
        return read_json(self.body, f"the body of {self.title}")

    @property
    def answer_json(self) -> Any:
        """Return the answer's body, parsed as JSON; numbers with a fraction are Decimal.

        Raises ValueError if it is not JSON.
        """
        return read_json(self.answer, f"the answer to {self.title}")

    @property
    def title(self) -> str:
        """Return a summary in one line: `#3 alice GET /trade-api/v2/portfolio/balance -> 200`."""
        who = [self.account] if self.account else []
        asked = [self.method, self.target] if self.method else ["no HTTP"]
        return " ".join([f"#{self.number}", *who, *asked, f"-> {self.status or 'no answer'}"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame of a stream, as the journal recorded it.

    `direction` is "in" from a client, "out" to a client, or "lost" if the frame was not sent. The opening and the
    closing of a stream are recorded as frames too: of the kind "open", without bytes, and of the kind "close", whose
    bytes are the close code and the reason.
    """

    number: int
    at: datetime
    host_at: datetime
    position: int
    connection: int
    account: str | None
    direction: str
    raw: bytes
    kind: str = ""
    """The kind of a sent frame, such as subscribed, error, or the type of a message; empty for a received one."""
    channel: str = ""
    fault: str | None = None
    """What made or blocked the frame: a fault's name, `literal` if a user sent it, `overflow` for a full outbox."""
    note: str = ""
    """The reason for an error or an oddity, and what to change; empty for most frames."""
    stub: str | None = None
    """The stub that answered a stream command; set on the command's frame and on its answer."""

    @property
    def text(self) -> str:
        """Return the frame's bytes as text; bytes that are not UTF-8 are replaced."""
        return self.raw.decode(errors="replace")

    @property
    def json(self) -> Any:
        """Return the frame, parsed as JSON; numbers with a fraction are Decimal.

        Raises ValueError if it is not JSON.
        """
        return read_json(self.raw, self.title)

    @property
    def is_message(self) -> bool:
        """Return whether the frame is a message, not the opening or closing of a stream."""
        return self.kind not in ("open", "close")

    @property
    def title(self) -> str:
        """Return a summary in one line: `frame 7 out to alice market_position`."""
        way = {"in": "from", "out": "to", "lost": "lost on its way to"}[self.direction]
        what = [self.kind or self.channel] if self.kind or self.channel else []
        return " ".join([f"frame {self.number} {way} {self.account or 'nobody known'}", *what])


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription of a stream to a channel, which is open now."""

    connection: int
    account: str | None
    channel: str
    sid: int
    """The subscription's number, which is unique on its connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """An operation, parameter, value, field or channel that a client uses although the venue retires it."""

    kind: str
    """operation, parameter, value (of a parameter), field (of an answer or a frame) or channel."""
    name: str
    venue: str
    since: date | None
    """The first day on which the item existed; None if it always existed."""
    until: date
    """The first day on which the item no longer exists."""
    is_gone: bool
    """Whether that day has come at the exchange's API date; `compat` counts as the newest known day."""
    advice: str
    """What to use instead."""
    uses: int
    """The number of requests or frames that use the item."""
    first: Request | Frame
    """The oldest request or frame in the journal that uses it."""

    def __str__(self) -> str:
        end = f"gone since {self.until}" if self.is_gone else f"ends on {self.until}"
        return f"{self.kind} {self.name}: {end}; {self.advice} ({self.uses} of them, first {self.first.title})"


def read_json(raw: bytes | None, what: str) -> Any:
    """Parse bytes as JSON; numbers with a fraction become Decimal.

    Raises ValueError if the bytes are not JSON, or None because the journal dropped them. `what` begins the message.
    """
    if raw is None:
        raise ValueError(f"{what} is not in the journal any more: it was full")
    try:
        return json.loads(raw, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"{what} is not JSON: {error}: {raw[:100]!r}") from None


def read_request(row: Mapping[str, Any]) -> Request:
    """Return the request that a row of the control API's journal describes."""
    same = ("number", "position", "method", "target", "status", "operation", "account", "key_id", "diagnosis", "fault")
    headers: dict[str, str] = {}
    for name, value in row["headers"]:
        headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
    return Request(
        **{name: row[name] for name in same},
        **_times(row),
        headers=MappingProxyType(headers),
        body=entry_bytes(dict(row), "body"),
        answer=entry_bytes(dict(row), "answer"),
        latency=timedelta(microseconds=row["latency_us"]),
        findings=tuple(row["findings"]),
        stub=row.get("stub"),
        connection=row["connection"],
        overlay=tuple(row.get("overlay", ())),
    )


def read_frame(row: Mapping[str, Any]) -> Frame:
    """Return the frame that a row of the control API's journal describes."""
    same = ("number", "position", "connection", "account", "direction", "kind", "channel", "fault", "note")
    return Frame(**{name: row[name] for name in same}, **_times(row), raw=frame_bytes(dict(row)), stub=row.get("stub"))


def _times(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _EPOCH + timedelta(microseconds=row[f"{name}_us"]) for name in ("at", "host_at")}


# Server-sent events of the control API (WHATWG HTML, section 9.2)


class LiveEvent(NamedTuple):
    """A server-sent event: `kind` is command, request, frame, script, fault, clock, sandbox, begin, lost or end."""

    kind: str
    data: dict[str, Any]
    id: str | None = None
    """The id with which `events(after=...)` reads on after this event; None for the kinds lost and end."""


def read_events(text: str) -> list[LiveEvent]:
    """Parse the text of an event stream that has ended, and return its events; comments are skipped."""
    events = []
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")  # a comment is a field without a name
        if "data" in fields:
            events.append(LiveEvent(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id")))
    return events
