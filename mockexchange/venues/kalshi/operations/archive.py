"""Implements the operations that read historical objects, which are those from before the cutoff.

They are settled positions, fills and done orders.
"""

from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, Call, PublicOperation, write
from mockexchange.venues.kalshi.operations.portfolio.fills import answer_fills
from mockexchange.venues.kalshi.operations.portfolio.orders import answer_orders
from mockexchange.venues.kalshi.operations.portfolio.positions import answer_positions
from mockexchange.venues.kalshi.operations.row_owner import requested_or_all, requested_or_primary


def get_historical_cutoff(call: Call) -> bytes:
    return write(call, call.state)


def get_historical_positions(call: AccountCall) -> bytes:
    return answer_positions(call, requested_or_primary(call), "settled", is_archived=True)


def get_fills_historical(call: AccountCall) -> bytes:
    return answer_fills(call, is_archived=True)


def get_historical_orders(call: AccountCall) -> bytes:
    return answer_orders(call, requested_or_all(call), is_archived=True)


OPERATIONS = (
    PublicOperation(
        name="GetHistoricalCutoff",
        path="/historical/cutoff",
        answer=get_historical_cutoff,
        answer_table="GetHistoricalCutoffResponse",
    ),
    AccountOperation(
        name="GetHistoricalPositions",
        path="/historical/positions",
        answer=get_historical_positions,
        answer_table="GetPositionsResponse",
        is_per_subaccount=True,
    ),
    AccountOperation(
        name="GetFillsHistorical",
        path="/historical/fills",
        answer=get_fills_historical,
        answer_table="GetFillsResponse",
        is_per_subaccount=True,
    ),
    AccountOperation(
        name="GetHistoricalOrders",
        path="/historical/orders",
        answer=get_historical_orders,
        answer_table="GetOrdersResponse",
        is_per_subaccount=True,
    ),
)
