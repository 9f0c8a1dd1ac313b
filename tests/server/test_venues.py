"""Three venues behind one port: the path says whose a request is, the key which sandbox it belongs to."""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from mockexchange.venues.registry import DEFAULT, VENUES
from tests.helpers.patience import PATIENCE_S
from tests.server.live import Client, Live, SandboxView, now_ms
from tests.server.streaming import subscribe
from tests.server.wire import Connection, Reply, request
from tests.venues.kalshi.keyring import ed25519_key, private_pem, public_pem

THREE = """
scenario: three venues
start: 2025-10-15T12:00:00Z
accounts:
  alice: {cash: 100}
  dora: {venue: deribit, cash: {BTC: 2}}
  gina: {venue: signalplus, cash: {BTC: 2}, keys: {main: {secret: c2VjcmV0}}}
markets:
  RAIN-1: {event: RAIN, series: RAIN, price: 0.56}
indexes: {btc_usd: 113853.63}
instruments:
  BTC-PERPETUAL: {kind: future, base: BTC, period: perpetual, mark: 113900}
"""
TRADE = {"account": "dora", "instrument": "BTC-PERPETUAL", "direction": "buy", "amount": "100", "price": "113900"}
BUY = {"account": "alice", "market": "RAIN-1", "side": "yes", "action": "buy", "count": 1, "price": "0.6"}
Plain = dict[str, Any]
Headers = dict[str, str]


@pytest.fixture
def three(live: Live, name: str) -> SandboxView:
    """A sandbox of the shared port, and not the default one."""
    return live.sandbox(name, THREE, port=None)


def key_of(sandbox: SandboxView, account: str) -> tuple[str, str]:
    [one] = [one for one in sandbox.shown["accounts"] if one["name"] == account]
    return one["key_id"], one["secret"]


def basic(sandbox: SandboxView, account: str = "dora") -> Headers:
    return {"Authorization": f"Basic {b64encode(':'.join(key_of(sandbox, account)).encode()).decode()}"}


def signalplus(sandbox: SandboxView, account: str = "gina") -> Headers:
    key_id, _ = key_of(sandbox, account)
    moment, nonce = str(now_ms()), "once"
    mac = hmac.digest(b"secret", f"{moment}\n{nonce}".encode(), "sha256")
    return {
        "Authorization": f"Bearer {key_id}",
        "Signalplus-API-Timestamp": moment,
        "Signalplus-API-Nonce": nonce,
        "Signalplus-API-Signature": b64encode(mac).decode(),
    }


def log_in(sandbox: SandboxView) -> Plain:
    key_id, secret = key_of(sandbox, "dora")
    return {"grant_type": "client_credentials", "client_id": key_id, "client_secret": secret}


def rpc(method: str, params: Plain, number: int = 1) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()


def ask(sandbox: SandboxView, raw: bytes) -> Reply:
    with Connection(sandbox.live.port) as connection:
        return connection.ask(raw)


@contextmanager
def stream(sandbox: SandboxView, path: str, headers: Headers | None = None) -> Iterator[ClientConnection]:
    url = f"ws://127.0.0.1:{sandbox.port}{path}"
    with connect(url, additional_headers=headers or {}) as client:
        yield client


def talk(client: ClientConnection, said: str | bytes) -> Plain:
    client.send(said.decode() if isinstance(said, bytes) else said)
    heard: Plain = json.loads(client.recv(PATIENCE_S))
    return heard


# --- whose a request is


REQUESTS: list[tuple[str, Callable[[SandboxView], bytes]]] = [
    ("kalshi", lambda one: one.client().get("/portfolio/balance")),
    ("deribit", lambda one: request("GET", "/api/v2/private/get_positions?currency=BTC", basic(one))),
    ("deribit", lambda one: request("POST", "/api/v2", {}, rpc("public/auth", log_in(one)))),
    (
        "signalplus",
        lambda one: request(
            "POST", "/signalplus/api", signalplus(one), b'{"rid": 1, "method": "private/get_positions", "params": {}}'
        ),
    ),
]


@pytest.mark.parametrize(("venue", "asked"), REQUESTS)
def test_a_key_wherever_its_venue_has_it_finds_its_sandbox(
    three: SandboxView, venue: str, asked: Callable[[SandboxView], bytes]
) -> None:
    reply = ask(three, asked(three))
    assert (reply.status, reply.headers["x-mock-exchange"]) == (200, "1")
    assert reply.headers["content-type"].startswith("application/json")
    [entry] = three.journal()
    account = {"kalshi": "alice", "deribit": "dora", "signalplus": "gina"}[venue]
    assert entry["key_id"] == key_of(three, account)[0]


@pytest.mark.parametrize("venue", VENUES.values(), ids=VENUES)
def test_a_path_below_a_venues_own_is_refused_in_its_words(live: Live, sandbox: SandboxView, venue: Any) -> None:
    reply = sandbox.ask(request("GET", f"{venue.prefix}/no/such/thing"))
    assert reply.status >= 400
    assert reply.diagnosis
    body = json.loads(reply.body)
    marks = {"kalshi": "service" not in body, "deribit": body.get("jsonrpc") == "2.0", "signalplus": "rid" in body}
    assert marks[venue.name], body


@pytest.mark.parametrize("path", ["/", "/api/v1", "/api/v20/x", "/signalplus", "/ws/api/v2/", "/nobody"])
def test_what_is_nobodys_is_the_default_venues(sandbox: SandboxView, path: str) -> None:
    """Among them paths that only begin like another's."""
    reply = sandbox.ask(request("GET", path))
    assert (reply.status, "jsonrpc" in json.loads(reply.body)) == (404, False)


def test_a_key_of_one_venue_is_nobody_at_another(three: SandboxView) -> None:
    as_deribit = ask(three, request("GET", "/api/v2/private/get_positions?currency=BTC", basic(three, "gina")))
    assert (as_deribit.status, json.loads(as_deribit.body)["error"]["code"]) == (400, 13004)
    kalshi = three.client()
    headers = {**kalshi.headers("GET", "/x"), "KALSHI-ACCESS-KEY": key_of(three, "dora")[0]}
    refused = ask(three, request("GET", "/trade-api/v2/portfolio/balance", headers))
    assert refused.status == 401
    assert "key main of dora is of an account at deribit" in refused.diagnosis


def test_a_key_pair_is_good_for_accounts_of_its_venue_alone(three: SandboxView) -> None:
    pair = ed25519_key("of the wrong venue")
    given = {"account": "dora", "key": "pair", "key_id": f"pair-{three.name}", "public_key": public_pem(pair)}
    three.call("POST", "/commands", [{"key": given}])
    refused = ask(three, Client(given["key_id"], private_pem(pair)).get("/portfolio/balance"))
    assert refused.status == 401
    assert "key pair of dora is of an account at deribit" in refused.diagnosis


def test_a_venue_sees_a_body_that_is_too_long_for_it(three: SandboxView) -> None:
    reply = ask(three, request("POST", "/api/v2", {}, rpc("public/test", {"x": "y" * 40_000})))
    assert (reply.status, json.loads(reply.body)["error"]["message"]) == (400, "request entity too large")
    assert ask(three, request("POST", "/api/v2", {}, b"[" * 3_000_000)).status == 413


def test_credentials_say_where_they_are_good(live: Live, three: SandboxView) -> None:
    shown = {one["name"]: one for one in three.shown["accounts"]}
    assert [(name, one["venue"]) for name, one in shown.items()] == [
        ("alice", "kalshi"),
        ("dora", "deribit"),
        ("gina", "signalplus"),
    ]
    assert [bool(one["secret"]) for one in shown.values()] == [False, True, True]
    assert [bool(one["private_key_pem"]) for one in shown.values()] == [True, False, False]
    assert set(three.shown["venues"]) == set(VENUES) == set(live.ready["venues"])
    assert three.shown["venues"][DEFAULT.name]["base_url"] == three.shown["base_url"]


def test_secrets_stay_through_a_reset_and_differ_between_sandboxes(live: Live, three: SandboxView, name: str) -> None:
    again = SandboxView(live, live.json("POST", f"/sandboxes/{three.name}/reset"))
    assert again.shown["accounts"] == three.shown["accounts"]
    other = live.sandbox(f"x{name}"[:60], THREE, port=None)
    assert key_of(other, "dora") != key_of(three, "dora")
    assert key_of(other, "gina")[1] == key_of(three, "gina")[1] == "c2VjcmV0"


# --- whose a stream is


@pytest.fixture
def alone(live: Live, name: str) -> SandboxView:
    """One with a port of its own: a stream that says only later whose it is has no key to be found by."""
    return live.sandbox(name, THREE)


def test_a_stream_of_every_venue_hears_its_own(alone: SandboxView) -> None:
    kalshi = alone.client().headers("GET", "/trade-api/ws/v2")
    with (
        stream(alone, "/trade-api/ws/v2", kalshi) as first,
        stream(alone, "/ws/api/v2") as second,
        stream(alone, "/signalplus/ws/private", signalplus(alone)) as third,
    ):
        talk(first, subscribe("fill"))
        talk(second, rpc("public/auth", log_in(alone)))
        talk(second, rpc("private/subscribe", {"channels": ["user.trades.any.any.raw"]}))
        channels = b'{"rid": 1, "method": "private/subscribe", "params": {"channels": ["user.changes.any.any.raw"]}}'
        talk(third, channels)
        found = alone.call("POST", "/wait", {"for": {"subscribed": {"channel": "user.trades"}}})["found"]
        assert [(row["account"], row["channel"]) for row in found] == [("dora", "user.trades")]
        trades = [{"trade": {**TRADE, "account": account}} for account in ("dora", "gina")]
        alone.call("POST", "/commands", [{"fill": BUY}, *trades])
        heard = [json.loads(one.recv(PATIENCE_S)) for one in (first, second, third)]
    assert [one.get("type", one.get("method")) for one in heard] == ["fill", "subscription", "subscription"]
    assert heard[1]["params"]["data"][0]["instrument_name"] == "BTC-PERPETUAL"
    assert heard[2]["result"]["instrumentName"] == "BTC-PERPETUAL"


def test_a_stream_belongs_to_who_logs_in_on_it(alone: SandboxView) -> None:
    with stream(alone, "/ws/api/v2") as client:
        assert [one["account"] for one in alone.call("GET", "/streams")] == [None]
        talk(client, rpc("public/auth", log_in(alone)))
        talk(client, rpc("private/subscribe", {"channels": ["user.portfolio.btc"]}))
        [shown] = alone.call("GET", "/streams")
    assert (shown["account"], shown["key"]) == ("dora", "main")
    assert shown["subscriptions"] == [{"sid": 1, "channel": "user.portfolio.btc", "markets": None}]


def test_a_session_that_ends_closes_its_stream(alone: SandboxView) -> None:
    with stream(alone, "/ws/api/v2") as client:
        talk(client, rpc("public/auth", log_in(alone)))
        client.send(rpc("private/logout", {}).decode())
        alone.call("POST", "/wait", {"for": {"frame": {"kind": "close", "direction": "out"}}})
    assert alone.call("GET", "/streams") == []


def test_a_session_is_woken_by_the_clock(live: Live, name: str) -> None:
    """Here to find that nobody has said anything for long."""
    sandbox = live.sandbox(name, THREE + "deribit: {idle_close: 50ms}\n")

    def talk_and_fall_silent() -> None:
        talk(client, rpc("public/test", {}))
        client.recv(PATIENCE_S)

    with stream(sandbox, "/ws/api/v2") as client, pytest.raises(ConnectionClosed) as raised:
        talk_and_fall_silent()
    [*_, last] = sandbox.call("GET", "/frames")
    received = raised.value.rcvd
    assert received is not None
    assert (last["kind"], last["direction"]) == ("close", "out")
    assert last["frame"] == f"{received.code} {received.reason}".rstrip()


@pytest.mark.parametrize("path", [path for venue in VENUES.values() for path in venue.stream.paths])
def test_every_stream_path_upgrades_and_no_other_does(alone: SandboxView, path: str) -> None:
    plain = alone.ask(request("GET", path))
    assert plain.status >= 400
    assert plain.diagnosis
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers = {**upgrade, "Sec-WebSocket-Key": b64encode(bytes(16)).decode()}
    assert alone.ask(request("GET", path, headers)).status in (101, 401)
    assert alone.ask(request("GET", f"{path}x", headers)).status == 404
    operations = [entry["operation"] for entry in alone.journal()]
    assert operations == ["OpenStream", "OpenStream", None]


def test_who_waits_for_a_subscription_is_told_of_it_at_any_venue(alone: SandboxView) -> None:
    with stream(alone, "/ws/api/v2") as client, ThreadPoolExecutor(1) as others:
        body = {"for": {"subscribed": {"channel": "user.portfolio"}}, "timeout": f"{PATIENCE_S + 1}s"}
        waiting = others.submit(alone.call, "POST", "/wait", body)
        talk(client, rpc("public/auth", log_in(alone)))
        assert not waiting.done()
        talk(client, rpc("private/subscribe", {"channels": ["user.portfolio.btc"]}))
        [found] = waiting.result(PATIENCE_S)["found"]
    assert (found["account"], found["channel"]) == ("dora", "user.portfolio")
