"""`call`: a signed request as a user sees it."""

import json

import pytest

from mockexchange.cli.click_base import UsageFailure
from mockexchange.cli.commands.call import path_of, request_of, target_of
from mockexchange.cli.server_connection import Server
from mockexchange.clients.request_signers import REQUEST_SIGNERS, UnsignedRequest
from tests.cli.conftest import Cli
from tests.helpers.rows import each_row

POSITIONS = "/trade-api/v2/portfolio/positions"


@each_row(
    ("text", "target"),
    [
        ("/portfolio/positions", POSITIONS),
        ("portfolio/positions", POSITIONS),
        (POSITIONS, POSITIONS),
        (f"{POSITIONS}?limit=2&ticker=a%2Fb", f"{POSITIONS}?limit=2&ticker=a%2Fb"),
        ("/trade-api/v2", "/trade-api/v2"),
        ("/trade-api/v2?x", "/trade-api/v2?x"),
        ("/trade-api/v22", "/trade-api/v2/trade-api/v22"),
        ("/x?y=/trade-api/v2/", "/trade-api/v2/x?y=/trade-api/v2/"),
        ("/a b\n[é]#?c d", "/trade-api/v2/a%20b%0A%5B%C3%A9%5D%23?c%20d"),
        ("//x/../y", "/trade-api/v2//x/../y"),
        ("", "/trade-api/v2/"),
    ],
)
def test_a_path_becomes_a_target(text: str, target: str) -> None:
    assert target_of(text, "/trade-api/v2") == target


def test_a_url_of_this_server_is_a_path() -> None:
    base_url = "http://127.0.0.1:8600/trade-api/v2"
    assert path_of("http://127.0.0.1:8600/trade-api/v2/x?y=1#z", base_url) == "/trade-api/v2/x?y=1"
    assert path_of("/x?next=http://other", base_url) == "/x?next=http://other"
    for other in ("https://127.0.0.1:8600/x", "http://127.0.0.1/x", "HTTPS://api.elections.kalshi.com/x"):
        with pytest.raises(UsageFailure, match=r"expected a path such as /portfolio/balance.*which is of another"):
            path_of(other, base_url)


@each_row(
    ("venue", "method", "path", "params", "request_made"),
    [
        ("kalshi", "POST", "/orders", None, UnsignedRequest("POST", "/trade-api/v2/orders")),
        ("deribit", "GET", "/private/get_positions?currency=BTC", None,
         UnsignedRequest("GET", "/api/v2/private/get_positions?currency=BTC")),
        ("deribit", "POST", "private/get_positions", {"currency": "BTC"},
         UnsignedRequest("POST", "/api/v2/private/get_positions",
                  b'{"id": 1, "method": "private/get_positions", "params": {"currency": "BTC"}}')),
        ("signalplus", "POST", "/signalplus/api/private/get_positions?x", None,
         UnsignedRequest("POST", "/signalplus/api/private/get_positions?x",
                  b'{"rid": 1, "method": "private/get_positions", "params": {}}')),
    ],
)  # fmt: skip
def test_a_request_is_in_the_words_of_the_venue(
    venue: str, method: str, path: str, params: dict[str, object] | None, request_made: UnsignedRequest
) -> None:
    assert request_of(REQUEST_SIGNERS[venue], method, path, params) == request_made


def test_a_body_is_for_writes_at_a_venue_without_json_rpc() -> None:
    made = request_of(REQUEST_SIGNERS["kalshi"], "POST", "/x", None, b"{}")
    assert made == UnsignedRequest("POST", "/trade-api/v2/x", b"{}")
    for venue, method in (("kalshi", "GET"), ("deribit", "POST")):
        with pytest.raises(UsageFailure, match="--json is for POST, PUT and DELETE"):
            request_of(REQUEST_SIGNERS[venue], method, "/x", None, b"{}")


@each_row(("venue", "method"), [("kalshi", "POST"), ("deribit", "GET"), ("signalplus", "GET")])
def test_params_without_a_place_for_them_are_a_misuse(venue: str, method: str) -> None:
    with pytest.raises(UsageFailure, match="--params is for POST at a JSON-RPC venue"):
        request_of(REQUEST_SIGNERS[venue], method, "/x", {})


@pytest.mark.parametrize("account", ["alice", "eddy"])
@pytest.mark.parametrize("path", ["/portfolio/balance", "/trade-api/v2/portfolio/balance"])
def test_a_signed_request_is_answered(cli: Cli, account: str, path: str) -> None:
    result = cli("call", account, "get", path)
    assert result.stderr == "200 OK\n"
    body = json.loads(result.stdout)
    assert body["balance"] == {"alice": 9440, "eddy": 500}[account]
    assert result.stdout == json.dumps(body, indent=2) + "\n"


def test_a_refusal_shows_its_diagnosis_and_ends_with_1(cli: Cli) -> None:
    result = cli("call", "alice", "GET", "/portfolio/positions?limit=0", code=1)
    assert result.stderr == "400 Bad Request\nlimit=0: expected at least 1\n"
    assert "GetPositionsParams.Limit" in json.loads(result.stdout)["msg"]


def test_a_path_is_signed_as_it_is_sent(cli: Cli, sandbox: str, server: Server) -> None:
    cli("call", "alice", "GET", "/portfolio/positi%6fns?ticker=é&event_ticker=a b", "--sandbox", sandbox)
    (entry,) = server.ask_sandbox("GET", sandbox, "/journal")
    assert entry["target"] == "/trade-api/v2/portfolio/positi%6fns?ticker=%C3%A9&event_ticker=a%20b"
    assert (entry["status"], entry["account"]) == (200, "alice")


def test_an_unknown_method_is_not_sent(cli: Cli, sandbox: str, server: Server) -> None:
    refused = cli("call", "alice", "FETCH", "/portfolio/balance", "--sandbox", sandbox, code=2).stderr
    assert "'METHOD': expected one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, got 'FETCH'" in refused
    assert refused.rstrip().endswith("got 'FETCH'")
    refused = cli("call", "alice", "PSOT", "/portfolio/balance", "--sandbox", sandbox, code=2).stderr
    assert "got 'PSOT': did you mean 'POST'?" in refused
    assert server.ask_sandbox("GET", sandbox, "/journal") == []


def test_an_ignored_parameter_is_named(cli: Cli, sandbox: str) -> None:
    cli("call", "alice", "GET", "/portfolio/positions", "--sandbox", sandbox)
    result = cli("call", "alice", "GET", "/portfolio/positions?limt=2", "--sandbox", sandbox)
    assert result.stderr == "200 OK\nparameter 'limt' is unknown to GetPositions: ignored\n"
    assert cli("call", "alice", "GET", "/portfolio/positions?limit=2", "--sandbox", sandbox).stderr == "200 OK\n"


def test_head_prints_no_body(cli: Cli) -> None:
    result = cli("call", "alice", "HEAD", "/portfolio/balance")
    assert (result.stdout, result.stderr) == ("", "200 OK\n")


def test_the_key_is_the_one_asked_for(cli: Cli) -> None:
    assert json.loads(cli("call", "alice", "GET", "/portfolio/balance").stdout)["balance"] == 9440
    assert json.loads(cli("call", "alice", "GET", "/portfolio/balance", "--key", "ro").stdout)["balance"] == 700
    allowed = cli("call", "alice", "GET", "/portfolio/balance?subaccount=0", "--key", "ro", code=1)
    assert allowed.stderr.startswith("403 Forbidden\nkey ro of alice is restricted to subaccount 3")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["bob", "GET", "/x"], "no account 'bob'; known: alice, eddy, own"),
        (["alic", "GET", "/x"], "no account 'alic': did you mean 'alice'?; known: alice, eddy, own"),
        (["alice", "GET", "/x", "--key", "rw"], "alice has no key 'rw'; known: main, ro"),
        (["own", "GET", "/x"], "the scenario has only the public half of own's key 'main': it cannot sign here"),
    ],
)
def test_who_cannot_call_is_told_why(cli: Cli, arguments: list[str], line: str) -> None:
    result = cli("call", *arguments, code=2)
    assert (result.stdout, result.stderr) == ("", f"mockexchange call: {line}\n")


def test_a_sandbox_on_a_port_of_its_own_is_reached(cli: Cli, server: Server) -> None:
    made = server.ask("POST", "sandboxes", {"scenario": "demo", "port": "0"})
    result = cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", made["id"])
    assert result.stderr == "200 OK\n"
    (entry,) = server.ask_sandbox("GET", made["id"], "/journal")
    assert dict(entry["headers"])["host"] == made["base_url"].split("/")[2]


def test_a_venue_that_does_not_answer_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"venues": {"kalshi": {"base_url": "http://127.0.0.1:1/trade-api/v2"}}, "accounts": [_credential()]}
    monkeypatch.setattr(Server, "ask_sandbox", lambda *args: known)
    line = cli("call", "alice", "GET", "/x", code=1).stderr
    assert line.startswith("mockexchange call: no answer from http://127.0.0.1:1/trade-api/v2: ")


def _credential() -> dict[str, str | None]:
    from mockexchange.venues.keys.development_keys import development_keys

    own = {"name": "alice", "key": "main", "venue": "kalshi", "key_id": "x", "secret": None}
    return {**own, "private_key_pem": development_keys()[0].private_pem}
