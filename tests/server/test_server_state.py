"""Sandboxes and their listeners together: nothing remains of what could not be made."""

import asyncio
import socket

import pytest

from mockexchange.sandbox.interface import SandboxError
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.scenario.loader import load_text
from mockexchange.server.http import listener
from mockexchange.server.http.listener import bind
from mockexchange.server.server_state import ServerState
from tests.helpers.ports import free_port
from tests.helpers.rows import each_row
from tests.server.wire import ADDRESS

BARE = load_text("scenario: bare\n")


def test_one_that_never_began_stops() -> None:
    asyncio.run(ServerState(ADDRESS).stop())


def test_one_that_is_bound_and_never_listened_gives_its_port_back() -> None:
    server_state, port = ServerState(ADDRESS), free_port()
    server_state.bind(port)
    asyncio.run(server_state.stop())
    bind(ADDRESS, port).close()


def test_a_name_that_is_taken_meanwhile_gives_the_port_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two creations of one name may overlap once opening a sandbox waits for something."""
    bound: list[int] = []

    def watch(host: str, port: int) -> socket.socket:
        sock = bind(host, port)
        bound.append(sock.getsockname()[1])
        return sock

    monkeypatch.setattr(listener, "bind", watch)

    async def run() -> None:
        server_state = ServerState(ADDRESS)
        options = SandboxOptions(name="twin")
        await server_state.open(BARE, options, port=0)
        rooms = iter([lambda name: None, server_state.sandboxes.require_room])
        monkeypatch.setattr(Sandboxes, "require_room", lambda self, name: next(rooms)(name))
        with pytest.raises(SandboxError, match="exists already"):
            await server_state.open(BARE, options, port=0)
        assert len(server_state.sandboxes) == len(server_state.ports) == 1
        bind(ADDRESS, bound[1]).close()
        await server_state.stop()

    asyncio.run(run())


@each_row(
    ("host", "public_url", "origin"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:{port}"),
        ("0.0.0.0", None, "http://127.0.0.1:{port}"),
        ("127.0.0.1", "https://mock.test/", "https://mock.test"),
    ],
)
def test_where_it_is_reached(host: str, public_url: str | None, origin: str) -> None:
    async def run() -> None:
        server_state = ServerState(host, public_url=public_url)
        server_state.bind(0)
        await server_state.open(BARE, SandboxOptions())
        await server_state.listen(lambda scope, receive, send: asyncio.sleep(0))
        assert server_state.main is not None
        assert server_state.origin() == origin.format(port=server_state.main.port)
        assert server_state.base_url() == f"{server_state.origin()}/trade-api/v2"
        assert server_state.local_origin() == f"http://127.0.0.1:{server_state.main.port}"
        await server_state.stop()

    asyncio.run(run())


@each_row(
    ("host", "public_url", "own"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:{port}"),
        ("0.0.0.0", None, "http://127.0.0.1:{port}"),
        ("127.0.0.1", "https://mock.test/", "http://127.0.0.1:{port}"),
        ("0.0.0.0", "http://mock:8600", "http://mock:{port}"),
        ("0.0.0.0", "https://[2001:db8::1]/x", "http://[2001:db8::1]:{port}"),
    ],
)
def test_where_a_port_of_its_own_is_reached(host: str, public_url: str | None, own: str) -> None:
    """Under the public name where others than this machine reach it; whatever is in front of the main port is not."""

    async def run() -> None:
        server_state = ServerState(host, public_url=public_url)
        await server_state.open(BARE, SandboxOptions(name="one"), port=0)
        assert server_state.origin("one") == own.format(port=server_state.ports["one"].port)
        await server_state.stop()

    asyncio.run(run())


def test_an_onlooker_sees_every_sandbox_and_every_reset() -> None:
    async def run() -> None:
        seen: list[Sandbox] = []
        server_state = ServerState(ADDRESS, on_sandbox=seen.append)
        first = await server_state.open(BARE, SandboxOptions())
        second = await server_state.reset("default")
        third = await server_state.reset("default", load_text("scenario: other\n"))
        assert seen == [first, second, third]
        assert [sandbox.plan.name for sandbox in seen] == ["bare", "bare", "other"]
        assert server_state.sandboxes.get("default").sandbox is third
        await server_state.stop()

    asyncio.run(run())
