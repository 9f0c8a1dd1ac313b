"""The server as a process has it: until a signal, with a ready file, and a front page for whoever looks."""

import asyncio
import json
import os
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import uvloop

from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_text
from mockexchange.server import process
from mockexchange.server.http import listener
from mockexchange.server.operating_system import STOP_SIGNALS
from mockexchange.server.process import run_server
from mockexchange.server.serve_options import ServeOptions
from tests.helpers.rows import each_row
from tests.helpers.signals import none_ignored
from tests.server.live import TOKEN, LoopFactory, serving
from tests.server.wire import NO_REPLY, Connection, ask, head, request

KEYS = """
scenario: keys
accounts:
  alice: {keys: {main: {}, ro: {scopes: [read]}}}
  desk: {kind: fcm, account_id: fcm7, subtraders: {st1: {}}}
"""


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture
def handlers() -> Iterator[None]:
    """Leave the signals as they were."""
    with none_ignored(STOP_SIGNALS):
        yield


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def run_until_signalled(home: Path, announce: Callable[[dict[str, Any]], None]) -> None:
    options = ServeOptions(host="127.0.0.1", port=0, ready_file=home / "ready.json")
    asyncio.run(run_server(load_text(KEYS), SandboxOptions(), options, announce))


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_it_serves_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    told: list[dict[str, Any]] = []

    def announce(ready: dict[str, Any]) -> None:
        told.append(ready)
        assert json.loads((tmp_path / "ready.json").read_text()) == ready
        os.kill(os.getpid(), number)

    run_until_signalled(tmp_path, announce)
    assert len(told) == 1
    assert len(told[0]["control_token"]) >= 32
    assert list(tmp_path.glob("*.json")) == list(tmp_path.glob("*/run-*")) == []


@pytest.mark.usefixtures("handlers")
def test_it_serves_until_a_signal_where_loops_take_no_handlers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""

    def refuse(*arguments: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(asyncio.SelectorEventLoop, "add_signal_handler", refuse)
    run_until_signalled(tmp_path, lambda ready: os.kill(os.getpid(), signal.SIGINT))
    assert not (tmp_path / "ready.json").exists()


@each_row("factory", [None, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_the_handlers_of_signals_are_as_before(tmp_path: Path, factory: LoopFactory | None) -> None:
    def noop(*arguments: object) -> None: ...

    handlers: list[Any] = [signal.signal(number, noop) for number in STOP_SIGNALS]
    try:
        options = ServeOptions(host="127.0.0.1", port=0, ready_file=tmp_path / "ready.json")
        serving = run_server(
            load_text(KEYS), SandboxOptions(), options, lambda ready: signal.raise_signal(STOP_SIGNALS[1])
        )
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(serving)
        assert {signal.getsignal(number) for number in STOP_SIGNALS} == {noop}
    finally:
        for number, handler in zip(STOP_SIGNALS, handlers, strict=True):
            signal.signal(number, handler)


def test_progress_is_told_while_it_loads(tmp_path: Path) -> None:
    told: list[int] = []
    steps = "\n".join(["  - deposit: {account: alice, amount: 1}"] * 10_000)
    plan = load_text(f"{KEYS}history:\n{steps}\n")
    server = process.Server(plan, SandboxOptions(), ServeOptions(**OPTIONS, ready_file=tmp_path / "r"), told.append)

    async def run() -> None:
        async with server:
            assert told == [10_000]

    asyncio.run(run())


OPTIONS: dict[str, Any] = {"host": "127.0.0.1", "port": 0}


def test_the_ready_file_says_all_that_clients_need(tmp_path: Path) -> None:
    with serving(tmp_path, KEYS, date="2026-06", public_url="https://mock.test/") as live:
        ready = json.loads((tmp_path / "ready.json").read_text())
        alice, desk = ready.pop("accounts")
        assert ready == {
            "pid": os.getpid(),
            "control_url": f"http://127.0.0.1:{live.port}/_mock",
            "control_token": TOKEN,
            "api_date": "2026-06",
            "ca_cert": None,
            "ca_bundle": None,
            "venues": {
                "kalshi": {"base_url": "https://mock.test/trade-api/v2", "ws_url": "wss://mock.test/trade-api/ws/v2"},
                "deribit": {"base_url": "https://mock.test/api/v2", "ws_url": "wss://mock.test/ws/api/v2"},
                "signalplus": {
                    "base_url": "https://mock.test/signalplus/api",
                    "ws_url": "wss://mock.test/signalplus/ws/api",
                },
            },
        }
        assert [alice[name] for name in ("name", "kind", "venue", "secret", "subtraders")] == [
            "alice",
            "member",
            "kalshi",
            None,
            [],
        ]
        assert [(one["key"], Path(one["private_key_path"]).name) for one in alice["keys"]] == [
            ("main", "alice.pem"),
            ("ro", "alice.ro.pem"),
        ]
        assert alice["key_id"] == alice["keys"][0]["key_id"]
        assert (desk["kind"], desk["subtraders"]) == ("fcm", ["fcm7_st1"])
        run_directory = Path(alice["private_key_path"]).parent
        assert stat.S_IMODE(run_directory.stat().st_mode) == 0o700


@each_row("public_url", ["https://mock.test", "http://localhost:8600/"])
def test_a_public_url_is_of_the_main_port_alone(tmp_path: Path, public_url: str) -> None:
    with serving(tmp_path, KEYS, public_url=public_url) as live:
        default, shared = (live.json("GET", "/sandboxes/default"), live.json("POST", "/sandboxes", {"name": "shared"}))
        own = live.sandbox("own", KEYS)
        assert default["base_url"] == shared["base_url"] == f"{public_url.rstrip('/')}/trade-api/v2"
        assert own.shown["base_url"] == f"http://127.0.0.1:{own.port}/trade-api/v2"


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
def test_an_ipv6_address_is_in_brackets(tmp_path: Path) -> None:
    with serving(tmp_path, KEYS, host="::1") as live:
        assert live.ready["control_url"].startswith("http://[::1]:")


def test_one_that_is_reached_from_everywhere_names_the_loopback_address(tmp_path: Path) -> None:
    with serving(tmp_path, KEYS, host="0.0.0.0") as live:
        assert live.ready["control_url"] == f"http://127.0.0.1:{live.port}/_mock"


def test_ports_are_stopped_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that never ends costs a while, ten of them on ten ports cost no more: they are waited for together."""
    monkeypatch.setattr(listener, "STOP_S_MAX", 0.02)
    stop, stopping, most = listener.Listener.stop, [0], [0]

    async def counted(one: listener.Listener) -> None:
        stopping[0] += 1
        most[0] = max(most[0], stopping[0])
        await stop(one)
        stopping[0] -= 1

    monkeypatch.setattr(listener.Listener, "stop", counted)
    with ExitStack() as stack:
        live = stack.enter_context(serving(tmp_path, KEYS))
        ports = [live.sandbox(f"s{number}", KEYS).port for number in range(10)]
        connections = [stack.enter_context(Connection(port)) for port in ports]
        for connection in connections:
            connection.send(head("GET", "/", [("Content-Length", "5")]))
        live.json("GET", "/sandboxes")
        live.stop()
        assert [connection.read() for connection in connections] == [NO_REPLY] * 10
        assert not (tmp_path / "ready.json").exists()
    assert most == [11]


def test_a_scenario_without_accounts_has_a_front_page(tmp_path: Path) -> None:
    with serving(tmp_path, "scenario: bare\n") as live:
        assert b"The scenario has no accounts." in ask(live.port, request("GET", "/")).body
        assert live.ready["accounts"] == []


def test_the_front_page_has_the_urls_of_every_stream_and_no_markup_of_a_scenario(tmp_path: Path) -> None:
    with serving(tmp_path, 'scenario: x\naccounts: {"<script>alert(1)": {}}\n') as live:
        page = ask(live.port, request("GET", "/"))
        assert b"<script>" not in page.body
        assert b"&lt;script&gt;" in page.body
        for urls in live.ready["venues"].values():
            assert f"<code>{urls['base_url']}</code> and <code>{urls['ws_url']}</code>".encode() in page.body


def test_a_ready_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(FileExistsError):
        serving(tmp_path, KEYS, ready_file=tmp_path / "file" / "ready.json").__enter__()
    assert list(tmp_path.glob("*/run-*")) == []
