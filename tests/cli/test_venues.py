"""The command line speaks for accounts of every venue: a server with one account on each."""

import json
import re
import sys
from collections.abc import Iterator

import pytest
from websockets.sync.client import connect

from mockexchange.cli.server_connection import Server, find_server
from tests.cli.conftest import Cli
from tests.helpers.patience import PATIENCE_S
from tests.house.checkout import ROOT
from tests.house.serving import served

SERVE = (sys.executable, "-m", "mockexchange", "serve", "--clock", "paused")
SCENARIO = """\
scenario: three venues
start: 2026-11-22T00:00:00Z
accounts:
  dora: {venue: deribit, cash: {BTC: 1.5}}
  gina: {venue: signalplus, cash: {BTC: 2}}
  alice: {cash: 100}
indexes: {btc_usd: 113900}
instruments:
  BTC-PERPETUAL: {kind: future, base: BTC, period: perpetual, mark: 113900}
history:
  - trade: {account: dora, against: gina, instrument: BTC-PERPETUAL, direction: buy, amount: 100, price: 113000}
"""
POSITIONS = "/private/get_positions"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("venues")
    (home / "scenario.yaml").write_text(SCENARIO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with served(home, *SERVE, "--scenario", "scenario.yaml"):
            yield find_server(home / "ready.json")


def account_of(server: Server, name: str) -> dict[str, str]:
    account: dict[str, str] = next(one for one in server.ready["accounts"] if one["name"] == name)
    return account


@pytest.mark.parametrize(
    "asked", [("GET", f"{POSITIONS}?currency=BTC"), ("POST", POSITIONS, "--params", '{"currency": "any"}')]
)
def test_deribit_is_asked_either_way(cli: Cli, asked: tuple[str, ...]) -> None:
    result = cli("call", "dora", *asked)
    assert result.stderr == "200 OK\n"
    (row,) = json.loads(result.stdout)["result"]
    assert (row["instrument_name"], row["size"]) == ("BTC-PERPETUAL", 100.0)


def test_signalplus_is_posted_to(cli: Cli) -> None:
    result = cli("call", "gina", "POST", POSITIONS, "--params", '{"currency": "BTC"}')
    answer = json.loads(result.stdout)
    assert answer["rid"] == 1
    assert [(row["instrumentName"], row["size"]) for row in answer["result"]] == [("BTC-PERPETUAL", "-100.0")]


def test_who_asks_the_wrong_venue_is_told_whose_account_it_is(cli: Cli) -> None:
    result = cli("call", "alice", "GET", POSITIONS, code=1)
    assert result.stderr.endswith("alice is on kalshi, whose paths begin with /trade-api/v2\n")
    for path in ("/portfolio/orders/2597d8b2-0000-4000-8000-000000000000", "/markets/NOT-LISTED"):
        assert "is on" not in cli("call", "alice", "GET", path, code=1).stderr
    assert "is on" not in cli("call", "dora", "GET", "/private/get_positons", code=1).stderr


def test_who_mistypes_a_path_of_the_right_venue_is_told_the_right_one_alone(cli: Cli) -> None:
    result = cli("call", "alice", "GET", "/portfolio/balanc", code=1)
    assert 'did you mean "/trade-api/v2/portfolio/balance"?' in result.stderr
    assert "is on" not in result.stderr


def test_numbers_of_what_was_done_are_short(cli: Cli) -> None:
    trade = "trade: {{account: dora, instrument: BTC-PERPETUAL, direction: {}, amount: 10, price: 113001.5}}"
    told = cli("do", trade.format("buy")).stdout
    cli("do", trade.format("sell"))  # other tests read the position
    assert not re.search(r"\.[0-9]{13}", told)
    assert re.search(r" -?0\.[0-9]{5,12}\b", told), told


def test_channels_that_were_left_out_are_told_by_why(cli: Cli, server: Server) -> None:
    with connect(server.ready["venues"]["deribit"]["ws_url"]) as socket:
        channels = ["user.chages.any.any.raw", "user.changes.any.any.100ms"]
        socket.send(json.dumps({"id": 1, "method": "public/subscribe", "params": {"channels": channels}}))
        socket.recv(timeout=PATIENCE_S)
    told = cli("why", "20").stdout
    assert "user.chages.any.any.raw" in told
    assert "subscribed" in cli("journal", "--frames", "--kind", "subscribed").stdout


def test_a_refusal_of_another_venue_says_why(cli: Cli) -> None:
    result = cli("call", "dora", "GET", "/private/get_positons", code=1)
    assert result.stderr.startswith("400 Bad Request\n")
    assert 'did you mean "private/get_positions"?' in result.stderr
    assert json.loads(result.stdout)["error"]["code"] == -32601
    told = cli("why", "1").stdout
    assert 'did you mean "private/get_positions"?' in told
    assert "AUTHORIZATION" not in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("alice", "POST", "/portfolio/orders", "--params", "{}"), "--params is for POST at a JSON-RPC venue"),
        (("dora", "GET", POSITIONS, "--params", "{}"), "as in '/private/get_positions?currency=BTC'"),
        (("dora", "POST", POSITIONS, "--params", "[]"), "expected a JSON object such as"),
        (("dora", "POST", POSITIONS, "--params", "{"), "expected a JSON object such as"),
    ],
)
def test_params_that_cannot_be_sent_are_a_misuse(cli: Cli, arguments: tuple[str, ...], words: str) -> None:
    assert words in cli("call", *arguments, code=2).stderr


def test_exports_are_those_of_the_account_s_venue(cli: Cli, server: Server) -> None:
    venue = server.ready["venues"]["deribit"]
    dora = account_of(server, "dora")
    assert json.loads(cli("env", "--account", "dora", "--format", "json").stdout) == {
        "DERIBIT_API_URL": venue["base_url"],
        "DERIBIT_WS_URL": venue["ws_url"],
        "DERIBIT_CLIENT_ID": dora["key_id"],
        "DERIBIT_CLIENT_SECRET": dora["secret"],
        "DERIBIT_ORIGIN": venue["base_url"].removesuffix("/api/v2"),
    }
    gina = json.loads(cli("env", "--account", "gina", "--format", "json").stdout)
    assert gina["SIGNALPLUS_API_URL"] == server.ready["venues"]["signalplus"]["base_url"]
    assert gina["SIGNALPLUS_API_SECRET"] == account_of(server, "gina")["secret"]


def test_a_client_gets_the_first_account_of_its_venue(cli: Cli, server: Server) -> None:
    line = cli("env", "--client", "ccxt", code=1).stderr
    assert "ccxt 4.5.90 reads no variables" in line
    assert "`mockexchange env --account dora`" in line
    kalshi = json.loads(cli("env", "--client", "kyro", "--format", "json").stdout)
    assert kalshi["KALSHI_ACCESS_KEY"] == account_of(server, "alice")["key_id"]
    line = cli("env", "--client", "ccxt", "--account", "alice", code=2).stderr
    assert line == "mockexchange env: ccxt is a client of deribit: the account alice is on kalshi\n"
