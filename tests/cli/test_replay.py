"""`log` and `replay`: the same log gives the same truth, the same journal the same bytes."""

import json
from pathlib import Path

import pytest

from mockexchange.cli.control import Server
from tests.cli.conftest import Cli

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


def test_a_byte_that_differs_is_shown(cli: Cli, run: Path) -> None:
    journal = run / "journal.jsonl"
    journal.write_text(journal.read_text().replace('\\"position_fp\\":\\"10.00\\"', '\\"position_fp\\":\\"11.00\\"'))
    done = cli("replay", str(run / "log.jsonl"), "--journal", str(journal), code=1)
    assert "request 1 /trade-api/v2/portfolio/positions" in done.stdout
    got, _, wanted = done.stdout.partition("wanted")
    assert '"position_fp":"10.00"' in got
    assert '"position_fp":"11.00"' in wanted
    assert "1 of 3 answers differ from the journal" in done.stderr


def test_a_log_that_is_too_short_for_its_journal(cli: Cli, run: Path) -> None:
    log = run / "log.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:4]))
    done = cli("replay", str(log), "--journal", str(run / "journal.jsonl"), code=1)
    assert "the log ends after 3 commands" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: expected a log header, got an empty file"),
        ("{}\n", "line 1: expected a log header"),
        ("nonsense\n", "line 1: expected a log header"),
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
    assert "the log has a gap" in cli("replay", str(log), code=1).stderr


def test_the_log_of_a_sandbox_that_is_not_there(cli: Cli) -> None:
    assert "404" in cli("log", "--sandbox", "nobody", code=1).stderr
