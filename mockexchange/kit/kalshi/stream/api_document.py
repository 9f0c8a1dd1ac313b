"""Reads the stream's API document (channels, error codes, parameters) and its messages."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mockexchange.kit.findings import Finding
from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage
from mockexchange.kit.streaming.recorded_stream import RecordedStream
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.validation.schemas import resolved

# Messages: JSON texts, commands with `cmd` and messages with `type`


UNREADABLE = StreamMessage(MessageKind.OTHER)


class KalshiStreamProtocol:
    """Kalshi's `StreamProtocol`: `sid` numbers subscriptions, `seq` frames, and `id` commands."""

    barrier = "list_subscriptions"

    def read(self, raw: bytes) -> StreamMessage:
        try:
            frame = json.loads(raw)
        except ValueError:
            return UNREADABLE
        if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
            return UNREADABLE
        message, body = frame["type"], frame.get("msg")
        held = body if isinstance(body, dict) else {}
        message = StreamMessage(
            _kind(message, frame),
            message,
            _number(frame.get("id")),
            _number(frame.get("sid")),
            number=_number(frame.get("seq")),
            body=held,
            frame=frame,
        )
        if message.kind is not MessageKind.ACK:
            return message
        return message._replace(sid=_number(held.get("sid")), channel=str(held.get("channel", "")))

    def command(self, command_id: int, name: str, params: Any) -> bytes:
        given = {} if params is None else {"params": params}
        return json.dumps({"id": command_id, "cmd": name, **given}).encode()

    def subscription(self, channels: list[str], params: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        return "subscribe", {"channels": channels, **params}

    def unsubscription(self, sids: list[int]) -> tuple[str, Mapping[str, Any]]:
        return "unsubscribe", {"sids": sids}


REPLIES = {
    "subscribed": MessageKind.ACK,
    "unsubscribed": MessageKind.GONE,
    "ok": MessageKind.OK,
    "error": MessageKind.ERROR,
}


def _kind(message: str, frame: Mapping[str, Any]) -> MessageKind:
    return REPLIES.get(message) or (MessageKind.DATA if "sid" in frame else MessageKind.OTHER)


def _number(value: Any) -> int | None:
    return value if type(value) is int else None


# The document


ORDER_BOOKS = "orderbook_delta"


class Channel(NamedTuple):
    """A channel of the stream, as the API document describes it."""

    name: str
    filter: str
    """Whether a filter by tickers is "required", "optional" or "ignored"."""
    has_ids: bool
    is_private: bool
    messages: tuple[str, ...]
    """The names of its data messages."""


def channels(target: StreamTarget) -> dict[str, Channel]:
    """Return the channels that have documented messages at the server's API date, by name."""
    return {name: _channel(name, row) for name, row in _channel_rows(target).items() if row["messages"]}


def known_channels(target: StreamTarget) -> frozenset[str]:
    """Return the names of all channels at the server's API date, also of those without documented messages."""
    return frozenset(_channel_rows(target))


def _channel_rows(target: StreamTarget) -> Mapping[str, Any]:
    rows: Mapping[str, Any] = target.rest.stream_document["channels"]["stream"]["x-channels"]
    return rows


def _channel(name: str, row: Mapping[str, Any]) -> Channel:
    return Channel(name, row["filter"], bool(row.get("ids")), bool(row.get("private")), tuple(row["messages"]))


def has_code(target: StreamTarget, code: int) -> bool:
    """Return whether an error code is documented at the target's API date."""
    return code in target.rest.stream_document["components"]["schemas"]["ErrorCode"]["enum"]


def message_keys(target: StreamTarget, message: str) -> frozenset[str]:
    """Return the keys of a message's body at the server's API date; an empty set if it has no such message."""
    document = target.rest.stream_document
    node = document["components"]["messages"].get(message)
    if node is None:
        return frozenset()
    payload = resolved(document, node["payload"])
    return frozenset(resolved(document, payload["properties"]["msg"])["properties"])


def parameters(target: StreamTarget, command: str) -> frozenset[str]:
    """Return the names of a command's parameters at the server's API date."""
    document = target.rest.stream_document
    payload = resolved(document, document["components"]["messages"][command]["payload"])
    return frozenset(resolved(document, payload["properties"]["params"])["properties"])


def actions(target: StreamTarget) -> frozenset[str]:
    """Return the actions of the command update_subscription at the server's API date."""
    document = target.rest.stream_document
    payload = resolved(document, document["components"]["messages"]["update_subscription"]["payload"])
    params = resolved(document, payload["properties"]["params"])
    return frozenset(resolved(document, params["properties"]["action"])["enum"])


def query_parameters(target: StreamTarget, path: str) -> frozenset[str]:
    """Return the query parameters of a REST path at the target's API date."""
    document = target.rest.document
    listed = document["paths"].get(path, {}).get("get", {}).get("parameters", [])
    found = [resolved(document, one) for one in listed]
    return frozenset(one["name"] for one in found if one["in"] == "query")


class FindingWriter(NamedTuple):
    """Makes the findings of one rule about the stream."""

    rule: str
    target: StreamTarget

    def finding(self, where: str | RecordedStream, seen: str, expected: str, message: str = "") -> Finding:
        """Return a finding that points to the message `message` in the document, or to the stream if that is ""."""
        name = where if isinstance(where, str) else where.name
        return Finding(self.rule, name, seen, expected, self.target.location(message))

    def difference(self, where: str, seen: Any, expected: Any, message: str = "") -> Iterator[Finding]:
        """Yield a finding if two values differ."""
        if seen != expected:
            yield self.finding(where, str(seen), str(expected), message)
