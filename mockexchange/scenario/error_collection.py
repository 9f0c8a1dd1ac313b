"""Collects all errors of a scenario, instead of stopping at the first.

Inside `collecting_errors`, lists and mappings are read to their end after an error, so that one reading finds all
errors; what can be read is executed, and a refusal that only follows from what was left out is not collected.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from msgspec import Struct, field

from mockexchange.core.commands import Command
from mockexchange.core.refusals import RefusalCode
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.left_out import Name, depends_on, names_in, names_of
from mockexchange.scenario.located_text import Located


class Collection(Struct):
    """The errors of a scenario, and the names in its parts that were left out because of them."""

    errors: list[ScenarioError] = field(default_factory=list)
    left_out: set[Name] = field(default_factory=set)
    left_out_of_script: set[Name] = field(default_factory=set)
    """Names in steps of the script, which is executed after the history."""


_COLLECTION: ContextVar[Collection | None] = ContextVar("_COLLECTION", default=None)


class NotedErrors(ScenarioError):
    """Raised if a value cannot be made because of errors that were already collected; it has no message of its own."""


@contextmanager
def collecting_errors() -> Iterator[list[ScenarioError]]:
    """Collect the errors of all scenarios that are read in the `with` block, including one that ends the block."""
    collection = Collection()
    token = _COLLECTION.set(collection)
    try:
        yield collection.errors
    except NotedErrors:
        pass
    except ScenarioError as error:
        collection.errors.append(error)
    finally:
        _COLLECTION.reset(token)


def is_collecting() -> bool:
    """Return whether errors are being collected, so that a value that was read may be incomplete."""
    return _COLLECTION.get() is not None


def note_or_raise(error: ScenarioError) -> None:
    """Add an error to the collected errors; outside `collecting_errors`, raise it instead."""
    collection = _COLLECTION.get()
    if collection is None:
        raise error
    if not isinstance(error, NotedErrors):
        collection.errors.append(error)


def note_refusal(error: ScenarioError, code: RefusalCode, command: Command, node: Located | None) -> None:
    """Add the error of a refused command, and leave the command out; outside `collecting_errors`, raise the error.

    A refusal that may follow from something else that was left out is no error.
    """
    collection = _COLLECTION.get()
    if collection is None:
        raise error
    names = {*names_of(command), *(names_in(node) if node else ())}
    if not depends_on(names, collection.left_out, code):
        collection.errors.append(error)
    collection.left_out |= names


def note_left_out(names: Iterable[Name], *, is_script: bool = False) -> None:
    """Note what a part names that is not executed; without effect outside `collecting_errors`."""
    collection = _COLLECTION.get()
    if collection is not None:
        (collection.left_out_of_script if is_script else collection.left_out).update(names)


def follows_from_left_out(step: Located) -> bool:
    """Return whether the refusal of a step of the script may follow from parts that were left out."""
    collection = _COLLECTION.get()
    return collection is not None and depends_on(names_in(step), collection.left_out | collection.left_out_of_script)


def read_on(error: ScenarioError, reads: Iterable[Callable[[], object]]) -> ScenarioError:
    """Return the error to raise for a value with a wrong part; first, collect the errors of the value's other parts.

    `reads` are functions that read those parts. Outside `collecting_errors`, they are not called.
    """
    if not is_collecting():
        return error
    note_or_raise(error)
    for read in reads:
        try:
            read()
        except ScenarioError as further:
            note_or_raise(further)
    return NotedErrors("")
