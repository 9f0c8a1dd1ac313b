"""`journal`: what crossed the wire, in lines and with all that is known of one request."""

import json
from urllib.parse import quote, urlsplit

import pytest
from websockets.sync.client import connect

from mockexchange.cli.commands import journal as subject
from mockexchange.cli.server_connection import Server
from mockexchange.replay import read_journal
from mockexchange.runtime.http_request import send
from mockexchange.sandbox.options import DEFAULT
from tests.cli.conftest import POSITIONS, AtTerminal, Cli
from tests.helpers.patience import PATIENCE_S


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


def test_frames_are_a_line_each(cli: Cli, streamed: str) -> None:
    rows = [line.split("\t") for line in cli("journal", "--frames", "--sandbox", streamed).stdout.splitlines()]
    at = "2025-11-04T23:00:00Z"
    assert [row[:8] for row in rows] == [
        ["1", at, "1", "alice", "in", "-", "open", "-"],
        ["2", at, "1", "alice", "in", "-", "subscribe", "-"],
        ["3", at, "1", "alice", "out", "fill", "subscribed", "-"],
        ["4", at, "1", "alice", "in", "-", "-", "-"],
        ["5", at, "1", "alice", "out", "-", "error", rows[4][7]],
        ["6", at, "1", "alice", "in", "-", "close", "-"],
    ]
    assert rows[0][8] == "-"
    assert rows[2][8].startswith('{"type":"subscribed","id":1,"msg":{"channel":"fill","sid":1},"sending_ts_ms":')
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


@pytest.mark.parametrize("options", [[], ["--json"], ["12"]])
def test_a_misspelt_operation_is_refused(cli: Cli, busy: str, options: list[str]) -> None:
    asked = ("journal", "--sandbox", busy, *options, "--operation")
    refused = cli(*asked, "GetBalances", code=2).stderr
    assert refused == "mockexchange journal: no operation 'GetBalances': did you mean 'GetBalance'?\n"
    refused = cli(*asked, "zzz", code=2).stderr
    assert refused == "mockexchange journal: no operation 'zzz': expected a name such as GetPositions\n"


def test_a_misspelt_channel_is_refused_with_the_nearest(cli: Cli, streamed: str) -> None:
    refused = cli("journal", "--frames", "--channel", "fil", "--sandbox", streamed, code=1).stderr
    assert refused == "mockexchange journal: channel: no channel 'fil': did you mean 'fill'?\n"
    refused = cli("journal", "--frames", "--channel", "zzz", "--sandbox", streamed, code=1).stderr
    assert "no channel 'zzz': expected one of orderbook_delta, ticker, " in refused


def test_an_empty_list_says_that_nothing_was_asked(sandbox: str, at_terminal: AtTerminal) -> None:
    assert at_terminal(80, "journal", "--status", "401", "--sandbox", sandbox) == "no request yet\n"
    assert at_terminal(80, "journal", "--frames", "--sandbox", sandbox) == "no frame yet\n"


def test_an_empty_list_says_how_many_requests_there_are(busy: str, at_terminal: AtTerminal) -> None:
    shown = at_terminal(80, "journal", "--status", "401", "--sandbox", busy)
    assert shown == "no request matches the options: 3 are kept\n"


def test_an_empty_list_of_frames_says_which_kinds_there_are(streamed: str, at_terminal: AtTerminal) -> None:
    shown = at_terminal(120, "journal", "--frames", "--kind", "subscribd", "--sandbox", streamed)
    assert shown.startswith("no frame matches the options: 6 are kept, of the kinds ")
    assert "subscribed" in shown
    shown = at_terminal(120, "journal", "--frames", "--connection", "7", "--sandbox", streamed)
    assert shown == "no frame matches the options: 6 are kept\n"


def test_a_number_that_is_not_kept_is_refused_with_those_that_are(cli: Cli, busy: str, sandbox: str) -> None:
    refused = cli("journal", "12", "--sandbox", busy, code=1).stderr
    assert refused == "mockexchange journal: no request 12: those that are kept are 1 to 3\n"
    refused = cli("journal", "1", "--status", "404", "--sandbox", busy, code=1).stderr
    assert refused == "mockexchange journal: no request 1: those that are kept and match the options are 3 to 3\n"


def test_a_fault_is_shown_with_its_effect_as_long_as_it_is_installed(cli: Cli, sandbox: str) -> None:
    cli("fault", "add", "{name: slow, then: {delay: 1ms}}", "--sandbox", sandbox)
    cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", sandbox)
    assert cli("journal", "--sandbox", sandbox).stdout.endswith("\tfault slow (delay=1ms)\n")
    cli("fault", "clear", "--sandbox", sandbox)
    assert cli("journal", "--sandbox", sandbox).stdout.endswith("\tfault slow\n")


def test_people_get_one_line_a_request(busy: str, at_terminal: AtTerminal) -> None:
    for width in (80, 120):
        lines = at_terminal(width, "journal", "--sandbox", busy).splitlines()
        assert len(lines) == 4
        assert max(map(len, lines)) <= width
    narrow = at_terminal(80, "journal", "--sandbox", busy).splitlines()
    assert narrow[0].split() == ["#", "2025-11-04", "status", "account", "request"]
    assert narrow[2].split()[:6] == ["2", "23:00:00.000", "200", "alice", "GET", "/portfolio/balance?x=1"]


def test_frames_for_people_are_one_line_each_too(streamed: str, at_terminal: AtTerminal) -> None:
    lines = at_terminal(80, "journal", "--frames", "--sandbox", streamed).splitlines()
    assert len(lines) == 7
    assert lines[3].startswith('3  23:00:00.000       1  alice    out  subscribed  {"type":"subscribed"')


def test_requests_of_several_days_have_their_days(cli: Cli, busy: str, at_terminal: AtTerminal) -> None:
    cli("advance", "2h", "--sandbox", busy)
    cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", busy)
    lines = at_terminal(80, "journal", "--sandbox", busy).splitlines()
    assert [line.split()[1:3] for line in (lines[1], lines[4])] == [
        ["11-04", "23:00:00.000"],
        ["11-05", "01:00:00.000"],
    ]


def test_a_number_shows_all_of_one(cli: Cli, server: Server, busy: str) -> None:
    known = server.ask_sandbox("GET", busy, "/journal")[0]
    lines = cli("journal", "1", "--sandbox", busy).stdout.splitlines()
    assert lines[:5] == [
        f"#1  2025-11-04 23:00:00.000  GET /trade-api/v2{POSITIONS}?limit=0",
        f"  status    400 in {known['latency_us'] / 1_000:.1f} ms",
        f"  account   alice, key {known['key_id']}",
        "  operation GetPositions",
        "  why       limit=0: expected at least 1",
    ]
    assert f"  header    kalshi-access-signature: {dict(known['headers'])['kalshi-access-signature']}" in lines
    assert lines[lines.index("  answer") + 1] == "    {"
    printed = cli("journal", "3", "1", "--json", "--sandbox", busy).stdout.splitlines()
    assert [json.loads(line)["number"] for line in printed] == [3, 1]
    assert cli("journal", "9", "--sandbox", busy, code=1).stderr.endswith(
        "no request 9: those that are kept are 1 to 3\n"
    )


def test_a_number_shows_all_of_a_frame(cli: Cli, streamed: str) -> None:
    lines = cli("journal", "--frames", "3", "--sandbox", streamed).stdout.splitlines()
    assert lines[:4] == [
        "frame 3  2025-11-04 23:00:00.000  stream 1  out",
        "  account   alice",
        "  channel   fill",
        "  kind      subscribed",
    ]
    assert '        "sid": 1' in lines
    assert cli("journal", "--frames", "9", "--sandbox", streamed, code=1).stderr.endswith(
        "no frame 9: those that are kept are 1 to 6\n"
    )


def test_what_faults_and_stubs_did_to_calls_of_streams_is_shown(cli: Cli, server: Server) -> None:
    sandbox = str(server.ask("POST", "sandboxes", {"scenario": "empty", "port": 0})["id"])
    cli("stub", "add", "{name: wrong, request: deribit public/new, status: 400, json: {}}", "--sandbox", sandbox)
    cli("fault", "add", "{name: busy, match: {operation: public/test}, then: {status: 429}}", "--sandbox", sandbox)
    origin = urlsplit(server.ask_sandbox("GET", sandbox)["ws_url"]).netloc
    with connect(f"ws://{origin}/ws/api/v2") as client:
        for method in ("public/new", "public/test"):
            client.send(json.dumps({"id": 1, "method": method}))
            client.recv(PATIENCE_S)
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


def test_secrets_are_shown_only_if_asked_for(cli: Cli, server: Server) -> None:
    """The request has no valid key, so it is the default sandbox's; so has to be the private key in it."""
    token, default = server.ready["control_token"], server.ask_sandbox("GET", DEFAULT)
    base = default["venues"]["deribit"]["base_url"]
    key = default["accounts"][0]["private_key_pem"].splitlines()[5]
    url = f"{base}/private/get_positions?client_secret=hush-hush&x={token}&y={quote(key, safe='')}"
    send("GET", url, {"Authorization": "Bearer abcdefghijk"})
    secrets = ("hush-hush", "abcdefghijk", token, quote(key[:20], safe=""))
    ways = (("why",), ("journal",), ("why", "--json"), ("journal", "--json"), ("wait", "request", "key_id=hush"))
    send("GET", f"{base}/private/get_positions?client_id=hush&client_secret=hush-hush", {})
    for command in ways:
        hidden, shown = (cli(*command, *more).output for more in ((), ("--show-secrets",)))
        assert "[secret]" in hidden
        assert not any(secret in hidden for secret in secrets), hidden
        assert "hush-hush" in shown


def test_a_key_of_another_sandbox_is_hidden_too(cli: Cli, server: Server, sandbox: str) -> None:
    """A request without a valid key is the default sandbox's, whose own keys are others."""
    key = server.ask_sandbox("GET", sandbox)["accounts"][0]["private_key_pem"].splitlines()[4]
    base = server.ask_sandbox("GET", DEFAULT)["venues"]["kalshi"]["base_url"]
    send("GET", f"{base}/nowhere?key={quote(key, safe='')}", {})
    for command in ("why", "journal"):
        assert "/nowhere?key=[secret]" in cli(command).output
