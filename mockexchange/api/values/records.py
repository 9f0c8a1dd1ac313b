"""What crossed the wire, as values: requests with their answers, frames of streams, subscriptions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from mockexchange.sandbox.journal_json import entry_bytes, frame_bytes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request of a client, and the answer that it got.

    `at` is exchange time, `host_at` that of the machine. Bodies are the bytes that crossed the wire; None where the
    journal was full and dropped them.
    """

    number: int
    """Its place in the journal; the first ever is 1."""
    at: datetime
    host_at: datetime
    position: int
    """How many commands the sandbox's log had when it was answered."""
    method: str
    target: str
    """The path and the query, as they were sent."""
    status: int
    """Of the answer; 0 where there was none, because the client broke off or a fault hung up."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    """Of the request, by lower-case name; one that was sent several times is joined with ", "."""
    body: bytes | None = field(default=None, repr=False)
    """What the client sent."""
    answer: bytes | None = field(default=None, repr=False)
    """What it got."""
    operation: str | None = None
    """Which operation of the venue that was; None for a path that is none."""
    account: str | None = None
    """Whose key signed; None where nobody was recognised."""
    key_id: str | None = None
    latency: timedelta = timedelta(0)
    diagnosis: str | None = None
    """Why it was refused, in words that tell what to change."""
    findings: tuple[str, ...] = ()
    """What was answered all the same, and is odd."""
    fault: str | None = None
    """The fault that touched it."""
    stub: str | None = None
    """The stub that answered it."""
    connection: int | None = None
    """The stream that this handshake opened."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The parameters, decoded; of one that was sent several times the last."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def json(self) -> Any:
        """What the client sent, parsed; numbers with a fraction are Decimal. Raises ValueError where it is no JSON."""
        return read_json(self.body, f"the body of {self.title}")

    @property
    def answer_json(self) -> Any:
        """What it got, parsed; numbers with a fraction are Decimal. Raises ValueError where it is no JSON."""
        return read_json(self.answer, f"the answer to {self.title}")

    @property
    def title(self) -> str:
        """In a line: `#3 alice GET /trade-api/v2/portfolio/balance -> 200`."""
        who = [self.account] if self.account else []
        asked = [self.method, self.target] if self.method else ["no HTTP"]
        return " ".join([f"#{self.number}", *who, *asked, f"-> {self.status or 'no answer'}"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame of a stream; `direction` is "in" from a client, "out" to one, "lost" for one that did not go out.

    A stream's beginning and end are frames too, of the kinds "open", without bytes, and "close", whose bytes are the
    close code and the reason.
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
    """Of what goes out, such as subscribed, error, or the type of a message; empty for what comes in."""
    channel: str = ""
    fault: str | None = None
    """What made it or kept it from going out: a fault, `literal` for one sent by hand, `overflow` of its outbox."""
    note: str = ""
    """Why it is what it is, in words that tell what to change; empty for most."""
    stub: str | None = None
    """The stub that answered the call that it is, or is the answer to."""

    @property
    def text(self) -> str:
        """Its text; bytes that are not UTF-8 are replaced."""
        return self.raw.decode(errors="replace")

    @property
    def json(self) -> Any:
        """It, parsed; numbers with a fraction are Decimal. Raises ValueError where it is no JSON."""
        return read_json(self.raw, self.title)

    @property
    def is_message(self) -> bool:
        """Whether it has bytes that crossed the wire: openings and closings have none."""
        return self.kind not in ("open", "close")

    @property
    def title(self) -> str:
        """In a line: `frame 7 out to alice market_position`."""
        way = {"in": "from", "out": "to", "lost": "lost on its way to"}[self.direction]
        what = [self.kind or self.channel] if self.kind or self.channel else []
        return " ".join([f"frame {self.number} {way} {self.account or 'nobody known'}", *what])


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One that is open now."""

    connection: int
    account: str | None
    channel: str
    sid: int
    """Its number on that connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """Something that clients used, or were sent, and that the venue has retired or will retire."""

    kind: str
    """operation, parameter, value (one that a parameter takes no more), field (of an answer or a frame) or channel."""
    name: str
    venue: str
    since: date | None
    """The first day on which it was there; None where it has always been."""
    until: date
    """The first day on which it is not there any more."""
    is_gone: bool
    """Whether that day has come for the exchange's API date; `compat` stands on the newest day that is known."""
    advice: str
    """What to do instead."""
    uses: int
    """How many requests or frames had it."""
    first: Request | Frame
    """The oldest of them that the journal has."""

    def __str__(self) -> str:
        end = f"gone since {self.until}" if self.is_gone else f"ends on {self.until}"
        return f"{self.kind} {self.name}: {end}; {self.advice} ({self.uses} of them, first {self.first.title})"


def read_json(raw: bytes | None, what: str) -> Any:
    """Bytes as JSON; numbers with a fraction are Decimal. Raises ValueError that says what is none."""
    if raw is None:
        raise ValueError(f"{what} is not in the journal any more: it was full")
    try:
        return json.loads(raw, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"{what} is not JSON: {error}: {raw[:100]!r}") from None


def read_request(row: Mapping[str, Any]) -> Request:
    """An entry of the control API's journal."""
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
    )


def read_frame(row: Mapping[str, Any]) -> Frame:
    """A frame of the control API."""
    same = ("number", "position", "connection", "account", "direction", "kind", "channel", "fault", "note")
    return Frame(**{name: row[name] for name in same}, **_times(row), raw=frame_bytes(dict(row)), stub=row.get("stub"))


def _times(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _EPOCH + timedelta(microseconds=row[f"{name}_us"]) for name in ("at", "host_at")}
