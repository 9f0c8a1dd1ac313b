"""Computes the changes of a venue's API between two API dates, from its dated tables alone.

The difference is net: a row that came and went in between, or went and came back, is no change. The dates may be in
reverse order. With `compat` on either side, the difference shows what `compat` keeps.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from mockexchange.venues.dated_fields import ALWAYS, COMPAT, COMPAT_ONLY, FOREVER, ApiDate, Row, pick

Facts = Mapping[str, str]
"""The compared properties of a row, such as its type, by name, both as text. A property without a value is left out."""
READS = "reads"
"""Name of the property that is the core value of a field. If it differs, the field changed, but it is not shown."""


class Section(NamedTuple):
    """A part of the API that is compared as a whole: dated rows of one type, and a function that describes a row."""

    title: str
    rows: Sequence[Any]
    describe: Callable[[Any], Facts]
    operations: frozenset[str] = frozenset()
    """Names of the operations that use these rows in their answer, their parameters or their body."""
    operation_of: Callable[[Any], str] | None = None
    """A function that returns the operation of a row; set in the section of operations only."""

    def within(self, operation: str) -> "Section | None":
        """Return the section with only those rows that belong to one operation; None if it has none."""
        if self.operation_of is None:
            return self if operation in self.operations else None
        return self._replace(rows=[row for row in self.rows if self.operation_of(row) == operation])


class Change(NamedTuple):
    """The difference of one named part of the API, such as a field, between two dates.

    `facts` are pairs of values before and after, by property (None: no value); a changed row has only the properties
    that differ. `day` is the day of the change, "" for a row from the beginning; `source` is the source of the row.
    """

    kind: Literal["added", "removed", "changed"]
    name: str
    facts: Mapping[str, tuple[str | None, str | None]]
    day: str
    source: str


def diff_rows(
    rows: Iterable[Row], before: ApiDate, after: ApiDate, describe: Callable[[Row], Facts]
) -> Iterator[Change]:
    """Yield the changes in `rows` from the date `before` to the date `after`, in alphabetical order of names."""
    table = sorted(rows, key=lambda row: row.since)
    old, new = pick(table, before), pick(table, after)
    for name in sorted(old.keys() | new.keys()):
        lives = [row for row in table if row.name == name]
        if name not in old:
            day, source = _edge(lives, new[name], before)
            yield Change("added", name, _pairs({}, describe(new[name])), day, source)
        elif name not in new:
            day, source = _edge(lives, old[name], after)
            yield Change("removed", name, _pairs(describe(old[name]), {}), day, source)
        elif pairs := _pairs(describe(old[name]), describe(new[name])):
            later = max(old[name], new[name], key=lambda row: row.since)
            yield Change("changed", name, pairs, _shown(later.since), later.source)


def _pairs(old: Facts, new: Facts) -> dict[str, tuple[str | None, str | None]]:
    return {
        aspect: (old.get(aspect), new.get(aspect)) for aspect in {**old, **new} if old.get(aspect) != new.get(aspect)
    }


def _edge(lives: list[Row], present: Row, absent: ApiDate) -> tuple[str, str]:
    """Return the day and its source on which the unbroken rows around `present` begin after or end before `absent`."""
    first = last = present
    for row in reversed(lives):
        first = row if row.until == first.since else first
    for row in lives:
        last = row if row.since == last.until else last
    if absent.day is None or absent.day < first.since:
        return _shown(first.since), first.source
    return _shown(last.until), last.source


def _shown(day: str) -> str:
    return {ALWAYS: "", FOREVER: "", COMPAT_ONLY: COMPAT}.get(day, day)
