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
    # The fields that deviate from the first date which does not fit, by operation: their name and the request's words.
    document = api_documents.parse(api_documents.path_of(f"{venue}/{after}"))
    ids = {f"GET {one.path}": one.id for one in reads(document).values()}
    deviating: dict[str, dict[str, str]] = {}
    for _, operation, path in found[after].groups:
        deviating.setdefault(ids.get(operation, ""), {})[path.rpartition(".")[2].rstrip("[]")] = operation
    # Those of them that the venue's tables change between the two dates. The earliest change ended the recording.
    days = VENUES[venue].api_date(before), VENUES[venue].api_date(after)
    endings: list[Ending] = []
    for section in wire.sections() if wire else ():
        for operation_id in section.operations & deviating.keys():
            fields = deviating[operation_id]
            changes = diff_rows(section.rows, *days, section.describe)
            endings += [
                Ending(one.day, fields[one.name], one.name) for one in changes if one.name in fields and one.day
            ]
    return min(endings, default=None)
