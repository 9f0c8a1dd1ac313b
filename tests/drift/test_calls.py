"""Calls that are a POST at a JSON-RPC venue are judged by the method that they name, as a GET of it would be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockexchange.drift.drift import Drift, drift_of
from tests.importing.test_derivatives import DERIBIT, SIGNALPLUS, call, reads, record

POSITIONS = "POST /private/get_positions"
Body = dict[str, Any]
Calls = {
    DERIBIT: [*reads(), call(DERIBIT, "private/get_positions", currency="BTC")],
    SIGNALPLUS: [call(SIGNALPLUS, "private/get_positions")],
}
ACCOUNTS = {DERIBIT: "dora", SIGNALPLUS: "gina"}


@pytest.fixture(scope="module", params=[DERIBIT, SIGNALPLUS])
def lines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path = tmp_path_factory.mktemp("drift") / "run.jsonl"
    record(path, request.param, ACCOUNTS[request.param], Calls[request.param])
    return path.read_text(encoding="utf-8").splitlines()


def mutated(path: Path, lines: list[str], change: Callable[[Body], object]) -> Path:
    """Write a recording in which the rows of the positions that were called by POST are changed."""
    with path.open("w", encoding="utf-8") as file:
        for raw in lines:
            line = json.loads(raw)
            if line.get("method") == "POST":
                body = json.loads(line["answer"])
                for row in body["result"]:
                    change(row)
                line["answer"] = json.dumps(body, separators=(",", ":"))
            file.write(json.dumps(line) + "\n")
    return path


def shown(found: Drift) -> list[tuple[str, str, str, str]]:
    return [
        (one.deviation.level.value, one.deviation.kind.value, one.deviation.operation, one.deviation.path)
        for one in found.evidence
    ]


def added(row: Body) -> None:
    row["foo"] = 1


def as_number(row: Body) -> None:
    row["kind"] = 5


def turned(row: Body) -> None:
    items = list(reversed(row.items()))
    row.clear()
    row.update(items)


PLANTED: list[tuple[Callable[[Body], object], list[tuple[str, str, str, str]]]] = [
    (lambda row: None, []),
    (added, [("document", "unknown field", POSITIONS, "result[].foo")]),
    (as_number, [("document", "another type", POSITIONS, "result[].kind")]),
    (turned, [("twin", "another order of keys", POSITIONS, "result[]")]),
]


@pytest.mark.parametrize(("change", "expected"), PLANTED, ids=["none", "added", "type", "key-order"])
def test_what_is_planted_in_a_call_is_one_finding(
    tmp_path: Path, lines: list[str], change: Callable[[Body], object], expected: list[tuple[str, str, str, str]]
) -> None:
    found = drift_of(mutated(tmp_path / "run.jsonl", lines, change), "2026-10")
    assert shown(found) == expected
    assert found.operations[POSITIONS] == sum('"method": "POST"' in line for line in lines)
