"""Implements the operations on the caller's own account: balances, positions, orders, fills and movements of money."""

from mockexchange.venues.kalshi.operations.call import Operation
from mockexchange.venues.kalshi.operations.portfolio import (
    balances,
    cash_writes,
    fills,
    order_group_writes,
    order_groups,
    orders,
    payments,
    positions,
    queue_positions,
    resting_value,
    settlements,
    subaccounts,
    transfers,
)

OPERATIONS: tuple[Operation, ...] = (
    *balances.OPERATIONS,
    *positions.OPERATIONS,
    *fills.OPERATIONS,
    *settlements.OPERATIONS,
    *orders.OPERATIONS,
    *queue_positions.OPERATIONS,
    *order_groups.OPERATIONS,
    *order_group_writes.OPERATIONS,
    *payments.OPERATIONS,
    *subaccounts.OPERATIONS,
    *transfers.OPERATIONS,
    *cash_writes.OPERATIONS,
    *resting_value.OPERATIONS,
)
