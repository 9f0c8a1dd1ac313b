"""What a client did about a disturbance, and what its user knows after it, in the words of docs/clients.md."""

from collections.abc import Iterator
from decimal import Decimal

from tests.clients.listeners import Listener


def reactions(listener: Listener) -> Iterator[str]:
    """What its user can notice, and what the client does by itself."""
    if listener.told("error"):
        yield "hands on the error"
    if raised := listener.told("raised"):
        yield f"raises {raised[0]['error']}"
    if listener.told("ended"):
        yield "gives up: its iterators end"
    if listener.told("resumed"):
        pause = "after a pause" if listener.told("pause") else "at once"
        yield f"comes back {pause}"


def knowledge(listener: Listener, positions: tuple[int, int, int]) -> Iterator[str]:
    """What its user was told of three positions, of which the second was struck."""
    told = tuple(int(Decimal(row["position"])) for row in listener.told("market_position"))
    _, struck, last = positions
    if last not in told:
        yield "tells no position any more"
    elif struck not in told:
        yield "never tells what it missed"
    elif told[-1] != last:
        yield "tells the older one last"
    elif told.count(struck) > 1:
        yield "hands it over twice"
