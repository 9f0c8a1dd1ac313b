"""No test that uses an exchange reaches a real one: the guard around each, from its set-up to the end of its tear-down.

A dial raises where it happens. Clients swallow that, and threads end of it without anybody hearing, so each phase of a
test looks at the end whether somebody dialled, and fails then.
"""

from collections.abc import Iterator, Sequence

import pytest

from mockexchange.guard import Dial, Guard, RealVenueReached, guard
from mockexchange.pytest_plugin.markers import sandbox_request_of
from mockexchange.pytest_plugin.options import GUARD, settings_of

OTHERS_SHOWN_MAX = 3
SUFFICIENT_ERRORS = (RealVenueReached, KeyboardInterrupt, pytest.exit.Exception)
"""What a phase may end with: nobody has swallowed the dial, or it does not matter any more."""


def begin(item: pytest.Item) -> Guard:
    """Guard a test from now on, if it is not yet."""
    if GUARD not in item.stash:
        allowed = (*settings_of(item.config).allow_hosts, *sandbox_request_of(item).allow_hosts)
        item.stash[GUARD] = guard(allow=allowed)
        item.stash[GUARD].start()
    return item.stash[GUARD]


def end(item: pytest.Item) -> None:
    """Guard a test no longer. It may be run again, and begins anew then."""
    item.stash[GUARD].stop()
    del item.stash[GUARD]


def require_none(item: pytest.Item, error: BaseException | None) -> None:
    """Raise RealVenueReached, over the error that a phase has ended with, if somebody has dialled in it."""
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
