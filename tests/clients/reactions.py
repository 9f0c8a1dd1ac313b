"""The reaction of a client to a disturbance, and the rows of its user after it, in the phrases of docs/clients.md."""

from collections.abc import Iterator
from decimal import Decimal

from tests.clients.listeners import Listener


def reactions(listener: Listener) -> Iterator[str]:
    """What its user can notice, and what the client does by itself."""
    if listener.received("error"):
        yield "passes on the error"
    if raised := listener.received("raised"):
        yield f"raises {raised[0]['error']}"
    if listener.received("ended"):
        yield "gives up: its iterators end"
    if listener.received("resumed"):
        pause = "after a pause" if listener.received("pause") else "at once"
        yield f"comes back {pause}"


def knowledge(listener: Listener, positions: tuple[int, int, int]) -> Iterator[str]:
    """Describe the reported rows of three positions, of which a fault affected the second."""
    reported = tuple(int(Decimal(row["position"])) for row in listener.received("market_position"))
    _, struck, last = positions
    if last not in reported:
        yield "reports no further positions"
    elif struck not in reported:
        yield "never reports the missed position"
    elif reported[-1] != last:
        yield "delivers the older one last"
    elif reported.count(struck) > 1:
        yield "delivers it twice"
