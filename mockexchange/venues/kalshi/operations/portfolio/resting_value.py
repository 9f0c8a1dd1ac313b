"""Implements the operation that reads the cash that an FCM's resting orders reserve."""

from collections import Counter
from typing import NamedTuple

from mockexchange.core.model.history import Partition
from mockexchange.core.model.orders import Order
from mockexchange.core.vocabulary import OrderStatus
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, cached_answer, write
from mockexchange.venues.kalshi.operations.portfolio.balances import IndexedBalance


class RestingValue(NamedTuple):
    cash_micros: int
    breakdown: list[IndexedBalance]


def get_resting_value(call: AccountCall) -> bytes:
    return cached_answer(call, call.account.ledger.orders.revision, lambda: _write_value(call))


def _write_value(call: AccountCall) -> bytes:
    """Return the reserved cash of all subaccounts, by the exchange index of the order's market."""
    held_micros = Counter({0: 0})
    for order in _resting(call):
        held_micros[order.market.event.exchange_index] += order.need_micros
    breakdown = [IndexedBalance(index, held_micros[index]) for index in sorted(held_micros)]
    value = RestingValue(held_micros.total(), breakdown)
    return write(call, value)


def _resting(call: AccountCall) -> list[Order]:
    orders = call.account.ledger.orders
    return orders.find(len(orders), admits=_rests).rows


def _rests(partition: Partition) -> bool:
    return partition[1] is OrderStatus.RESTING


OPERATIONS = (
    AccountOperation(
        name="GetPortfolioRestingOrderTotalValue",
        path="/portfolio/summary/total_resting_order_value",
        answer=get_resting_value,
        answer_table="GetPortfolioRestingOrderTotalValueResponse",
        is_fcm_only=True,
    ),
)
