"""Says what differs between a recorded body and the mock's in the words of drift: a level, a kind, and both sides."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from mockexchange.drift.deviations import Kind, Level
from mockexchange.kit.validation.schemas import shown
from mockexchange.venues import json_comparison
from mockexchange.venues.json_comparison import Kind as Compared

CURSOR = "cursor"
PLACE = re.compile(r"\[\d+\]")
KINDS = {
    Compared.MISSING: (Level.TWIN, Kind.UNKNOWN),
    Compared.UNKNOWN: (Level.TWIN, Kind.MISSING),
    Compared.KEY_ORDER: (Level.TWIN, Kind.KEY_ORDER),
    Compared.TYPE: (Level.TWIN, Kind.TYPE),
    Compared.NOTATION: (Level.TWIN, Kind.SPELLING),
    Compared.ROWS: (Level.VALUES, Kind.VALUE),
    Compared.ROW_ORDER: (Level.VALUES, Kind.ROW_ORDER),
    Compared.WORD: (Level.VALUES, Kind.WORD),
    Compared.VALUE: (Level.VALUES, Kind.VALUE),
}
"""What each kind is here; instants are no deviations, since the mock has a clock of its own.

The recording is what the mock is expected to answer, so a key that the mock lacks is unknown to it.
"""


class Difference(NamedTuple):
    """One difference between two bodies, at a path in which "[]" stands for the index of a row."""

    level: Level
    kind: Kind
    path: str
    seen: str
    expected: str


def differences(wanted: Any, got: Any) -> Iterator[Difference]:
    """Yield the differences between a recorded body (`wanted`) and the body that the mock returned (`got`)."""
    for one in json_comparison.differences(wanted, got, by_id=True, left_out=(CURSOR,)):
        if one.kind is Compared.INSTANT:
            continue
        path, (level, kind) = PLACE.sub("[]", one.path), KINDS[one.kind]
        if one.kind is Compared.ROWS:
            yield Difference(level, kind, f"{path}[]", f"{len(one.expected)} rows", f"{len(one.received)} rows")
        elif one.kind is Compared.ROW_ORDER:
            yield Difference(level, kind, f"{path}[]", "the same rows", "another order")
        elif one.kind is Compared.KEY_ORDER:
            yield Difference(level, kind, path or "body", ", ".join(one.expected), ", ".join(one.received))
        else:
            seen, expected = shown(one.expected), shown(one.received)
            if one.kind is Compared.MISSING:
                expected = "no such field"
            elif one.kind is Compared.UNKNOWN:
                seen = "no such field"
            yield Difference(level, kind, path, seen, expected)
