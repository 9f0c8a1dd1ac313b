"""Parses the server-sent events of the control API (WHATWG HTML, section 9.2)."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple


class LiveEvent(NamedTuple):
    """A server-sent event: `kind` is command, request, frame, script, fault, clock, sandbox, begin, lost or end."""

    kind: str
    data: dict[str, Any]
    id: str | None = None
    """The id with which `events(after=...)` reads on after this event; None for the kinds lost and end."""


def read_events(text: str) -> list[LiveEvent]:
    """Parse the text of an event stream that has ended, and return its events; comments are skipped."""
    return list(_events(text))


def _events(text: str) -> Iterator[LiveEvent]:
    for block in text.split("\n\n"):
        fields = dict(_field(line) for line in block.split("\n") if line and not line.startswith(":"))
        if "data" in fields:
            yield LiveEvent(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id"))


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")
