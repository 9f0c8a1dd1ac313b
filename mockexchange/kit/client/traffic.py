"""Defines the traffic of a client as plain values: requests with their responses, and frames of streams."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from mockexchange.sandbox.journal import FrameEntry, JournalEntry
from mockexchange.sandbox.sandbox import Sandbox

OPEN_STREAM = "OpenStream"
"""The operation that the journal records for a stream's handshake."""
OPEN, CLOSE = "open", "close"
"""The kinds of the first and the last frame of a stream."""
LOST = "lost"
"""The direction of a frame that a fault has dropped."""
MICROSECONDS = 1_000_000
SHOWN_CHARS_MAX = 300


class Call(NamedTuple):
    """A request or a stream handshake, with its response. Times are seconds of the host's clock."""

    began_s: float
    ended_s: float
    method: str
    target: str
    headers: Mapping[str, str]
    """Headers by lower-case name; the last value of a repeated header."""
    body: bytes
    status: int
    """Status of the response; 0 if the connection ended instead."""
    answer: bytes
    operation: str | None
    key_id: str | None
    diagnosis: str | None
    fault: str | None
    stream: int | None
    """The number of the stream that this handshake opened, or on which the call was made."""
    subject: str = ""
    """What is requested besides the target, where the same target has many meanings."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def parameters(self) -> dict[str, list[str]]:
        return parse_qs(self.query, keep_blank_values=True)

    @property
    def where(self) -> str:
        """Return the request as a line of text for findings."""
        text = f"{self.method} {self.target}"
        return text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]}..."

    @property
    def is_handshake(self) -> bool:
        return self.operation == OPEN_STREAM

    def json(self) -> Any:
        """Return the decoded response; None if it is not JSON."""
        try:
            return json.loads(self.answer)
        except ValueError:
            return None


class Frame(NamedTuple):
    """A frame of a stream.

    `direction` is "in" (from the client), "out" (to the client) or "lost" (dropped by a fault).
    """

    at_s: float
    stream: int
    direction: str
    kind: str
    channel: str
    raw: bytes
    fault: str | None
    note: str

    def json(self) -> Any:
        try:
            return json.loads(self.raw)
        except ValueError:
            return None


@dataclass(frozen=True)
class Traffic:
    """The requests and frames of a client, copied from the journal at `ended_s`.

    `connections` is the number of its TCP connections. A stream that is quiet for `silence_s` has been pinged and its
    pong is overdue.
    """

    calls: Sequence[Call]
    frames: Sequence[Frame]
    connections: int = 0
    fault_count: int = 0
    """The number of times that a fault took effect."""
    ended_s: float = 0.0
    silence_s: float = 0.0

    @cached_property
    def requests(self) -> list[Call]:
        return [call for call in self.calls if not call.is_handshake]

    @cached_property
    def handshakes(self) -> list[Call]:
        return [call for call in self.calls if call.is_handshake]

    @cached_property
    def commands(self) -> list[Frame]:
        """Return the frames that the client sent on its streams."""
        return [frame for frame in self.frames if frame.direction == "in" and frame.kind not in (OPEN, CLOSE)]

    @cached_property
    def endings(self) -> list[Frame]:
        return [frame for frame in self.frames if frame.kind == CLOSE]

    @cached_property
    def acknowledged(self) -> list[Frame]:
        """Return the frames that acknowledge subscriptions."""
        return [frame for frame in self.frames if frame.kind == "subscribed" and frame.direction == "out"]

    @property
    def channels(self) -> set[str]:
        return {frame.channel for frame in self.acknowledged}

    @property
    def operations(self) -> set[str]:
        return {call.operation for call in self.requests if call.operation}

    def joined(self, other: "Traffic") -> "Traffic":
        """Return this traffic together with the requests of `other`, which has no streams."""
        count, faults = self.connections + other.connections, self.fault_count + other.fault_count
        return replace(self, calls=(*self.calls, *other.calls), connections=count, fault_count=faults)

    @property
    def is_empty(self) -> bool:
        return not self.calls


def traffic_of(sandbox: Sandbox, connections: int = 0) -> Traffic:
    """Copy the traffic from a sandbox's journal. To be called in the event loop that writes the journal."""
    journal, settings = sandbox.journal, sandbox.context.settings
    calls = sorted((_call(entry) for entry in journal), key=lambda call: call.began_s)
    return Traffic(
        tuple(calls),
        tuple(_frame(frame) for frame in journal.frames),
        connections,
        sum(firing.kind == "fault" for firing in journal.firings),
        sandbox.options.host() / MICROSECONDS,
        (settings.stream_heartbeat_us + settings.stream_pong_us) / MICROSECONDS,
    )


def _call(entry: JournalEntry) -> Call:
    return Call(
        entry.host_at / MICROSECONDS,
        (entry.host_at + entry.latency_us) / MICROSECONDS,
        entry.method,
        entry.target,
        {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in entry.headers},
        entry.body or b"",
        entry.status,
        entry.answer or b"",
        entry.operation,
        entry.key_id,
        entry.diagnosis,
        entry.fault,
        entry.connection,
    )


def counted(count: int, what: str) -> str:
    """Return a count with its noun: "1 request", "2 requests"."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _frame(frame: FrameEntry) -> Frame:
    at_s = frame.host_at / MICROSECONDS
    return Frame(at_s, frame.connection, frame.direction, frame.kind, frame.channel, frame.raw, frame.fault, frame.note)


# Traffic of JSON-RPC venues: one call for each method called, by HTTP or on a stream


REFUSED = 400
METHOD, PARAMS = "method", "params"
CREDENTIALS = frozenset(
    ("access_token", "refresh_token", "client_id", "client_secret", "signature", "timestamp", "nonce")
)
"""Parameters that identify the caller, not what is requested."""
ACKNOWLEDGED = "subscribed"

StatusOf = Callable[[int, bytes], int]


def read_jsonrpc(
    traffic: Traffic, *, prefix: str, status_of: StatusOf, id_name: str, channels: Sequence[str]
) -> Traffic:
    """Return a client's traffic with one call for each JSON-RPC method called.

    `id_name` is the key of a call's id. `channels` are the prefixes by which channels are grouped.
    """
    over_http = [call if call.is_handshake else _of_request(call, prefix, status_of) for call in traffic.calls]
    streamed = _streamed(traffic.frames, prefix, status_of, id_name)
    calls = sorted((*over_http, *streamed), key=lambda call: call.began_s)
    frames = [one for frame in traffic.frames for one in _named(frame, channels)]
    return replace(traffic, calls=tuple(calls), frames=tuple(frames))


def _of_request(call: Call, prefix: str, status_of: StatusOf) -> Call:
    """Return a request as a call of its method, which its path or its body names."""
    body = _object(call.body)
    method = call.path.removeprefix(prefix).strip("/") or str(body.get(METHOD, ""))
    params = body.get(PARAMS) if body else call.parameters
    target = f"{prefix}/{method}{f'?{call.query}' if call.query else ''}"
    status = status_of(call.status, call.answer)
    return call._replace(target=target, status=status, subject=_subject(params))


def _streamed(frames: Sequence[Frame], prefix: str, status_of: StatusOf, id_name: str) -> Iterator[Call]:
    """Yield the calls on streams, each with its answer."""
    answers = {
        (frame.stream, json.dumps(body[id_name])): frame
        for frame in reversed(frames)
        if frame.direction == "out" and METHOD not in (body := _object(frame.raw)) and id_name in body
    }
    for frame in frames:
        asked = _object(frame.raw) if frame.direction == "in" else {}
        if METHOD in asked:
            answer = answers.get((frame.stream, json.dumps(asked.get(id_name))))
            yield _call_of(frame, asked, answer, prefix, status_of)


def _call_of(frame: Frame, asked: Mapping[str, Any], answer: Frame | None, prefix: str, status_of: StatusOf) -> Call:
    """Return a call on a stream. One without an answer has status 0, as a request whose connection ended."""
    raw = answer.raw if answer else b""
    status = 0 if answer is None else status_of(REFUSED, raw) if "error" in _object(raw) else 200
    return Call(
        began_s=frame.at_s,
        ended_s=answer.at_s if answer else frame.at_s,
        method="POST",
        target=f"{prefix}/{asked[METHOD]}",
        headers={},
        body=frame.raw,
        status=status,
        answer=raw,
        operation=str(asked[METHOD]),
        key_id=None,
        diagnosis=(answer.note if answer else frame.note) or None,
        fault=answer.fault if answer else frame.fault,
        stream=frame.stream,
        subject=_subject(asked.get(PARAMS)),
    )


def _subject(params: object) -> str:
    """Return params as text without credentials, equal for calls that ask for the same."""
    if not isinstance(params, Mapping):
        return ""
    return json.dumps({name: params[name] for name in sorted(params) if name not in CREDENTIALS})


def _named(frame: Frame, channels: Sequence[str]) -> Iterable[Frame]:
    """Return an acknowledgement once for each of its channels, with the family of the channel; other frames as is."""
    listed = _object(frame.raw).get("result") if frame.kind == ACKNOWLEDGED else None
    if not isinstance(listed, list):
        return (frame,)
    return [frame._replace(channel=_family(name, channels)) for name in listed if isinstance(name, str)]


def _family(name: str, channels: Sequence[str]) -> str:
    fitting = [channel for channel in channels if name == channel or name.startswith(f"{channel}.")]
    return max(fitting, key=len, default=name)


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
