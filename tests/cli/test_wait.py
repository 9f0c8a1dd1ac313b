"""`wait`: until what is asked for is there, or the time is up."""

import json

import pytest

from tests.cli.conftest import Cli


def test_it_prints_what_was_found(cli: Cli, sandbox: str) -> None:
    cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", sandbox)
    cli("call", "alice", "GET", "/portfolio/positions", "--sandbox", sandbox)
    said = cli("wait", "request", "account=alice", "times=2", "--sandbox", sandbox).stdout
    assert [json.loads(line)["operation"] for line in said.splitlines()] == ["GetBalance", "GetPositions"]
    assert cli("wait", "script", "done", "--sandbox", sandbox).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            "request operation=GetBalance status=200",
            1,
            "request with operation GetBalance, status 200: 0 of 1 within 0.001 s",
        ),
        ('frame contains={"msg":{"a":1}}', 1, "frame with the contents wanted: 0 of 1 within 0.001 s"),
        ("subscribed", 1, "nobody is subscribed"),
        ("request colour=red", 1, "unknown key 'colour'"),
        ("frame contains={", 2, "contains: expected JSON, got '{'"),
        ("fault flaky", 2, "expected NAME=VALUE, such as account=alice, or done for the script, got 'flaky'"),
        ("script dne", 2, "got 'dne': did you mean done?"),
        ("subscribed account=alice account=bob", 2, "account: expected it once"),
        ("market", 2, "'market' is not one of"),
    ],
)
def test_it_fails_in_a_line(cli: Cli, sandbox: str, arguments: str, code: int, words: str) -> None:
    done = cli("wait", *arguments.split(), "--timeout", "1ms", "--sandbox", sandbox, code=code)
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1 + ("nobody is subscribed" in words)


def test_what_came_near_is_told_on_lines_of_its_own(cli: Cli, sandbox: str) -> None:
    cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", sandbox)
    wait = ("wait", "request", "operation=GetPositions", "--timeout", "1ms", "--sandbox", sandbox)
    _, near = cli(*wait, code=1).stderr.splitlines()
    assert near.startswith("  near miss: GET /trade-api/v2/portfolio/balance -> 200: ")
