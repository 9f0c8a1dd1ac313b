"""Decodes the parameters of requests for all venues, driven by tables of parameters with their API dates.

A venue gives its tables, a function for each kind of value that reads it, and the error for a missing parameter.
Unknown parameters are ignored, and the journal gets a finding about them.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from functools import lru_cache
from typing import Any, Generic, TypeVar

from msgspec import Struct

from mockexchange.venues.dated_fields import ApiDate, DatedRow, pick

FINDINGS_MAX = 20
"""Largest number of unknown parameters that are named one by one, because the journal keeps every finding."""
NAME_CHARS_MAX = 80


class ParameterRow(DatedRow, frozen=True, kw_only=True, eq=False):
    """A parameter of an operation between two days; `kind` selects the function that reads its value."""

    kind: str
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    default: int | str | bool | None = None
    required: bool = False

    def broken_bound(self, number: int) -> tuple[str, int] | None:
        """Return the bound that a number breaks, as ("at least" or "at most", limit); None if it breaks none."""
        if self.minimum is not None and number < self.minimum:
            return "at least", self.minimum
        if self.maximum is not None and number > self.maximum:
            return "at most", self.maximum
        return None


P = TypeVar("P", bound=ParameterRow)


class Given(Struct, Generic[P], frozen=True):
    """A parameter that a request has: the parameter's table row, and the value as sent."""

    operation: str
    row: P
    value: Any


Reader = Callable[[Given[P]], Any]
"""A function that returns the decoded value of a parameter, or raises the venue's rejection."""


@lru_cache(maxsize=1_024)
def rows_of(parameters: tuple[P, ...], api_date: ApiDate) -> dict[str, P]:
    """Return the parameters that exist at an API date, by name."""
    return pick(parameters, api_date)


def decode_rows(
    operation: str,
    rows: Mapping[str, P],
    params: Mapping[str, Any],
    readers: Mapping[str, Reader[P]],
    missing: Callable[[Given[P]], Exception],
    list_kinds: Container[str] = (),
) -> dict[str, Any]:
    """Return the value of each parameter in `rows`; if the request lacks it or sends null, its default.

    The default of the kinds in `list_kinds` is an empty tuple.
    """
    decoded = {}
    for name, row in rows.items():
        value = params.get(name)
        if value is not None:
            decoded[name] = readers[row.kind](Given(operation, row, value))
        elif row.required:
            raise missing(Given(operation, row, value))
        else:
            decoded[name] = () if row.kind in list_kinds else row.default
    return decoded


def unknown_findings(operation: str, names: list[str]) -> Iterator[str]:
    """Yield a finding for each of the first FINDINGS_MAX unknown names, and one with the number of further names."""
    for name in names[:FINDINGS_MAX]:
        yield f"parameter {name[:NAME_CHARS_MAX]!r} is unknown to {operation}: ignored"
    if len(names) > FINDINGS_MAX:
        yield f"and so are {len(names) - FINDINGS_MAX} more"
