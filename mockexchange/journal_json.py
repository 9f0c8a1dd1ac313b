"""Journal entries as JSON, lossless: bytes that are not UTF-8 travel as base64 under another name."""

from base64 import b64decode, b64encode
from typing import Any

from mockexchange.core.instants import format_instant
from mockexchange.journal import Entry

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
)


def entry_to_json(entry: Entry) -> dict[str, Any]:
    plain = {name: getattr(entry, name) for name in PLAIN}
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in entry.headers]
    times = {"at": format_instant(entry.at), "at_us": entry.at, "host_at_us": entry.host_at}
    bodies = {**_bytes("body", entry.body), **_bytes("answer", entry.answer)}
    return {**plain, **times, "headers": headers, **bodies, **({"dropped": entry.dropped} if entry.dropped else {})}


def entry_bytes(plain: dict[str, Any], name: str) -> bytes | None:
    """The raw bytes of `body` or `answer`; None where they were dropped. Raises ValueError on broken base64."""
    if f"{name}_base64" in plain:
        return b64decode(plain[f"{name}_base64"], validate=True)
    text = plain.get(name)
    return None if text is None else str(text).encode()


def _bytes(name: str, raw: bytes | None) -> dict[str, str | None]:
    if raw is None:
        return {name: None}
    try:
        return {name: raw.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": b64encode(raw).decode()}
