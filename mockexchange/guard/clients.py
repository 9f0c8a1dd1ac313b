"""Lists the published clients that the guard recognizes, and why each may connect to a real host."""

from __future__ import annotations

from typing import Container, NamedTuple  # noqa: UP035  # children of `run` load this with Pythons as old as 3.8

from mockexchange.guard.hosts import DEMO
from mockexchange.guard.venue_data import VENUE_DATA


class KnownClient(NamedTuple):
    """A published client, and the advice for a program that reaches a real host with it.

    `rest`, `stream` and `demo` are the advice for REST, WebSocket and demo hosts; each continues a sentence that begins
    with the client's name.
    """

    name: str
    rest: str
    stream: str = ""
    demo: str = ""
    marker: str = ""
    """A module that tells this client from another with the same package name; empty if no other has the name."""

    def advise(self, kind: str, *, is_stream: bool) -> str:
        """Return a sentence about why the client reached a host of this kind, and which change is needed."""
        if kind == DEMO and self.demo:
            return f"{self.name} {self.demo}"
        return f"{self.name} {self.stream if is_stream and self.stream else self.rest}"


CLIENTS = {
    package: tuple(KnownClient(**row) for row in rows)
    for data in VENUE_DATA.values()
    for package, rows in data["clients"].items()
}
"""The known clients, by the name of the package that a program imports."""
STREAM_LIBRARIES = frozenset(("websockets", "websocket", "picows", "aiohttp.client_ws"))
STREAM_FUNCTIONS = frozenset(("ws_connect", "_ws_connect", "websocket_connect", "aconnect_ws", "connect_ws"))
STREAM_PARTS = frozenset(("ws", "feed", "afeed", "ws_client", "websocket", "websockets", "stream", "streams"))
"""Parts of module names by which the WebSocket code of known clients is recognized."""
UNKNOWN = {
    DEMO: "a venue's demo is real network too: point the client at the sandbox",
    "production": "no known client: point the program at the sandbox",
}
"""The advice by the kind of host, if no known client is on the stack."""


def client_of(package: str, loaded: Container[str]) -> KnownClient | None:
    """Return the known client to which a package belongs, or None.

    `loaded` has the imported modules (`sys.modules`).
    """
    rows = CLIENTS.get(package, ())
    return next((row for row in rows if not row.marker or row.marker in loaded), None)
