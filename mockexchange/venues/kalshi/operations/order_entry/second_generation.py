"""Implements order entry's second generation, the operations below /portfolio/events/orders.

Orders are bids or asks of the YES side; an answer shows counts.
"""

from mockexchange.core.commands import AmendOrder, CancelAllOrders, PlaceOrder
from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.orders import Order
from mockexchange.core.vocabulary import Action, SelfTradePrevention, Side, TimeInForce
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall, Write, write
from mockexchange.venues.kalshi.operations.order_entry.submission import (
    Fields,
    Receipt,
    Steps,
    amend,
    cancel,
    decrease,
    named_order,
    place,
    require_amounts,
    require_market,
    require_terms,
    yes_price,
)
from mockexchange.venues.kalshi.operations.refusals import submit
from mockexchange.venues.kalshi.operations.row_owner import requested_subaccount, written_subaccount

ACTIONS = {"bid": Action.BUY, "ask": Action.SELL}
TIMES_IN_FORCE = {str(each): each for each in TimeInForce}
SELF_TRADE_PREVENTIONS = {str(each): each for each in SelfTradePrevention}
BOOK_SIDES = {Side.YES: "bid", Side.NO: "ask"}


def create_order(call: AccountCall) -> Write:
    return write(call, (yield from placed(call, call.body)))


def cancel_order(call: AccountCall) -> Write:
    order = named_order(call, call.path_params["order_id"])
    require_market(call, order, call.params)
    return write(call, (yield from cancel(call, order)))


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
        time_in_force=TIMES_IN_FORCE[fields["time_in_force"]],
        post_only=bool(fields["post_only"]),
        reduce_only=bool(fields["reduce_only"]),
        self_trade_prevention=SELF_TRADE_PREVENTIONS[fields["self_trade_prevention_type"]],
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
