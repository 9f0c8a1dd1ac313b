"""Decides, under `mockexchange run --as demo`, which hosts the sandbox answers for and which are refused."""

from enum import Enum

from mockexchange.guard.hosts import find_place, spelt
from mockexchange.guard.venue_data import VENUE_DATA

EMULATED = frozenset(host for data in VENUE_DATA.values() for host in data["emulated"])
"""The demo hosts with the same paths as the sandbox.

Other demo hosts have protocols or paths that the sandbox lacks, so they are refused like the production hosts.
"""


class Route(Enum):
    EMULATED = "emulated"
    REFUSED = "refused"
    ELSEWHERE = "elsewhere"
    """The host belongs to no venue; the connection is let through."""


def route_of(host: str, emulated: frozenset[str]) -> Route:
    """Return where a connection to a host goes: to the sandbox, to the host itself, or nowhere if it is refused."""
    if spelt(host) in emulated:
        return Route.EMULATED
    return Route.ELSEWHERE if find_place(host) is None else Route.REFUSED
