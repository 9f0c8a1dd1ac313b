"""Everything reachable from a value as plain text, to compare two states to the last field."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import Enum

from mockexchange.core.derivatives.derivative import Greeks, MarginTerms
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.position_cost import Stake

PLAIN = (str, int, Decimal, type(None), Enum)
VALUES = (tuple, Stake, Greeks, MarginTerms)
"""Whether two that are equal are one is no content."""


def dump(state: State) -> list[str]:
    """A line per value in the state, without its sequence: that a refused command counts is no change."""
    fields = ((name, getattr(state, name)) for name in State.__slots__ if name != "sequence")
    seen: dict[int, str] = {}
    return [line for name, value in fields for line in _lines(name, value, seen)]


def _lines(path: str, value: object, seen: dict[int, str]) -> Iterator[str]:
    if isinstance(value, PLAIN):
        yield f"{path} = {value!r}"
    elif id(value) in seen and not isinstance(value, VALUES):
        yield f"{path} = {seen[id(value)]}"
    else:
        seen[id(value)] = path
        yield f"{path}: {type(value).__name__}"
        for name, part in _parts(value):
            yield from _lines(f"{path}.{name}", part, seen)


def _parts(value: object) -> Iterable[tuple[object, object]]:
    if isinstance(value, Subaccount):  # its indexes depend on when they were read; the invariants check them
        shown = [name for name in value.__slots__ if not name.startswith("_")]
        return [("values_micros", value.values_micros), *((name, getattr(value, name)) for name in shown)]
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, Iterable):
        return enumerate(value)
    names: tuple[str, ...] = getattr(value, "__struct_fields__", ()) or getattr(value, "__slots__", ())
    assert names, f"{value!r} hides what it is made of"
    return ((name, getattr(value, name)) for name in names)
