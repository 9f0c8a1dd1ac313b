"""`log` and `replay`: the same log gives the same truth, the same journal the same bytes."""

import json
from pathlib import Path

import pytest
from websockets.sync.client import connect

from mockexchange.cli.server_connection import Server
from mockexchange.clients.request_signers import UnsignedRequest, sign
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from tests.cli.conftest import Cli
from tests.helpers.patience import PATIENCE_S

FILL = "fill: {account: alice, market: RAIN-1, side: no, action: buy, count: 4, price: 0.40}"


@pytest.fixture
def run(cli: Cli, sandbox: str, tmp_path: Path) -> Path:
    """A folder with the log and the journal of three requests around a fill and a refusal."""
    cli("call", "alice", "GET", "/portfolio/positions", "--sandbox", sandbox)
    cli("do", FILL, "--sandbox", sandbox)
    cli("do", FILL.replace("RAIN-1", "SNOW"), "--sandbox", sandbox, code=1)
    cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", sandbox)
    cli("call", "alice", "GET", "/portfolio/positions?limit=0", "--sandbox", sandbox, code=1)
    (tmp_path / "log.jsonl").write_text(cli("log", "--sandbox", sandbox).stdout)
    (tmp_path / "journal.jsonl").write_text(cli("journal", "--json", "--sandbox", sandbox).stdout)
    return tmp_path


def test_a_log_gives_the_same_truth(cli: Cli, server: Server, sandbox: str, run: Path) -> None:
    lines = [json.loads(line) for line in cli("replay", str(run / "log.jsonl")).stdout.splitlines()]
    wanted = server.ask_sandbox("GET", sandbox, "/accounts/alice/positions")
    assert lines[-1]["truth"]["alice"] == wanted
    assert wanted[0]["quantity"] == "6.00"
    assert [line["seq"] for line in lines[:-1]] == list(range(1, len(lines)))
    assert lines[-2]["refusal"]["code"] == "unknown_market"


def test_a_journal_gives_the_same_bytes(cli: Cli, run: Path) -> None:
    said = cli("replay", str(run / "log.jsonl"), "--journal", str(run / "journal.jsonl")).stdout
    assert said == "3 answers, every byte the same\n"


def test_programs_get_the_comparison_as_json(cli: Cli, run: Path) -> None:
    words = ("replay", str(run / "log.jsonl"), "--json", "--journal", str(run / "journal.jsonl"))
    same = {"compared": {"answer": 3, "frame": 0}, "different": 0, "skipped": 0}
    assert json.loads(cli(*words).stdout) == same
    entries = (run / "journal.jsonl").read_text()
    assert entries.count('"status": 400') == 1
    (run / "journal.jsonl").write_text(entries.replace('"status": 400', '"status": 404'))
    lines = [json.loads(line) for line in cli(*words, code=1).stdout.splitlines()]
    assert lines[0]["title"].startswith("answer")
    assert lines[-1]["different"] == 1


def test_streams_run_again_too(cli: Cli, server: Server, sandbox: str, tmp_path: Path) -> None:
    shown = server.ask_sandbox("GET", sandbox)
    alice = next(one for one in shown["accounts"] if (one["name"], one["key"]) == ("alice", "main"))
    headers = sign("kalshi", alice, UnsignedRequest("GET", STREAM_PATH))
    with connect(shown["ws_url"], additional_headers=headers) as client:
        client.send('{"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}')
        client.recv(PATIENCE_S)
        cli("do", FILL, "--sandbox", sandbox)
        client.recv(PATIENCE_S)
    cli("wait", "frame", "kind=close", "--sandbox", sandbox)
    (tmp_path / "log.jsonl").write_text(cli("log", "--sandbox", sandbox).stdout)
    (tmp_path / "requests.jsonl").write_text(cli("journal", "--json", "--sandbox", sandbox).stdout)
    frames = cli("journal", "--frames", "--json", "--sandbox", sandbox).stdout
    (tmp_path / "frames.jsonl").write_text(frames)
    journals = [word for name in ("requests", "frames") for word in ("--journal", str(tmp_path / f"{name}.jsonl"))]
    said = cli("replay", str(tmp_path / "log.jsonl"), *journals).stdout
    assert said == "1 answer and 2 frames, every byte the same\n"
    (tmp_path / "frames.jsonl").write_text(frames.replace('\\"count_fp\\":\\"4.00\\"', '\\"count_fp\\":\\"5.00\\"'))
    done = cli("replay", str(tmp_path / "log.jsonl"), *journals, code=1)
    assert "frame 4 to stream 1 (fill)" in done.stdout
    assert "1 of 1 answer and 2 frames differ from the journal" in done.stderr
    (tmp_path / "requests.jsonl").write_text("")
    done = cli("replay", str(tmp_path / "log.jsonl"), *journals, code=1)
    assert "expected the journal of requests too" in done.stderr
    assert "mockexchange journal --json" in done.stderr


def test_what_is_not_compared_is_counted_by_the_reason(cli: Cli, run: Path) -> None:
    entries = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    entries[0]["fault"] = "outage"
    (run / "journal.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    unknown = {**entries[0], "connection": 9, "direction": "out", "kind": "fill", "channel": "fill", "fault": None}
    (run / "frames.jsonl").write_text("".join(json.dumps({**unknown, "number": number}) + "\n" for number in (1, 2)))
    journals = [word for name in ("journal", "frames") for word in ("--journal", str(run / f"{name}.jsonl"))]
    said = cli("replay", str(run / "log.jsonl"), *journals).stdout
    reasons = "1 touched by a fault or an overlay, 2 of a stream that began before the journal of requests"
    assert said == f"2 answers, every byte the same; not compared: {reasons}\n"


def test_nothing_compared_is_no_success(cli: Cli, run: Path) -> None:
    (run / "journal.jsonl").write_text("")
    done = cli("replay", str(run / "log.jsonl"), "--journal", str(run / "journal.jsonl"), code=1)
    assert "nothing was compared: the journal is empty" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("LOG", "line 1: expected an exported journal, as `mockexchange journal --json` writes it: this is a log"),
        ("junk\n", "line 1: expected an exported journal, as `mockexchange journal --json` writes it: it is no JSON"),
        (
            '\n{"a": 1}\n',
            "line 2: expected an exported journal",
        ),
        ("[1]", "item 1: expected an exported journal"),
    ],
)
def test_what_is_no_journal_is_named_with_its_line(cli: Cli, run: Path, text: str, words: str) -> None:
    wrong = run / "wrong.jsonl"
    wrong.write_text((run / "log.jsonl").read_text() if text == "LOG" else text)
    done = cli("replay", str(run / "log.jsonl"), "--journal", str(wrong), code=1)
    assert f"{wrong}, {words}" in done.stderr


def test_a_journal_instead_of_a_log_is_told(cli: Cli, run: Path) -> None:
    done = cli("replay", str(run / "journal.jsonl"), "--journal", str(run / "journal.jsonl"), code=1)
    assert f"{run / 'journal.jsonl'}: expected a log" in done.stderr
    assert "this is a journal, which is given by --journal" in done.stderr


def test_a_byte_that_differs_is_shown(cli: Cli, run: Path) -> None:
    journal = run / "journal.jsonl"
    journal.write_text(journal.read_text().replace('\\"position_fp\\":\\"10.00\\"', '\\"position_fp\\":\\"11.00\\"'))
    done = cli("replay", str(run / "log.jsonl"), "--journal", str(journal), code=1)
    assert "answer 1 to GET /trade-api/v2/portfolio/positions" in done.stdout
    got, _, wanted = done.stdout.partition("wanted")
    assert '"position_fp":"10.00"' in got
    assert '"position_fp":"11.00"' in wanted
    assert "1 of 3 answers differ from the journal" in done.stderr


def test_a_log_that_is_too_short_for_its_journal(cli: Cli, run: Path) -> None:
    log = run / "log.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:4]))
    done = cli("replay", str(log), "--journal", str(run / "journal.jsonl"), code=1)
    assert f"{log}: the log ends after 3 commands" in done.stderr
    assert "export both of the same sandbox, the log last" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: expected a log header, got an empty file"),
        ("{}\n", "line 1: expected a log header: Object missing required field `version`"),
        ("nonsense\n", "line 1: expected a log header: it is no JSON"),
        (
            '{"format":"mockexchange-recording"}\n',
            "this is a recording, of which `mockexchange import` makes a scenario",
        ),
    ],
)
def test_what_is_no_log_is_one_line(cli: Cli, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "log.jsonl").write_text(text)
    done = cli("replay", str(tmp_path / "log.jsonl"), code=1)
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_record_that_is_missing_is_a_gap(cli: Cli, run: Path) -> None:
    log = run / "log.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:3] + lines[4:]))
    refused = cli("replay", str(log), code=1).stderr
    assert refused == f"mockexchange replay: {log}: expected command 3, got 4: the log has a gap\n"


def test_a_record_that_is_no_json_is_named_with_file_and_line(cli: Cli, run: Path) -> None:
    log = run / "log.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join([*lines[:2], "garbage\n", *lines[3:]]))
    refused = cli("replay", str(log), code=1).stderr
    assert refused.startswith(f"mockexchange replay: {log}: line 3: expected a record ")
    assert refused.endswith(": it is no JSON\n")


def test_the_log_of_a_sandbox_that_is_not_there(cli: Cli) -> None:
    assert ": no sandbox 'nobody'; known: default" in cli("log", "--sandbox", "nobody", code=1).stderr
