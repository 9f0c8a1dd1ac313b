"""Planted drift is found once each, on its level; what nothing was planted in has none."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.drift.drift import Drift, drift_of
from tests.helpers.rows import each_row
from tests.importing.recorder import READS, record

DATE, NEXT_DATE = "2026-06", "2026-10"
PORTFOLIO = "/trade-api/v2/portfolio/"
AT = 1_780_000_000_000_000
SCENARIO = """scenario: small
start: 2026-05-01T00:00:00Z
accounts:
  alice: {cash: 5000}
markets:
  KXA-26-T1: {event: KXA-26, series: KXA}
  KXA-26-T2: {event: KXA-26, series: KXA}
  KXB-26-T1: {event: KXB-26, series: KXB}
history:
  - {after: 1s, fill: {account: alice, market: KXA-26-T1, side: yes, action: buy, count: 10, price: 0.41}}
  - {after: 1s, fill: {account: alice, market: KXA-26-T2, side: no, action: buy, count: 3, price: 0.55, taker: true}}
  - {after: 1s, fill: {account: alice, market: KXB-26-T1, side: yes, action: buy, count: 7, price: 0.20}}
  - {after: 1s, rest: {account: alice, market: KXA-26-T1, side: yes, action: buy, count: 5, price: 0.30}}
  - {after: 1s, settle: {market: KXB-26-T1, result: yes}}
"""
Body = dict[str, Any]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    path = tmp_path_factory.mktemp("drift") / "run.jsonl"
    reads = (*READS, "orders/nosuch", "/trade-api/v2/markets?limit=3", "balance")
    record(path, SCENARIO, DATE, reads, instants=[AT])
    return path.read_text(encoding="utf-8").splitlines()


def mutated(path: Path, lines: list[str], name: str, change: Callable[[Body], Body | None]) -> Path:
    """Write a recording whose answers of a path are changed; a change returns a body, or changes the one it gets."""
    with path.open("w", encoding="utf-8") as file:
        for raw in lines:
            line = json.loads(raw)
            if line.get("target", "").partition("?")[0] == f"{PORTFOLIO}{name}":
                body = json.loads(line["answer"])
                line["answer"] = json.dumps(change(body) or body, separators=(",", ":"))
            file.write(json.dumps(line) + "\n")
    return path


def rows_of(name: str, change: Callable[[Body], object]) -> Callable[[Body], None]:
    def change_all(body: Body) -> None:
        for row in body[name]:
            change(row)

    return change_all


def renamed(row: Body) -> None:
    row["size_fp"] = row.pop("position_fp")


def moved(body: Body) -> None:
    body["ts"] = body["fills"][0]["ts"]
    for fill in body["fills"]:
        del fill["ts"]


def four_decimals(row: Body) -> None:
    row["fees_paid_dollars"] = row["fees_paid_dollars"][:-2]


def turned(row: Body) -> None:
    items = list(reversed(row.items()))
    row.clear()
    row.update(items)


POSITIONS = "GET /portfolio/positions"
PLANTED: list[tuple[str, str, Callable[[Body], Body | None], tuple[str, str, str, str]]] = [
    (
        "positions",
        "added",
        rows_of("market_positions", lambda row: row.update(foo=1)),
        ("document", "unknown field", POSITIONS, "market_positions[].foo"),
    ),
    (
        "positions",
        "renamed",
        rows_of("market_positions", renamed),
        ("document", "renamed field", POSITIONS, "market_positions[].position_fp"),
    ),
    ("fills", "moved", moved, ("document", "moved field", "GET /portfolio/fills", "fills[].ts")),
    (
        "positions",
        "4 decimals for 6",
        rows_of("market_positions", four_decimals),
        ("document", "another spelling", POSITIONS, "market_positions[].fees_paid_dollars"),
    ),
    (
        "positions",
        "number for text",
        rows_of("market_positions", lambda row: row.update(fees_paid_dollars=float(row["fees_paid_dollars"]) + 0.001)),
        ("document", "another type", POSITIONS, "market_positions[].fees_paid_dollars"),
    ),
    (
        "fills",
        "null for absent",
        rows_of("fills", lambda row: row.update(client_order_id=None)),
        ("document", "unknown field", "GET /portfolio/fills", "fills[].client_order_id"),
    ),
    (
        "fills",
        "word",
        rows_of("fills", lambda row: row.update(action="bought")),
        ("document", "unknown word", "GET /portfolio/fills", "fills[].action"),
    ),
    (
        "fills",
        "key order",
        rows_of("fills", turned),
        ("twin", "another order of keys", "GET /portfolio/fills", "fills[]"),
    ),
    (
        "orders/nosuch",
        "error words",
        lambda body: {"error": {**body["error"], "message": "nothing there"}},
        ("document", "unknown word", "GET /portfolio/orders/{order_id}", "error.message"),
    ),
    (
        "fills",
        "sort order",
        lambda body: {**body, "fills": body["fills"][::-1]},
        ("values", "another order of rows", "GET /portfolio/fills", "fills[]"),
    ),
    (
        "settlements",
        "formula",
        rows_of("settlements", lambda row: row.update(revenue=row["revenue"] + 1)),
        ("values", "another value", "GET /portfolio/settlements", "settlements[].revenue"),
    ),
]


def shown(found: Drift) -> list[tuple[str, str, str, str]]:
    return [
        (one.deviation.level.value, one.deviation.kind.value, one.deviation.operation, one.deviation.path)
        for one in found.evidence
    ]


@pytest.mark.parametrize(("name", "what", "change", "expected"), PLANTED, ids=[one[1] for one in PLANTED])
def test_each_planted_drift_is_one_finding(
    tmp_path: Path,
    lines: list[str],
    name: str,
    what: str,
    change: Callable[[Body], Body | None],
    expected: tuple[str, str, str, str],
) -> None:
    found = drift_of(mutated(tmp_path / "run.jsonl", lines, name, change), DATE)
    assert shown(found) == [expected], what


def test_what_was_not_changed_fits_its_date_alone(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = drift_of(path)
    assert (found.alias, shown(found)) == (DATE, [])
    assert [alias for alias, count in found.by_date.items() if not count] == [DATE]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["drift", *arguments], prog_name="mockexchange")


def test_the_command_prints_evidence_and_writes_a_suite_an_operation(tmp_path: Path, lines: list[str]) -> None:
    change = rows_of("market_positions", lambda row: row.update(foo=1))
    path, report = mutated(tmp_path / "run.jsonl", lines, "positions", change), tmp_path / "drift.xml"
    page = tmp_path / "drift.html"
    result = run(str(path), "--report", f"junit:{report}", "--report", f"html:{page}")
    assert result.exit_code == 1, result.output
    assert "  GET /portfolio/positions market_positions[].foo: unknown field\n" in result.stdout
    assert "    in 1 of 1, 2026-05-28, an unknown host; first on line 2\n" in result.stdout
    assert result.stdout.endswith(f"1 deviation from {DATE}\n")
    text = report.read_text(encoding="utf-8")
    assert '<testsuite name="drift.GET /portfolio/positions" tests="3" failures="1"' in text
    assert "market_positions[].foo" in page.read_text(encoding="utf-8")
    unchanged = run(str(mutated(path, lines, "nothing", change)))
    assert (
        unchanged.exit_code,
        "  right until 2026-07-09, when GET /markets changed: fractional_trading_enabled\n" in unchanged.stdout,
    ) == (0, True), unchanged.stdout


WRONG = [
    (["PASSWORD=hush"], "is no recording: expected JSON lines, or a HAR or a cassette with its ending"),
    (['{"log": {"entries": []}}'], "is a HAR"),
    (['{"number": 1, "answer": "", "at_us": 1}'], "no frame that can be judged; line 1: 'target' is missing"),
    ([], "has no answer and no frame that can be judged"),
]


@each_row(("content", "message"), WRONG, ids=range(len(WRONG)))
def test_what_cannot_be_judged_ends_with_two(tmp_path: Path, content: list[str], message: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("\n".join(content), encoding="utf-8")
    result = run(str(path))
    assert (result.exit_code, message in result.stderr) == (2, True), result.output
    assert "hush" not in result.output


def test_an_unknown_date_is_refused_with_the_known_ones(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    result = run(str(path), "--api-date", "soon")
    assert (result.exit_code, "no contract document of 'soon'" in result.stderr) == (2, True), result.output


def test_the_command_prints_json_for_programs(tmp_path: Path, lines: list[str]) -> None:
    change = rows_of("market_positions", lambda row: row.update(foo=1))
    path = mutated(tmp_path / "run.jsonl", lines, "positions", change)
    result = run(str(path), "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["api_date"], found["answers"]) == (1, DATE, len(lines) - 2)
    (deviation,) = found["deviations"]
    assert (deviation["level"], deviation["kind"], deviation["path"]) == (
        "document",
        "unknown field",
        "market_positions[].foo",
    )
    assert (deviation["count"], deviation["of"], deviation["line"], deviation["recorded"]) == (1, 1, 2, "1")
    assert found["deviations_by_date"][DATE] == 1
    assert json.loads(run(str(mutated(path, lines, "nothing", change)), "--json").stdout)["right_until"] == {
        "day": "2026-07-09",
        "operation": "GET /markets",
        "name": "fractional_trading_enabled",
    }


def test_a_recording_that_was_cut_short_says_so(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("\n".join(lines[:3]), encoding="utf-8")
    result = run(str(path))
    assert f"{path}: 2 answers, 0 frames, 2026-05-28, of an unknown host\n" in result.stdout
    assert "\n  line 3 was not read: there is no summary after it: the recording was cut short\n" in result.stdout


def test_a_deviation_names_the_day_before_it(tmp_path: Path, lines: list[str]) -> None:
    """The day is left out if it is that of the first body with the deviation."""
    path = tmp_path / "run.jsonl"
    balance = next(json.loads(line) for line in lines if line and "/balance" in line)
    changed = {**balance, "answer": balance["answer"].replace("{", '{"foo":1,', 1)}
    for days, shown in ((0, "in 1 of 2, 2026-05-28, an"), (3, "in 1 of 2, 2026-05-31, absent 2026-05-28, an")):
        later = {**changed, "at_us": balance["at_us"] + days * 86_400_000_000}
        path.write_text("\n".join([lines[0], json.dumps(balance), json.dumps(later), lines[-1]]), encoding="utf-8")
        assert f"    {shown} unknown host; first on line 3\n" in run(str(path)).stdout


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    pipe = run(str(tmp_path / "pipe"))
    assert (pipe.exit_code, "pipe is a pipe: expected a regular file" in pipe.stderr) == (2, True), pipe.output
