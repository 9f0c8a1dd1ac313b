"""Reads and writes Kalshi's stream messages: JSON texts, commands with `cmd` and messages with `type`."""

import json
from collections.abc import Mapping
from typing import Any

from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage

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
