"""What the scenario `clients` holds, told by hand, and how a client's rows are compared with it.

A client tells amounts and instants in its own way: 1.5, "1.5000" and 150 cents are the same. Before 2026-03-07 the
exchange cut dollars to whole cents (see the venue's spelling), and then the truth is cut too.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any, NamedTuple

from mockexchange.venues.kalshi.dates import ALIASES
from tests.clients.published import COMPAT
from tests.house.checkout import ROOT

SCENARIO = ROOT / "fixtures" / "scenarios" / "clients.yaml"
TRUTH = SCENARIO.with_suffix(".truth.json")
ANYTHING = "*"
"""Stands in the truth for an id that the exchange chose."""

NEWEST = "9999"
ARCHIVE_SINCE = "2026-04-01"
EXACT_SINCE = "2026-03-07"
CENT = Decimal("0.01")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\S+")

Row = Mapping[str, Any]


class Question(NamedTuple):
    """What a method is asked, by whose key, and the rows that are true.

    `old_rows` follow where the exchange had no archive yet, and under `compat`, which keeps everything. `earlier` has
    the rows that were true instead before a day.
    """

    method: str
    account: str
    key: str
    arguments: Mapping[str, Any]
    rows: Sequence[Row]
    old_rows: Sequence[Row] = ()
    earlier: Mapping[str, Sequence[Row]] = {}


def read_questions() -> list[Question]:
    told: list[dict[str, Any]] = json.loads(TRUTH.read_text(encoding="utf-8"))
    return [Question(**question) for question in told]


def question_of(method: str) -> Question:
    """Return the question that asks for a method; ValueError if none does."""
    (question,) = (question for question in read_questions() if question.method == method)
    return question


def truth_at(question: Question, api_date: str) -> list[Row]:
    """Return what is true as the wire of a date can tell it."""
    day = ALIASES.get(api_date, NEWEST)
    rows = next((rows for until, rows in sorted(question.earlier.items()) if day < until), question.rows)
    is_archived = api_date != COMPAT and day >= ARCHIVE_SINCE
    rows = [*rows, *(() if is_archived else question.old_rows)]
    return [_cut(row) for row in rows] if day < EXACT_SINCE else rows


def differences(told: Any, true: Any, may_omit: bool, where: str = "") -> Iterator[str]:
    """Yield a line for each thing that a client told wrong; where it `may_omit`, None is no mistake."""
    if isinstance(told, list) and isinstance(true, list):
        if len(told) != len(true):
            yield f"{where} has {len(told)} items instead of {len(true)}: {told}"
            return
        for place, (one, other) in enumerate(zip(told, true, strict=True)):
            yield from differences(one, other, may_omit, f"{where}[{place}]")
    elif isinstance(told, Mapping) and isinstance(true, Mapping):
        for name, value in told.items():
            yield from differences(value, derived(true, name), may_omit, f"{where}.{name}")
    elif not (told is None and may_omit) and not _is_same(told, true):
        yield f"{where} is told as {told!r}, true is {true!r}"


def derived(row: Row, name: str) -> Any:
    """Return what is true under a name, or in the unit at its end; KeyError where the truth has no such name."""
    if name in row:
        return row[name]
    base, _, unit = name.rpartition("_")
    return None if row[base] is None else IN_UNIT[unit](row[base])


IN_UNIT: Mapping[str, Callable[[str], str]] = {
    "cents": lambda amount: str(int(Decimal(amount) * 100)),
    "whole": lambda count: str(int(Decimal(count))),
    "seconds": lambda instant: str(int(datetime.fromisoformat(instant).timestamp())),
}


def _cut(value: Any) -> Any:
    if isinstance(value, list):
        return [_cut(one) for one in value]
    if isinstance(value, dict):
        return {name: _cut(one) for name, one in value.items()}
    is_finer = isinstance(value, str) and NUMBER.fullmatch(value) and "." in value
    return str(Decimal(value).quantize(CENT, ROUND_DOWN)) if is_finer else value


def _is_same(told: Any, true: Any) -> bool:
    return bool(told) if true == ANYTHING else bool(_canonical(told) == _canonical(true))


def _canonical(value: Any) -> Any:
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, str) and INSTANT.fullmatch(value):
        return datetime.fromisoformat(value)
    return value
