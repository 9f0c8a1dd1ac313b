"""Order entry V1, the first generation: the operations below /portfolio/orders.

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
from mockexchange.venues.dated_fields import ALWAYS, FOREVER
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.named_days import FIXED_POINT_ADDED, SUBACCOUNTS_ADDED
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
from mockexchange.venues.kalshi.resources.order_entry_v2 import (
    SELF_TRADE_PREVENTIONS,
    TIMES_IN_FORCE,
    require_same_order,
    required,
)
from mockexchange.venues.kalshi.resources.orders import view_of
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.refusals import invalid
from mockexchange.venues.kalshi.resources.row_owner import written_subaccount

# --- parameters of queries

CANCEL_ORDER: tuple[Parameter, ...] = (*parameters.subaccount(SUBACCOUNTS_ADDED), parameters.EXCHANGE_INDEX)

# --- bodies of requests

OPTIONAL_SINCE = "2026-01-28"
"""Day from which counts may be strings, and the client order ids of an amendment may be left out."""
LONG_WORDS_SINCE = "2025-12-01"
SHORT_WORDS = ("FOK", "GTC", "IOC")
TYPE_REMOVED = "2026-02-11"
PAGES = "docs-2025-11"


def _cents(name: str) -> BodyField:
    return BodyField(name=name, kind="integer", minimum=1, maximum=99, source=PAGES)


def _whole(
    name: str, minimum: int, *, is_required: bool = False, until: str = FOREVER, since: str = ALWAYS
) -> BodyField:
    return BodyField(
        name=name,
        kind="integer",
        minimum=minimum,
        maximum=bodies.INT64_MAX // 100,
        required=is_required,
        since=since,
        until=until,
        source=PAGES if since == ALWAYS else "changelog",
    )


_SIDES = (
    required("side", "choice", "yes", "no", source=PAGES),
    required("action", "choice", "buy", "sell", source=PAGES),
)
_PRICES = (
    _cents("yes_price"),
    _cents("no_price"),
    bodies.optional("yes_price_dollars", "price"),
    bodies.optional("no_price_dollars", "price"),
)
_COUNT_FP = bodies.optional("count_fp", "count", since=FIXED_POINT_ADDED, source="changelog")

CREATE_ORDER = Body(
    struct="CreateOrderRequest",
    fields=(
        required("ticker", "text", source=PAGES),
        *_SIDES,
        *_PRICES,
        _whole("count", 1, is_required=True, until=OPTIONAL_SINCE),
        _whole("count", 1, since=OPTIONAL_SINCE),
        _COUNT_FP,
        bodies.optional("client_order_id", "text"),
        BodyField(name="type", kind="choice", choices=("limit", "market"), until=TYPE_REMOVED, source="changelog"),
        # What the server took in November 2025 was not recorded: the short words are those of its pages.
        BodyField(
            name="time_in_force",
            kind="choice",
            choices=(*SHORT_WORDS, *TIMES_IN_FORCE),
            until=LONG_WORDS_SINCE,
            lenient=True,
            source="choice",
        ),
        BodyField(
            name="time_in_force", kind="choice", choices=TIMES_IN_FORCE, since=LONG_WORDS_SINCE, source="changelog"
        ),
        bodies.expiry("expiration_ts", "docs-2025-11"),
        _whole("buy_max_cost", 1),
        bodies.optional("post_only", "boolean"),
        bodies.optional("reduce_only", "boolean"),
        bodies.optional("cancel_order_on_pause", "boolean"),
        bodies.optional("sell_position_floor", "integer"),
        BodyField(
            name="self_trade_prevention_type", kind="choice", choices=SELF_TRADE_PREVENTIONS, source="docs-2025-11"
        ),
        bodies.optional("order_group_id", "text"),
        bodies.subaccount(),
        bodies.exchange_index(),
    ),
)

AMEND_ORDER = Body(
    struct="AmendOrderRequest",
    fields=(
        required("ticker", "text", source=PAGES),
        *_SIDES,
        *_PRICES,
        required("client_order_id", "text", until=OPTIONAL_SINCE, source=PAGES),
        required("updated_client_order_id", "text", until=OPTIONAL_SINCE, source=PAGES),
        bodies.optional("client_order_id", "text", since=OPTIONAL_SINCE, source="changelog"),
        bodies.optional("updated_client_order_id", "text", since=OPTIONAL_SINCE, source="changelog"),
        _whole("count", 1),
        _COUNT_FP,
        bodies.subaccount(),
        bodies.exchange_index(),
    ),
)

DECREASE_ORDER = Body(
    struct="DecreaseOrderRequest",
    fields=(
        _whole("reduce_by", 1),
        _whole("reduce_to", 0),
        bodies.optional("reduce_by_fp", "count", since="2026-01-22", source="changelog"),
        bodies.optional("reduce_to_fp", "count", since="2026-01-22", source="changelog"),
        bodies.subaccount(),
        bodies.exchange_index(),
    ),
)

CREATE_ORDERS = Body(
    struct="BatchCreateOrdersRequest",
    fields=(BodyField(name="orders", kind="objects", required=True, body=CREATE_ORDER, source=PAGES),),
)

_CANCELED_ORDER = Body(
    struct="BatchCancelOrdersRequestOrder",
    fields=(required("order_id", "text", source="openapi-3.13"), bodies.subaccount(), bodies.exchange_index()),
)

CANCEL_ORDERS = Body(
    struct="BatchCancelOrdersRequest",
    fields=(
        BodyField(name="ids", kind="texts", required=True, until=SUBACCOUNTS_ADDED, source=PAGES),
        BodyField(name="ids", kind="texts", since=SUBACCOUNTS_ADDED, source="changelog"),
        BodyField(name="orders", kind="objects", body=_CANCELED_ORDER, since=SUBACCOUNTS_ADDED, source="changelog"),
    ),
)

# --- operations

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
