"""Rows that only the frames of a stream show become steps, and the report names them."""

import json
from pathlib import Path

from click.testing import CliRunner

from mockexchange.cli import main
from mockexchange.importing.comparison import EXPLAINED, ORDER, UNEXPLAINED
from mockexchange.importing.importing import Imported, import_recording
from mockexchange.importing.report import report_of
from tests.helpers.rows import each_row
from tests.importing.stream_recorder import Frames, record_stream
from tests.importing.test_round_trip import DEMO, HEAD
from tests.importing.test_steps import steps
from tests.importing.test_streams import PRIVATE, SMALL, differing, kinds, written
from tests.importing.test_streams import frame as frame_line

NEWEST = "2026-10"
BALANCE = ("balance",)
GROUP = "5f0e2a51-6a3c-4d5b-9a70-2f1d4c8e0a01"
TERMS = f"account: alice, market: KXA-26-T1, side: yes, action: buy, group: {GROUP}"
TRIGGERED = f"""{HEAD}  - {{after: 1s, group: {{account: alice, group: {GROUP}, limit: 5}}}}
  - {{after: 1s, rest: {{{TERMS}, count: 9, price: 0.50, order: o1}}}}
  - {{after: 1s, rest: {{{TERMS}, count: 4, price: 0.40, order: o2}}}}
  - {{after: 1s, fill: {{{TERMS.partition(", group")[0]}, count: 5, price: 0.50, order: o1}}}}
  - {{after: 1s, reset_group: {{group: {GROUP}}}}}
  - {{after: 1s, limit_group: {{group: {GROUP}, limit: 8}}}}
  - {{after: 1s, trigger_group: {{group: {GROUP}}}}}
"""
CHANGED = f"""{HEAD}  - {{after: 1s, rest: {{{TERMS.partition(", group")[0]}, count: 9, price: 0.50, order: o1}}}}
  - {{after: 1s, amend: {{order: o1, price: 0.45}}}}
  - {{after: 1s, fill: {{{TERMS.partition(", group")[0]}, count: 5, price: 0.45, order: o1}}}}
  - {{after: 1s, reduce: {{order: o1, count: 1}}}}
  - {{after: 1s, amend: {{order: o1, price: 0.47, count: 8}}}}
  - {{after: 1s, cancel: {{order: o1}}}}
"""


def imported(
    tmp_path: Path, scenario: str, date: str, channels: tuple[str, ...] = PRIVATE, reads: tuple[str, ...] = BALANCE
) -> Imported:
    return import_recording(record_stream(tmp_path / "run.jsonl", scenario, date, channels, reads=reads), date)


@each_row("date", ["2026-04", NEWEST])
def test_the_demo_comes_out_of_its_frames_alone(tmp_path: Path, date: str) -> None:
    """What a settlement paid shows only in the frame of the position, which does not have the result."""
    found = imported(tmp_path, DEMO.read_text(encoding="utf-8"), date)
    assert found.refusals == []
    assert kinds(found.streams) == {EXPLAINED: 41, UNEXPLAINED: 4}
    assert all("QUICKSETTLE" in str(row) and row[0] == "market_position" for row in differing(found.streams))
    named = [row.why.split()[0] for row in found.recorded.from_frames]
    assert {word: named.count(word) for word in named} == {"order": 16, "fill": 10, "group": 1}


@each_row("scenario", [TRIGGERED, CHANGED], ids=["group", "order"])
@each_row("date", ["2026-04", NEWEST])
@each_row("reads", [BALANCE, ("orders", "order_groups", "fills", "positions", "balance")])
def test_each_change_that_a_frame_shows_is_a_step(
    tmp_path: Path, scenario: str, date: str, reads: tuple[str, ...]
) -> None:
    """A group cancels its orders after its own frame: their `cancel` steps come before."""
    found = imported(tmp_path, scenario, date, reads=reads)
    assert ([row for row in differing(found.streams) if row[1] != ORDER], found.refusals) == ([], [])
    assert [one for one in found.verified if one.comparison.kind == UNEXPLAINED and reads != BALANCE] == []
    assert len(steps(found, "trigger_group")) == ("group" in scenario)  # the first trigger is the fill's own


@each_row("changes", [0, 1])
def test_a_group_from_before_the_stream_is_triggered_once(tmp_path: Path, changes: int) -> None:
    """Its limit is that of the list, unless a frame changed it later: then the trigger is a step."""
    lines = TRIGGERED.replace("{after: 1s, group", "{after: 0s, group").splitlines()
    scenario = "\n".join([*lines[: 12 + 2 * changes], ""])
    found = imported(tmp_path, scenario, NEWEST, reads=("orders", "order_groups", "fills", "positions", "balance"))
    assert ([row for row in differing(found.streams) if row[1] != ORDER], found.refusals) == ([], [])
    assert len(steps(found, "trigger_group")) == changes


def test_orders_without_their_fills_have_assumed_ones(tmp_path: Path) -> None:
    found = imported(tmp_path, SMALL, NEWEST, ("user_orders",))
    assert kinds(found.streams) == {EXPLAINED: 4}
    assert len(steps(found, "fill")) == len(found.recorded.assumed) == 3


def test_the_first_position_of_a_market_without_fills_is_opened(tmp_path: Path) -> None:
    found = imported(tmp_path, SMALL, NEWEST, ("market_positions",))
    assert kinds(found.streams) == {EXPLAINED: 3, UNEXPLAINED: 1}
    assert len(steps(found, "open")) == 2
    assert [row.why.partition(" at ")[0] for row in found.recorded.from_frames] == [
        "position in KXA-26-T1",
        "position in KXA-26-T2",
    ]


def test_a_fill_that_a_later_list_does_not_have_is_no_step(tmp_path: Path) -> None:
    def foreign(frames: Frames) -> Frames:
        return [(at, text.replace('"trade_id":"', '"trade_id":"f')) for at, text in frames]

    path = record_stream(tmp_path / "run.jsonl", SMALL, NEWEST, ["fill"], foreign)
    found = import_recording(path, NEWEST)
    assert (len(steps(found, "fill")), found.recorded.from_frames) == (3, [])
    assert kinds(found.streams) == {EXPLAINED: 1, UNEXPLAINED: 3}


@each_row("kind", ["fill", "user_order", "order_group_updates", "market_position"])
@each_row("body", [{}, [], {"order_id": [], "trade_id": {}, "order_group_id": 5, "market_ticker": None}])
def test_a_frame_without_its_fields_adds_nothing(tmp_path: Path, kind: str, body: object) -> None:
    found = written(tmp_path / "run.jsonl", frame_line(frame=json.dumps({"type": kind, "sid": 1, "msg": body})))
    assert (found.recorded.from_frames, steps(found, "fill"), steps(found, "group")) == ([], [], [])
    assert kinds(found.streams) == {UNEXPLAINED: 1}


def test_the_console_and_the_report_name_what_is_from_frames(tmp_path: Path) -> None:
    path = record_stream(tmp_path / "run.jsonl", SMALL, NEWEST, ["fill"], reads=BALANCE)
    result = CliRunner().invoke(main, ["import", str(path), "--out", str(tmp_path / "a.yaml"), "--api-date", NEWEST])
    assert "  line 6, from frames: fill " in result.output
    notes = [note.seen for one in report_of(import_recording(path, NEWEST)).verdicts for note in one.notes]
    assert len([note for note in notes if note.startswith("from frames: fill ")]) == 3
