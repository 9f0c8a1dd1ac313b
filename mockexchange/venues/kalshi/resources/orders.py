"""An account's orders, live and historical, in pages or one by one."""

from typing import Literal, NamedTuple

from msgspec.structs import replace

from mockexchange.core.model.orders import Order
from mockexchange.core.model.paged_history import HistoryPage, Window
from mockexchange.core.queries.lists import OrderQuery, find_orders
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Action, OrderStatus
from mockexchange.venues.dated_fields import ALWAYS, Empty, Field, Nested, Spelling
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import (
    ACTION,
    BOOK_SIDE,
    BOOLEAN,
    CENTS,
    CONTRACTS,
    COUNT_2,
    DOLLARS_6,
    DOLLARS_OF_CENTS,
    INSTANT,
    INTEGER,
    PRICE_4,
    PRICE_CENTS_NUMBER,
    SIDE,
    TEXT,
    one_of,
)
from mockexchange.venues.kalshi.named_days import (
    FIXED_POINT_ADDED,
    INTEGERS_REMOVED,
    OUTCOMES_ADDED,
    SIX_DECIMALS,
    SUBACCOUNTS_ADDED,
)
from mockexchange.venues.kalshi.resources import parameters
from mockexchange.venues.kalshi.resources.call import AccountCall, AccountOperation, write
from mockexchange.venues.kalshi.resources.fields import CURSOR, exchange_index, list_of, money, optional, table
from mockexchange.venues.kalshi.resources.lists import (
    ListTable,
    answer_list,
    live_or_all,
    live_since,
    names_of,
    window_of,
)
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.row_owner import requested_or_all

# --- fields of answers

ZEROS_LEFT_OUT = "2026-01-01"
"""Day from which some empty keys are left out, which were null before; other keys follow in June."""
PENDING_REMOVED = "2025-11-27"
SELF_TRADE_PREVENTION = one_of("taker_at_cross", "maker")


def count(name: str, read: str) -> tuple[Field, ...]:
    """Return the rows of a count: whole contracts, and the two decimals that replaced them."""
    return (
        Field(name=name, spelling=CONTRACTS, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=f"{name}_fp", spelling=COUNT_2, read=read, since=FIXED_POINT_ADDED, source="changelog"),
    )


def _fees(role: str) -> tuple[Field, ...]:
    """Return the rows of a role's fees; while none are paid, dollars were null, later left out, and are zero now."""
    name, dollars = f"{role}_fees", f"{role}_fees_dollars"
    read, paid = f"order.{role}_fees_micros", f"{role}_fees_paid_micros"
    spans: tuple[tuple[Empty, Spelling, str, str, str], ...] = (
        ("null", DOLLARS_OF_CENTS, ALWAYS, ZEROS_LEFT_OUT, "wire-2025-11"),
        ("absent", DOLLARS_OF_CENTS, ZEROS_LEFT_OUT, SIX_DECIMALS, "wire-2026-01"),
        ("absent", DOLLARS_6, SIX_DECIMALS, INTEGERS_REMOVED, "choice"),
    )
    return (
        Field(name=name, spelling=CENTS, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        *(
            Field(name=dollars, spelling=spelling, read=paid, empty=empty, since=since, until=until, source=source)
            for empty, spelling, since, until, source in spans
        ),
        Field(name=dollars, spelling=DOLLARS_6, read=read, since=INTEGERS_REMOVED, source="wire-2026-06"),
    )


def _price(side: str) -> tuple[Field, ...]:
    """Return the rows of a side's price; its cents can have a fraction here, unlike in a fill (documented)."""
    name, read = f"{side}_price", f"order.{side}_centicents"
    return (
        Field(name=name, spelling=PRICE_CENTS_NUMBER, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=f"{name}_dollars", spelling=PRICE_4, read=read, source="wire-2025-11"),
    )


ORDER = table(
    "Order",
    Field(name="action", spelling=ACTION, read="order.action", source="wire-2025-11"),
    Field(name="book_side", spelling=BOOK_SIDE, read="order.outcome_side", since=OUTCOMES_ADDED, source="wire-2026-06"),
    # Documented, but in none of the recorded orders: left out unless the order asked for it.
    Field(
        name="cancel_order_on_pause",
        spelling=BOOLEAN,
        read="cancel_on_pause",
        empty="absent",
        source="docs-2025-11",
    ),
    Field(name="client_order_id", spelling=TEXT, read="order.client_order_id", source="wire-2025-11"),
    Field(name="created_time", spelling=INSTANT, read="order.created_at", source="wire-2025-11"),
    exchange_index("order.market.event.exchange_index"),
    *optional("expiration_time", INSTANT, "order.expires_at", source="wire-2025-11"),
    *count("fill_count", "order.filled_centis"),
    *count("initial_count", "order.initial_centis"),
    Field(name="last_update_time", spelling=INSTANT, read="order.updated_at", source="wire-2025-11"),
    *_fees("maker"),
    *money("maker_fill_cost", "maker_cost_micros"),
    *_price("no"),
    *optional("order_group_id", TEXT, "group_id", source="wire-2025-11"),
    Field(name="order_id", spelling=TEXT, read="order.order_id", source="wire-2025-11"),
    Field(name="outcome_side", spelling=SIDE, read="order.outcome_side", since=OUTCOMES_ADDED, source="wire-2026-06"),
    # Zero in every recorded order that rested: the place in the queue has an operation of its own.
    Field(
        name="queue_position",
        spelling=INTEGER,
        read="queue_position",
        until=INTEGERS_REMOVED,
        source="wire-2025-11",
    ),
    *count("remaining_count", "order.remaining_centis"),
    Field(
        name="self_trade_prevention_type",
        spelling=SELF_TRADE_PREVENTION,
        read="order.self_trade_prevention",
        empty="null",
        until=ZEROS_LEFT_OUT,
        source="wire-2025-11",
    ),
    Field(
        name="self_trade_prevention_type",
        spelling=SELF_TRADE_PREVENTION,
        read="order.self_trade_prevention",
        empty="absent",
        since=ZEROS_LEFT_OUT,
        source="wire-2026-01",
    ),
    Field(name="side", spelling=SIDE, read="order.side", source="wire-2025-11"),
    # "pending" was documented until 2025-11-27 and is in no recording: an order here rests at once, or is done.
    Field(
        name="status",
        spelling=one_of("resting", "canceled", "executed", "pending"),
        read="order.status",
        until=PENDING_REMOVED,
        source="docs-2025-11",
    ),
    Field(
        name="status",
        spelling=one_of("resting", "canceled", "executed"),
        read="order.status",
        since=PENDING_REMOVED,
        source="changelog",
    ),
    Field(
        name="subaccount_number",
        spelling=INTEGER,
        read="order.subaccount.number",
        empty="absent",
        since=SUBACCOUNTS_ADDED,
        source="wire-2026-06",
    ),
    *_fees("taker"),
    *money("taker_fill_cost", "taker_cost_micros"),
    Field(name="ticker", spelling=TEXT, read="order.market.ticker", source="wire-2025-11"),
    Field(name="type", spelling=one_of("limit", "market"), read="type", source="wire-2025-11"),
    Field(name="user_id", spelling=TEXT, read="user_id", source="wire-2025-11"),
    *_price("yes"),
)

GET_ORDERS_RESPONSE = table("GetOrdersResponse", CURSOR, list_of("orders", "Order", ORDER))

GET_ORDER_RESPONSE = table(
    "GetOrderResponse", Field(name="order", spelling=Nested("Order", ORDER), read="order", source="docs-2025-11")
)

# --- parameters of queries

GET_ORDERS: tuple[Parameter, ...] = (
    parameters.CURSOR,
    *parameters.LIMIT_WIDENED,
    parameters.TICKER,
    parameters.EVENT_TICKERS,
    *parameters.WINDOW,
    # No enumeration here: an unknown value was answered with an empty list (recorded 2025-11-03).
    Parameter(name="status", kind="text", source="wire-2025-11"),
    *parameters.subaccount(SUBACCOUNTS_ADDED),
    parameters.EXCHANGE_INDEX,
)

# --- operations

STATUSES = tuple(status.value for status in OrderStatus)
STATUS_CHARS_SHOWN_MAX = 80
ORDERS = ListTable("orders", "Order")


SaleCost = Literal["gained", "sold"]


def shown_costs_micros(order: Order, sale_cost: SaleCost, filled_centis: int) -> tuple[int, int]:
    """Return the cost of the first `filled_centis` contracts of an order, as taker and as maker.

    With "gained" a sale costs what its contracts of the other side do: a dollar less the price, for each. That is a
    choice: sources say that a cost is the price of the side gained, and no recorded order was a sale.
    """
    costs_micros, counted_centis, is_turned = [0, 0], 0, order.action is Action.SELL and sale_cost == "gained"
    for fill in order.fills:
        if counted_centis == filled_centis:
            break
        price_centicents = fill.price_centicents
        shown = CENTICENTS_PER_DOLLAR - price_centicents if is_turned else price_centicents
        costs_micros[not fill.is_taker] += fill.trade.count_centis * shown
        counted_centis += fill.trade.count_centis
    return costs_micros[0], costs_micros[1]


class OrderView(NamedTuple):
    """An order as its owner sees it. `type` is always limit, since the venue removed market orders."""

    order: Order
    user_id: str
    sale_cost: SaleCost
    queue_position: int = 0
    type: str = "limit"

    @property
    def revision(self) -> int:
        return self.order.revision

    @property
    def cancel_on_pause(self) -> bool | None:
        return self.order.cancel_on_pause or None

    @property
    def group_id(self) -> str | None:
        return self.order.group.group_id if self.order.group else None

    @property
    def taker_cost_micros(self) -> int:
        order = self.order
        if order.action is Action.BUY:
            return order.taker_cost_micros
        return shown_costs_micros(order, self.sale_cost, order.filled_centis)[0]

    @property
    def maker_cost_micros(self) -> int:
        order = self.order
        if order.action is Action.BUY:
            return order.maker_cost_micros
        return shown_costs_micros(order, self.sale_cost, order.filled_centis)[1]

    @property
    def maker_fees_paid_micros(self) -> int | None:
        return self.order.maker_fees_micros or None

    @property
    def taker_fees_paid_micros(self) -> int | None:
        return self.order.taker_fees_micros or None


class OrderAnswer(NamedTuple):
    order: OrderView


def get_orders(call: AccountCall) -> bytes:
    return answer_orders(call, requested_or_all(call), live_or_all(call))


def get_order(call: AccountCall) -> bytes:
    return write(call, OrderAnswer(view_of(call, named_order(call))))


def answer_orders(
    call: AccountCall, subaccount: str | None, is_archived: bool | None, window: Window | None = None
) -> bytes:
    """Return the orders of a subaccount (None for all) that pass the call's filters.

    `is_archived` is True for historical orders, False for live ones, None for both.
    An unknown status matches nothing (recorded 2025-11-03).
    """
    params, orders = call.params, call.account.ledger.orders
    status = params.get("status")
    if status and status not in STATUSES:
        shown = status[:STATUS_CHARS_SHOWN_MAX]
        call.findings.append(f"status={shown!r} matches nothing: known are {', '.join(STATUSES)}")
    query = OrderQuery(
        limit=1,
        subaccounts=None if subaccount is None else (subaccount,),
        tickers=names_of(params.get("ticker")),
        events=names_of(params.get("event_ticker")),
        exchange_index=params.get("exchange_index"),
        statuses=(status,) if status else (),
        archived=is_archived,
        client_order_ids=params.get("client_order_ids") or (),
        window=window_of(call) if window is None else window,
    )

    def find(limit: int, after: int | None) -> HistoryPage[OrderView]:
        rows, last = find_orders(call.state, call.account.name, replace(query, limit=limit, after=after))
        return HistoryPage([view_of(call, order) for order in rows], last)

    return answer_list(call, ORDERS, orders.revision, find, is_kept=window is None)


def view_of(call: AccountCall, order: Order) -> OrderView:
    return OrderView(order, call.account.user_id, call.settings.sale_cost)


def named_order(call: AccountCall) -> Order:
    """Return the order that the path names. Raises Rejected if there is no such order or the key may not see it."""
    order_id, key = call.path_params["order_id"], call.key
    order = call.state.orders.get(order_id)
    if order is None:
        raise Rejected(Situation.NOT_FOUND, f"there is no order {order_id!r}")
    if order.subaccount_ref.account != call.account.name:
        message = f"order {order_id} is of {order.subaccount_ref.account}, the key of {call.account.name}"
        raise Rejected(Situation.NOT_FOUND, message)
    if key.subaccount not in (None, order.subaccount_ref.subaccount):
        own = order.subaccount_ref.subaccount
        message = f"order {order_id} is of book {own}, key {key.name} is restricted to book {key.subaccount}"
        raise Rejected(Situation.NOT_FOUND, message)
    if order.is_archived and live_since(call) is not None:
        raise Rejected(Situation.NOT_FOUND, f"order {order_id} is history: /historical/orders lists it")
    return order


def get_historical_orders(call: AccountCall) -> bytes:
    return answer_orders(call, requested_or_all(call), is_archived=True)


OPERATIONS = (
    AccountOperation(
        name="GetOrders",
        path="/portfolio/orders",
        answer=get_orders,
        answer_table="GetOrdersResponse",
        is_per_subaccount=True,
        parameters=GET_ORDERS,
    ),
    AccountOperation(
        name="GetOrder",
        path="/portfolio/orders/{order_id}",
        answer=get_order,
        answer_table="GetOrderResponse",
        is_per_subaccount=True,
    ),
    AccountOperation(
        name="GetHistoricalOrders",
        path="/historical/orders",
        answer=get_historical_orders,
        answer_table="GetOrdersResponse",
        is_per_subaccount=True,
        parameters=parameters.HISTORICAL_ROWS,
    ),
)
