"""Faults of what an FCM reads: other subtraders are shown to a bound key; sides and fees of trades are wrong."""

from typing import Any

from msgspec.structs import replace as changed

from contracts.suites.planted.planting import Planter, fault
from mockexchange.venues.kalshi import parameter_decoding as decoding
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.resources import fcm, orders
from mockexchange.venues.kalshi.resources.fcm import FcmFill

OTHER = "fcm7_st2"


def other_side_is_shown(planter: Planter) -> None:
    planter.member(fcm, "_own_side", lambda before: lambda fill, ids: FcmFill(fill.trade, *_sides(fill), ids))


def _sides(fill: Any) -> tuple[Any, Any]:
    return fill.trade.maker, fill.trade.taker


def every_subtrader_is_listed(planter: Planter) -> None:
    def add(body: dict[str, Any]) -> None:
        rows = body["subtraders"]
        if OTHER not in {row["subtrader_id"] for row in rows}:
            rows.append({**rows[0], "subtrader_id": OTHER})

    planter.answers("ListFCMSubtraders", add)


def orders_of_the_read_before_are_listed(planter: Planter) -> None:
    before: list[Any] = []

    def add(body: dict[str, Any]) -> None:
        listed = {row["order_id"] for row in body["orders"]}
        kept = list(body["orders"])
        body["orders"] += [row for row in before if row["order_id"] not in listed]
        before[:] = kept

    planter.answers("GetFCMOrders", add)


def bound_key_finds_every_order(planter: Planter) -> None:
    planter.member(
        orders,
        "named_order",
        lambda before: lambda call: before(changed(call, key=changed(call.key, subaccount=None))),
    )


def others_order_is_forbidden(planter: Planter) -> None:
    """Say that there is such an order, though the key may not see it."""

    def make(before: Any) -> Any:
        def named_order(call: Any) -> Any:
            order = call.state.orders.get(call.path_params["order_id"])
            if order and call.key.subaccount not in (None, order.subaccount_ref.subaccount):
                raise Rejected(Situation.FORBIDDEN, "it is another subtrader's")
            return before(call)

        return named_order

    planter.member(orders, "named_order", make)


def any_id_is_the_first_order(planter: Planter) -> None:
    def make(before: Any) -> Any:
        def named_order(call: Any) -> Any:
            try:
                return before(call)
            except Rejected:
                own = (one for one in call.state.orders.values() if one.subaccount_ref.account == call.account.name)
                return next(own)

        return named_order

    planter.member(orders, "named_order", make)


def sides_change_places(planter: Planter) -> None:
    planter.member(FcmFill, "maker_order_id", lambda before: property(lambda fill: _order(fill.taker or fill.maker)))
    planter.member(FcmFill, "taker_order_id", lambda before: property(lambda fill: _order(fill.maker or fill.taker)))


def _order(side: Any) -> str | None:
    return side.order.order_id if side else None


def taker_has_no_fee(planter: Planter) -> None:
    planter.member(FcmFill, "taker_fee_cost", lambda before: property(lambda fill: None))


def trade_has_no_side(planter: Planter) -> None:
    def drop(body: dict[str, Any]) -> None:
        row = body["fills"][0]
        for name in [name for name in row if name.startswith(("maker_", "taker_"))]:
            del row[name]

    planter.answers("GetFCMFills", drop)


def fee_is_doubled(planter: Planter) -> None:
    planter.member(
        FcmFill, "taker_fee_cost", lambda before: property(lambda fill: fill.taker and 2 * fill.taker.fee_micros)
    )


def maker_pays_too(planter: Planter) -> None:
    planter.member(FcmFill, "maker_fee_cost", lambda before: property(lambda fill: fill.maker and 10_000))


def orders_are_free(planter: Planter) -> None:
    def free(body: dict[str, Any]) -> None:
        for row in body["orders"]:
            row["taker_fees_dollars"] = "0.000000"

    planter.answers("GetFCMOrders", free)


def only_the_first_id_is_looked_for(planter: Planter) -> None:
    def make(decode: Any) -> Any:
        def decode_first(*given: Any) -> Any:
            decoded = decode(*given)
            ids = decoded.params.get("client_order_ids")
            return decoded._replace(params={**decoded.params, "client_order_ids": ids[:1]}) if ids else decoded

        return decode_first

    planter.function(decoding.read_query, make)


def ids_are_of_one_subtrader(planter: Planter) -> None:
    planter.member(fcm, "requested_subtrader", lambda before: lambda call: before(call) or "st1")


def another_order_is_found_too(planter: Planter) -> None:
    def add(body: dict[str, Any]) -> None:
        if body["orders"]:
            row = body["orders"][-1]
            body["orders"].append({**row, "client_order_id": "z-other", "created_time": "2020-01-01T00:00:00Z"})

    planter.answers("GetFCMOrders", add)


FCM = (
    fault("a bound key sees the other side of a trade", "fcm.bound_rows", other_side_is_shown),
    fault("a bound key lists every subtrader", "fcm.bound_rows", every_subtrader_is_listed),
    fault("orders of another subtrader are listed", "fcm.bound_rows", orders_of_the_read_before_are_listed),
    fault("a bound key finds every order of its FCM", "fcm.bound_items", bound_key_finds_every_order),
    fault("another subtrader's order is forbidden", "fcm.bound_items", others_order_is_forbidden),
    fault("every id is that of the first order", "fcm.bound_items", any_id_is_the_first_order),
    fault("the sides of a trade change places", "fcm.sides", sides_change_places),
    fault("a taker's side has no fee", "fcm.sides", taker_has_no_fee),
    fault("a trade shows neither maker nor taker", "fcm.sides", trade_has_no_side),
    fault("a taker's fee is doubled", "fcm.fees", fee_is_doubled),
    fault("a maker pays a fee that its order does not show", "fcm.fees", maker_pays_too),
    fault("orders of subtraders are free", "fcm.fees", orders_are_free),
    fault("only the first client order id counts", "fcm.named_orders", only_the_first_id_is_looked_for),
    fault("client order ids are those of one subtrader", "fcm.named_orders", ids_are_of_one_subtrader),
    fault("an order that was not asked for is found", "fcm.named_orders", another_order_is_found_too),
)
