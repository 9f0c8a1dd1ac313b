"""Collection of all errors of a scenario, instead of the first alone.

Within `collecting_errors` the composite types read on after an error, so that one pass finds the errors of all parts.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mockexchange.scenario.errors import ScenarioError

_ERRORS: ContextVar[list[ScenarioError] | None] = ContextVar("_ERRORS", default=None)


class NotedErrors(ScenarioError):
    """A value cannot be made, because of errors that are collected already."""


@contextmanager
def collecting_errors() -> Iterator[list[ScenarioError]]:
    """Collect the errors of all scenarios that are read in the block, and one that ends it."""
    errors: list[ScenarioError] = []
    token = _ERRORS.set(errors)
    try:
        yield errors
    except NotedErrors:
        pass
    except ScenarioError as error:
        errors.append(error)
    finally:
        _ERRORS.reset(token)


def is_collecting() -> bool:
    """Whether errors are collected, so that a value that was read may have some of them."""
    return _ERRORS.get() is not None


def note_or_raise(error: ScenarioError) -> None:
    """Collect an error if errors are collected, else raise it."""
    errors = _ERRORS.get()
    if errors is None:
        raise error
    if not isinstance(error, NotedErrors):
        errors.append(error)


def read_on(error: ScenarioError, reads: Iterable[Callable[[], object]]) -> ScenarioError:
    """Return the error to raise for a value of which one part cannot be read; collect the errors of its other parts."""
    if _ERRORS.get() is None:
        return error
    note_or_raise(error)
    for read in reads:
        try:
            read()
        except ScenarioError as further:
            note_or_raise(further)
    return NotedErrors("")
