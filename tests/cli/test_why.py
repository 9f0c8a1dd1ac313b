"""`why`: why requests, calls of streams and steps of the script were refused."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from mockexchange.cli.commands import why as subject
from mockexchange.cli.server_connection import Server
from mockexchange.runtime.http_request import send
from tests.cli.conftest import POSITIONS, AtTerminal, Cli
from tests.helpers.patience import PATIENCE_S


def test_why_shows_what_to_change(cli: Cli, server: Server, busy: str) -> None:
    first, second = server.ask_sandbox("GET", busy, "/journal")[0], server.ask_sandbox("GET", busy, "/journal")[2]
    lines = cli("why", "--sandbox", busy).stdout.splitlines()
    assert lines == [
        f"#1  2025-11-04 23:00:00.000  GET /trade-api/v2{POSITIONS}?limit=0  400  alice",
        "  why       limit=0: expected at least 1",
        f"  answered  {first['answer']}",
        "#3  2025-11-04 23:00:00.000  GET /trade-api/v2/portfolio/position  404",
        f"  why       {second['diagnosis']}",
        f"  answered  {second['answer']}",
    ]


def test_why_shows_the_credentials_that_were_refused_and_cuts_signatures(cli: Cli, server: Server) -> None:
    made = server.ask("POST", "sandboxes", {"scenario": "empty", "port": "0"})
    headers = {"KALSHI-ACCESS-KEY": "nobody", "KALSHI-ACCESS-TIMESTAMP": "1", "KALSHI-ACCESS-SIGNATURE": "x" * 344}
    send("GET", f"{made['base_url']}{POSITIONS}", headers)
    lines = cli("why", "--sandbox", made["id"]).stdout.splitlines()
    assert [line for line in lines if line.startswith("  sent")] == [
        "  sent      KALSHI-ACCESS-KEY: nobody",
        "  sent      KALSHI-ACCESS-TIMESTAMP: 1",
        f"  sent      KALSHI-ACCESS-SIGNATURE: {'x' * 20}… (344 characters)",
    ]


def test_why_fits_a_terminal_and_is_json_for_programs(cli: Cli, busy: str, at_terminal: AtTerminal) -> None:
    lines = at_terminal(80, "why", "--sandbox", busy).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[2].endswith("…")
    assert lines[5] == f'            "/trade-api/v2{POSITIONS}"?'
    found = [json.loads(line) for line in cli("why", "--json", "--sandbox", busy).stdout.splitlines()]
    assert [(one["refused"], one["number"], one["status"]) for one in found] == [
        ("request", 1, 400),
        ("request", 3, 404),
    ]


def test_why_takes_the_newest(cli: Cli, busy: str) -> None:
    assert cli("why", "1", "--sandbox", busy).stdout.startswith("#3 ")
    assert [line[:2] for line in cli("why", "9", "--sandbox", busy).stdout.splitlines() if line[0] == "#"] == [
        "#1",
        "#3",
    ]


def test_why_looks_further_back_when_it_has_to(cli: Cli, busy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "RECENT_MAX", 1)
    assert cli("why", "1", "--sandbox", busy).stdout.startswith("#3 ")
    assert cli("why", "2", "--sandbox", busy).stdout.startswith("#1 ")


def test_why_without_refusals_says_so(cli: Cli, sandbox: str) -> None:
    assert cli("why", "--sandbox", sandbox).stdout == "nothing was refused\n"
    cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", sandbox)
    assert cli("why", "--sandbox", sandbox).stdout == "nothing was refused\n"


def test_why_knows_the_errors_of_streams(cli: Cli, streamed: str) -> None:
    lines = cli("why", "--sandbox", streamed).stdout.splitlines()
    assert lines[0] == "frame 5  2025-11-04 23:00:00.000  stream 1  alice"
    assert lines[1].startswith("  why       not JSON: ")
    assert lines[2].startswith('  answered  {"type":"error",')
    assert len(lines) == 3


def test_why_knows_the_steps_that_were_refused(cli: Cli, sandbox: str) -> None:
    cli("script", "add", "{name: wrong, cancel: {order: o-x}}", "--sandbox", sandbox)
    first, second = cli("why", "--sandbox", sandbox).stdout.splitlines()
    assert first == "script  wrong  cancel"
    assert second.startswith("  why       refused once: ")
    assert "'o-x'" in second


def test_why_knows_the_steps_that_failed(cli: Cli, sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = {"name": "fails", "action": "announce", "refused": 0, "failed": 2, "reason": "the exchange made a mistake"}
    monkeypatch.setattr(subject, "fetch", lambda server, name, path, query: [failed] if path == "/script" else [])
    assert cli("why", "--sandbox", sandbox).stdout.splitlines() == [
        "script  fails  announce",
        "  why       failed 2 times: the exchange made a mistake",
    ]


def test_unsigned_and_garbled_requests_are_shown_safely(cli: Cli, server: Server) -> None:
    made = server.ask("POST", "sandboxes", {"scenario": "empty", "port": "0"})
    send("GET", f"{made['base_url']}{POSITIONS}", {}, b"a body")
    parts = urlsplit(made["base_url"])
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PATIENCE_S) as raw:
        raw.sendall(b"\x1b[2J\xff\r\n\r\n")
        assert raw.recv(12) == b"HTTP/1.1 400"
    text = cli("why", "--sandbox", made["id"]).stdout
    assert "\x1b" not in text
    assert "  sent      no header that says whose it is\n  body      a body\n  answered  {" in text
    garbled = text[text.index("#2") :].splitlines()
    assert "  bytes that are no HTTP  400" in garbled[0]
    assert not any("sent" in line for line in garbled[1:])
    assert "\tbytes that are no HTTP\t400\t-\t-\t" in cli("journal", "--sandbox", made["id"]).stdout
