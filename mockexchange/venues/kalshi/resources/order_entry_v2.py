"""Order entry V2, the second generation: the operations below /portfolio/events/orders.

Orders are bids or asks of the YES side; an answer shows counts.
"""

from mockexchange.core.commands import AmendOrder, CancelAllOrders, PlaceOrder
from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.orders import Order
from mockexchange.core.vocabulary import Action, SelfTradePrevention, Side, TimeInForce
from mockexchange.venues.dated_fields import ALWAYS, FOREVER
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import yes_price
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, SUBACCOUNTS_ADDED
from mockexchange.venues.kalshi.resources import bodies, parameters
from mockexchange.venues.kalshi.resources.bodies import Body, BodyField
from mockexchange.venues.kalshi.resources.call import AccountCall, Write, write
from mockexchange.venues.kalshi.resources.order_changes import (
    Fields,
    Receipt,
    Steps,
    amend,
    decrease,
    named_order,
    place,
    require_amounts,
    require_market,
    require_terms,
)
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.refusals import submit
from mockexchange.venues.kalshi.resources.row_owner import requested_subaccount, written_subaccount

# --- parameters of queries

_ROUTED_BY_TICKER = Parameter(
    name="exchange_index", kind="integer", minimum=-1, maximum=2**31 - 1, since="2026-06-22", source="changelog"
)

CANCEL_ORDER_V2: tuple[Parameter, ...] = (
    *parameters.subaccount(SUBACCOUNTS_ADDED),
    _ROUTED_BY_TICKER,
    Parameter(name="market_ticker", kind="text", since="2026-06-22", source="changelog"),
)
CHANGE_ORDER_V2: tuple[Parameter, ...] = parameters.subaccount(SUBACCOUNTS_ADDED)

# --- bodies of requests

TIMES_IN_FORCE = ("fill_or_kill", "good_till_canceled", "immediate_or_cancel")
SELF_TRADE_PREVENTIONS = ("taker_at_cross", "maker")
CLIENT_ID_MADE_OPTIONAL = "2026-06-03"
ROUTED_BY_TICKER = "2026-06-22"
REDUCE_BY_ADDED = "2026-05-12"
SOURCE = "openapi-3.21"


def required(
    name: str, kind: bodies.Kind, *choices: str, since: str = ALWAYS, until: str = FOREVER, source: str = SOURCE
) -> BodyField:
    return BodyField(name=name, kind=kind, choices=choices, required=True, since=since, until=until, source=source)


EXCHANGE_INDEX = (
    BodyField(
        name="exchange_index",
        kind="integer",
        minimum=0,
        maximum=2**31 - 1,
        since=bodies.EXCHANGE_INDEX_IN_BODIES,
        until=ROUTED_BY_TICKER,
        source="changelog",
    ),
    bodies.exchange_index(ROUTED_BY_TICKER, minimum=-1),
)

CREATE_ORDER = Body(
    struct="CreateOrderV2Request",
    fields=(
        required("ticker", "text"),
        required("side", "choice", "bid", "ask"),
        required("count", "count"),
        required("price", "price"),
        required("time_in_force", "choice", *TIMES_IN_FORCE),
        required("self_trade_prevention_type", "choice", *SELF_TRADE_PREVENTIONS),
        required("client_order_id", "client_id", until=CLIENT_ID_MADE_OPTIONAL, source="changelog"),
        bodies.optional("client_order_id", "client_id", since=CLIENT_ID_MADE_OPTIONAL, source="changelog"),
        bodies.expiry("expiration_time", SOURCE),
        bodies.optional("post_only", "boolean", source=SOURCE),
        bodies.optional("cancel_order_on_pause", "boolean", source=SOURCE),
        bodies.optional("reduce_only", "boolean", source=SOURCE),
        bodies.optional("order_group_id", "text", source=SOURCE),
        bodies.subaccount(),
        *EXCHANGE_INDEX,
    ),
)

AMEND_ORDER = Body(
    struct="AmendOrderV2Request",
    fields=(
        required("ticker", "text"),
        required("side", "choice", "bid", "ask"),
        required("price", "price"),
        required("count", "count"),
        bodies.optional("client_order_id", "client_id", source=SOURCE),
        bodies.optional("updated_client_order_id", "client_id", source=SOURCE),
        bodies.expiry("expiration_time", "changelog", since=AUTUMN_2026, minimum=0),
        *EXCHANGE_INDEX,
    ),
)

DECREASE_ORDER = Body(
    struct="DecreaseOrderV2Request",
    fields=(
        required("reduce_to", "count", until=REDUCE_BY_ADDED, source="changelog"),
        bodies.optional("reduce_to", "count", since=REDUCE_BY_ADDED, source="changelog"),
        bodies.optional("reduce_by", "count", since=REDUCE_BY_ADDED, source="changelog"),
        bodies.optional("market_ticker", "text", since="2026-07-30", source="changelog"),
        *EXCHANGE_INDEX,
    ),
)

CREATE_ORDERS = Body(
    struct="BatchCreateOrdersV2Request",
    fields=(BodyField(name="orders", kind="objects", required=True, body=CREATE_ORDER, source=SOURCE),),
)

_CANCELED_ORDER = Body(
    struct="BatchCancelOrdersV2RequestOrdersInner",
    fields=(
        required("order_id", "text"),
        bodies.subaccount(),
        bodies.optional("market_ticker", "text", since=ROUTED_BY_TICKER, source="changelog"),
        *EXCHANGE_INDEX,
    ),
)

CANCEL_ORDERS = Body(
    struct="BatchCancelOrdersV2Request",
    fields=(BodyField(name="orders", kind="objects", required=True, body=_CANCELED_ORDER, source=SOURCE),),
)

# --- operations

ACTIONS = {"bid": Action.BUY, "ask": Action.SELL}
TIME_IN_FORCE_OF = {str(each): each for each in TimeInForce}
PREVENTION_OF = {str(each): each for each in SelfTradePrevention}
BOOK_SIDES = {Side.YES: "bid", Side.NO: "ask"}


def create_order(call: AccountCall) -> Write:
    return write(call, (yield from placed(call, call.body)))


def decrease_order(call: AccountCall) -> Write:
    order, body = named_order(call, call.path_params["order_id"]), call.body
    require_market(call, order, body)
    return write(call, (yield from decrease(call, order, body.get("reduce_by"), body.get("reduce_to"))))


def amend_order(call: AccountCall) -> Write:
    order, body = named_order(call, call.path_params["order_id"]), call.body
    require_same_order(order, body, BOOK_SIDES[order.outcome_side])
    require_amounts(call, body, body["count"], body["price"])
    expires_s = body.get("expiration_time")
    command = AmendOrder(
        order=order.order_id,
        price_centicents=yes_price(order.side, body["price"]),
        count_centis=body["count"],
        client_order_id=body["updated_client_order_id"],
        expires_at=expires_s * MICROSECONDS_PER_SECOND if expires_s else None,
        clears_expiry=expires_s == 0,
    )
    return write(call, (yield from amend(call, order, command)))


def cancel_all_orders(call: AccountCall) -> Write:
    subaccount = requested_subaccount(call)
    yield from submit(CancelAllOrders(account=call.account.name, subaccount=subaccount))
    return b""


def placed(call: AccountCall, fields: Fields) -> Steps[Receipt]:
    """Place the order that a body or a batch item describes; return the order and its fills. Raises Rejected."""
    require_terms(call, fields, "expiration_time")
    require_amounts(call, fields, fields["count"], fields["price"])
    expires_s = fields["expiration_time"]
    command = PlaceOrder(
        subaccount_ref=written_subaccount(call, fields),
        market=fields["ticker"],
        side=Side.YES,
        action=ACTIONS[fields["side"]],
        count_centis=fields["count"],
        price_centicents=fields["price"],
        time_in_force=TIME_IN_FORCE_OF[fields["time_in_force"]],
        post_only=bool(fields["post_only"]),
        reduce_only=bool(fields["reduce_only"]),
        self_trade_prevention=PREVENTION_OF[fields["self_trade_prevention_type"]],
        cancel_on_pause=bool(fields["cancel_order_on_pause"]),
        expires_at=expires_s * MICROSECONDS_PER_SECOND if expires_s else None,
        group=fields["order_group_id"],
        client_order_id=fields["client_order_id"] or "",
    )
    return (yield from place(call, command))


def require_same_order(order: Order, fields: Fields, side: str, action: str | None = None) -> None:
    """Raise Rejected if an amendment has another value for a field that must repeat the order's value."""
    named = (
        ("order_ticker_mismatch", fields["ticker"], order.market.ticker),
        ("order_side_mismatch", fields["side"], side),
        ("order_side_mismatch", fields.get("action"), action),
        (
            "order_id_and_client_order_id_mismatch",
            fields["client_order_id"] or order.client_order_id,
            order.client_order_id,
        ),
    )
    for code, given, wanted in named:
        if given != wanted:
            message = f"order {order.order_id} has {wanted!r}, the request {given!r}"
            raise Rejected(Situation.AMEND_MISMATCH, message, code=code, message=code.replace("_", " "))
