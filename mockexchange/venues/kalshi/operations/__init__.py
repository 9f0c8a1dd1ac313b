"""The operations that are emulated: each reads its parameters, queries the exchange and writes its answer."""

from mockexchange.venues.kalshi.operations import (
    account,
    account_writes,
    archive,
    communication_writes,
    exchange,
    fcm,
    fcm_writes,
    market_data,
    order_entry,
    portfolio,
    scenario_data,
)
from mockexchange.venues.kalshi.operations.call import Operation

OPERATIONS: tuple[Operation, ...] = (
    *portfolio.OPERATIONS,
    *fcm.OPERATIONS,
    *fcm_writes.OPERATIONS,
    *archive.OPERATIONS,
    *exchange.OPERATIONS,
    *account.OPERATIONS,
    *account_writes.OPERATIONS,
    *market_data.OPERATIONS,
    *order_entry.OPERATIONS,
    *scenario_data.OPERATIONS,
    *communication_writes.OPERATIONS,
)
