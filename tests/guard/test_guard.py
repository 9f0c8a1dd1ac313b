"""While a guard is there, nobody reaches a real host, by whatever way; and afterwards nothing of it is left."""

import asyncio
import contextlib
import http.client
import os
import socket
import ssl
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from socket import getaddrinfo as aliased
from typing import Any

import httpx
import pytest
import urllib3
import uvloop

from mockexchange import guard as guards
from mockexchange.guard import DEMO, PRODUCTION, Dial, RealVenueReached, guard
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

HOST = "api.elections.kalshi.com"
DEMO_HOST = "demo-api.kalshi.co"


def in_loop(dial: Callable[[], Coroutine[Any, Any, object]], factory: Any = None) -> Callable[[], object]:
    def run() -> object:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(dial())

    return run


async def open_connection() -> object:
    return await asyncio.open_connection(HOST, 443)


async def resolve() -> object:
    return await asyncio.get_running_loop().getaddrinfo(HOST, 443)


async def resolve_in_a_task() -> object:
    return await asyncio.create_task(asyncio.to_thread(socket.getaddrinfo, HOST, 443))


async def name_for_tls() -> object:
    """An address that somebody resolved before, or a proxy: only TLS names the host."""
    context = ssl.create_default_context()
    return await asyncio.open_connection("127.0.0.1", 9, ssl=context, server_hostname=HOST)


def connect(host: str | bytes, method: str = "connect") -> object:
    with socket.socket() as sock:
        return getattr(sock, method)((host, 443))


def shake_hands() -> object:
    here, there = socket.socketpair()
    with here, there:
        return ssl.create_default_context().wrap_socket(here, server_hostname=HOST)


def shake_hands_in_memory() -> object:
    return ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), False, HOST)


def tunnel() -> object:
    connection = http.client.HTTPSConnection("127.0.0.1", 9)
    connection.set_tunnel(HOST)
    return connection


def by_urllib3() -> object:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", f"https://{HOST}/", retries=False)


def by_urllib3_through_a_proxy() -> object:
    with urllib3.ProxyManager("http://127.0.0.1:9") as pool:
        return pool.request("GET", f"https://{HOST}/", retries=False)


async def by_httpx() -> object:
    async with httpx.AsyncClient() as client:
        return await client.get(f"https://{HOST}/")


WAYS: dict[str, Callable[[], object]] = {
    "getaddrinfo": lambda: socket.getaddrinfo(HOST, 443),
    "getaddrinfo by name": lambda: socket.getaddrinfo(host=HOST, port="https"),
    "gethostbyname": lambda: socket.gethostbyname(HOST),
    "gethostbyname_ex": lambda: socket.gethostbyname_ex(HOST),
    "create_connection": lambda: socket.create_connection((HOST, 443)),
    "connect": lambda: connect(HOST),
    "connect in bytes": lambda: connect(HOST.upper().encode()),
    "connect_ex": lambda: connect(HOST, "connect_ex"),
    "TLS": shake_hands,
    "TLS in memory": shake_hands_in_memory,
    "a tunnel": tunnel,
    "asyncio": in_loop(open_connection),
    "asyncio resolving": in_loop(resolve),
    "asyncio in a thread": in_loop(resolve_in_a_task),
    "asyncio with TLS": in_loop(name_for_tls),
    "uvloop": in_loop(open_connection, uvloop.new_event_loop),
    "uvloop resolving": in_loop(resolve, uvloop.new_event_loop),
    "uvloop with TLS": in_loop(name_for_tls, uvloop.new_event_loop),
    "http.client": lambda: http.client.HTTPSConnection(HOST).connect(),
    "httpx": lambda: httpx.get(f"https://{HOST}/"),
    "httpx with asyncio": in_loop(by_httpx),
    "urllib3": by_urllib3,
    "urllib3 through a proxy": by_urllib3_through_a_proxy,
}


@each_row("way", WAYS)
def test_every_way_of_dialling_is_refused_and_recorded_once(way: str) -> None:
    with guard() as guarded, pytest.raises(RealVenueReached, match=r"^api\.elections\.kalshi\.com") as caught:
        WAYS[way]()
    assert guarded.dials == [caught.value.dial]
    assert (caught.value.dial.host, caught.value.dial.kind, caught.value.dial.venue) == (HOST, PRODUCTION, "kalshi")
    assert caught.value.dial.port in (443, None if way in {"gethostbyname", "gethostbyname_ex"} else 443)


def try_for_ever() -> None:
    while True:
        with contextlib.suppress(Exception):
            connect(HOST)


def test_a_reference_from_before_resolves_but_says_nothing_to_the_host() -> None:
    """Whoever has `from socket import getaddrinfo` gets an address; TLS needs the name."""
    server = socket.create_server(("127.0.0.1", 0))
    host, port = aliased(*server.getsockname())[0][4][:2]
    with server, guard() as guarded, socket.create_connection((str(host), port)) as sock:
        with pytest.raises(RealVenueReached, match=r"^api\.elections\.kalshi\.com:443; "):
            ssl.create_default_context().wrap_socket(sock, server_hostname=HOST)
        peer, _ = server.accept()
        with peer:
            peer.setblocking(False)
            with pytest.raises(BlockingIOError):
                peer.recv(1)
    assert guarded.dial_count == 1


def test_it_goes_through_what_clients_catch_to_try_again() -> None:
    with guard() as guarded, pytest.raises(RealVenueReached):
        try_for_ever()
    assert len(guarded.dials) == 1
    assert not issubclass(RealVenueReached, Exception)


def test_what_a_program_swallows_is_recorded_all_the_same() -> None:
    with guard() as guarded, contextlib.suppress(BaseException):
        connect(HOST)
    (dial,) = guarded.dials
    assert str(dial).startswith(f"{HOST}:443; ")


def test_what_a_thread_dials_is_recorded() -> None:
    with guard() as guarded, ThreadPoolExecutor() as pool:
        assert isinstance(pool.submit(connect, HOST).exception(), RealVenueReached)
    assert [dial.host for dial in guarded.dials] == [HOST]


def test_many_threads_dial_at_once() -> None:
    with guard() as guarded, ThreadPoolExecutor(8) as pool:
        results = [pool.submit(connect, HOST) for _ in range(64)]
        assert {type(result.exception()) for result in results} == {RealVenueReached}
    assert guarded.dial_count == 64


def test_of_very_many_dials_some_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "DIALS_KEPT_MAX", 2)
    with guard() as guarded:
        for _ in range(3):
            with contextlib.suppress(RealVenueReached):
                socket.gethostbyname(HOST)
    assert (len(guarded.dials), guarded.dial_count) == (2, 3)


def test_a_demo_is_real_network_too_and_says_so() -> None:
    with guard(), pytest.raises(RealVenueReached, match="a venue's demo is real network too") as caught:
        socket.getaddrinfo(DEMO_HOST, 443)
    assert caught.value.dial.kind == DEMO


def answers() -> None:
    """A connection of this machine, by name and by address, with and without asyncio."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("localhost", "127.0.0.1"):
            socket.create_connection((host, port)).close()
        with socket.socket() as sock:
            assert sock.connect_ex(("127.0.0.1", port)) == 0

        async def connect() -> None:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()

        for factory in (None, uvloop.new_event_loop):
            in_loop(connect, factory)()


def test_everybody_else_is_reached() -> None:
    with guard() as guarded:
        answers()
        with socket.socket(socket.AF_UNIX) as sock, pytest.raises(FileNotFoundError):
            sock.connect("/no/such/socket.kalshi.com")
    assert guarded.dials == []


def test_only_what_is_to_be_refused_is() -> None:
    with guard(refuse=[PRODUCTION]) as guarded, guard(allow=[f"{HOST.upper()}."]) as other:
        with pytest.raises(RealVenueReached):
            tunnel()
        with pytest.raises(RealVenueReached):
            socket.getaddrinfo(DEMO_HOST, 443)
    assert [dial.host for dial in guarded.dials] == [HOST]
    assert [dial.host for dial in other.dials] == [DEMO_HOST]


def test_every_guard_takes_note() -> None:
    with guard() as outer, guard() as inner:
        with pytest.raises(RealVenueReached):
            connect(HOST)
        inner.stop()
        with pytest.raises(RealVenueReached):
            connect(DEMO_HOST)
    assert [dial.host for dial in outer.dials] == [HOST, DEMO_HOST]
    assert [dial.host for dial in inner.dials] == [HOST]


def test_who_listens_hears_of_it_before_it_is_raised() -> None:
    heard: list[tuple[Dial, str]] = []
    guarded = guard(lambda dial: heard.append((dial, threading.current_thread().name)))
    with guarded, pytest.raises(RealVenueReached):
        connect(HOST)
    assert heard == [(guarded.dials[0], "MainThread")]


def test_a_listener_that_fails_lets_nothing_through() -> None:
    def fail(dial: Dial) -> None:
        raise OSError("no room to write it down")

    with guard(fail), pytest.raises(RealVenueReached) as caught:
        connect(HOST)
    assert str(caught.value.__cause__) == "no room to write it down"


def parts() -> list[object]:
    """Whatever is wrapped, or could be."""
    places = [
        (socket, "getaddrinfo"),
        (socket, "gethostbyname"),
        (socket, "gethostbyname_ex"),
        (socket.socket, "connect"),
        (socket.socket, "connect_ex"),
        (ssl.SSLContext, "wrap_socket"),
        (ssl.SSLContext, "wrap_bio"),
        (http.client.HTTPConnection, "set_tunnel"),
        (asyncio.BaseEventLoop, "getaddrinfo"),
        (asyncio.BaseEventLoop, "create_connection"),
        (uvloop.Loop, "getaddrinfo"),
        (uvloop.Loop, "create_connection"),
    ]
    return [vars(owner).get(name) for owner, name in places] + list(sys.meta_path)


def test_one_that_is_started_twice_takes_note_once() -> None:
    guarded = guard()
    guarded.start()
    with guarded, pytest.raises(RealVenueReached):
        connect(HOST)
    assert guarded.dial_count == 1


def test_afterwards_everything_is_as_it_was() -> None:
    before = parts()
    guarded = guard()
    guarded.start()
    guarded.start()
    assert all(mine is not other for mine, other in zip(parts()[:12], before, strict=False))
    guarded.stop()
    guarded.stop()
    assert parts() == before
    with guarded:
        pass
    assert parts() == before


def test_what_somebody_else_wrapped_meanwhile_is_left_to_them() -> None:
    before = parts()
    with guard() as guarded:
        ours = socket.socket.connect

        def theirs(self: socket.socket, address: Any) -> None:
            return ours(self, address)

        socket.socket.connect = theirs  # type: ignore[method-assign,assignment]  # as other plugins do
    try:
        assert socket.socket.connect is theirs
        answers()
        with socket.socket() as sock, pytest.raises(OSError, match=r"Errno") as caught:
            sock.connect(("api.elections.kalshi.com.invalid", 443))
        assert not isinstance(caught.value, RealVenueReached)
        assert guarded.dials == []
    finally:
        del socket.socket.connect
    assert parts() == before


def run_python(program: str) -> str:
    """Run a program in a Python that has imported nothing yet, not even what measures it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout


def test_modules_that_are_imported_later_are_guarded_too() -> None:
    program = """
        import sys
        from mockexchange.guard import guard, RealVenueReached
        assert not {"socket", "ssl", "asyncio", "http.client", "uvloop"} & set(sys.modules), "it is quick to import"
        with guard() as guarded:
            import asyncio, http.client, socket, ssl, uvloop
            async def dial():
                await asyncio.get_running_loop().create_connection(asyncio.Protocol, "www.deribit.com", 443)
            for way in (
                lambda: uvloop.run(dial()),
                lambda: asyncio.run(dial()),
                lambda: http.client.HTTPConnection("127.0.0.1").set_tunnel("www.deribit.com"),
                lambda: socket.socket().connect(("www.deribit.com", 443)),
                lambda: ssl.create_default_context().wrap_socket(socket.socket(), server_hostname="www.deribit.com"),
            ):
                try:
                    way()
                except RealVenueReached:
                    print("refused")
        print(len(guarded.dials), type(uvloop.__loader__).__name__, uvloop.__spec__.loader is uvloop.__loader__)
    """
    assert run_python(program) == "refused\n" * 5 + "5 SourceFileLoader True\n"
