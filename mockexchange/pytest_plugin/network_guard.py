"""Keeps tests that use an exchange from connecting to a real venue, from set-up to tear-down.

An attempt raises at once. Clients may swallow the error, and threads may end silently, so each phase of a test (set-up,
call, tear-down) also fails at its end if there were attempts.
"""

from collections.abc import Iterator, Sequence

import pytest

from mockexchange.guard import Dial, Guard, RealVenueReached, guard
from mockexchange.pytest_plugin.markers import sandbox_request_of
from mockexchange.pytest_plugin.options import GUARD, settings_of

OTHERS_SHOWN_MAX = 3
SUFFICIENT_ERRORS = (RealVenueReached, KeyboardInterrupt, pytest.exit.Exception)
"""Exceptions after which a phase does not fail again: the test has seen the error, or the run ends."""


def begin(item: pytest.Item) -> Guard:
    """Start the guard of a test unless it has started, and return it."""
    if GUARD not in item.stash:
        allowed = (*settings_of(item.config).allow_hosts, *sandbox_request_of(item).allow_hosts)
        item.stash[GUARD] = guard(allow=allowed)
        item.stash[GUARD].start()
    return item.stash[GUARD]


def end(item: pytest.Item) -> None:
    """Stop the guard of a test. If the test runs again, it gets a new guard."""
    item.stash[GUARD].stop()
    del item.stash[GUARD]


def require_none(item: pytest.Item, error: BaseException | None) -> None:
    """Raise RealVenueReached if the current phase of a test tried to connect to a real venue.

    The list of attempts is cleared. `error` is the exception of the phase, None if it passed; it becomes the cause.
    After one of SUFFICIENT_ERRORS nothing is raised.
    """
    __tracebackhide__ = True
    dials = item.stash[GUARD].dials
    if not dials:
        return
    first, *others = dials
    dials.clear()
    if isinstance(error, SUFFICIENT_ERRORS):
        return
    reached = RealVenueReached(first)
    for note in _notes(others, is_silent=error is None):
        reached.add_note(note)
    raise reached from error


def _notes(others: Sequence[Dial], *, is_silent: bool) -> Iterator[str]:
    if is_silent:
        yield "It was refused when it was dialled; the program swallowed that, or dialled from a thread."
    for dial in others[:OTHERS_SHOWN_MAX]:
        yield f"Then: {dial}"
    if len(others) > OTHERS_SHOWN_MAX:
        yield f"and {len(others) - OTHERS_SHOWN_MAX} more"
