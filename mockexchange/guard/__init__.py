"""Protects real money: while the guard is active, no connection of this process reaches a venue's real host.

    with guard() as guarded:
        ...                      # connecting to a real host raises RealVenueReached
    assert guarded.dials == []   # also attempts whose exception a client swallowed

It needs only the standard library and imports quickly: children of `mockexchange run` load it before anything else.
"""

from __future__ import annotations

from types import TracebackType
from typing import Callable, Iterable, NamedTuple  # noqa: UP035  # children of `run` load this with Pythons as old as 3.8

from mockexchange.guard.callers import Caller, find_caller
from mockexchange.guard.clients import UNKNOWN
from mockexchange.guard.hooks import HOOKS
from mockexchange.guard.hosts import DEMO, PRODUCTION, VENUE_HOSTS, Place, find_place, spelt

__all__ = ["DEMO", "PRODUCTION", "VENUE_HOSTS", "Dial", "Guard", "Place", "RealVenueReached", "find_place", "guard"]

DIALS_KEPT_MAX = 1_000
"""The most refused connections that are kept, so that a client that retries for ever fills no memory.

`dial_count` counts all of them.
"""


class Dial(NamedTuple):
    """An attempt to connect to a real host.

    `client` is the published client that connects, None if unknown. `advice` is a sentence with the reason and the
    needed change. `place` is the line of the user's program that connects, such as "tests/test_bot.py:12", or empty.
    """

    host: str
    port: int | None
    venue: str
    kind: str
    """The kind of the host: "production" or "demo"."""
    client: str | None
    advice: str
    place: str

    def __str__(self) -> str:
        """Return the line for people: host and port, the advice, and the place."""
        where = f"{self.host}:{self.port}" if self.port else self.host
        return f"{where}; {self.advice}" + (f" ({self.place})" if self.place else "")


class RealVenueReached(BaseException):
    """Raised if the process tries to connect to a real host; `dial` has the details.

    It derives from BaseException on purpose: clients catch Exception around connections and retry, some for ever and
    silently, so that a test would hang, or pass. Like an interrupt, it passes `except Exception` and reaches the test.
    """

    def __init__(self, dial: Dial) -> None:
        super().__init__(str(dial))
        self.dial = dial


class Guard:
    """Refuses connections to real hosts from `start` to `stop`, or inside a `with` block; guards may be nested.

    `dials` are the refused attempts, oldest first, also those whose exception the program swallowed; at most 1,000.
    """

    def __init__(
        self, on_dial: Callable[[Dial], object] | None, refused: Iterable[str], allowed: Iterable[str]
    ) -> None:
        self.dials: list[Dial] = []
        self.dial_count = 0
        self._on_dial = on_dial
        self._refused, self._allowed = frozenset(refused), frozenset(map(spelt, allowed))

    def start(self) -> None:
        HOOKS.add(self._check)

    def stop(self) -> None:
        """Stop refusing connections. Does nothing if the guard is not active."""
        HOOKS.remove(self._check)

    def __enter__(self) -> Guard:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _check(self, host: object, port: object) -> RealVenueReached | None:
        place = find_place(host)
        if place is None or place.kind not in self._refused or place.name in self._allowed:
            return None
        dial = _dial(place, port)
        self.dial_count += 1
        if len(self.dials) < DIALS_KEPT_MAX:
            self.dials.append(dial)
        refusal = RealVenueReached(dial)
        try:
            if self._on_dial is not None:
                self._on_dial(dial)
        except Exception as error:  # noqa: BLE001  # the dial is refused even if the callback fails
            refusal.__cause__ = error
        return refusal


def _dial(place: Place, port: object) -> Dial:
    caller = find_caller()
    client = caller.client
    advice = _advise(place.kind, caller) if client is None else client.advise(place.kind, is_stream=caller.is_stream)
    # A port given as a number, as digits or as the name of a service; None if unknown.
    text = port.decode("latin-1") if isinstance(port, bytes) else str(port)
    return Dial(
        host=place.name,
        port=(int(text) if text.isdecimal() else {"https": 443, "http": 80}.get(text)),
        venue=place.venue,
        kind=place.kind,
        client=None if client is None else client.name,
        advice=advice,
        place=caller.place,
    )


def _advise(kind: str, caller: Caller) -> str:
    """Return the advice if no known client is on the stack, with the library that dialled and a loaded client."""
    by = f" by {caller.module}" if caller.module else ""
    perhaps = f" perhaps for {caller.loaded.name}, which is loaded" if caller.loaded else ""
    traces = ",".join(filter(None, (by, perhaps)))
    return UNKNOWN[kind] + (f"; dialled{traces}" if traces else "")


def guard(
    on_dial: Callable[[Dial], object] | None = None,
    *,
    refuse: Iterable[str] = (PRODUCTION, DEMO),
    allow: Iterable[str] = (),
) -> Guard:
    """Return a guard over this process, which refuses connections after `start()` or inside a `with` block.

    `on_dial` is called with every attempt in the thread that made it, before RealVenueReached is raised there. `refuse`
    are the kinds of hosts to refuse, `allow` the host names to let through, such as one that resolves to this machine.
    """
    return Guard(on_dial, refuse, allow)
