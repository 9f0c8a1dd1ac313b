"""The decoder of parameters: defaults, required parameters, bounds, and findings of unknown names."""

from typing import Any

import pytest

from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.parameter_decoding import (
    FINDINGS_MAX,
    Given,
    ParameterRow,
    decode_rows,
    rows_of,
    unknown_findings,
)
from tests.helpers.rows import each_row

DAY = ApiDate("2026-10", "2026-10-01")
COUNT = ParameterRow(name="count", kind="integer", minimum=1, maximum=9, default=5)
NAME = ParameterRow(name="name", kind="text", required=True)
LATER = ParameterRow(name="later", kind="text", since="2026-10-02")


class Missing(Exception):
    """The error of a missing parameter."""


def missing(given: Given[ParameterRow]) -> Missing:
    return Missing(given.operation, given.row.name)


def decode(params: dict[str, Any]) -> dict[str, Any]:
    readers = {"integer": lambda given: int(given.value), "text": lambda given: given.value.upper()}
    return decode_rows("List", rows_of((COUNT, NAME, LATER), DAY), params, readers, missing)


def test_values_are_read_by_their_kind_and_absent_ones_get_their_default() -> None:
    assert decode({"name": "a", "count": "7"}) == {"name": "A", "count": 7}
    assert decode({"name": "a", "count": None, "later": "x"}) == {"name": "A", "count": 5}


def test_a_missing_parameter_raises_the_venues_error() -> None:
    with pytest.raises(Missing) as raised:
        decode({"count": "7"})
    assert raised.value.args == ("List", "name")


@each_row(
    ("number", "broken"), [(0, ("at least", 1)), (1, None), (9, None), (10, ("at most", 9)), (-1, ("at least", 1))]
)
def test_the_bound_that_a_number_breaks(number: int, broken: tuple[str, int] | None) -> None:
    assert COUNT.broken_bound(number) == broken
    assert NAME.broken_bound(number) is None


def test_findings_of_unknown_names_are_bounded() -> None:
    assert list(unknown_findings("List", ["x"])) == ["parameter 'x' is unknown to List: ignored"]
    findings = list(unknown_findings("List", [f"x{number}" for number in range(FINDINGS_MAX + 3)]))
    assert (len(findings), findings[-1]) == (FINDINGS_MAX + 1, "and so are 3 more")
