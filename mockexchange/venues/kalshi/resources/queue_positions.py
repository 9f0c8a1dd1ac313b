"""Queue positions: how many contracts trade before a resting order."""

from typing import NamedTuple

from mockexchange.core.model.orders import Order
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.queries.lists import OrderQuery, find_orders
from mockexchange.core.queries.order_books import count_ahead_centis
from mockexchange.core.vocabulary import CENTIS_PER_CONTRACT, OrderStatus
from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import CONTRACTS, COUNT_2, TEXT
from mockexchange.venues.kalshi.named_days import FIXED_POINT_ADDED, INTEGERS_REMOVED, SUBACCOUNTS_ADDED
from mockexchange.venues.kalshi.resources import parameters
from mockexchange.venues.kalshi.resources.call import AccountCall, AccountOperation, cached_answer, write
from mockexchange.venues.kalshi.resources.fields import list_of, table
from mockexchange.venues.kalshi.resources.lists import names_of
from mockexchange.venues.kalshi.resources.orders import named_order
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.row_owner import requested_or_primary

# --- fields of answers

# The whole number is the place in the queue, the first of which is 1 (recorded: 1, 2, 103); the text that replaced it
# counts the contracts that trade before the order.
QUEUE_POSITION = (
    Field(
        name="queue_position",
        spelling=CONTRACTS,
        read="place_centis",
        until=INTEGERS_REMOVED,
        source="wire-2026-01",
    ),
    Field(
        name="queue_position_fp",
        spelling=COUNT_2,
        read="ahead_centis",
        since=FIXED_POINT_ADDED,
        source="changelog",
    ),
)

ORDER_QUEUE_POSITION = table(
    "OrderQueuePosition",
    Field(name="market_ticker", spelling=TEXT, read="order.market.ticker", source="docs-2025-11"),
    Field(name="order_id", spelling=TEXT, read="order.order_id", source="docs-2025-11"),
    *QUEUE_POSITION,
)

GET_ORDER_QUEUE_POSITION_RESPONSE = table("GetOrderQueuePositionResponse", *QUEUE_POSITION)

GET_ORDER_QUEUE_POSITIONS_RESPONSE = table(
    "GetOrderQueuePositionsResponse", list_of("queue_positions", "OrderQueuePosition", ORDER_QUEUE_POSITION)
)

# --- parameters of queries

GET_ORDER_QUEUE_POSITIONS: tuple[Parameter, ...] = (
    Parameter(name="market_tickers", kind="texts", source="docs-2025-11"),
    Parameter(name="event_ticker", kind="text", source="docs-2025-11"),
    *parameters.subaccount(SUBACCOUNTS_ADDED),
)

# --- operations


class QueuePosition(NamedTuple):
    order: Order
    ahead_centis: int

    @property
    def place_centis(self) -> int:
        return self.ahead_centis + CENTIS_PER_CONTRACT


class QueuePositions(NamedTuple):
    queue_positions: list[QueuePosition]


def get_order_queue_positions(call: AccountCall) -> bytes:
    """Return the queue positions of one subaccount's resting orders, newest first, in one answer without pages."""
    subaccount = requested_or_primary(call)

    def make() -> bytes:
        resting = _resting(call, subaccount) if subaccount else []
        found = [QueuePosition(order, count_ahead_centis(call.state, order)) for order in resting]
        return write(call, QueuePositions(found))

    return cached_answer(call, call.state.sequence, make)


def get_order_queue_position(call: AccountCall) -> bytes:
    order = named_order(call)
    if order.status is not OrderStatus.RESTING:
        message = f"order {order.order_id} is {order.status}: only one that rests has a place in a queue"
        raise Rejected(Situation.NOT_FOUND, message)
    return write(call, QueuePosition(order, count_ahead_centis(call.state, order)))


def _resting(call: AccountCall, subaccount: Subaccount) -> list[Order]:
    query = OrderQuery(
        limit=len(call.account.ledger.orders),
        subaccounts=(subaccount.ref.subaccount,),
        tickers=names_of(call.params["market_tickers"]),
        events=names_of(call.params["event_ticker"]),
        statuses=(OrderStatus.RESTING,),
    )
    return find_orders(call.state, call.account.name, query).rows


OPERATIONS = (
    AccountOperation(
        name="GetOrderQueuePositions",
        path="/portfolio/orders/queue_positions",
        answer=get_order_queue_positions,
        answer_table="GetOrderQueuePositionsResponse",
        is_per_subaccount=True,
        parameters=GET_ORDER_QUEUE_POSITIONS,
    ),
    AccountOperation(
        name="GetOrderQueuePosition",
        path="/portfolio/orders/{order_id}/queue_position",
        answer=get_order_queue_position,
        answer_table="GetOrderQueuePositionResponse",
        is_per_subaccount=True,
    ),
)
