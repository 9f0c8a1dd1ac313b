"""The functions of venues that are imported at their first call: they exist, and take what the venue's table says."""

import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec import Struct, structs

from mockexchange.venues.deferred import DeferredFunction, functions_of
from mockexchange.venues.deribit import catalogue as deribit_catalogue
from mockexchange.venues.deribit.routes import OPERATIONS as DERIBIT_OPERATIONS
from mockexchange.venues.kalshi import authentication, rest
from mockexchange.venues.registry import VENUES
from mockexchange.venues.signalplus import catalogue as signalplus_catalogue
from mockexchange.venues.signalplus.resources import OPERATIONS as SIGNALPLUS_OPERATIONS
from tests.helpers.rows import each_row


def deferred_in(table: Struct, place: str) -> Iterator[tuple[str, DeferredFunction, Any]]:
    """Yield the place, the function and the type of each deferred function of a table."""
    kinds = typing.get_type_hints(type(table))
    for field in structs.fields(table):
        value = getattr(table, field.name)
        if isinstance(value, DeferredFunction):
            yield f"{place}.{field.name}", value, kinds[field.name]
        elif isinstance(value, Struct):
            yield from deferred_in(value, f"{place}.{field.name}")


FOUND = [found for venue in VENUES.values() for found in deferred_in(venue, venue.name)]


def arguments_of(kind: Any) -> int | None:
    """Return how many arguments a function of this type takes; None if the type leaves that open."""
    function = next((one for one in (kind, *typing.get_args(kind)) if typing.get_origin(one) is Callable), kind)
    arguments = typing.get_args(function)[0] if typing.get_args(function) else ...
    return None if arguments is ... else len(arguments)


@each_row(("function", "kind"), [pytest.param(*rest, id=place) for place, *rest in FOUND])
def test_a_deferred_function_takes_what_the_table_says(function: DeferredFunction, kind: Any) -> None:
    count = arguments_of(kind)
    signature = inspect.signature(function.resolve())
    if count is not None:
        signature.bind(*range(count))


def test_venues_have_deferred_functions() -> None:
    assert len(FOUND) > 30
    assert arguments_of(Callable[[int, str], None] | None) == 2


@each_row("module", [authentication, rest])
def test_deferred_functions_of_modules_exist(module: Any) -> None:
    found = [value for value in vars(module).values() if isinstance(value, DeferredFunction)]
    assert found
    assert all(callable(function.resolve()) for function in found)


def test_a_function_is_looked_up_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a test that replaces a function of a module replaces it everywhere."""
    function = functions_of("mockexchange.venues")("quoting.quote")
    assert function("a") == '"a"'
    monkeypatch.setattr("mockexchange.venues.quoting.quote", str.upper)
    assert function("a") == "A"


def test_the_names_of_methods_are_those_of_the_operations() -> None:
    """A process that uses another venue has the names alone."""
    assert tuple(operation.name for operation in DERIBIT_OPERATIONS) == deribit_catalogue.EMULATED
    assert tuple(operation.name for operation in SIGNALPLUS_OPERATIONS) == signalplus_catalogue.EMULATED
