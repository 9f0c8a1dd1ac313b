"""The net difference of dated tables, with days and sources; forwards, backwards and with compat."""

from mockexchange.venues.dated_fields import ApiDate, DatedRow
from mockexchange.venues.wire_diff import Change, Facts, diff_rows
from tests.helpers.rows import each_row


class Row(DatedRow, frozen=True, kw_only=True, eq=True):
    says: str = ""
    extra: str = ""


def facts(row: Row) -> Facts:
    return {"says": row.says, **({"extra": row.extra} if row.extra else {})}


TABLE = (
    Row(name="always", says="a", source="0"),
    Row(name="came", says="b", since="2026-02-01", until="2026-04-01", source="1"),
    Row(name="came", says="b2", since="2026-04-01", source="2"),
    Row(name="went", says="c", until="2026-02-01", source="3"),
    Row(name="went", says="c2", since="2026-02-01", until="2026-03-01", source="4"),
    Row(name="moved", says="d", until="2026-03-01", source="5"),
    Row(name="moved", says="d2", extra="x", since="2026-03-01", source="6"),
    Row(name="was away", says="e", until="2026-02-01", source="7"),
    Row(name="was away", says="e", since="2026-04-01", source="8"),
    Row(name="was there", says="f", since="2026-02-01", until="2026-03-01", source="9"),
    Row(name="split", says="g", until="2026-03-01", source="10"),
    Row(name="split", says="g", since="2026-03-01", source="11"),
)
"""`came` and `went` have two rows each: life begins with the first and ends with the last."""


def day(text: str) -> ApiDate:
    return ApiDate(text, text)


def changes(before: ApiDate, after: ApiDate, table: tuple[Row, ...] = TABLE) -> list[tuple[str, str, str, str]]:
    return [(each.kind, each.name, each.day, each.source) for each in diff_rows(table, before, after, facts)]


OLD, MIDDLE, NEW, COMPAT = day("2026-01-01"), day("2026-03-15"), day("2026-05-01"), ApiDate("compat", None)
CASES = [
    #  before, after, wanted
    (
        OLD,
        NEW,
        [
            ("added", "came", "2026-02-01", "1"),
            ("changed", "moved", "2026-03-01", "6"),
            ("removed", "went", "2026-03-01", "4"),
        ],
    ),
    (
        NEW,
        OLD,
        [
            ("removed", "came", "2026-02-01", "1"),
            ("changed", "moved", "2026-03-01", "6"),
            ("added", "went", "2026-03-01", "4"),
        ],
    ),
    (
        OLD,
        MIDDLE,
        [
            ("added", "came", "2026-02-01", "1"),
            ("changed", "moved", "2026-03-01", "6"),
            ("removed", "was away", "2026-02-01", "7"),
            ("removed", "went", "2026-03-01", "4"),
        ],
    ),
    (MIDDLE, NEW, [("changed", "came", "2026-04-01", "2"), ("added", "was away", "2026-04-01", "8")]),
    (NEW, COMPAT, [("added", "was there", "2026-03-01", "9"), ("added", "went", "2026-03-01", "4")]),
    (COMPAT, NEW, [("removed", "was there", "2026-03-01", "9"), ("removed", "went", "2026-03-01", "4")]),
    (OLD, OLD, []),
    (COMPAT, COMPAT, []),
]


@each_row(("before", "after", "wanted"), CASES)
def test_the_net_difference(before: ApiDate, after: ApiDate, wanted: list[tuple[str, str, str, str]]) -> None:
    assert changes(before, after) == wanted
    assert changes(before, after, TABLE[::-1]) == wanted


def test_only_the_aspects_that_differ_are_told() -> None:
    came, moved, went = diff_rows(TABLE, OLD, NEW, facts)
    assert came == Change("added", "came", {"says": (None, "b2")}, "2026-02-01", "1")
    assert moved == Change("changed", "moved", {"says": ("d", "d2"), "extra": (None, "x")}, "2026-03-01", "6")
    assert went.facts == {"says": ("c", None)}


def test_what_compat_alone_keeps_for_its_leniency_is_a_change() -> None:
    table = (
        Row(name="size", says="wide", until="2026-03-01", lenient=True, source="1"),
        Row(name="size", says="narrow", since="2026-03-01", source="2"),
    )
    (change,) = diff_rows(table, COMPAT, NEW, facts)
    assert change == Change("changed", "size", {"says": ("wide", "narrow")}, "2026-03-01", "2")
