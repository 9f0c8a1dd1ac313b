"""Why a published client is where it is: what each does where nobody points it, found in its own code."""

from __future__ import annotations

from typing import Container, NamedTuple  # noqa: UP035  # children of `run` load this with Pythons as old as 3.8

from mockexchange.guard.hosts import DEMO


class KnownClient(NamedTuple):
    """A client by its package. `rest`, `stream` and `demo` follow its name in a sentence; no `stream`: it has none."""

    name: str
    rest: str
    stream: str = ""
    demo: str = ""
    marker: str = ""
    """A module that only this one of several distributions of the same package has."""

    def advise(self, kind: str, *, is_stream: bool) -> str:
        """Say in a sentence why it dialled, in words that tell what to change."""
        if kind == DEMO and self.demo:
            return f"{self.name} {self.demo}"
        return f"{self.name} {self.stream if is_stream and self.stream else self.rest}"


def _official(name: str) -> KnownClient:
    return KnownClient(name, "reads no variables and calls the real exchange unless Configuration(host=...) is passed")


CLIENTS: dict[str, tuple[KnownClient, ...]] = {
    "kalshi": (
        KnownClient(
            name="kalshi-sdk",
            rest="calls the real exchange unless base_url is set (from_env() reads KALSHI_API_BASE_URL)",
            stream="keeps its stream on production when only base_url is set: pass ws_base_url to KalshiConfig too",
            demo="goes to Kalshi's own demo with demo=True, KalshiConfig.demo() or KALSHI_DEMO=true:"
            " set base_url and ws_base_url instead",
        ),
    ),
    "pykalshi": (
        KnownClient(
            name="pykalshi-client",
            marker="pykalshi.http_client",
            rest="calls the real exchange unless http_base_url or KALSHI_HTTP_BASE_URL (a bare host) is set",
            stream="streams from the real exchange unless ws_base_url or KALSHI_WS_BASE_URL (a bare host) is set",
            demo="goes to Kalshi's own demo unless told otherwise: set KALSHI_HTTP_BASE_URL and KALSHI_WS_BASE_URL,"
            " both bare hosts",
        ),
        KnownClient(
            name="pykalshi",
            rest="reads no variable for its URL and calls the real exchange unless api_base is passed",
            stream="takes no URL for its feed, which is the real exchange's: set feed._ws_url",
            demo='goes to Kalshi\'s own demo with demo=True, and its feed with "demo" in api_base:'
            " pass api_base and set feed._ws_url",
        ),
    ),
    "kalshi_python_sync": (_official("kalshi-python-sync"),),
    "kalshi_python_async": (_official("kalshi-python-async"),),
    "kalshi_python": (_official("kalshi-python"),),
    "kalshi_py": (
        KnownClient("kalshi-py", "reads no variable for its URL and calls the real exchange unless base_url is passed"),
    ),
    "kyro": (
        KnownClient(
            name="kyro",
            rest="calls the real exchange unless base_url is passed (config_from_env() reads KALSHI_BASE_URL)",
            demo="goes to Kalshi's own demo with KALSHI_DEMO=1: set KALSHI_BASE_URL instead",
        ),
    ),
    "aiokalshi": (
        KnownClient("aiokalshi", "has the real exchange's URL built in: give it an httpx client of your own"),
    ),
    "ccxt": (
        KnownClient(
            name="ccxt",
            rest='reads no variables and calls the real exchange unless urls["api"]["rest"] is set',
            stream='reads no variables and streams from the real exchange unless urls["api"]["ws"] is set',
            demo='goes to Deribit\'s own test exchange in sandbox mode: set urls["api"] instead',
        ),
    ),
    "typed_deribit": (
        KnownClient(
            name="typed-deribit",
            rest="calls the real exchange unless it gets an rpc_client with a base_url",
            stream="streams from the real exchange unless it gets a ws_client with a URL",
            demo="goes to Deribit's own test exchange with testnet=True: give it an rpc_client and a ws_client instead",
        ),
    ),
}
"""By the name of the package that is imported."""
STREAM_LIBRARIES = frozenset(("websockets", "websocket", "picows", "aiohttp.client_ws"))
STREAM_FUNCTIONS = frozenset(("ws_connect", "_ws_connect", "websocket_connect", "aconnect_ws", "connect_ws"))
STREAM_PARTS = frozenset(("ws", "feed", "afeed", "ws_client", "websocket", "websockets", "stream", "streams"))
"""Parts of the module names that known clients keep their streams in."""
UNKNOWN = {
    DEMO: "a venue's demo is real network too: point the client at the sandbox",
    "production": "no known client: point the program at the sandbox",
}
"""What is said where the stack has no known client, by the kind of host."""


def client_of(package: str, loaded: Container[str]) -> KnownClient | None:
    """Return the client of a package; `loaded` are the names of the modules there are (`sys.modules`)."""
    rows = CLIENTS.get(package, ())
    return next((row for row in rows if not row.marker or row.marker in loaded), None)
