"""Which hosts answer here under `--as demo`, and which are refused."""

from enum import Enum

from mockexchange.guard.hosts import find_place, spelt

EMULATED = frozenset(
    {
        "demo-api.kalshi.co",
        "external-api.demo.kalshi.co",
        "external-api-ws.demo.kalshi.co",
        "test.deribit.com",
    }
)
"""The demo hosts whose paths are those of the sandbox. Of what others serve (FIX, margin, clearing; SignalPlus's test
host, whose paths are not known) there is nothing here, so they are refused like the real exchange."""


class Route(Enum):
    EMULATED = "emulated"
    REFUSED = "refused"
    ELSEWHERE = "elsewhere"
    """No venue's: none of our business."""


def route_of(host: str, emulated: frozenset[str]) -> Route:
    """Say where a connection to a host goes."""
    if spelt(host) in emulated:
        return Route.EMULATED
    return Route.ELSEWHERE if find_place(host) is None else Route.REFUSED
