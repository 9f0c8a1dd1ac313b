"""Finds the day on which a recording ceased to be up to date, from the venue's dated tables."""

from collections.abc import Mapping
from typing import NamedTuple

from mockexchange.drift.deviations import Findings
from mockexchange.kit.operations import reads
from mockexchange.runtime import api_documents
from mockexchange.venues.registry import VENUES
from mockexchange.venues.wire_diff import diff_rows


class Ending(NamedTuple):
    """The first change of the API after which a recording is out of date: the day, the operation and the field."""

    day: str
    operation: str
    name: str


def ending_of(venue: str, found: Mapping[str, Findings]) -> Ending | None:
    """Return the first change after the last API date that a recording fits.

    Returns None if it fits no date, or fits the newest.
    """
    wire = VENUES[venue].wire
    dates = list(wire.aliases) if wire else []
    fitting = [alias for alias in dates if not found[alias].groups]
    if not fitting or fitting[-1] == dates[-1]:
        return None
    before, after = fitting[-1], dates[dates.index(fitting[-1]) + 1]
    endings = _changes(venue, found[after], before, after)
    return min(endings, default=None)


def _changes(venue: str, found: Findings, before: str, after: str) -> list[Ending]:
    """Return the changes between two dates of the fields that a recording has otherwise."""
    emulated, wire = VENUES[venue], VENUES[venue].wire
    document = api_documents.parse(api_documents.path_of(f"{venue}/{after}"))
    ids = {f"GET {one.path}": one.id for one in reads(document).values()}
    names: dict[str, dict[str, str]] = {}
    for _, operation, path in found.groups:
        names.setdefault(ids.get(operation, ""), {})[path.rpartition(".")[2].rstrip("[]")] = operation
    days = emulated.api_date(before), emulated.api_date(after)
    return [
        Ending(change.day, wanted[change.name], change.name)
        for section in (wire.sections() if wire else ())
        for wanted in (names[one] for one in section.operations & names.keys())
        for change in diff_rows(section.rows, *days, section.describe)
        if change.name in wanted and change.day
    ]
