"""The true rows of the scenario `clients`, worked out by hand, and the comparison of a client's rows with them.

Clients report amounts and instants in different forms: 1.5, "1.5000" and 150 cents are the same. Before 2026-03-07 the
exchange cut dollars to whole cents (see the venue's spelling), and then the truth is cut too.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.venues.kalshi.named_days import ALIASES, SUBACCOUNTS_ADDED
from tests.clients.exchange import PRIMARY_SUBACCOUNT
from tests.clients.published import COMPAT
from tests.house.checkout import ROOT

SCENARIO = ROOT / "fixtures" / "scenarios" / "clients.yaml"
TRUTH = SCENARIO.with_suffix(".truth.json")
WRITES_SCENARIO = SCENARIO.with_name("order-entry.yaml")
WRITES_TRUTH = WRITES_SCENARIO.with_suffix(".truth.json")
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
    """The arguments of a method, the key, and the true rows.

    `old_rows` follow where the exchange had no archive yet, and under `compat`, which keeps everything. `earlier` has
    the rows that were true instead before a day, or are under `compat`. Of a write, `refused_with` is the status if the
    exchange refuses it, and `after` has the status and remaining count of orders afterwards, by either id.
    """

    method: str
    account: str
    key: str
    arguments: Mapping[str, Any]
    rows: Sequence[Row]
    old_rows: Sequence[Row] = ()
    earlier: Mapping[str, Sequence[Row]] = {}
    refused_with: int | None = None
    after: Mapping[str, Sequence[str]] = {}


def read_questions(truth: Path = TRUTH) -> list[Question]:
    reported: list[dict[str, Any]] = json.loads(truth.read_text(encoding="utf-8"))
    return [Question(**question) for question in reported]


def question_of(method: str) -> Question:
    """Return the question that asks for a method; ValueError if none does."""
    (question,) = (question for question in read_questions() if question.method == method)
    return question


def truth_at(question: Question, api_date: str) -> list[Row]:
    """Return the true rows in the precision of a date's wire."""
    day = ALIASES.get(api_date, NEWEST)
    earlier = sorted((until, rows) for until, rows in question.earlier.items() if until != COMPAT)
    rows = next((rows for until, rows in earlier if day < until), question.rows)
    if api_date == COMPAT:
        rows = question.earlier.get(COMPAT, rows)
    is_archived = api_date != COMPAT and day >= ARCHIVE_SINCE
    rows = [*rows, *(() if is_archived else question.old_rows)]
    if day < SUBACCOUNTS_ADDED and api_date != COMPAT:  # rows could not say whose they are
        rows = [row for row in rows if row.get("subaccount") in {None, PRIMARY_SUBACCOUNT}]
    return [_cut(row) for row in rows] if day < EXACT_SINCE else rows


def differences(reported: Any, true: Any, may_omit: bool, where: str = "") -> Iterator[str]:
    """Yield a line for each wrong value of a client; with `may_omit`, None is no mistake."""
    if isinstance(reported, list) and isinstance(true, list):
        if len(reported) != len(true):
            yield f"{where} has {len(reported)} items instead of {len(true)}: {reported}"
            return
        for place, (one, other) in enumerate(zip(reported, true, strict=True)):
            yield from differences(one, other, may_omit, f"{where}[{place}]")
    elif isinstance(reported, Mapping) and isinstance(true, Mapping):
        for name, value in reported.items():
            yield from differences(value, derived(true, name), may_omit, f"{where}.{name}")
    elif not (reported is None and may_omit) and not _is_same(reported, true):
        yield f"{where} is reported as {reported!r}, true is {true!r}"


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


def _is_same(reported: Any, true: Any) -> bool:
    return bool(reported) if true == ANYTHING else bool(_canonical(reported) == _canonical(true))


def _canonical(value: Any) -> Any:
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, str) and INSTANT.fullmatch(value):
        return datetime.fromisoformat(value)
    return value
