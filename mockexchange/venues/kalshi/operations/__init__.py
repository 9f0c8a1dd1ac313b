"""The emulated operations: how each one reads its parameters, queries the core and writes its answer."""

from mockexchange.venues.kalshi.operations import account, archive, exchange, fcm, market_data, portfolio, writes
from mockexchange.venues.kalshi.operations.call import Operation

OPERATIONS: tuple[Operation, ...] = (
    *portfolio.OPERATIONS,
    *fcm.OPERATIONS,
    *archive.OPERATIONS,
    *exchange.OPERATIONS,
    *account.OPERATIONS,
    *market_data.OPERATIONS,
    *writes.OPERATIONS,
)
