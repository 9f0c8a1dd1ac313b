"""`journal` and `why`: what crossed the wire, and why some of it was refused."""

import json
import socket
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from mockexchange.cli.commands import journal as subject
from mockexchange.cli.server_connection import Server
from mockexchange.clients.request_signers import UnsignedRequest, sign
from mockexchange.replay import read_journal
from mockexchange.runtime.http_request import send
from mockexchange.venues.kalshi.stream.handshake import STREAM_PATH
from tests.cli.conftest import Cli

POSITIONS = "/portfolio/positions"
GUARD_S = 20


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
        (["--status", "0"], ""),
        (["--operation", "GetBalance"], "2"),
        (["--operation", "GetBalance", "--status", "404"], ""),
    ],
)
def test_the_journal_is_filtered(cli: Cli, busy: str, options: list[str], numbers: str) -> None:
    lines = cli("journal", "--sandbox", busy, *options).stdout.splitlines()
    assert "".join(line[0] for line in lines) == numbers


def test_the_last_ones_are_shown_and_with_json_all(cli: Cli, sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "LAST_DEFAULT", 2)
    for _ in range(3):
        cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", sandbox)
    assert len(cli("journal", "--sandbox", sandbox).stdout.splitlines()) == 2
    assert len(cli("journal", "--json", "--sandbox", sandbox).stdout.splitlines()) == 3
    assert len(cli("journal", "--json", "--last", "1", "--sandbox", sandbox).stdout.splitlines()) == 1


def test_json_is_whole_and_what_replay_reads(cli: Cli, server: Server, busy: str) -> None:
    printed = cli("journal", "--json", "--sandbox", busy).stdout
    assert [json.loads(line) for line in printed.splitlines()] == server.ask_sandbox("GET", busy, "/journal")
    assert [entry["number"] for entry in read_journal(printed).entries] == [1, 2, 3]


@pytest.fixture
def streamed(cli: Cli, server: Server, sandbox: str) -> str:
    """Its stream had: 1 open, 2 a command, 3 subscribed, 4 bytes that are no text, 5 an error, 6 its end."""
    shown = server.ask_sandbox("GET", sandbox)
    alice = next(one for one in shown["accounts"] if (one["name"], one["key"]) == ("alice", "main"))
    headers = sign("kalshi", alice, UnsignedRequest("GET", STREAM_PATH))
    with connect(shown["ws_url"], additional_headers=headers, proxy=None) as client:
        for said in ('{"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}', b"\xff"):
            client.send(said)
            client.recv(GUARD_S)
    cli("wait", "frame", "kind=close", "--sandbox", sandbox)
    return sandbox


def test_frames_are_a_line_each(cli: Cli, streamed: str) -> None:
    rows = [line.split("\t") for line in cli("journal", "--frames", "--sandbox", streamed).stdout.splitlines()]
    at = "2025-11-04T23:00:00Z"
    assert [row[:8] for row in rows] == [
        ["1", at, "1", "alice", "in", "-", "open", "-"],
        ["2", at, "1", "alice", "in", "-", "-", "-"],
        ["3", at, "1", "alice", "out", "fill", "subscribed", "-"],
        ["4", at, "1", "alice", "in", "-", "-", "-"],
        ["5", at, "1", "alice", "out", "-", "error", rows[4][7]],
        ["6", at, "1", "alice", "in", "-", "close", "-"],
    ]
    assert rows[0][8] == "-"
    assert rows[2][8] == '{"type":"subscribed","id":1,"msg":{"channel":"fill","sid":1}}'
    assert rows[3][8] == "/w=="
    assert rows[4][7].startswith("not JSON: ")


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--last", "2"], "56"),
        (["--channel", "fill"], "3"),
        (["--kind", "error"], "5"),
        (["--direction", "out"], "35"),
        (["--account", "eddy"], ""),
        (["--connection", "1", "--direction", "in", "--last", "0"], "1246"),
    ],
)
def test_frames_are_filtered(cli: Cli, streamed: str, options: list[str], numbers: str) -> None:
    lines = cli("journal", "--frames", "--sandbox", streamed, *options).stdout.splitlines()
    assert "".join(line[0] for line in lines) == numbers


def test_frames_are_whole_as_json(cli: Cli, server: Server, streamed: str) -> None:
    printed = cli("journal", "--frames", "--json", "--sandbox", streamed).stdout
    assert [json.loads(line) for line in printed.splitlines()] == server.ask_sandbox("GET", streamed, "/frames")
    assert len(read_journal(printed).frames) == 6


def test_what_is_of_the_other_kind_is_refused(cli: Cli) -> None:
    assert "--status is of requests" in cli("journal", "--frames", "--status", "200", code=2).stderr
    assert "--kind is of frames: add --frames" in cli("journal", "--kind", "fill", code=2).stderr


@pytest.mark.parametrize("options", [[], ["--frames"], ["--json"]])
def test_an_account_that_there_is_not_is_no_quiet_one(cli: Cli, busy: str, options: list[str]) -> None:
    asked = ("journal", "--sandbox", busy, *options, "--account")
    assert cli(*asked, "eddy").stdout == ""
    told = cli(*asked, "alise", code=2).stderr
    assert told.startswith("mockexchange journal: no account 'alise': did you mean 'alice'? (known: ")


def test_a_fault_is_shown_with_its_effect_as_long_as_it_is_installed(cli: Cli, sandbox: str) -> None:
    cli("fault", "add", "{name: slow, then: {delay: 1ms}}", "--sandbox", sandbox)
    cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", sandbox)
    assert cli("journal", "--sandbox", sandbox).stdout.endswith("\tfault slow (delay=1ms)\n")
    cli("fault", "clear", "--sandbox", sandbox)
    assert cli("journal", "--sandbox", sandbox).stdout.endswith("\tfault slow\n")


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
    monkeypatch.setattr(subject, "RECENT_MAX", 1)
    assert cli("why", "1", "--sandbox", busy).stdout.startswith("#3 ")
    assert cli("why", "2", "--sandbox", busy).stdout.startswith("#1 ")


def test_why_without_refusals_says_so(cli: Cli, sandbox: str) -> None:
    assert cli("why", "--sandbox", sandbox).stdout == "nothing was refused\n"
    cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", sandbox)
    assert cli("why", "--sandbox", sandbox).stdout == "nothing was refused\n"


def test_why_knows_the_errors_of_streams(cli: Cli, streamed: str) -> None:
    lines = cli("why", "--sandbox", streamed).stdout.splitlines()
    assert lines[0] == "frame 5  2025-11-04T23:00:00Z  stream 1  alice"
    assert lines[1].startswith("  why       not JSON: ")
    assert lines[2].startswith('  answered  {"type":"error",')
    assert len(lines) == 3


def test_what_faults_and_stubs_did_to_calls_of_streams_is_shown(cli: Cli, server: Server) -> None:
    sandbox = str(server.ask("POST", "sandboxes", {"scenario": "empty", "port": 0})["id"])
    cli("stub", "add", "{name: wrong, request: deribit public/new, status: 400, json: {}}", "--sandbox", sandbox)
    cli("fault", "add", "{name: busy, match: {operation: public/test}, then: {status: 429}}", "--sandbox", sandbox)
    origin = urlsplit(server.ask_sandbox("GET", sandbox)["ws_url"]).netloc
    with connect(f"ws://{origin}/ws/api/v2", proxy=None) as client:
        for method in ("public/new", "public/test"):
            client.send(json.dumps({"id": 1, "method": method}))
            client.recv(GUARD_S)
    rows = [line.split("\t") for line in cli("journal", "--frames", "--sandbox", sandbox).stdout.splitlines()]
    assert [row[7] for row in rows[1:5]] == [
        "stub wrong",
        "stub wrong",
        "fault busy",
        "fault busy; the fault busy answered 429: the exchange was not asked",
    ]
    shown = cli("journal", "--frames", "--stub", "wrong", "--sandbox", sandbox).stdout
    assert [line.split("\t")[4] for line in shown.splitlines()] == ["in", "out"]
    why = cli("why", "--sandbox", sandbox).stdout
    assert "  why       stub wrong\n" in why
    assert "  why       the fault busy answered 429: the exchange was not asked; fault busy\n" in why


def test_why_knows_the_steps_that_were_refused(cli: Cli, sandbox: str) -> None:
    cli("script", "add", "{name: wrong, cancel: {order: o-x}}", "--sandbox", sandbox)
    first, second = cli("why", "--sandbox", sandbox).stdout.splitlines()
    assert first == "script  wrong  cancel"
    assert second.startswith("  why       refused once: ")
    assert "'o-x'" in second


def test_unsigned_and_garbled_requests_are_shown_safely(cli: Cli, server: Server) -> None:
    made = server.ask("POST", "sandboxes", {"scenario": "empty", "port": "0"})
    send("GET", f"{made['base_url']}{POSITIONS}", {}, b"a body")
    parts = urlsplit(made["base_url"])
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as raw:
        raw.sendall(b"\x1b[2J\xff\r\n\r\n")
        assert raw.recv(12) == b"HTTP/1.1 400"
    text = cli("why", "--sandbox", made["id"]).stdout
    assert "\x1b" not in text
    assert "  sent      no header that says whose it is\n  body      a body\n  answered  {" in text
    garbled = text[text.index("#2") :].splitlines()
    assert "  bytes that are no HTTP  400" in garbled[0]
    assert not any("sent" in line for line in garbled[1:])
    assert "\tbytes that are no HTTP\t400\t-\t-\t" in cli("journal", "--sandbox", made["id"]).stdout


def test_secrets_are_shown_only_if_asked_for(cli: Cli, server: Server, sandbox: str) -> None:
    token = server.ready["control_token"]
    base = server.ask_sandbox("GET", sandbox)["venues"]["deribit"]["base_url"]
    url = f"{base}/private/get_positions?client_secret=hush-hush&x={token}"
    send("GET", url, {"Authorization": "Bearer abcdefghijk"})
    for command in ("why", "journal"):
        hidden, shown = (cli(command, *more).output for more in ((), ("--show-secrets",)))
        assert "[secret]" in hidden
        assert not any(secret in hidden for secret in ("hush-hush", "abcdefghijk", token)), hidden
        assert "hush-hush" in shown
