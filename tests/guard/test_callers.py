"""Who dialled: which known client, its stream or not, and where in the program."""

import asyncio
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any
from urllib.request import urlopen

import pytest

from mockexchange.guard import Dial, RealVenueReached, guard
from mockexchange.guard.clients import CLIENTS, client_of
from mockexchange.guard.hosts import DEMO, PRODUCTION
from tests.helpers.rows import each_row

PRODUCTION_HOST, DEMO_HOST = "api.elections.kalshi.com", "demo-api.kalshi.co"


@pytest.fixture(autouse=True)
def _nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever other tests imported: the known clients are not there."""
    for name in list(sys.modules):
        if name.partition(".")[0] in CLIENTS:
            monkeypatch.delitem(sys.modules, name)


def function_of(module: str, source: str, name: str = "call", **words: Any) -> Callable[..., Any]:
    """A function of a module of that name, in a library's file."""
    names: dict[str, Any] = {"__name__": module, **words}
    exec(compile(source, f"/env/site-packages/{module.replace('.', '/')}.py", "exec"), names)
    found: Callable[..., Any] = names[name]
    return found


def calling(module: str, function: Callable[[], object], name: str = "call") -> Callable[[], Any]:
    return function_of(module, f"def {name}(): return function()", name, function=function)


def dialled(function: Callable[[], object]) -> Dial:
    with guard() as guarded, pytest.raises(RealVenueReached):
        function()
    return guarded.dials[0]


def dial(host: str = PRODUCTION_HOST) -> object:
    return socket.getaddrinfo(host, 443)


dial_unseen = function_of(
    "somebody.sockets", f"def call(): return socket.getaddrinfo({PRODUCTION_HOST!r}, 443)", socket=socket
)
"""A library's own, so that the line of the program is further out."""
ADVICE = [
    (["httpcore", "httpx", "kalshi._base_client"], "kalshi-sdk", "calls the real exchange unless base_url is set"),
    (["websockets.asyncio.client", "kalshi.ws.connection"], "kalshi-sdk", "keeps its stream on production when only"),
    (["websockets.sync.client", "pykalshi.feed"], "pykalshi", "takes no URL for its feed"),
    (["httpx", "pykalshi.client"], "pykalshi", "reads no variable for its URL"),
    (["urllib3", "kalshi_python_sync.rest"], "kalshi-python-sync", r"Configuration\(host=...\)"),
    (["aiohttp.client", "kyro._session"], "kyro", "config_from_env"),
    (["requests", "ccxt.base.exchange"], "ccxt", "urls"),
    (["websockets.asyncio.client", "typed_deribit.core.transport.ws"], "typed-deribit", "streams from the real"),
]  # fmt: skip


@each_row(("modules", "client", "words"), ADVICE)
def test_a_known_client_is_named_with_what_to_change(modules: list[str], client: str, words: str) -> None:
    function: Callable[[], object] = dial
    for module in modules:
        function = calling(module, function)
    found = dialled(function)
    assert found.client == client
    with pytest.raises(AssertionError, match=f"{client} .*{words}"):
        raise AssertionError(str(found))


def test_the_line_is_the_one_that_was_promised() -> None:
    function = calling("kalshi.ws.connection", calling("websockets.asyncio.client", dial))
    place = f"guard/test_callers.py:{dial.__code__.co_firstlineno + 1}"
    assert str(dialled(function)) == (
        "api.elections.kalshi.com:443; kalshi-sdk keeps its stream on production when only base_url is set:"
        f" pass ws_base_url to KalshiConfig too ({place})"
    )


@each_row("client", [client for rows in CLIENTS.values() for client in rows], ids=lambda row: row.name)
def test_what_is_said_of_a_client_follows_its_name(client: Any) -> None:
    for kind in (PRODUCTION, DEMO):
        for is_stream in (False, True):
            words = client.advise(kind, is_stream=is_stream)
            assert words.startswith(f"{client.name} ")
            assert words[len(client.name) + 1].islower()
            assert not words.endswith(".")


def test_the_demo_is_another_mistake() -> None:
    found = dialled(calling("kalshi._base_client", lambda: dial(DEMO_HOST)))
    assert found.advice.startswith("kalshi-sdk goes to Kalshi's own demo with demo=True")


@each_row("function", ["ws_connect", "websocket_connect"])
def test_a_stream_is_known_by_the_function_that_opens_it(function: str) -> None:
    found = dialled(calling("kalshi.somewhere", calling("aiohttp.client", dial, function)))
    assert "keeps its stream on production" in found.advice


def test_a_stream_outside_the_client_makes_no_stream_of_its_request() -> None:
    inner = calling("kalshi.client", dial)
    found = dialled(calling("websockets.asyncio.client", inner))
    assert "unless base_url is set" in found.advice


def test_two_distributions_of_a_package_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pykalshi.http_client", ModuleType("pykalshi.http_client"))
    found = dialled(calling("pykalshi.rate_limiter", dial))
    assert found.client == "pykalshi-client"
    assert "KALSHI_HTTP_BASE_URL" in found.advice


def test_a_client_that_dials_in_a_task_of_a_library_is_found() -> None:
    wait = function_of(
        "kyro._session",
        "async def call():\n    import asyncio\n    await asyncio.create_task(function())",
        function=function_of("aiohttp.connector", "async def call(): return dial()", dial=dial),
    )

    async def others() -> None:
        idle = asyncio.create_task(asyncio.Event().wait())
        try:
            await wait()
        finally:
            idle.cancel()

    found = dialled(lambda: asyncio.run(others()))
    assert found.client == "kyro"
    assert found.place.startswith("guard/test_callers.py:")


UNKNOWN = "no known client: point the program at the sandbox"


def test_a_client_that_is_loaded_and_on_no_stack_may_have_been_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kyro", ModuleType("kyro"))
    found = dialled(dial)
    assert (found.client, found.advice) == (None, f"{UNKNOWN}; dialled perhaps for kyro, which is loaded")
    found = dialled(calling("httpx._api", calling("httpcore._sync", dial_unseen)))
    assert (found.client, found.advice) == (None, f"{UNKNOWN}; dialled by httpx, perhaps for kyro, which is loaded")
    monkeypatch.setitem(sys.modules, "kalshi", ModuleType("kalshi"))
    assert dialled(dial).advice == UNKNOWN


def test_what_the_program_called_is_named() -> None:
    found = dialled(calling("httpx._api", calling("httpcore._sync", dial_unseen)))
    assert (found.client, found.advice) == (None, f"{UNKNOWN}; dialled by httpx")
    assert found.place.startswith("guard/test_callers.py:")
    found = dialled(lambda: urlopen(f"https://{PRODUCTION_HOST}/"))
    assert found.advice == f"{UNKNOWN}; dialled by urllib.request"


def test_where_there_is_no_line_of_the_program_the_outermost_library_is_named() -> None:
    found: list[Dial] = []
    with guard(found.append), ThreadPoolExecutor() as pool:
        error = pool.submit(calling("websocket._app", dial_unseen)).exception()
    assert isinstance(error, RealVenueReached)
    assert (found[0].advice, found[0].place) == (f"{UNKNOWN}; dialled by websocket", "")


def test_where_nobody_is_known_the_place_is_said() -> None:
    line = dial.__code__.co_firstlineno + 1
    assert str(dialled(dial)) == (
        f"{PRODUCTION_HOST}:443; no known client: point the program at the sandbox (guard/test_callers.py:{line})"
    )


def test_libraries_are_no_place() -> None:
    function = function_of(
        "some.library", "def call(): return socket.getaddrinfo('www.deribit.com', 80)", socket=socket
    )
    found = dialled(function)
    assert found.place.startswith("guard/test_callers.py:")
    assert found.port == 80


def test_a_stack_without_end_is_looked_at_to_a_depth() -> None:
    source = "def call(depth=600): return call(depth - 1) if depth else function()"
    assert dialled(calling("kalshi.client", function_of("deep", source, function=dial))).client is None


def test_a_package_that_is_none_of_the_known_ones_is_nobody() -> None:
    assert client_of("json", sys.modules) is None
