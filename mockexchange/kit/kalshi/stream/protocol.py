"""How Kalshi's stream is spoken: JSON texts, `cmd` out and `type` in."""

import json
from collections.abc import Mapping
from typing import Any

from mockexchange.kit.streaming.protocol import Kind, Told

UNREADABLE = Told(Kind.OTHER)


class KalshiDialect:
    """A subscription is named by its `sid`, a frame numbered by its `seq`; replies carry the command's `id`."""

    barrier = "list_subscriptions"

    def read(self, raw: bytes) -> Told:
        try:
            frame = json.loads(raw)
        except ValueError:
            return UNREADABLE
        if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
            return UNREADABLE
        message, body = frame["type"], frame.get("msg")
        held = body if isinstance(body, dict) else {}
        told = Told(
            _kind(message, frame),
            message,
            _number(frame.get("id")),
            _number(frame.get("sid")),
            number=_number(frame.get("seq")),
            body=held,
            frame=frame,
        )
        if told.kind is not Kind.ACK:
            return told
        return told._replace(sid=_number(held.get("sid")), channel=str(held.get("channel", "")))

    def command(self, command_id: int, name: str, params: Any) -> bytes:
        given = {} if params is None else {"params": params}
        return json.dumps({"id": command_id, "cmd": name, **given}).encode()

    def subscription(self, channels: list[str], params: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        return "subscribe", {"channels": channels, **params}

    def unsubscription(self, sids: list[int]) -> tuple[str, Mapping[str, Any]]:
        return "unsubscribe", {"sids": sids}


REPLIES = {"subscribed": Kind.ACK, "unsubscribed": Kind.GONE, "ok": Kind.OK, "error": Kind.ERROR}


def _kind(message: str, frame: Mapping[str, Any]) -> Kind:
    return REPLIES.get(message) or (Kind.DATA if "sid" in frame else Kind.OTHER)


def _number(value: Any) -> int | None:
    return value if type(value) is int else None
