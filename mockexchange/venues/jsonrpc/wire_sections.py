"""Describes the API of a JSON-RPC venue as sections of dated rows, which `api dates` and `api diff` show."""

from collections.abc import Callable, Mapping, Sequence

from mockexchange.venues.dated_fields import FOREVER, Field
from mockexchange.venues.venue import WireTables
from mockexchange.venues.wire_diff import READS, Facts, Section

Objects = Mapping[str, tuple[Field, ...]]


def wire_of(
    aliases: Mapping[str, str], first_day: str, sources: Mapping[str, str], objects: Callable[[], Objects]
) -> WireTables:
    """Return the dated tables of a JSON-RPC venue.

    They report nothing as retired, since no retirement is known for requests and frames of these venues.
    """
    return WireTables(
        aliases=aliases,
        first_day=first_day,
        sources=sources,
        sections=lambda: _sections(objects()),
        count_removed_fields=lambda: sum(row.until != FOREVER for rows in objects().values() for row in rows),
        retired_by_request=lambda *request: (),
        retired_by_frame=lambda *frame: (),
    )


def _sections(objects: Objects) -> Sequence[Section]:
    return [Section(name, list(rows), _describe) for name, rows in objects.items()]


def _describe(row: Field) -> Facts:
    return {"": row.spelling.kind, READS: row.read, "when empty": "" if row.empty == "never" else row.empty}
