"""The hosts that are emulated under `--as demo`, and those that are refused."""

from enum import Enum

from mockexchange.guard.hosts import find_place, spelt
from mockexchange.guard.venue_data import VENUE_DATA

EMULATED = frozenset(host for data in VENUE_DATA.values() for host in data["emulated"])
"""The demo hosts with the same paths as the sandbox. Other demo hosts serve protocols or paths that the sandbox lacks,
so they are refused like the real exchange."""


class Route(Enum):
    EMULATED = "emulated"
    REFUSED = "refused"
    ELSEWHERE = "elsewhere"
    """A host that does not belong to a venue; the connection is let through."""


def route_of(host: str, emulated: frozenset[str]) -> Route:
    """Return the route of a connection to a host."""
    if spelt(host) in emulated:
        return Route.EMULATED
    return Route.ELSEWHERE if find_place(host) is None else Route.REFUSED
