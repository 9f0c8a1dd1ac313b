"""Implements order entry's first generation, the operations below /portfolio/orders.

Orders have a side, an action and a price of either side; an answer shows the whole order.
"""

from copy import copy

from mockexchange.core.commands import AmendOrder, PlaceOrder
from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    CENTIS_PER_CONTRACT,
    MICROS_PER_CENT,
    Action,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from mockexchange.venues.kalshi.bodies.decoding import invalid
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall, Write, write
from mockexchange.venues.kalshi.operations.order_entry.second_generation import require_same_order
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
)
from mockexchange.venues.kalshi.operations.portfolio.orders import view_of
from mockexchange.venues.kalshi.operations.row_owner import written_subaccount

CENTICENTS_PER_CENT = 100
LONG_WORDS = {
    "FOK": TimeInForce.FILL_OR_KILL,
    "GTC": TimeInForce.GOOD_TILL_CANCELED,
    "IOC": TimeInForce.IMMEDIATE_OR_CANCEL,
}
ONE_PRICE = "exactly one of yes_price, no_price, yes_price_dollars, or no_price_dollars should be provided"
FLOOR = "sell_position_floor must be 0 if provided, use reduce_only instead"


def create_order(call: AccountCall) -> Write:
    return write(call, (yield from placed(call, call.body)))


def cancel_order(call: AccountCall) -> Write:
    order = named_order(call, call.path_params["order_id"])
    require_market(call, order, call.params)
    return write(call, (yield from cancel(call, order)))


def decrease_order(call: AccountCall) -> Write:
    order, body = named_order(call, call.path_params["order_id"]), call.body
    require_market(call, order, body)
    by_centis, to_centis = _count(body, "reduce_by"), _count(body, "reduce_to")
    return write(call, (yield from decrease(call, order, by_centis, to_centis)))


def amend_order(call: AccountCall) -> Write:
    """Amend an order.

    Without a count, the order's total becomes 0, which cancels an unfilled order (recorded 2026-01-14).
    """
    order, body = named_order(call, call.path_params["order_id"]), call.body
    require_same_order(order, body, order.side, order.action)
    price_centicents, count_centis = _price(body, order.side), _count(body, "count")
    require_amounts(call, body, count_centis, price_centicents)
    command = AmendOrder(
        order=order.order_id,
        price_centicents=None if count_centis is None else price_centicents,
        count_centis=count_centis or 0,
        client_order_id=body["updated_client_order_id"],
    )
    old = view_of(call, copy(order))
    return write(call, (yield from amend(call, order, command, old)))


def placed(call: AccountCall, fields: Fields) -> Steps[Receipt]:
    """Place the order that a request's body, or an item of a batch, describes. Raises Rejected."""
    terms = {**fields, "time_in_force": LONG_WORDS.get(fields["time_in_force"], fields["time_in_force"])}
    if fields.get("type") == "market":
        raise invalid("Type", "type market was removed: expected limit")
    if fields["sell_position_floor"]:
        raise Rejected(Situation.INVALID_ORDER, "sell_position_floor is not 0: use reduce_only", details=FLOOR)
    require_terms(call, terms, "expiration_ts", is_whole=bool(fields["buy_max_cost"]))
    side = Side(fields["side"])
    price_centicents, count_centis = _price(fields, side), _count(fields, "count")
    if count_centis is None:
        raise Rejected(Situation.MISSING_FIELD, "count or count_fp is required", field="Count")
    require_amounts(call, fields, count_centis, price_centicents)
    return (yield from place(call, _command(call, terms, side, price_centicents, count_centis)))


def _command(call: AccountCall, terms: Fields, side: Side, price_centicents: int, count_centis: int) -> PlaceOrder:
    prevention, expires_s = terms["self_trade_prevention_type"], terms["expiration_ts"]
    return PlaceOrder(
        subaccount_ref=written_subaccount(call, terms),
        market=terms["ticker"],
        side=side,
        action=Action(terms["action"]),
        count_centis=count_centis,
        price_centicents=price_centicents,
        time_in_force=TimeInForce(terms["time_in_force"] or TimeInForce.GOOD_TILL_CANCELED),
        post_only=bool(terms["post_only"]),
        reduce_only=bool(terms["reduce_only"]),
        self_trade_prevention=SelfTradePrevention(prevention) if prevention else None,
        cancel_on_pause=bool(terms["cancel_order_on_pause"]),
        expires_at=expires_s * MICROSECONDS_PER_SECOND if expires_s else None,
        group=terms["order_group_id"],
        client_order_id=terms["client_order_id"] or "",
        max_cost_micros=terms["buy_max_cost"] * MICROS_PER_CENT if terms["buy_max_cost"] else None,
    )


def _price(fields: Fields, side: Side) -> int:
    """Return the price of the contract of `side`. Raises Rejected unless there is exactly one price."""
    given = [
        (owner, fields[name] * unit)
        for owner in Side
        for name, unit in ((f"{owner}_price", CENTICENTS_PER_CENT), (f"{owner}_price_dollars", 1))
        if fields[name] is not None
    ]
    if len(given) != 1:
        raise Rejected(Situation.INVALID_ORDER, f"the order has {len(given)} prices: {ONE_PRICE}", details=ONE_PRICE)
    [(owner, price_centicents)] = given
    own: int = price_centicents if owner is side else CENTICENTS_PER_DOLLAR - price_centicents
    return own


def _count(fields: Fields, name: str) -> int | None:
    """Return a count in hundredths of contracts, given as an integer, as a text, or both alike. Raises Rejected."""
    whole, exact = fields[name], fields.get(f"{name}_fp")
    if whole is not None and exact is not None and whole * CENTIS_PER_CONTRACT != exact:
        raise invalid("Count", f"{name} and {name}_fp: expected the same count")
    centis: int | None = exact if whole is None else whole * CENTIS_PER_CONTRACT
    return centis
