"""How long a test waits for what has to happen: so long that only a hang exceeds it."""

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE_S = 120
"""Seconds in which anything happens that ever will, however busy the machine: it ends a test that hangs, and nothing is
proved by it."""
POLL_S = 0.01


def wait_until(find: Callable[[], Found]) -> Found:
    """Return what a function returns as soon as that is true. Raises AssertionError after PATIENCE_S."""
    ends_at_s, pause = time.monotonic() + PATIENCE_S, Event()
    while not (found := find()):
        assert time.monotonic() < ends_at_s, f"this did not happen within {PATIENCE_S} s; seen last: {found!r}"
        pause.wait(POLL_S)
    return found
