"""The one comparison of JSON: each kind of difference, once, at its path."""

from typing import Any

from mockexchange.venues.json_comparison import Difference, Kind, differences
from tests.helpers.rows import each_row

ROWS: list[tuple[Any, Any, list[Difference]]] = [
    ({"a": 1, "b": [None, "x"]}, {"a": 1, "b": [None, "x"]}, []),
    ({"a": {"b": 1}}, {"a": {}}, [Difference("a.b", 1, None, Kind.MISSING)]),
    ({}, {"a": None}, [Difference("a", None, None, Kind.UNKNOWN)]),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, [Difference("", ["a", "b"], ["b", "a"], Kind.KEY_ORDER)]),
    ({"a": [1, 2]}, {"a": [1]}, [Difference("a", [1, 2], [1], Kind.ROWS)]),
    ([{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 3}], [Difference("[1].n", 2, 3, Kind.VALUE)]),
    ({"a": 1}, {"a": "1"}, [Difference("a", 1, "1", Kind.TYPE)]),
    ({"a": 1}, {"a": True}, [Difference("a", 1, True, Kind.TYPE)]),
    ({"a": "1.00"}, {"a": "1.0"}, [Difference("a", "1.00", "1.0", Kind.NOTATION)]),
    ({"a_ts": 5}, {"a_ts": 6}, [Difference("a_ts", 5, 6, Kind.INSTANT)]),
    ({"a": "yes"}, {"a": "no"}, [Difference("a", "yes", "no", Kind.WORD)]),
    ({"a": "A b"}, {"a": "c"}, [Difference("a", "A b", "c", Kind.VALUE)]),
]


@each_row(("expected", "received", "found"), ROWS, ids=[str(place) for place in range(len(ROWS))])
def test_each_kind_of_difference_has_its_path(expected: Any, received: Any, found: list[Difference]) -> None:
    assert list(differences(expected, received)) == found


def test_rows_may_be_paired_by_id_and_keys_left_out() -> None:
    one, other = {"id": "a", "cursor": "x"}, {"id": "b", "cursor": "y"}
    changed = {**other, "cursor": "z"}
    [only] = differences([one, other], [changed, one], by_id=True, left_out=("cursor",))
    assert only.kind is Kind.ROW_ORDER
    assert list(differences({"n": "1.50"}, {"n": 1.5}, is_same=lambda a, b: float(a) == float(b))) == []
