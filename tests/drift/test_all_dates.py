"""What documents find of an unchanged recording at another date is what the dated tables have otherwise there.

Documents are written from facts, the server's tables by hand: two paths to the same difference.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mockexchange.drift.deviations import Kind
from mockexchange.drift.drift import JudgedRecording
from mockexchange.venues.dated_fields import ApiDate, Field, Nested, pick
from mockexchange.venues.registry import DEFAULT
from tests.drift.test_drift import AT, SCENARIO
from tests.helpers.rows import each_row
from tests.importing.recorder import record
from tests.importing.test_round_trip import DATES

pytestmark = pytest.mark.untraced

TABLES = {
    "positions": "GetPositionsResponse",
    "fills": "GetFillsResponse",
    "orders": "GetOrdersResponse",
    "settlements": "GetSettlementsResponse",
    "balance": "GetBalanceResponse",
}
Found = set[tuple[str, str, str]]


@cache
def tables() -> Mapping[str, Sequence[Any]]:
    assert DEFAULT.wire is not None
    return {section.title: section.rows for section in DEFAULT.wire.sections()}


def differing(body: Any, rows: Sequence[Any], date: ApiDate, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the fields that a body has and a table has not at a date, and those that it lacks."""
    if isinstance(body, list):
        for one in body:
            yield from differing(one, rows, date, f"{path}[]")
        return
    known: Mapping[str, Field] = pick(rows, date)
    for name, value in body.items():
        place = f"{path}.{name}".removeprefix(".")
        row = known.get(name)
        if row is None:
            yield Kind.UNKNOWN, place
        elif isinstance(row.spelling, Nested) and value:
            yield from differing(value, row.spelling.fields, date, place)
    for name, row in known.items():
        if name not in body and row.empty != "absent":
            yield Kind.MISSING, f"{path}.{name}".removeprefix(".")


@each_row("date", DATES)
def test_an_unchanged_recording_differs_from_other_dates_as_the_tables_do(tmp_path: Path, date: str) -> None:
    path = record(tmp_path / "run.jsonl", SCENARIO, date, TABLES, instants=[AT])
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    bodies = {line["target"].rpartition("/")[2]: json.loads(line["answer"]) for line in lines if "answer" in line}
    judged = JudgedRecording.of(path)
    assert not judged.found[date].groups
    for other in DATES:
        found: Found = {
            (kind, operation, place)
            for kind, operation, place in judged.found[other].groups
            if kind in (Kind.UNKNOWN, Kind.MISSING)
        }
        expected: Found = {
            (kind, f"GET /portfolio/{name}", place)
            for name, table in TABLES.items()
            for kind, place in differing(bodies[name], tables()[table], DEFAULT.api_date(other))
        }
        assert found == expected, other
