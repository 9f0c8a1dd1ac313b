"""Converts journal entries to JSON without loss: bytes that are not UTF-8 become base64 under another key."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Any

from mockexchange.core.instants import format_instant
from mockexchange.sandbox.journal import Firing, FrameEntry, JournalEntry

PLAIN = (
    "number",
    "position",
    "method",
    "target",
    "status",
    "operation",
    "account",
    "key_id",
    "latency_us",
    "diagnosis",
    "findings",
    "fault",
    "stub",
    "venue",
    "refusal",
    "connection",
)
SHORT = tuple(name for name in PLAIN if name not in ("position", "target"))
TARGET_CHARS_SHOWN_MAX = 2_000
COUNTS = {name: re.compile(rb'(?<!\\)"%b": ?([0-9]{1,15})[,}]' % name.encode()) for name in ("sid", "seq")}
"""Patterns that find the subscription id and the sequence number in a frame's text; a fault may have changed them."""
COUNTS_WITHIN_BYTES = 200
FRAME = ("position", "connection", "account", "direction", "kind", "channel", "fault", "note", "stub")


def entry_to_json(entry: JournalEntry) -> dict[str, Any]:
    plain = _plain(entry, PLAIN)
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in entry.headers]
    bodies = {**_bytes("body", entry.body), **_bytes("answer", entry.answer)}
    dropped = {"dropped": entry.dropped} if entry.dropped else {}
    commands = {"commands": list(entry.commands)} if entry.commands else {}
    overlay = {"overlay": list(entry.overlay)} if entry.overlay else {}
    return {**plain, **_times(entry), "headers": headers, **bodies, **dropped, **commands, **overlay}


def _plain(entry: JournalEntry, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in names} | {"findings": list(entry.findings)}


def request_to_json(entry: JournalEntry) -> dict[str, Any]:
    """Return a journal entry as JSON, without its headers and bodies."""
    plain = _plain(entry, SHORT)
    overlay = {"overlay": list(entry.overlay)} if entry.overlay else {}
    return {**plain, "target": entry.target[:TARGET_CHARS_SHOWN_MAX], "at": format_instant(entry.at), **overlay}


def frame_to_json(number: int, frame: FrameEntry) -> dict[str, Any]:
    plain = {name: getattr(frame, name) for name in FRAME}
    commands = {"commands": list(frame.commands)} if frame.commands else {}
    return {"number": number, **plain, **_times(frame), **_bytes("frame", frame.raw), **commands}


def short_frame_to_json(number: int, frame: FrameEntry) -> dict[str, Any]:
    """Return a frame as JSON without its bytes; it has their number, the subscription id and the sequence number."""
    plain = {name: getattr(frame, name) for name in FRAME}
    return {"number": number, **plain, **_times(frame), **counts_of(frame), "size": len(frame.raw)}


def counts_of(frame: FrameEntry) -> dict[str, int | None]:
    """Return the subscription id, `sid`, and the sequence number, `seq`, that a frame's text has; None without one."""
    raw = frame.raw[:COUNTS_WITHIN_BYTES]
    found = {name: pattern.search(raw) for name, pattern in COUNTS.items()}
    return {name: int(match[1]) if match else None for name, match in found.items()}


def firing_to_json(number: int, firing: Firing) -> dict[str, Any]:
    plain = {"number": number, "position": firing.position, "kind": firing.kind, "name": firing.name}
    return {**plain, **_times(firing), "detail": firing.detail}


def entry_bytes(plain: dict[str, Any], name: str) -> bytes | None:
    """Return the raw bytes of the `body` or the `answer` of a journal entry in JSON; None if they were dropped."""
    if f"{name}_base64" in plain:
        return b64decode(plain[f"{name}_base64"], validate=True)
    text = plain.get(name)
    return None if text is None else str(text).encode()


def frame_bytes(plain: dict[str, Any]) -> bytes:
    """Return the raw bytes of a frame in JSON. Raises ValueError on broken base64."""
    return entry_bytes(plain, "frame") or b""


def _times(item: JournalEntry | FrameEntry | Firing) -> dict[str, Any]:
    return {"at": format_instant(item.at), "at_us": item.at, "host_at_us": item.host_at}


def _bytes(name: str, raw: bytes | None) -> dict[str, str | None]:
    if raw is None:
        return {name: None}
    try:
        return {name: raw.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": b64encode(raw).decode()}
