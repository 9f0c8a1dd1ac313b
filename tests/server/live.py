"""A server in a thread of its own, on a real socket; tests talk to it through HTTP alone."""

import asyncio
import json
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_scenario, load_text
from mockexchange.server.process import Server
from mockexchange.server.serve_options import ServeOptions
from mockexchange.venues.kalshi.named_days import api_date
from tests.helpers.patience import PATIENCE_S
from tests.helpers.sandboxes import load_key
from tests.server.wire import Connection, Reply, request
from tests.venues.kalshi.keyring import sign

if TYPE_CHECKING:
    from mockexchange.server.replicas.replica import Replica

PREFIX = "/trade-api/v2"
TOKEN = "the-token-of-the-tests"
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Client(NamedTuple):
    """A key: who signs, and with what."""

    key_id: str
    pem: str

    def headers(self, method: str, target: str, timestamp: str | None = None) -> dict[str, str]:
        """The three headers, signed as the venue wants it: without the query."""
        moment = timestamp or str(now_ms())
        return self.sign(moment, f"{moment}{method}{target.partition('?')[0]}")

    def sign(self, timestamp: str, text: str) -> dict[str, str]:
        """The three headers with a signature over any text."""
        return {
            "KALSHI-ACCESS-KEY": self.key_id,
            "KALSHI-ACCESS-TIMESTAMP": timestamp,
            "KALSHI-ACCESS-SIGNATURE": b64encode(sign(load_key(self.pem), text.encode("latin-1"))).decode(),
        }

    def get(self, target: str, method: str = "GET") -> bytes:
        """A signed request for a path below the venue's prefix."""
        return request(method, PREFIX + target, self.headers(method, PREFIX + target))


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


class Live:
    """The running server as a client sees it."""

    def __init__(self, ready: dict[str, Any], stop: Callable[[], None]) -> None:
        self.ready = ready
        self.port = port_of(ready["control_url"])
        self.trust = ssl.create_default_context(cafile=ready["ca_cert"]) if ready["ca_cert"] else None
        self.stop = stop
        """Asks the server to stop, and does not wait."""

    def control(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, token: str = TOKEN
    ) -> Reply:
        """A control request on a connection of its own; `path` is below /_mock."""
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {token}", "Connection": "close", **(headers or {})}
        with Connection(self.port, self.trust) as connection:
            return connection.ask(request(method, f"/_mock{path}", given, raw))

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """The answer of a control request that succeeds."""
        reply = self.control(method, path, body)
        assert 200 <= reply.status < 300, reply
        return json.loads(reply.body) if reply.body else None

    def sandbox(self, name: str, scenario: str | dict[str, Any] = "demo", **wanted: Any) -> "SandboxView":
        """Make a sandbox, on a port of its own unless told otherwise."""
        body = {"scenario": scenario, "port": 0, **wanted}
        return SandboxView(
            self, self.json("PUT", f"/sandboxes/{name}", {k: v for k, v in body.items() if v is not None})
        )


class SandboxView:
    """A sandbox as the control API shows it."""

    def __init__(self, live: Live, shown: dict[str, Any]) -> None:
        self.live = live
        self.shown = shown
        self.name: str = shown["id"]
        self.port = port_of(shown["base_url"])

    def client(self, account: str = "alice", key: str = "main") -> Client:
        found = [one for one in self.shown["accounts"] if (one["name"], one["key"]) == (account, key)]
        return Client(found[0]["key_id"], found[0]["private_key_pem"])

    def ask(self, raw: bytes, *, is_head: bool = False) -> Reply:
        with Connection(self.port, self.live.trust) as connection:
            return connection.ask(raw, is_head=is_head)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.live.json(method, f"/sandboxes/{self.name}{path}", body)

    def journal(self, query: str = "") -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.call("GET", f"/journal{query}")
        return entries

    def log(self, query: str = "") -> bytes:
        raw = self.live.control("GET", f"/sandboxes/{self.name}/log{query}").body
        assert raw
        return raw

    def positions(self, account: str = "alice") -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.call("GET", f"/accounts/{account}/positions")
        return rows

    def ledger(self, account: str = "alice") -> dict[str, Any]:
        told: dict[str, Any] = self.call("GET", f"/accounts/{account}/ledger")
        return told

    def glance(self) -> Any:
        """What tells at once whether anything was done: the length of the log, and its end."""
        return self.call("GET", "")["commands"], self.positions()

    def state(self) -> Any:
        """Everything that no request of a client may change, and that is the same after a reset."""
        names = dict.fromkeys(one["name"] for one in self.shown["accounts"])
        return self.log("?after=0"), {name: self.positions(name) for name in names}


@contextmanager
def serving(
    home: Path,
    scenario: str = "demo",
    date: str = "compat",
    clock: str = "real",
    loop_factory: LoopFactory | None = None,
    **options: Any,
) -> Iterator[Live]:
    """Run a server until the end of the block; its files are below `home`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(home))
        plan = load_text(scenario) if "\n" in scenario else load_scenario(scenario)
        given = {"host": "127.0.0.1", "port": 0, "ready_file": home / "ready.json", "token": TOKEN, **options}
        server = Server(plan, SandboxOptions(api_date=api_date(date), clock=clock), ServeOptions(**given))
        yield from in_a_thread(server, loop_factory)


def in_a_thread(server: "Server | Replica", loop_factory: LoopFactory | None = None) -> Iterator[Live]:
    started: Future[Live] = Future()
    stop = asyncio.Event()
    thread = Thread(target=_run, args=(server, loop_factory, started, stop), name="server")
    thread.start()
    try:
        live = started.result(PATIENCE_S)
        try:
            yield live
        finally:
            live.stop()
    finally:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), "the server did not stop"


def _run(
    server: "Server | Replica", loop_factory: LoopFactory | None, started: "Future[Live]", stop: asyncio.Event
) -> None:
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_serve(server, started, stop))


async def _serve(server: "Server | Replica", started: "Future[Live]", stop: asyncio.Event) -> None:
    try:
        async with server:
            loop = asyncio.get_running_loop()
            started.set_result(Live(server.ready, lambda: _set(loop, stop)))
            await stop.wait()
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)


def _set(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    with suppress(RuntimeError):  # it has stopped already
        loop.call_soon_threadsafe(stop.set)
