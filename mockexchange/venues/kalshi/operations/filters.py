"""Filters of lists for which the state has no index: selection by name, bounds of times, and combinations of tests."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.history import HistoryRow, by_serial

T = TypeVar("T")
R = TypeVar("R", bound=HistoryRow)
Test = Callable[[T], bool]


def all_of(tests: Sequence[Test[T]]) -> Test[T] | None:
    """Return a function that is true for objects which pass all of `tests`; None if there are no tests."""
    return (lambda row: all(test(row) for test in tests)) if tests else None


def named(rows: Mapping[str, R], names: Iterable[str]) -> list[R]:
    """Return the rows with these names, oldest first, each once; unknown names are skipped."""
    return sorted((rows[name] for name in dict.fromkeys(names) if name in rows), key=by_serial)


def bounds(params: Mapping[str, Any], name: str) -> tuple[int | None, int | None]:
    """Return the values of min_NAME_ts and max_NAME_ts (Unix seconds), converted to microseconds; None means no bound.

    Both bounds are inclusive.
    """
    least, most = params.get(f"min_{name}_ts"), params.get(f"max_{name}_ts")
    return (
        None if least is None else least * MICROSECONDS_PER_SECOND,
        None if most is None else most * MICROSECONDS_PER_SECOND,
    )


def is_between(at: int | None, least: int | None, most: int | None) -> bool:
    """Return whether an instant is within the bounds; False if there is no instant (None)."""
    return at is not None and (least is None or least <= at) and (most is None or at <= most)
