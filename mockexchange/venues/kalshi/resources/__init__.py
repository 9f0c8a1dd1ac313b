"""The resources of Kalshi's REST, a file each: the dated fields of its objects, its parameters, bodies and operations.

An operation is declared once, in the file of its resource; the tables here are made from these declarations.
"""

from collections.abc import Iterable

from mockexchange.venues.data_tables import DataTable
from mockexchange.venues.dated_fields import COMPAT, ApiDate, Field, Nested, pick
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.resources import (
    account,
    api_keys,
    balances,
    candlesticks,
    cf_benchmarks,
    collections,
    communications,
    event_metadata,
    events,
    exchange,
    fcm,
    fills,
    incentives,
    instance_transfers,
    live_data,
    markets,
    milestones,
    order_entry,
    order_groups,
    orderbooks,
    orders,
    payments,
    positions,
    queue_positions,
    series,
    settlements,
    subaccounts,
    trades,
    weather,
)
from mockexchange.venues.kalshi.resources.bodies import Body
from mockexchange.venues.kalshi.resources.call import Operation
from mockexchange.venues.kalshi.resources.fields import OBJECTS
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.scenario_reads import Read, operation_of

SCENARIO_RESOURCES = (
    milestones,
    incentives,
    event_metadata,
    collections,
    live_data,
    weather,
    cf_benchmarks,
    communications,
)
"""Resources whose objects the scenario gives."""

READS: tuple[Read, ...] = tuple(read for resource in SCENARIO_RESOURCES for read in resource.READS)

DATA: dict[str, DataTable] = {given.data: given.table for resource in SCENARIO_RESOURCES for given in resource.TABLES}
"""The tables that a scenario may give under the venue's name."""

OPERATIONS: tuple[Operation, ...] = (
    *balances.OPERATIONS,
    *positions.OPERATIONS,
    *fills.OPERATIONS,
    *settlements.OPERATIONS,
    *orders.OPERATIONS,
    *queue_positions.OPERATIONS,
    *order_groups.OPERATIONS,
    *payments.OPERATIONS,
    *subaccounts.OPERATIONS,
    *instance_transfers.OPERATIONS,
    *fcm.OPERATIONS,
    *exchange.OPERATIONS,
    *account.OPERATIONS,
    *api_keys.OPERATIONS,
    *series.OPERATIONS,
    *events.OPERATIONS,
    *markets.OPERATIONS,
    *orderbooks.OPERATIONS,
    *trades.OPERATIONS,
    *candlesticks.OPERATIONS,
    *order_entry.OPERATIONS,
    *map(operation_of, READS),
    *collections.OPERATIONS,
    *communications.OPERATIONS,
)

PARAMETERS: dict[str, tuple[Parameter, ...]] = {one.name: one.parameters for one in OPERATIONS if one.parameters}
"""The query parameters of the operations that have some, by the operation's name."""

BODIES: dict[str, Body] = {one.name: one.body for one in OPERATIONS if one.body is not None}
"""The request bodies by name of the operation.

An operation in this table needs a JSON body, even if the body has no fields. Where the table makes the body optional, a
body that is sent must be JSON.
"""


def _declare(name: str, fields: Iterable[Field]) -> None:
    """Add the table of an object that a scenario gives, and of the objects in it, unless there is one of that name."""
    OBJECTS.setdefault(name, tuple(fields))
    for field in fields:
        if isinstance(field.spelling, Nested):
            _declare(field.spelling.table, field.spelling.fields)


for _read in READS:
    _declare(_read.table_name, _read.answer)


def count_removed_fields() -> int:
    """Return the number of keys that `compat` still sends although the newest day does not have them."""
    return sum(
        len(pick(rows, ApiDate(COMPAT, None)).keys() - pick(rows, api_date("latest")).keys())
        for rows in OBJECTS.values()
    )


__all__ = ["BODIES", "DATA", "OBJECTS", "OPERATIONS", "PARAMETERS", "READS", "count_removed_fields"]
