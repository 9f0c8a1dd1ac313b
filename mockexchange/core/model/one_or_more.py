"""Values that are kept without a list as long as there is one: most markets have one position, most orders one fill."""

from typing import TypeAlias, TypeVar

T = TypeVar("T")
OneOrMore: TypeAlias = T | list[T] | None
"""One value, a list of several, or None for no value. The values are no lists."""


def with_one_more(kept: OneOrMore[T], value: T) -> T | list[T]:
    """Return what is kept after a value was added; a list is changed and returned."""
    if kept is None:
        return value
    if isinstance(kept, list):
        kept.append(value)
        return kept
    return [kept, value]


def as_list(kept: OneOrMore[T]) -> list[T]:
    """Return the values in the order in which they were added."""
    if kept is None:
        return []
    return kept if isinstance(kept, list) else [kept]


def total(before: int, added: int) -> int:
    """Return a sum. The first number that is added is the sum itself: a row with one fill shares its numbers."""
    return before + added if before else added
