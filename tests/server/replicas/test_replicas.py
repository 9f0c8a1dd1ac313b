"""Several servers on one database: clients see one exchange, whichever server they ask, and whichever of them ends."""

import json
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from mockexchange.runtime.redaction import sha256_of
from mockexchange.server.control.access import Grant, NamedToken, Role
from mockexchange.server.replicas import follower_role, home_role, replica
from mockexchange.server.replicas.peers import NO_HOME
from mockexchange.server.serve_options import Sharing
from mockexchange.store.postgres import election
from mockexchange.store.postgres.election import Election, Term
from mockexchange.store.postgres.schema import LOCK
from mockexchange.store.stores import StoreError
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from tests.helpers.patience import PATIENCE_S, wait_until
from tests.helpers.postgres import PostgresServer
from tests.helpers.sandboxes import SMALL
from tests.server.control.test_console import code_of, exchange
from tests.server.live import TOKEN, Live, SandboxView, serving
from tests.server.replicas.several import serving_replica, serving_two
from tests.server.small import error_of
from tests.server.streaming import subscribe
from tests.server.test_store import SMALL_OBJECT
from tests.server.wire import ADDRESS

DUE = SMALL + "script:\n  - {name: late, after: 1s, deposit: {account: alice, amount: 7}}\n"
FILL = {
    "fill": {"account": "alice", "market": "RAIN-1", "side": "yes", "action": "buy", "count": 1, "price": 0.5},
}
FAULT = {"name": "second", "match": {"operation": "GetPositions", "nth": 2}, "then": {"status": 503}}


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "LOOK_EVERY_S", 0.02)


def view(live: Live) -> SandboxView:
    return SandboxView(live, live.json("GET", "/sandboxes/default"))


def itself(live: Live, shown: SandboxView) -> SandboxView:
    """A sandbox that is asked through this server."""
    return SandboxView(live, {**shown.shown, "base_url": f"http://{ADDRESS}:{live.port}"})


def balance(live: Live, shown: SandboxView) -> int:
    reply = itself(live, shown).ask(shown.client().get("/portfolio/balance"))
    assert reply.status == 200, reply
    return int(json.loads(reply.body)["balance"])


def files_of(live: Live) -> dict[str, str]:
    """The files that clients have read of in the ready file at the start of a server."""
    paths = [key["private_key_path"] for account in live.ready["accounts"] for key in account["keys"]]
    return {path: Path(path).read_text() for path in paths}


def deposit(live: Live, amount: int) -> None:
    live.json("POST", "/sandboxes/default/commands", [{"deposit": {"account": "alice", "amount": amount}}])


def test_whichever_server_is_asked_all_that_was_answered_is_there(postgres: PostgresServer, tmp_path: Path) -> None:
    with serving_two(tmp_path, postgres, DUE) as both:
        home, other = both
        shown = view(home)
        assert other.ready["accounts"][0]["key_id"] == home.ready["accounts"][0]["key_id"]
        expected = balance(home, shown)
        for place in range(6):
            deposit(both[place % 2], 1)
            expected += 100
            assert [balance(live, shown) for live in both] == [expected, expected]
        other.json("POST", "/sandboxes/default/clock", {"advance": "1s"})
        assert [balance(live, shown) for live in (other, home)] == [expected + 700] * 2
        wait_until(lambda: len(shown.journal()) == 15)
        assert view(other).log() == shown.log()
        other.json("POST", "/sandboxes/default/reset")
        assert view(other).state() == view(home).state()
        assert balance(other, view(home)) == balance(home, view(home)) == expected - 600
        refused = other.control("PUT", "/sandboxes/own", {"scenario": SMALL_OBJECT, "port": 0})
        assert (refused.status, error_of(refused)["code"]) == (409, "port_unusable")
        home.json("PUT", "/sandboxes/more", {"scenario": "empty"})
        assert [one["id"] for one in other.json("GET", "/sandboxes")] == ["default", "more"]


def test_roles_and_the_audit_are_the_homes(postgres: PostgresServer, tmp_path: Path) -> None:
    tokens, audits = (NamedToken(Grant("wall", Role.VIEWER), sha256_of("wall")),), (tmp_path / "1", tmp_path / "2")
    with (
        serving_replica(tmp_path / "a", postgres, sharing=Sharing(tokens, audits[0])),
        serving_replica(tmp_path / "b", postgres, sharing=Sharing(tokens, audits[1])) as (other, _),
    ):
        other.json("PUT", "/sandboxes/wait", {"scenario": "empty"})
        assert other.control("DELETE", "/sandboxes/wait", token="wall").status == 403
        assert other.control("DELETE", "/sandboxes/wait").status == 204
    rows = [json.loads(line) for line in audits[0].read_text().splitlines()]
    assert [(row["token"], row["status"]) for row in rows] == [("admin", 201), ("wall", 403), ("admin", 204)]
    assert not audits[1].exists(), "a follower decides nothing"


def test_a_link_to_the_console_opens_at_any_server_once(postgres: PostgresServer, tmp_path: Path) -> None:
    with serving_two(tmp_path, postgres) as both:
        for made, reached in (both, both[::-1]):
            code = code_of(made, TOKEN)
            assert json.loads(exchange(reached.port, code).body) == {"token": TOKEN}
            assert [exchange(live.port, code).status for live in both] == [410, 410]


def test_streams_and_what_counts_are_the_homes(postgres: PostgresServer, tmp_path: Path) -> None:
    with serving_two(tmp_path, postgres) as (home, other):
        shown = view(home)
        client = shown.client()
        headers = client.headers("GET", STREAM_PATH)
        with connect(f"ws://{ADDRESS}:{other.port}{STREAM_PATH}", additional_headers=headers) as stream:
            stream.send(subscribe("fill"))
            assert json.loads(stream.recv(PATIENCE_S))["type"] == "subscribed"
            shown.call("POST", "/commands", [FILL])
            assert json.loads(stream.recv(PATIENCE_S))["type"] == "fill"
        shown.call("POST", "/faults", FAULT)
        answers = [itself(live, shown).ask(client.get("/portfolio/positions")) for live in (home, other, home)]
        assert [answer.status for answer in answers] == [200, 503, 200]


def test_the_next_server_goes_on_where_the_home_stopped(postgres: PostgresServer, tmp_path: Path) -> None:
    with ExitStack() as homes:
        home, _ = homes.enter_context(serving_replica(tmp_path / "a", postgres))
        with serving_replica(tmp_path / "b", postgres) as (other, other_replica):
            shown, files = view(home), files_of(other)
            deposit(other, 3)
            before = balance(other, shown)
            homes.close()
            deposit(other, 4)  # waits for the new home
            assert other_replica.home_role
            assert balance(other, shown) == before + 400
            assert files_of(other) == files, "clients sign with them while the server takes over"
            assert other_replica.ready["accounts"] == other.ready["accounts"]
    assert list(tmp_path.glob("*/mockexchange/run-*")) == []


def test_a_home_that_was_held_up_answers_nothing_old_and_follows_the_new_one(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[Term] = []
    renew = Term.renew
    monkeypatch.setattr(Term, "renew", lambda term: True if term in held else renew(term))
    with (
        serving_replica(tmp_path / "a", postgres) as (home, home_replica),
        serving_replica(tmp_path / "b", postgres) as (other, other_replica),
    ):
        shown, files = view(home), files_of(home)
        deposit(home, 1)
        before = balance(other, shown)
        monkeypatch.setattr(home_role, "TERM_S_MAX", 0.1)
        assert home_replica.home_role
        held.append(home_replica.home_role.term)
        wait_until(lambda: other_replica.home_role is not None)
        asked = shown.client().get("/portfolio/balance")
        for _ in range(2):
            reply = shown.ask(asked)  # the former home does not know it
            assert (reply.status, reply.headers["x-mock-diagnosis"]) == (503, NO_HOME)
        refused = home.control("POST", "/sandboxes/default/commands", [{"deposit": {"account": "alice", "amount": 5}}])
        assert refused.status == 503
        opening = pytest.raises(InvalidStatus)
        with opening as answer, connect(f"ws://{ADDRESS}:{home.port}{STREAM_PATH}"):
            raise AssertionError
        found = answer.value.response
        assert (found.status_code, found.headers["x-mock-diagnosis"]) == (503, NO_HOME)
        deposit(other, 2)
        held.clear()
        wait_until(lambda: home_replica.home_role is None)
        wait_until(lambda: shown.ask(shown.client().get("/portfolio/balance")).status == 200)
        assert balance(home, shown) == before + 200
        assert files_of(home) == files, "it has followed, and its clients have seen no other files"


def test_without_a_database_nothing_is_answered_and_then_all_goes_on(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_two(tmp_path, postgres) as (home, other):
        shown = view(home)
        before = balance(other, shown)
        monkeypatch.setattr(home_role, "TERM_S_MAX", 0.1)
        postgres.stop()
        try:
            asked = shown.client().get("/portfolio/balance")
            wait_until(lambda: shown.ask(asked).status == 503)
            assert itself(other, shown).ask(asked).status == 503
        finally:
            postgres.start_surely()
        wait_until(lambda: shown.ask(shown.client().get("/portfolio/balance")).status == 200)
        deposit(other, 1)
        assert [balance(live, shown) for live in (home, other)] == [before + 100] * 2


def test_a_server_of_another_version_passes_everything_on(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_replica(tmp_path / "a", postgres) as (home, _):
        monkeypatch.setattr(follower_role, "__version__", "9.9.9")
        with serving_replica(tmp_path / "b", postgres) as (other, _):
            deposit(other, 1)
            assert balance(other, view(home)) == balance(home, view(home))
            assert other.ready["accounts"] == []


def test_a_server_that_shares_nothing_keeps_its_database(postgres: PostgresServer, tmp_path: Path) -> None:
    with serving(tmp_path, SMALL, store=postgres.url):
        refused = pytest.raises(StoreError, match="another server uses it")
        with refused, serving_replica(tmp_path / "a", postgres):
            raise AssertionError


def test_a_server_waits_while_another_one_makes_the_tables(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that start at once on an empty database: the second one must not end."""
    with closing(Election(postgres.url, "normal", "mock2:8601", "1")) as waiting:
        with closing(psycopg.connect(postgres.url.text)) as first:
            first.execute("select pg_advisory_lock(%s)", (LOCK,))
            assert waiting.look() is None
            assert waiting.become_home() is None
            monkeypatch.setattr(election, "BEGIN_S_MAX", 0.0)
            with pytest.raises(StoreError, match="another server uses it"):
                waiting.become_home()
        wait_until(lambda: postgres.run_sql("select count(*) from pg_locks where locktype = 'advisory'") == [(0,)])
        store = waiting.become_home()
        assert store is not None
        store.close()
