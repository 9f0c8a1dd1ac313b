"""A server with a store: everything is there again after a restart and after kill -9."""

import json
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mockexchange.sandbox.options import DEFAULT
from mockexchange.store import sqlite_store
from tests.helpers.sandboxes import SMALL
from tests.house.serving import COMMAND, clean_environment, unmeasured, wait_until_ready
from tests.server.live import PREFIX, TOKEN, Client, Live, SandboxView, port_of, serving
from tests.server.small import error_of
from tests.server.wire import ask, request

STEPS: list[dict[str, Any]] = [
    {"fill": {"account": "alice", "market": "RAIN-1", "side": "yes", "action": "buy", "count": 3, "price": 0.56}},
    {"rest": {"account": "alice", "market": "RAIN-1", "side": "yes", "action": "buy", "count": 5, "price": 0.5}},
]
LATER = {"name": "later", "after": "5s", "every": "5s", "deposit": {"account": "bob", "amount": 1}}
FAULT = {"name": "outage", "match": {"operation": "GetBalance"}, "then": {"status": 503}}
STUB = {"name": "mine", "request": "GET /trade-api/v2/milestones", "status": 200, "json": {"milestones": []}}


def view(live: Live, name: str = DEFAULT) -> SandboxView:
    return SandboxView(live, live.json("GET", f"/sandboxes/{name}"))


def live_through(sandbox: SandboxView) -> None:
    """Trade, arm a fault and a stub, add a step, and let time pass."""
    sandbox.call("POST", "/commands", STEPS)
    sandbox.call("POST", "/faults", FAULT)
    sandbox.call("POST", "/stubs", STUB)
    sandbox.call("POST", "/script", LATER)
    sandbox.call("POST", "/clock", {"advance": "12s"})


def picture(sandbox: SandboxView) -> dict[str, Any]:
    """Return what outlives a restart; counts of faults, stubs and requests begin anew."""
    counts = ("matched", "fired", "answered")
    rules = [*sandbox.call("GET", "/faults"), *sandbox.call("GET", "/stubs")]
    shown = sandbox.call("GET", "")
    return {
        "log": sandbox.log(),
        "positions": sandbox.positions(),
        "ledger": sandbox.ledger(),
        "rules": [{name: value for name, value in rule.items() if name not in counts} for rule in rules],
        "script": sandbox.call("GET", "/script"),
        **{name: shown[name] for name in ("scenario", "seed", "api_date", "clock", "commands", "accounts")},
    }


def crash_copy(path: Path, folder: Path) -> Path:
    """Return a copy of the file as a process leaves it that is killed now."""
    folder.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        shutil.copy(file, folder)
    return folder / path.name


def status_of(sandbox: SandboxView, client: Client, path: str) -> int:
    return sandbox.ask(client.get(path)).status


def test_everything_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    with serving(tmp_path, SMALL, clock="paused", store=path) as live:
        default, own = view(live), live.sandbox("own", SMALL_OBJECT, clock="paused", faults=["flaky"])
        before = []
        for sandbox in (default, own):
            live_through(sandbox)
            before.append(picture(sandbox))
        live.sandbox("gone", "empty", port=None)
        live.json("DELETE", "/sandboxes/gone")
        copied = crash_copy(path, tmp_path / "killed")
    for file in (path, copied):
        with serving(tmp_path, SMALL, clock="real", store=file) as live:
            assert [one["id"] for one in live.json("GET", "/sandboxes")] == ["default", "own"]
            for name, wanted in zip(("default", "own"), before, strict=True):
                sandbox = view(live, name)
                assert picture(sandbox) == wanted
                client = sandbox.client()
                assert status_of(sandbox, client, "/portfolio/positions") == 200
                assert status_of(sandbox, client, "/portfolio/balance") == 503
                assert status_of(sandbox, client, "/milestones") == 200
            assert view(live, "own").port == own.port
            sandbox.call("POST", "/clock", {"advance": "3s"})
            assert [step["fired"] for step in sandbox.call("GET", "/script")][-1] == 3


SMALL_OBJECT = {
    "scenario": "object",
    "accounts": {"alice": {"cash": 9}, "bob": {}},
    "markets": {"RAIN-1": {"event": "R", "series": "R"}},
}


def test_a_reset_replaces_what_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    with serving(tmp_path, SMALL, clock="paused", store=path) as live:
        fresh = picture(view(live))
        live_through(view(live))
        live.json("POST", "/sandboxes/default/reset")
        assert picture(view(live)) == fresh
        view(live).call("POST", "/commands", STEPS)
    with serving(tmp_path, SMALL, store=path) as live:
        sandbox = view(live)
        assert picture(sandbox)["commands"] == fresh["commands"] + 2
        live.json("POST", "/sandboxes/default/reset")
        assert picture(view(live)) == fresh


def test_a_port_that_is_taken_meanwhile_is_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "mock.db"
    with serving(tmp_path, SMALL, store=path) as live:
        own = live.sandbox("own", "empty")
        copied = crash_copy(path, tmp_path / "killed")
        with serving(tmp_path, SMALL, store=copied) as second:
            assert view(second, "own").port != own.port
    assert f"port {own.port} is in use" in caplog.text


# --- a file that cannot be written to


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Live, sqlite3.Connection]]:
    """A server, and a connection of another program to its file."""
    monkeypatch.setattr(sqlite_store, "BUSY_MS", 1)
    text = SMALL + "script: [{name: often, after: 10ms, deposit: {account: bob, amount: 1}}]\n"
    with serving(tmp_path, text, clock="paused", store=tmp_path / "mock.db") as live:
        other = sqlite3.connect(tmp_path / "mock.db", isolation_level=None)
        try:
            yield live, other
        finally:
            other.close()


def test_writes_answer_503_and_reads_go_on_while_another_program_locks_the_file(
    stored: tuple[Live, sqlite3.Connection],
) -> None:
    live, other = stored
    sandbox, path = view(live), "/sandboxes/default"
    client, before = sandbox.client(key="main"), sandbox.state()
    other.execute("begin immediate")
    for method, target, body in (
        ("POST", "/commands", STEPS),
        ("POST", "/faults", FAULT),
        ("DELETE", "/script", None),
        ("POST", "/clock", {"advance": "1s"}),
        ("POST", "/reset", None),
    ):
        reply = live.control(method, path + target, body)
        assert (reply.status, error_of(reply)["code"]) == (503, "store_unavailable")
        assert "another program has locked the file" in error_of(reply)["message"]
    reply = live.control("PUT", "/sandboxes/new", {"scenario": "empty"})
    assert (reply.status, error_of(reply)["code"]) == (503, "store_unavailable")
    target = f"{PREFIX}/portfolio/order_groups/create"
    limit = b'{"contracts_limit": 5}'
    headers = {**client.headers("POST", target), "Content-Type": "application/json"}
    reply = sandbox.ask(request("POST", target, headers, limit))
    assert (reply.status, reply.headers["x-mock-exchange"]) == (503, "1")
    assert "another program has locked the file" in reply.headers["x-mock-diagnosis"]
    assert status_of(sandbox, client, "/portfolio/positions") == 200
    assert (sandbox.state(), [one["id"] for one in live.json("GET", "/sandboxes")]) == (before, ["default"])
    other.execute("rollback")
    sandbox.call("POST", "/commands", STEPS)
    sandbox.call("POST", "/clock", {"advance": "1s"})
    assert [step["fired"] for step in sandbox.call("GET", "/script")] == [1]


# --- kill -9

ACKNOWLEDGED_MIN = 60


def start(home: Path) -> tuple[subprocess.Popen[bytes], int]:
    ready, log = home / "ready.json", home / "log.txt"
    ready.unlink(missing_ok=True)
    options = ["--store", "sqlite:mock.db", "--scenario", "small.yaml", "--token", TOKEN, "--port", "0"]
    command = [str(COMMAND), "serve", *options, "--ready-file", str(ready)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=home, env=unmeasured(clean_environment(home)), stdout=output, stderr=output
        )
    return process, port_of(wait_until_ready(process, lambda: ready, log)["control_url"])


def deposit_until_killed(port: int, amounts: Iterator[int], acknowledged: list[int]) -> None:
    """Pay different amounts in, and note those that were answered, until the server is gone."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with suppress(OSError, ValueError, IndexError):
        for amount in amounts:
            body = json.dumps([{"deposit": {"account": "bob", "amount": amount}}]).encode()
            reply = ask(port, request("POST", "/_mock/sandboxes/default/commands", headers, body))
            assert reply.status == 200
            acknowledged.append(amount)


def deposits_of(port: int) -> Counter[int]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Connection": "close"}
    log = ask(port, request("GET", "/_mock/sandboxes/default/log", headers)).body
    commands = [json.loads(line)["do"] for line in log.splitlines()[1:]]
    return Counter(one["deposit"]["amount_micros"] // 1_000_000 for one in commands if "deposit" in one)


def test_what_was_acknowledged_before_kill_9_is_there_once(tmp_path: Path) -> None:
    """The only test that takes processes: it starts one twice, which is most of its time."""
    (tmp_path / "small.yaml").write_text("scenario: small\naccounts: {bob: {}}\n")
    acknowledged: list[int] = []
    process, port = start(tmp_path)
    with ThreadPoolExecutor(4) as workers:
        for worker in range(4):
            workers.submit(deposit_until_killed, port, iter(range(1 + worker, 10_000, 4)), acknowledged)
        while len(acknowledged) < ACKNOWLEDGED_MIN and process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.01)
        process.kill()
        process.wait()
    process, port = start(tmp_path)
    found = deposits_of(port)
    process.kill()
    process.wait()
    assert len(acknowledged) >= ACKNOWLEDGED_MIN
    assert [found[amount] for amount in acknowledged] == [1] * len(acknowledged)
    assert set(found.values()) == {1}
