"""Server-sent events of the control API (WHATWG HTML, section 9.2) as values."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple


class LiveEvent(NamedTuple):
    """An event: `kind` is command, request, frame, script, fault, clock or sandbox, or begin, lost or end."""

    kind: str
    data: dict[str, Any]
    id: str | None = None
    """The id after which to read on; None for lost and end."""


def read_events(text: str) -> list[LiveEvent]:
    """Parse the events of a stream that has ended; comments are skipped."""
    return list(_events(text))


def _events(text: str) -> Iterator[LiveEvent]:
    for block in text.split("\n\n"):
        fields = dict(_field(line) for line in block.split("\n") if line and not line.startswith(":"))
        if "data" in fields:
            yield LiveEvent(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id"))


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")
