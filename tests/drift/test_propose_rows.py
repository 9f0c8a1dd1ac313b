"""Proposed rows are a patch that applies to the tables; what no row can be proposed for is a note."""

import ast
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockexchange.drift.drift import drift_of
from tests.drift import test_drift
from tests.drift.test_drift import DATE, mutated, rows_of
from tools.propose_rows import PACKAGE, proposals_of

lines = test_drift.lines
"""The fixture."""


def renamed(row: dict[str, Any]) -> None:
    row["fill_fp"] = row.pop("count_fp")


def spelled(row: dict[str, Any]) -> None:
    row["fee_cost"] = row["fee_cost"][:-4]


PLANTED: list[tuple[str, str, Callable[[dict[str, Any]], Any], list[str]]] = [
    (
        "fills",
        "added",
        rows_of("fills", lambda row: row.update(event_ticker="KXA-26")),
        [
            "+    # absent 2026-06-11, present 2026-05-28 in 1 of 1",
            '+        name="event_ticker",',
            "+        spelling=TEXT,",
            '+        since="2026-05-28",',
            '+    "wire-2026-05": "bodies recorded on an unknown host, 2026-05-28",',
        ],
    ),
    (
        "fills",
        "removed",
        rows_of("fills", lambda row: row.pop("is_taker")),
        ['+    Field(name="is_taker", spelling=BOOLEAN, read="is_taker", until="2026-05-28", source="wire-2025-11"),'],
    ),
    (
        "fills",
        "renamed",
        rows_of("fills", renamed),
        ['+        name="fill_fp",', "+        spelling=COUNT_2,", '+        read="trade.count_centis",'],
    ),
    ("fills", "spelled", rows_of("fills", spelled), ['+        name="fee_cost",', "+        spelling=COUNT_2,"]),
    (
        "positions",
        "by hand",
        rows_of("market_positions", lambda row: row.pop("total_traded_dollars")),
        ["has no row of its own for it, edit what makes it"],
    ),
    (
        "orders/nosuch",
        "an error",
        lambda body: {"error": {**body["error"], "foo": 1}},
        ["error.foo: unknown field: no table of objects has it"],
    ),
    ("balance", "top", lambda body: body.update(foo=True), ['+        name="foo",', "+        spelling=BOOLEAN,"]),
]


REPEATED = {"spelled", "top"}
"""Changes that reach no other line than those before them."""
ROWS = [pytest.param(*one, id=one[1], marks=[pytest.mark.untraced] if one[1] in REPEATED else []) for one in PLANTED]


@pytest.mark.parametrize(("name", "what", "change", "expected"), ROWS)
def test_a_row_is_proposed(
    tmp_path: Path,
    lines: list[str],
    name: str,
    what: str,
    change: Callable[[dict[str, Any]], Any],
    expected: list[str],
) -> None:
    patch = proposals_of(drift_of(mutated(tmp_path / "run.jsonl", lines, name, change), DATE))
    for line in expected:
        assert line in patch, what
    if "+++" in patch:
        _require_that_it_applies(tmp_path, patch)


def _require_that_it_applies(folder: Path, patch: str) -> None:
    """Apply a patch to copies of the files that it names, which stay programs."""
    names = [line.removeprefix("+++ b/").strip() for line in patch.splitlines() if line.startswith("+++ b/")]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((PACKAGE.parent / name).read_bytes())
    (folder / "p.diff").write_text(patch, encoding="utf-8")
    subprocess.run(["git", "apply", "p.diff"], cwd=folder, check=True)
    for name in names:
        ast.parse((folder / name).read_text(encoding="utf-8"))
