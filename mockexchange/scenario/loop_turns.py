"""Lets an event loop turn while a thread reads a long document.

A thread gives the interpreter up only between lines of Python, and not for long. What reads a document piece by piece
calls `take_turn` after each: a reader beside a loop then waits until the loop has turned once, however busy the
machine is; any other reader goes on at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ITEMS_PER_TURN = 256
"""The items of a long list or mapping that are read before the loop turns: two milliseconds of steps."""
_WAIT: ContextVar[Callable[[], object] | None] = ContextVar("_WAIT", default=None)


@contextmanager
def giving_turns(wait: Callable[[], object]) -> Iterator[None]:
    """Call `wait` after each piece of the documents that are read in the `with` block."""
    token = _WAIT.set(wait)
    try:
        yield
    finally:
        _WAIT.reset(token)


def take_turn() -> None:
    """Wait until the loop beside this thread has turned once; does nothing if there is none."""
    wait = _WAIT.get()
    if wait is not None:
        wait()
