"""`journal` and `why`: what crossed the wire, and why some of it was refused."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from mockexchange.cli import journal as subject
from mockexchange.cli.control import Server, send
from mockexchange.replay import read_journal
from tests.cli.conftest import Cli

POSITIONS = "/portfolio/positions"


@pytest.fixture
def busy(cli: Cli, sandbox: str) -> str:
    """A sandbox that answered three requests, refused two of them."""
    cli("call", "alice", "GET", f"{POSITIONS}?limit=0", "--sandbox", sandbox, code=1)
    cli("call", "alice", "GET", "/portfolio/balance?x=1", "--sandbox", sandbox)
    cli("call", "eddy", "GET", "/portfolio/position", "--sandbox", sandbox, code=1)
    return sandbox


def test_the_journal_is_a_line_a_request(cli: Cli, busy: str) -> None:
    rows = [line.split("\t") for line in cli("journal", "--sandbox", busy).stdout.splitlines()]
    assert [row[:6] for row in rows] == [
        ["1", "2025-11-04T23:00:00Z", f"GET /trade-api/v2{POSITIONS}?limit=0", "400", "GetPositions", "alice"],
        ["2", "2025-11-04T23:00:00Z", "GET /trade-api/v2/portfolio/balance?x=1", "200", "GetBalance", "alice"],
        ["3", "2025-11-04T23:00:00Z", "GET /trade-api/v2/portfolio/position", "404", "-", "-"],
    ]
    assert all(float(row[6]) > 0 for row in rows)
    assert rows[0][7] == "limit=0: expected at least 1"
    assert rows[1][7] == "parameter 'x' is unknown to GetBalance: ignored"
    assert f'did you mean "/trade-api/v2{POSITIONS}"?' in rows[2][7]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ([], "123"),
        (["--last", "1"], "3"),
        (["--last", "0"], "123"),
        (["--status", "400"], "1"),
        (["--status", "401"], ""),
        (["--operation", "GetBalance"], "2"),
        (["--operation", "GetBalance", "--status", "404"], ""),
    ],
)
def test_the_journal_is_filtered(cli: Cli, busy: str, options: list[str], numbers: str) -> None:
    lines = cli("journal", "--sandbox", busy, *options).stdout.splitlines()
    assert "".join(line[0] for line in lines) == numbers


def test_the_last_ones_are_shown_and_with_json_all(cli: Cli, sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "LAST", 2)
    for _ in range(3):
        cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", sandbox)
    assert len(cli("journal", "--sandbox", sandbox).stdout.splitlines()) == 2
    assert len(cli("journal", "--json", "--sandbox", sandbox).stdout.splitlines()) == 3
    assert len(cli("journal", "--json", "--last", "1", "--sandbox", sandbox).stdout.splitlines()) == 1


def test_json_is_whole_and_what_replay_reads(cli: Cli, server: Server, busy: str) -> None:
    printed = cli("journal", "--json", "--sandbox", busy).stdout
    assert [json.loads(line) for line in printed.splitlines()] == server.ask_sandbox("GET", busy, "/journal")
    assert [entry["number"] for entry in read_journal(printed)] == [1, 2, 3]


def test_why_says_what_to_change_and_shows_what_was_sent(cli: Cli, server: Server, busy: str) -> None:
    first, second = server.ask_sandbox("GET", busy, "/journal")[0], server.ask_sandbox("GET", busy, "/journal")[2]
    headers = dict(first["headers"])
    lines = cli("why", "--sandbox", busy).stdout.splitlines()
    assert lines[:6] == [
        f"#1  2025-11-04T23:00:00Z  GET /trade-api/v2{POSITIONS}?limit=0  400  alice",
        "  why       limit=0: expected at least 1",
        f"  sent      KALSHI-ACCESS-KEY: {headers['kalshi-access-key']}",
        f"  sent      KALSHI-ACCESS-TIMESTAMP: {headers['kalshi-access-timestamp']}",
        f"  sent      KALSHI-ACCESS-SIGNATURE: {headers['kalshi-access-signature']}",
        f"  answered  {first['answer']}",
    ]
    assert lines[6] == "#3  2025-11-04T23:00:00Z  GET /trade-api/v2/portfolio/position  404"
    assert lines[7] == f"  why       {second['diagnosis']}"


def test_why_takes_the_newest(cli: Cli, busy: str) -> None:
    assert cli("why", "1", "--sandbox", busy).stdout.startswith("#3 ")
    assert [line[:2] for line in cli("why", "9", "--sandbox", busy).stdout.splitlines() if line[0] == "#"] == [
        "#1",
        "#3",
    ]


def test_why_looks_further_back_when_it_has_to(cli: Cli, busy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "RECENT", 1)
    assert cli("why", "1", "--sandbox", busy).stdout.startswith("#3 ")
    assert cli("why", "2", "--sandbox", busy).stdout.startswith("#1 ")


def test_why_without_refusals_says_so(cli: Cli, sandbox: str) -> None:
    assert cli("why", "--sandbox", sandbox).stdout == "nothing was refused\n"
    cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", sandbox)
    assert cli("why", "--sandbox", sandbox).stdout == "nothing was refused\n"


def test_unsigned_and_garbled_requests_are_shown_safely(cli: Cli, server: Server) -> None:
    made = server.ask("POST", "sandboxes", {"scenario": "empty", "port": "0"})
    send("GET", f"{made['base_url']}{POSITIONS}", {}, b"a body")
    parts = urlsplit(made["base_url"])
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as raw:
        raw.sendall(b"\x1b[2J\xff\r\n\r\n")
        assert raw.recv(12) == b"HTTP/1.1 400"
    text = cli("why", "--sandbox", made["id"]).stdout
    assert "\x1b" not in text
    assert "  sent      none of the KALSHI-ACCESS headers\n  body      a body\n  answered  {" in text
    garbled = text[text.index("#2") :].splitlines()
    assert "  bytes that are no HTTP  400" in garbled[0]
    assert not any("sent" in line for line in garbled[1:])
    assert "\tbytes that are no HTTP\t400\t-\t-\t" in cli("journal", "--sandbox", made["id"]).stdout
