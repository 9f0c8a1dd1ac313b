"""Collects all errors of a scenario, instead of stopping at the first.

Inside `collecting_errors`, lists and mappings are read to their end after an error, so that one reading finds all
errors.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mockexchange.scenario.errors import ScenarioError

_ERRORS: ContextVar[list[ScenarioError] | None] = ContextVar("_ERRORS", default=None)


class NotedErrors(ScenarioError):
    """Raised if a value cannot be made because of errors that were already collected; it has no message of its own."""


@contextmanager
def collecting_errors() -> Iterator[list[ScenarioError]]:
    """Collect the errors of all scenarios that are read in the `with` block, including one that ends the block."""
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
    """Return whether errors are being collected, so that a value that was read may be incomplete."""
    return _ERRORS.get() is not None


def note_or_raise(error: ScenarioError) -> None:
    """Add an error to the collected errors; outside `collecting_errors`, raise it instead."""
    errors = _ERRORS.get()
    if errors is None:
        raise error
    if not isinstance(error, NotedErrors):
        errors.append(error)


def read_on(error: ScenarioError, reads: Iterable[Callable[[], object]]) -> ScenarioError:
    """Return the error to raise for a value with a wrong part; first, collect the errors of the value's other parts.

    `reads` are functions that read those parts. Outside `collecting_errors`, they are not called.
    """
    if _ERRORS.get() is None:
        return error
    note_or_raise(error)
    for read in reads:
        try:
            read()
        except ScenarioError as further:
            note_or_raise(further)
    return NotedErrors("")
