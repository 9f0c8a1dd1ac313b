"""Published clients by the package that is imported, with the reason why each dials a real host by default."""

from __future__ import annotations

from typing import Container, NamedTuple  # noqa: UP035  # children of `run` load this with Pythons as old as 3.8

from mockexchange.guard.hosts import DEMO
from mockexchange.guard.venue_data import VENUE_DATA


class KnownClient(NamedTuple):
    """A published client. `rest`, `stream` and `demo` are advice for such dials, to be read after the client's name."""

    name: str
    rest: str
    stream: str = ""
    demo: str = ""
    marker: str = ""
    """A module that only this distribution of the package has; empty if the package has one distribution."""

    def advise(self, kind: str, *, is_stream: bool) -> str:
        """Return a sentence with the reason of the dial and the change that is needed."""
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
"""Parts of the module names that known clients keep their streams in."""
UNKNOWN = {
    DEMO: "a venue's demo is real network too: point the client at the sandbox",
    "production": "no known client: point the program at the sandbox",
}
"""The advice if the stack has no known client, by the kind of host."""


def client_of(package: str, loaded: Container[str]) -> KnownClient | None:
    """Return the client of a package; `loaded` are the names of the loaded modules (`sys.modules`)."""
    rows = CLIENTS.get(package, ())
    return next((row for row in rows if not row.marker or row.marker in loaded), None)
