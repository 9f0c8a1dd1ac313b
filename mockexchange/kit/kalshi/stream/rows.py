"""Compares REST rows with the bodies of frames, in the fields that both have."""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from mockexchange.venues import json_comparison

Row = Mapping[str, Any]
CENTICENTS_PER_DOLLAR, CENTS_PER_DOLLAR = 10_000, 100


def amount(value: object) -> Decimal | None:
    """Return a JSON integer, or the number in a JSON text, as Decimal; None for any other value."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def is_same(one: object, other: object) -> bool:
    """Return whether two values are equal. Numbers are compared by value, also if they are text."""
    mine, yours = amount(one), amount(other)
    return mine == yours if mine is not None and yours is not None else bool(one == other)


def differences(
    body: Row, row: Row, renamed: Mapping[str, str] | None = None, exempt: Collection[str] = ()
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the fields in which a frame and a row differ: key, value in the frame and value in the row.

    `renamed` maps keys of frames to names in REST. The keys in `exempt` are not compared.
    """
    called = {key: (renamed or {}).get(key, key) for key in body if key not in exempt}
    both = [key for key, name in called.items() if name in row]
    mine, theirs = {key: body[key] for key in both}, {key: row[called[key]] for key in both}
    for one in json_comparison.differences(mine, theirs, is_same=is_same):
        yield one.path, one.expected, one.received


def dollars(body: Row, name: str, whole: str = "", parts: int = CENTICENTS_PER_DOLLAR) -> Decimal | None:
    """Return an amount in dollars: from `<name>_dollars`, or else from `whole`, in which a dollar has `parts` units.

    The default of `whole` is `name`.
    """
    exact = amount(body.get(f"{name}_dollars"))
    if exact is not None:
        return exact
    counted = amount(body.get(whole or name))
    return None if counted is None else counted / parts


def count(body: Row, name: str) -> Decimal | None:
    """Return a number of contracts: from `<name>_fp`, or else the whole number in `name`."""
    exact = amount(body.get(f"{name}_fp"))
    return exact if exact is not None else amount(body.get(name))
