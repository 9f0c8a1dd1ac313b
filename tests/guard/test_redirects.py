"""Names that lead to a port of this machine, whoever resolves them and whoever dials."""

import asyncio
import importlib
import socket
import ssl
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import certifi
import httpx
import pytest
import requests
import urllib3
import uvloop
from websockets.sync.client import connect as connect_stream

from mockexchange.api.serve import serve
from mockexchange.guard import RealVenueReached, guard
from mockexchange.guard.redirects import STAND_IN, Redirection
from tests.emulation.tcp_clients import tls_door
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row

NAME = "demo-api.kalshi.co"
OTHER = "api.elections.kalshi.com"
STATUS = f"https://{NAME}/trade-api/v2/exchange/status"


@pytest.fixture(scope="module")
def redirection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redirection]:
    """To a sandbox behind TLS."""
    folder = tmp_path_factory.mktemp("tls")
    with serve() as exchange, tls_door(exchange.base_url, [NAME], folder) as (port, bundle):
        yield Redirection(frozenset({NAME}), port, bundle, {"http": "http://user.example:3128", "no": "x.example"})


@pytest.fixture(autouse=True)
def _redirected(redirection: Redirection, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", redirection.bundle)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", redirection.bundle)
    wrapping = redirection.install()
    try:
        with guard(allow=[NAME]):
            yield
    finally:
        wrapping.undo()
        urllib.request.install_opener(None)  # its first caller made one, with the user's proxies


def by_socket() -> int:
    plain = socket.create_connection((NAME, 443))
    with plain, ssl.create_default_context().wrap_socket(plain, server_hostname=NAME) as sock:
        sock.sendall(f"GET /trade-api/v2/exchange/status HTTP/1.0\r\nHost: {NAME}\r\n\r\n".encode())
        return int(sock.recv(64).split()[1])


def by_address() -> int:
    """Whoever resolves first and dials then does not say the name again."""
    with socket.socket() as plain:
        assert plain.connect_ex((socket.gethostbyname(NAME), 443)) == 0
        with ssl.create_default_context().wrap_socket(plain, server_hostname=NAME):
            return 200


async def by_streams() -> int:
    reader, writer = await asyncio.open_connection(NAME, 443, ssl=True)
    writer.write(f"GET /trade-api/v2/exchange/status HTTP/1.0\r\nHost: {NAME}\r\n\r\n".encode())
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return int(line.split()[1])


async def resolved_first() -> int:
    loop = asyncio.get_running_loop()
    address = (await loop.getaddrinfo(NAME, 443, type=socket.SOCK_STREAM))[0][4]
    _, writer = await asyncio.open_connection(str(address[0]), 443, ssl=True, server_hostname=NAME)
    writer.close()
    await writer.wait_closed()
    return 200


async def by_httpx() -> int:
    async with httpx.AsyncClient() as client:
        return (await client.get(STATUS)).status_code


def by_urllib3() -> int:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", STATUS, retries=False).status


def by_urllib() -> int:
    with urllib.request.urlopen(STATUS) as answer:
        return int(answer.status)


def by_websockets() -> int:
    """Without a signature it is refused: by the exchange, which is what is to be seen."""
    from websockets.exceptions import InvalidStatus

    with pytest.raises(InvalidStatus) as caught, connect_stream(f"wss://{NAME}/trade-api/ws/v2"):
        pass
    return caught.value.response.status_code


def in_loop(dial: Callable[[], Any], factory: Any = None) -> Callable[[], int]:
    def run() -> int:
        with asyncio.Runner(loop_factory=factory) as runner:
            return int(runner.run(dial()))

    return run


WAYS: Mapping[str, Callable[[], int]] = {
    "a socket": by_socket,
    "an address": by_address,
    "asyncio": in_loop(by_streams),
    "asyncio, resolved first": in_loop(resolved_first),
    "uvloop": in_loop(by_streams, uvloop.new_event_loop),
    "uvloop, resolved first": in_loop(resolved_first, uvloop.new_event_loop),
    "httpx": lambda: httpx.get(STATUS).status_code,
    "httpx with asyncio": in_loop(by_httpx),
    "httpx with uvloop": in_loop(by_httpx, uvloop.new_event_loop),
    "urllib3": by_urllib3,
    "urllib": by_urllib,
    "requests": lambda: requests.get(STATUS, timeout=PATIENCE_S).status_code,
    "websockets": by_websockets,
}


@each_row("way", WAYS)
def test_the_name_leads_here(way: str) -> None:
    assert WAYS[way]() == (401 if way == "websockets" else 200)


@each_row("dial", [lambda: socket.getaddrinfo(OTHER, 443), lambda: httpx.get(f"https://{OTHER}/")])
def test_no_other_does(dial: Callable[[], object]) -> None:
    with pytest.raises(RealVenueReached):
        dial()


def test_everybody_else_is_where_they_were() -> None:
    assert socket.gethostbyname("localhost") == "127.0.0.1"
    assert socket.getaddrinfo("127.0.0.1", 9)[0][4] == ("127.0.0.1", 9)

    async def resolve() -> object:
        return (await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 9))[0][4]

    assert uvloop.run(resolve()) == ("127.0.0.1", 9)


def test_nobody_has_the_address_that_stands_in() -> None:
    with socket.socket() as sock, pytest.raises(ConnectionRefusedError):
        super(socket.socket, sock).connect((STAND_IN, 443))


def test_python_is_told_of_the_users_proxies_alone(redirection: Redirection) -> None:
    assert urllib.request.getproxies() == redirection.proxies
    assert urllib.request.proxy_bypass(NAME)
    assert urllib.request.proxy_bypass(f"{NAME}:443")
    assert not urllib.request.proxy_bypass("example.org")


def test_aiohttp_resolves_by_the_system(redirection: Redirection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it finds a library that asks name servers itself."""
    fake = ModuleType("aiohttp.resolver")
    fake.ThreadedResolver = fake.DefaultResolver = object()  # type: ignore[attr-defined]  # made up here
    fake.DefaultResolver = object()  # type: ignore[attr-defined]  # made up here
    monkeypatch.setitem(sys.modules, "aiohttp.resolver", fake)
    wrapping = redirection.install()
    assert fake.DefaultResolver is fake.ThreadedResolver
    wrapping.undo()
    assert fake.DefaultResolver is not fake.ThreadedResolver


def test_certifi_names_the_bundle(redirection: Redirection, monkeypatch: pytest.MonkeyPatch) -> None:
    assert certifi.where() == redirection.bundle
    for name in ("certifi", "certifi.core"):
        monkeypatch.delitem(sys.modules, name)
    assert importlib.import_module("certifi").where() == redirection.bundle
