"""Recordings that are torn, foreign or hostile: what was read, what was not, and on which line."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.importing.comparison import compare
from mockexchange.importing.recorded_answers import CUT, WrongRecording, read_answers
from mockexchange.recording.recording_file import FORMAT
from tests.helpers.rows import each_row
from tests.importing.recorder import LATEST_US, record
from tests.importing.test_round_trip import HEAD, history_of

BALANCE = "/trade-api/v2/portfolio/balance"


def entry(answer: str | None = '{"balance":5}', **changed: Any) -> str:
    line = {"number": 1, "at_us": 1_780_000_000_000_000, "method": "GET", "target": BALANCE, "status": 200}
    return json.dumps({**line, "answer": answer, **changed})


HEADER = json.dumps({"format": FORMAT, "version": 1})
END = json.dumps({"ended": "now"})


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def test_what_is_no_answer_is_counted_by_its_reason(tmp_path: Path) -> None:
    lines = [
        HEADER,
        entry(),
        entry(method="POST"),
        entry(status=401),
        entry("", status=101, target="/trade-api/ws/v2"),
        entry(source="proxy"),
        entry(None),
        entry(target="/api/v2/public/get_time"),
        json.dumps({"direction": "out"}),
        "",
        END,
    ]
    found = read_answers(written(tmp_path / "run.jsonl", *lines))
    assert [(one.line, one.path) for one in found.answers] == [(2, BALANCE)]
    assert found.problems == []
    assert found.skipped == {
        "POST requests": 1,
        "answers 401": 1,
        "requests that were not sent": 1,
        "answers whose body was left out": 1,
        "answers of deribit": 1,
        "frames of streams whose opening was not recorded": 1,
    }


TORN = [
    ('{"number": 7, "at_us": 1', "no JSON: Expecting ',' delimiter at character 26"),
    (entry("{"), "no JSON: Expecting property name"),
    (entry("[]"), "expected an object"),
    (entry(at_us="soon"), "invalid literal"),
    ('{"number": 1}', "'method' is missing"),
    ("[" * 100_000, "nested too deeply"),
    ("5", "of another type than expected"),
]


@each_row(("line", "why"), TORN, ids=range(len(TORN)))
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str, why: str) -> None:
    found = read_answers(written(tmp_path / "run.jsonl", HEADER, entry(), line, END))
    ((number, reason),) = found.problems
    assert (number, why in reason) == (3, True), reason
    assert len(found.answers) == 1


def test_a_recording_that_was_cut_says_so(tmp_path: Path) -> None:
    found = read_answers(written(tmp_path / "run.jsonl", HEADER, entry()))
    assert found.problems == [(2, CUT)]


FOREIGN = [
    (["name,price", "a,1"], "or a CSV export with the columns of a venue\n"),
    (['{"log": {"entries": []}}'], "is a HAR: make a recording of it"),
    ([json.dumps({"format": "else", "version": 3})], "has the format 'else' 3"),
    ([json.dumps({"format": 1, "version": "0.1.0"})], "is a log of a sandbox, no recording: mockexchange serve"),
    ([HEADER, "torn", END], "no answer that can be imported, of 3 lines; line 2: "),
    ([], "no answer that can be imported, of 0 lines"),
]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["import", *arguments], prog_name="mockexchange")


@each_row(("lines", "message"), FOREIGN, ids=range(len(FOREIGN)))
def test_a_foreign_file_leaves_no_scenario(tmp_path: Path, lines: list[str], message: str) -> None:
    path = written(tmp_path / "run.jsonl", *lines)
    result = run(str(path), "--out", str(tmp_path / "a.yaml"))
    assert (result.exit_code, result.stderr.count("\n"), message in result.stderr) == (1, 1, True), result.output
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_writes_a_scenario_and_a_report(tmp_path: Path) -> None:
    path = record(tmp_path / "run.jsonl", HEAD + history_of([("KXA-26-T1", "no", "buy", 2, 41, True)]), "2026-06")
    out, report = tmp_path / "a.yaml", tmp_path / "a.xml"
    result = run(str(path), "--out", str(out), "--report", f"junit:{report}")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{out}: as of 2026-06 (2026-06-11), 6 explained\n")
    assert CliRunner().invoke(main, ["scenario", "check", str(out)]).exit_code == 0
    assert "GET /trade-api/v2/portfolio/fills" in report.read_text(encoding="utf-8")
    assert run(str(path), "--out", str(out)).exit_code == 2


def test_what_is_unexplained_ends_with_one_unless_it_is_accepted(tmp_path: Path) -> None:
    path = record(tmp_path / "run.jsonl", HEAD + history_of([("KXA-26-T1", "no", "buy", 2, 41, True)]), "2026-06")
    text = (
        path.read_text(encoding="utf-8").replace('\\"revenue', "x").replace('\\"is_taker\\":true', '\\"is_taker\\":5')
    )
    path.write_text(text, encoding="utf-8")
    result = run(str(path), "--out", str(tmp_path / "a.yaml"))
    assert result.exit_code == 1
    assert "  fills[0].is_taker: recorded 5, the scenario answers true\n" in result.stdout
    assert run(str(path), "--out", str(tmp_path / "b.yaml"), "--accept").exit_code == 0
    assert run(str(path), "--out", str(tmp_path / "c.yaml"), "--api-date", "soon").exit_code == 2


def test_rows_of_an_unknown_form_leave_no_scenario(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", HEADER, entry('{"market_positions":[{"ticker":"KXA-1"}]}'), entry(), END)
    result = run(str(path), "--out", str(tmp_path / "a.yaml"))
    assert (result.exit_code, "has rows of an unknown form: 'position' is missing" in result.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == [path]


def test_rows_that_cannot_be_read_are_reported_with_their_line(tmp_path: Path) -> None:
    path = written(tmp_path / "run.jsonl", HEADER, entry('{"fills":[{}]}'), entry(), END)
    result = run(str(path), "--out", str(tmp_path / "a.yaml"))
    assert result.exit_code == 1
    assert "not read: line 2, " in result.stdout


COMPARED = [
    ('{"a":[1,2]}', '{"a":[2,1]}', "order differs"),
    ('{"t":"2026-01-01T00:00:00Z"}', '{"t":"2026-01-01T00:00:00.5Z"}', "instant differs"),
    ('{"updated_ts":1}', '{"updated_ts":2}', "instant differs"),
    ('{"a":1}', '{"a":2}', "unexplained"),
    ('{"cursor":"x","a":1}', '{"cursor":"y","a":1}', "explained"),
    ('{"cursor":"x"}', '{"cursor":""}', "explained"),
    ('{"cursor":""}', '{"cursor":"x"}', "unexplained"),
    ('{"a":"' + "x" * 200 + '"}', "{}", "unexplained"),
]


@each_row(("recorded", "answered", "kind"), COMPARED)
def test_answers_are_compared_to_the_smallest_difference(recorded: str, answered: str, kind: str) -> None:
    assert compare(recorded, answered).kind == kind


def test_no_recording_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(WrongRecording):
        read_answers(tmp_path / "empty")


def test_the_command_prints_json_for_programs(tmp_path: Path) -> None:
    path = record(tmp_path / "run.jsonl", HEAD + history_of([("KXA-26-T1", "no", "buy", 2, 41, True)]), "2026-06")
    text = path.read_text(encoding="utf-8")
    out = tmp_path / "a.yaml"
    found = json.loads(run(str(path), "--out", str(out), "--json").stdout)
    assert (found["scenario"], found["api_date"], found["api_day"]) == (str(out), "2026-06", "2026-06-11")
    assert (found["is_explained"], found["counts"], found["answers"]) == (True, {"explained": 6}, [])
    path.write_text(text.replace('\\"is_taker\\":true', '\\"is_taker\\":5') + "torn", encoding="utf-8")
    result = run(str(path), "--out", str(tmp_path / "b.yaml"), "--json")
    found = json.loads(result.stdout)
    ((where, why), difference) = ((found["problems"][0]["line"], found["problems"][0]["why"]), found["answers"][0])
    assert (result.exit_code, found["is_explained"], where, "no JSON" in why) == (1, False, 9, True), found
    assert difference["kind"] == "unexplained"
    assert difference["target"].startswith("/trade-api/v2/portfolio/fills")
    assert difference["differences"][0] == {"path": "fills[0].is_taker", "recorded": "5", "answered": "true"}


def test_the_command_says_how_many_more_are_unexplained(tmp_path: Path) -> None:
    scenario = HEAD + history_of([("KXA-26-T1", "no", "buy", 2, 41, True)])
    path = record(tmp_path / "run.jsonl", scenario, "2026-06", ["fills"], instants=[LATEST_US + at for at in range(13)])
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('\\"is_taker\\":true', '\\"is_taker\\":5'), encoding="utf-8")
    result = run(str(path), "--out", str(tmp_path / "a.yaml"))
    assert result.stdout.count("unexplained, line") == 10
    assert result.stdout.endswith("and 3 more are unexplained: --report html:FILE and --json have all\n")


def test_a_pipe_and_a_scenario_in_no_folder_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "run.jsonl").write_text("")
    pipe = run(str(tmp_path / "pipe"), "--out", str(tmp_path / "a.yaml"))
    assert (pipe.exit_code, "pipe is a pipe: expected a regular file" in pipe.stderr) == (2, True), pipe.output
    nowhere = run(str(tmp_path / "run.jsonl"), "--out", str(tmp_path / "none" / "a.yaml"))
    assert (nowhere.exit_code, "none: make it first" in nowhere.stderr) == (2, True), nowhere.output
