"""Objects that a scenario gives, and the reads that answer with them: a file for each resource, a row for each read.

A new read is a row in the file of its resource; the tables here are made from those rows.
"""

from collections.abc import Iterable, Iterator

from mockexchange.venues.data_tables import DataTable
from mockexchange.venues.dated import Field, Nested
from mockexchange.venues.kalshi.objects.scenario_data import (
    collections,
    communications,
    events,
    incentives,
    live_data,
    milestones,
    weather,
)
from mockexchange.venues.kalshi.objects.scenario_data.reads import Objects, Read

RESOURCES = (milestones, incentives, events, collections, live_data, weather, communications)
READS: tuple[Read, ...] = (
    *milestones.READS,
    *incentives.READS,
    *collections.READS,
    *live_data.READS,
    *weather.READS,
    *events.READS,
    *communications.READS,
)
"""All reads, in the order in which operations are listed."""
TABLES: tuple[Objects, ...] = tuple(table for resource in RESOURCES for table in resource.TABLES)
DATA: dict[str, DataTable] = {table.data: table.table for table in TABLES}
"""The tables that a scenario may give under the venue's name."""


def _named(fields: Iterable[Field]) -> Iterator[tuple[str, tuple[Field, ...]]]:
    """Yield the tables of the objects in fields, and of the objects in these."""
    for field in fields:
        if isinstance(field.spelling, Nested):
            yield field.spelling.table, tuple(field.spelling.fields)
            yield from _named(field.spelling.fields)


def _beside_their_objects(reads: Iterable[Read]) -> list[Read]:
    return sorted(reads, key=lambda read: TABLES.index(read.objects) if read.objects else len(TABLES))


OBJECTS: dict[str, tuple[Field, ...]] = {
    name: fields
    for resource in RESOURCES
    for read in _beside_their_objects(resource.READS)
    for name, fields in [(read.table_name, read.answer), *_named(read.answer)]
}
"""The answers of the reads and the objects in them, by their names in the venue's documents."""
