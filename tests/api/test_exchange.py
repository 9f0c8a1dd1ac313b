"""An exchange object in each of the four ways: its clock, resets, sandboxes, and its end."""

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mockexchange import Closed, Unavailable, UnknownAccount, UnknownVenue, WrongArgument, WrongRequest, serve
from mockexchange.venues.keys.development_keys import derive_ed25519
from mockexchange.venues.registry import DEFAULT
from tests.api.connections import get
from tests.server.live import port_of
from tests.server.wire import Connection

START = datetime(2025, 11, 4, 23, 0, tzinfo=UTC)
PAUSED = {"scenario": "s", "start": "2025-11-04T23:00:00Z", "accounts": {"alice": {"cash": 10}}}


def test_it_says_where_it_is(exchange: Any) -> None:
    port = port_of(exchange.base_url)
    assert exchange.base_url == f"http://127.0.0.1:{port}/trade-api/v2"
    assert exchange.ws_url == f"ws://127.0.0.1:{port}/trade-api/ws/v2"
    assert exchange.venues["kalshi"].base_url == exchange.base_url
    assert exchange.venues["deribit"].ws_url == f"ws://127.0.0.1:{port}/ws/api/v2"
    assert exchange.venues["signalplus"].base_url.startswith(f"http://127.0.0.1:{port}/")
    assert exchange.control_url.endswith("/_mock")
    assert (exchange.scenario, exchange.api_date, exchange.ca_cert) == ("demo", DEFAULT.api_date("latest").name, None)
    assert exchange.name in repr(exchange)
    assert exchange.token


def test_accounts_are_what_clients_need(exchange: Any) -> None:
    assert list(exchange.accounts) == ["alice", "bob", "desk"]
    desk = exchange.accounts["desk"]
    assert (desk.name, desk.kind, desk.venue, desk.subtraders) == ("desk", "fcm", "kalshi", ("fcm7_st1", "fcm7_st2"))
    alice = exchange.accounts["alice"]
    path = Path(alice.private_key_path)
    assert path.read_text(encoding="ascii") == alice.private_key_pem
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert alice.private_key_path == str(path) == alice.keys["main"].private_key_path
    assert (alice.key_id, alice.secret) == (alice.keys["main"].key_id, None)
    assert alice.private_key_pem not in repr(alice)
    assert repr(exchange.accounts) == "<accounts alice, bob, desk>"
    assert "alice" in exchange.accounts
    assert "alise" not in exchange.accounts


def test_an_account_without_a_private_key_says_so(tmp_path: Path) -> None:
    public = derive_ed25519("of somebody").public_pem
    (tmp_path / "theirs.pem").write_text(public, encoding="ascii")
    file = tmp_path / "mine.yaml"
    file.write_text("{accounts: {alice: {keys: {main: {public_key: theirs.pem}}}}, scenario: s}", encoding="utf-8")
    with serve(file) as exchange:
        assert exchange.accounts["alice"].private_key_pem is None
        with pytest.raises(Unavailable) as caught:
            _ = exchange.accounts["alice"].private_key_path
        assert str(caught.value) == "alice's key 'main' has no private key: the scenario has only its public half"
        with pytest.raises(WrongRequest, match=r"^the scenario has only the public half of alice's key: its "):
            exchange.env()


def test_an_account_of_a_venue_of_secrets_has_no_private_key(server: Any) -> None:
    with server.sandbox("deribit") as exchange:
        dora = exchange.accounts["dora"]
        assert dora.secret
        with pytest.raises(Unavailable, match=r"^dora's key 'main' has no private key: it signs with a secret$"):
            _ = dora.private_key_path


def test_an_account_without_a_key_says_how_to_make_one(exchange: Any) -> None:
    exchange.do("account: {account: carol}")
    with pytest.raises(Unavailable, match=r"^the account 'carol' has no key: make one with add_key\('carol', NAME\)$"):
        _ = exchange.accounts["carol"].key_id
    with pytest.raises(WrongRequest, match=r"^the account carol has no key$"):
        exchange.env("kalshi-sdk", "carol")


def test_an_unknown_venue_is_told_the_nearest(exchange: Any) -> None:
    with pytest.raises(KeyError) as caught:
        exchange.venues["derbit"]
    assert str(caught.value) == "no venue 'derbit': did you mean 'deribit'? (known: kalshi, deribit, signalplus)"
    assert isinstance(caught.value, UnknownVenue)
    assert exchange.venues.get("derbit") is None
    assert list(exchange.venues) == ["kalshi", "deribit", "signalplus"]


def test_an_unknown_account_gets_the_nearest_suggested(exchange: Any) -> None:
    with pytest.raises(KeyError) as caught:
        exchange.accounts["alise"]
    assert str(caught.value) == "no account 'alise': did you mean 'alice'? (known: alice, bob, desk)"
    assert isinstance(caught.value, UnknownAccount)
    assert exchange.accounts.get("alise") is None
    with pytest.raises(WrongRequest, match=r"^no account 'alise': did you mean 'alice'\? known: alice, bob, desk$"):
        exchange.positions("alise")
    for name in ("alice/1", ""):
        with pytest.raises(UnknownAccount, match=f"^expected the name of an account, got '{name}'$"):
            exchange.ledger(name)


def test_positions_are_of_an_account_or_of_a_book(exchange: Any) -> None:
    rows = exchange.positions("alice")
    assert {row.book for row in rows} == {"0", "1"}
    assert exchange.positions("alice/1") == [row for row in rows if row.book == "1"]
    assert exchange.positions("alice/7") == []


# --- time


def test_time_is_moved(server: Any) -> None:
    with server.sandbox(PAUSED, clock="paused") as exchange:
        begins = exchange.now()
        assert begins.replace(microsecond=0) == START
        assert exchange.advance("1h30m") == begins + timedelta(minutes=90)
        assert exchange.advance(timedelta(days=1, microseconds=5)) == exchange.now()
        assert exchange.now() == begins + timedelta(days=1, minutes=90, microseconds=5)
        assert exchange.run_clock("real") > exchange.now() - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda it: it.advance("5 s"),
            "duration: expected a duration such as 250ms, 5s, 1h30m or 90d, or a timedelta of 0 or more, got '5 s'",
        ),
        (
            lambda it: it.run_clock("fast"),
            "expected a clock real, paused or a scale such as 10x (at most 1000000x), got 'fast'",
        ),
    ],
)
def test_time_that_cannot_be_is_told(exchange: Any, call: Any, text: str) -> None:
    with pytest.raises(WrongRequest) as caught:
        call(exchange)
    assert str(caught.value) == text


def test_time_does_not_go_back(exchange: Any) -> None:
    with pytest.raises(WrongArgument, match=r"^duration: expected a duration such as .*, got datetime\.timedelta"):
        exchange.advance(timedelta(seconds=-1))


# --- from the beginning


def test_a_reset_keeps_the_port_and_the_accounts(exchange: Any) -> None:
    alice, url, key_id = exchange.accounts["alice"], exchange.base_url, exchange.accounts["alice"].key_id
    path, deposits = alice.private_key_path, exchange.ledger("bob")["deposits"]
    exchange.deposit("bob", 5)
    exchange.add_key("alice", "second")
    exchange.do("account: {account: carol}")
    exchange.fault(then={"status": 500})
    get(exchange, "/portfolio/balance")

    exchange.reset()

    assert exchange.accounts["alice"] is alice
    assert (alice.key_id, alice.private_key_path, exchange.base_url) == (key_id, path, url)
    assert (list(alice.keys), list(exchange.accounts)) == (["main"], ["alice", "bob", "desk"])
    assert exchange.ask("GET", "journal") == exchange.faults() == []
    assert exchange.ledger("bob")["deposits"] == deposits
    assert get(exchange, "/portfolio/balance").status == 200


# --- others of the same server


def test_a_sandbox_is_apart_and_goes(exchange: Any) -> None:
    before = exchange.positions("alice")
    with exchange.sandbox("fcm", name="apart", api_date="2025-11") as other:
        assert (other.name, other.scenario, other.api_date) == ("apart", "fcm", "2025-11")
        assert port_of(other.base_url) != port_of(exchange.base_url)
        other.do(f"deposit: {{account: {next(iter(other.accounts))}, amount: 1}}")
        path = Path(next(iter(other.accounts.values())).private_key_path)
        with other.sandbox("empty") as third:
            assert third.name not in ("apart", exchange.name)
    assert not path.exists()
    assert exchange.positions("alice") == before
    with pytest.raises(OSError, match=r"refused"), Connection(port_of(other.base_url)):
        pass
    with pytest.raises(Closed, match=r"^the exchange 'apart' has ended: use it inside its `with` block$"):
        other.positions("alice")
    with pytest.raises(Closed, match=r"^the exchange 'apart' has ended"):
        other.env()
    with exchange.sandbox("empty", name="apart"):
        pass


def test_after_it_is_discarded_every_call_is_refused(server: Any) -> None:
    with server.sandbox("demo") as exchange:
        exchange.discard()
        with pytest.raises(Closed, match=rf"^the exchange '{exchange.name}' has ended"):
            exchange.fill("alice", "KXRAINNYC-25NOV05-T1", "yes", "buy", 1, "0.56")
        with pytest.raises(Closed):
            exchange.journal.assert_clean()
        exchange.discard()


def test_a_sandbox_may_share_the_servers_port(server: Any) -> None:
    with server.sandbox("demo", own_port=False) as exchange:
        assert port_of(exchange.base_url) == port_of(exchange.control_url)
        assert b'"balance":' in get(exchange, "/portfolio/balance").body


def test_a_sandbox_that_is_gone_before_its_end_is_no_matter(server: Any) -> None:
    with server.sandbox("empty") as exchange:
        exchange.ask("DELETE", "")
        with pytest.raises(WrongRequest) as caught:
            exchange.now()
    assert caught.value.code == "unknown_sandbox"


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ({"scenario": "dmeo"}, "bad_scenario", "no scenario 'dmeo': did you mean 'demo'?"),
        ({"name": "a b"}, "bad_name", "name 'a b': expected letters, digits, dots, dashes and underscores, at most 64"),
        ({"name": "default"}, "name_in_use", "a sandbox 'default' exists already"),
        (
            {"clock": "fast"},
            "bad_body",
            "clock: expected a clock real, paused or a scale such as 10x (at most 1000000x), got 'fast'",
        ),
        ({"scenario": {"acounts": {}}}, "bad_scenario", "unknown key 'acounts': did you mean 'accounts'?"),
    ],
)
def test_a_sandbox_that_cannot_be_is_told(server: Any, words: dict[str, Any], code: str, text: str) -> None:
    with pytest.raises(WrongRequest) as caught, server.sandbox(**{"scenario": "demo", **words}):
        pass
    assert caught.value.code == code
    assert text in str(caught.value)


def test_an_unknown_api_date_is_told_the_known_ones(server: Any) -> None:
    with (
        pytest.raises(WrongRequest, match=r"^api_date: expected an API date, got '2024': "),
        server.sandbox(api_date="2024"),
    ):
        pass


def test_a_scenario_is_text_a_file_or_a_mapping(server: Any, tmp_path: Path) -> None:
    text = "scenario: mine\nmarkets:\n  M: {event: E, series: S, price: 0.56}\naccounts:\n  alice: {cash: 7}\n"
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    mapping = {
        "scenario": "mine",
        "start": datetime(2025, 11, 4, tzinfo=UTC),
        "markets": {"M": {"event": "E", "series": "S", "price": 0.56}},
        "accounts": {"alice": {"cash": 7}},
        "stubs": [{"request": "GET /trade-api/v2/x", "json": {"a": 1.5}}],
    }
    for scenario in (text, file, str(file), mapping):
        with server.sandbox(scenario) as exchange:
            assert exchange.scenario == "mine"
            assert exchange.ledger("alice")["cash"] == {"0": 7}
    with server.sandbox(mapping) as exchange:
        assert get(exchange, "/x").body == b'{"a":1.5}'


# --- the control API itself


def test_the_control_api_can_be_asked(exchange: Any) -> None:
    header, *rows = exchange.ask("GET", "log")
    assert header["sandbox"] == exchange.name
    assert len(rows) == exchange.ask("GET", "")["commands"]
    get(exchange, "/portfolio/balance")
    get(exchange, "/portfolio/positions")
    assert len(exchange.ask("GET", "journal", query={"operation": "GetBalance", "last": None})) == 1
    with pytest.raises(WrongRequest, match=r"/nope is no path of the control API$"):
        exchange.ask("GET", "nope")


# --- pointing clients here


def test_the_environment_is_patched_and_put_back(exchange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KALSHI_API_BASE_URL", "https://api.elections.kalshi.com/trade-api/v2")
    monkeypatch.setenv("KALSHI_DEMO", "true")
    monkeypatch.delenv("KALSHI_KEY_ID", raising=False)
    with exchange.env("kalshi-sdk", "bob") as environment:
        assert environment.account == "bob"
        assert os.environ["KALSHI_API_BASE_URL"] == exchange.base_url == environment.variables["KALSHI_API_BASE_URL"]
        assert os.environ["KALSHI_KEY_ID"] == exchange.accounts["bob"].key_id
        assert Path(os.environ["KALSHI_PRIVATE_KEY_PATH"]).is_file()
        assert "KALSHI_DEMO" not in os.environ
        assert environment.variables["KALSHI_DEMO"] is None
    assert os.environ["KALSHI_API_BASE_URL"] == "https://api.elections.kalshi.com/trade-api/v2"
    assert os.environ["KALSHI_DEMO"] == "true"
    assert "KALSHI_KEY_ID" not in os.environ


def test_the_environment_is_put_back_with_the_exchange(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KALSHI_API_BASE_URL", "mine")
    with server.sandbox("demo") as exchange:
        first = exchange.env()
        exchange.env("kalshi-sdk", account="bob")
        assert os.environ["KALSHI_KEY_ID"] == exchange.accounts["bob"].key_id
    assert os.environ["KALSHI_API_BASE_URL"] == "mine"
    monkeypatch.setenv("KALSHI_API_BASE_URL", "another")
    first.undo()
    assert os.environ["KALSHI_API_BASE_URL"] == "another", "it is put back once"


def test_environments_may_end_in_any_order(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "KALSHI_API_BASE_URL"
    monkeypatch.setenv(name, "mine")
    with server.sandbox("demo") as one, server.sandbox("demo") as two, server.sandbox("demo") as three:
        first, second, third = (exchange.env("kalshi-sdk") for exchange in (one, two, three))
        second.undo()
        assert os.environ[name] == three.base_url, "the last one made is in force"
        first.undo()
        assert os.environ[name] == three.base_url
        third.undo()
        assert os.environ[name] == "mine"
        first.undo()
        assert os.environ[name] == "mine"

        third = three.env("kalshi-sdk")
        with one.env("kalshi-sdk"):
            two.env("kalshi-sdk", account="bob")  # which goes with its exchange
        assert os.environ[name] == two.base_url
        two.end()
        assert os.environ[name] == three.base_url


def test_what_others_set_between_two_environments_is_put_back(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "KALSHI_API_BASE_URL"
    monkeypatch.setenv(name, "mine")
    with server.sandbox("demo") as one, server.sandbox("demo") as two:
        outer = one.env("kalshi-sdk")
        monkeypatch.setenv(name, "theirs")
        with two.env("kalshi-sdk"):
            outer.undo()
            assert os.environ[name] == two.base_url
        assert os.environ[name] == "theirs"


def test_a_client_of_another_venue_gets_its_account(server: Any) -> None:
    with server.sandbox("deribit") as exchange, exchange.env("ccxt") as environment:
        account = exchange.accounts[environment.account]
        assert account.venue == "deribit"
        assert os.environ["DERIBIT_CLIENT_SECRET"] == account.secret
        assert os.environ["DERIBIT_WS_URL"] == exchange.venues["deribit"].ws_url


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("kalshi-skd",), "no client 'kalshi-skd': did you mean 'kalshi-sdk'? (known: generic, "),
        (("ccxt",), "ccxt is a client of deribit: the account alice is on kalshi"),
        (("kalshi-sdk", "alise"), "no account 'alise': did you mean 'alice'? (known: alice, bob, desk)"),
    ],
)
def test_a_client_that_cannot_be_pointed_is_told(exchange: Any, words: tuple[str, ...], text: str) -> None:
    before = dict(os.environ)
    with pytest.raises(WrongRequest) as caught:
        exchange.env(*words)
    assert str(caught.value).startswith(text)
    assert dict(os.environ) == before


def test_an_exchange_without_accounts_points_nobody(server: Any) -> None:
    with pytest.raises(WrongRequest, match=r"^the scenario has no accounts$"), server.sandbox({"scenario": "s"}) as it:
        it.env()


def test_the_server_signs_a_call(exchange: Any) -> None:
    sent = exchange.call("alice", "GET", "/trade-api/v2/portfolio/balance")
    assert (sent.status, sent.operation, sent.account) == (200, "GetBalance", "alice")
    assert exchange.journal.get(sent.number) == sent
    assert exchange.journal.search("BALANCE", last=1) == [sent]
    assert [one["name"] for one in exchange.list_accounts()] == ["alice", "bob", "desk"]
    assert exchange.server_info()["bounds"]["sandboxes"] == 1_000
    with pytest.raises(WrongRequest, match="no frame '1': none are kept"):
        exchange.journal.frame(1)
