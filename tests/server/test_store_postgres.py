"""A server with its sandboxes in PostgreSQL: they outlive it, and while the database is away reads go on."""

from pathlib import Path

import pytest

from mockexchange.store.postgres import postgres_store
from mockexchange.store.stores import StoreError
from tests.helpers.postgres import PostgresServer
from tests.helpers.sandboxes import SMALL
from tests.server.live import PREFIX, serving
from tests.server.small import error_of
from tests.server.test_store import FAULT, SMALL_OBJECT, STEPS, live_through, picture, status_of, view
from tests.server.wire import request


def test_everything_is_there_again(postgres: PostgresServer, tmp_path: Path) -> None:
    with serving(tmp_path, SMALL, clock="paused", store=postgres.url) as live:
        fresh = picture(view(live))
        live_through(view(live))
        live.json("POST", "/sandboxes/default/reset")
        assert picture(view(live)) == fresh
        sandboxes = view(live), live.sandbox("own", SMALL_OBJECT, clock="paused", faults=["flaky"])
        for sandbox in sandboxes:
            live_through(sandbox)
        before = [picture(sandbox) for sandbox in sandboxes]
        live.sandbox("gone", "empty", port=None)
        live.json("DELETE", "/sandboxes/gone")
        with pytest.raises(StoreError, match="another server uses it"), serving(tmp_path, SMALL, store=postgres.url):
            raise AssertionError
    with serving(tmp_path, SMALL, clock="real", store=postgres.url) as live:
        assert [one["id"] for one in live.json("GET", "/sandboxes")] == ["default", "own"]
        assert [picture(view(live, name)) for name in ("default", "own")] == before
        assert status_of(view(live), view(live).client(), "/portfolio/positions") == 200


def test_writes_answer_503_and_reads_go_on_while_the_database_is_away(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_store, "RECONNECT_PAUSE_S", 0.0)
    with serving(tmp_path, SMALL, clock="paused", store=postgres.url) as live:
        sandbox, path = view(live), "/sandboxes/default"
        client, before = sandbox.client(key="main"), sandbox.state()
        postgres.stop()
        try:
            for method, target, body in (
                ("PUT", "/sandboxes/new", {"scenario": "empty"}),
                ("POST", f"{path}/commands", STEPS),
                ("POST", f"{path}/faults", FAULT),
                ("POST", f"{path}/clock", {"advance": "1s"}),
                ("POST", f"{path}/reset", None),
            ):
                reply = live.control(method, target, body)
                assert (reply.status, error_of(reply)["code"]) == (503, "store_unavailable")
                assert f"{postgres.url.shown}: " in error_of(reply)["message"]
            target = f"{PREFIX}/portfolio/order_groups/create"
            headers = {**client.headers("POST", target), "Content-Type": "application/json"}
            refused = sandbox.ask(request("POST", target, headers, b'{"contracts_limit": 5}'))
            assert (refused.status, "start PostgreSQL" in refused.headers["x-mock-diagnosis"]) == (503, True)
            assert status_of(sandbox, client, "/portfolio/positions") == 200
            assert (sandbox.state(), [one["id"] for one in live.json("GET", "/sandboxes")]) == (before, ["default"])
        finally:
            postgres.start()
        sandbox.call("POST", "/commands", STEPS)
        after = picture(sandbox)
    with serving(tmp_path, SMALL, clock="paused", store=postgres.url) as live:
        assert picture(view(live)) == after
