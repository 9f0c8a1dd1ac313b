"""The four ways to an exchange, each driven by the same calls: here or elsewhere, plain or awaited."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from mockexchange.api.asynchronous.connect import connect_async
from mockexchange.api.serve import serve, serve_async
from mockexchange.api.synchronous.connect import connect
from mockexchange.api.transport.background_loop import LoopThread
from tests.server.live import PREFIX, Client, port_of
from tests.server.wire import Reply, ask, request

TOKEN = "the-token-of-the-server-elsewhere"
PARTS = ("journal", "stream")
Open = Callable[..., AbstractContextManager[Any]]


class SyncProxy:
    """An asynchronous object as a synchronous one: what it would await is carried out in its loop."""

    def __init__(self, target: Any, run: Callable[[Any], Any]) -> None:
        self._target, self._run = target, run

    def __repr__(self) -> str:
        return repr(self._target)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name in ("sandbox", "fork"):
            return partial(self._opened, value)
        if inspect.iscoroutinefunction(value):
            return lambda *given, **words: self._run(value(*given, **words))
        return SyncProxy(value, self._run) if name in PARTS else value

    @contextmanager
    def _opened(self, make: Any, *given: Any, **words: Any) -> Iterator[Any]:
        context = make(*given, **words)
        inside = self._run(context.__aenter__())
        try:
            yield SyncProxy(inside, self._run)
        finally:
            self._run(context.__aexit__(None, None, None))


@contextmanager
def run_in_thread(make: Any, *given: Any, **words: Any) -> Iterator[Any]:
    """Enter an asynchronous context in a loop of its own."""
    thread = LoopThread(partial(make, *given, **words))
    try:
        yield SyncProxy(thread.start(), thread.run)
    finally:
        thread.stop()


@contextmanager
def through_socket(make: Any, *given: Any, **words: Any) -> Iterator[Any]:
    """Enter a context of a server that is reached through its socket alone."""
    with serve("empty", token=TOKEN) as server, make(*given, url=server.control_url, token=TOKEN, **words) as exchange:
        yield exchange


CONNECTIONS: dict[str, Open] = {
    "serve": serve,
    "serve_async": partial(run_in_thread, serve_async),
    "connect": partial(through_socket, connect),
    "connect_async": partial(through_socket, partial(run_in_thread, connect_async)),
}


def get(exchange: Any, path: str, account: str = "alice", key: str = "main", method: str = "GET") -> Reply:
    """What a client gets that signs with a key of an account; `path` is below the venue's prefix."""
    signer = exchange.accounts[account].keys[key]
    assert signer.private_key_pem is not None
    raw = Client(signer.key_id, signer.private_key_pem).get(path, method)
    return ask(port_of(exchange.base_url), raw)


def get_unsigned(exchange: Any, path: str) -> Reply:
    return ask(port_of(exchange.base_url), request("GET", PREFIX + path))
