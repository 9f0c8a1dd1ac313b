"""Defines the scenario steps for fills, opening balances, orders and their groups."""

from typing import Any

from mockexchange.core import commands
from mockexchange.core.vocabulary import Side
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.steps.shared_fields import (
    ACTION,
    BOOK_ACTIONS,
    EXCHANGE_INDEX,
    SELF_TRADE_PREVENTION,
    SIDE,
    SIDE_OF_BOOK,
    TIME_IN_FORCE,
)
from mockexchange.scenario.steps.step_type import StepKind, step
from mockexchange.scenario.types.composite_types import Record, may, must
from mockexchange.scenario.types.instants import INSTANT
from mockexchange.scenario.types.value_types import (
    AMOUNT,
    BOOK,
    BOOLEAN,
    COUNT,
    COUNT_ABOVE_ZERO,
    NAME,
    PART,
    PRICE,
    SIGNED_AMOUNT,
    SIGNED_COUNT,
)

NEW = "new"
"""The word by which a fill asks for a new order, alone or with the new order's id."""


class OrderOfFillType:
    """The schema of `order` in a step for a fill: the id of an existing order, `new`, or `{new: ID}`."""

    def read(self, node: Located, path: str) -> str | commands.NewOrder | None:
        if isinstance(node.value, dict):
            order_id = _NEW_ORDER.read(node, path)[NEW]
            return commands.NewOrder(order_id)
        name: str = NAME.read(node, path)
        return None if name == NEW else name

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [NAME.json_schema(), _NEW_ORDER.json_schema()]}


_NEW_ORDER = Record({NEW: must(NAME)})


def _with_book_side(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of an order with a side and an action: a bid buys YES, an ask sells YES."""
    side, action = values["side"], values.get("action")
    if isinstance(side, Side):
        if action is None:
            raise ValueError(f"expected the key 'action' beside side {side}: buy or sell")
        return values
    if action is not None:
        raise ValueError(f"expected side {side} without `action`: a bid buys YES, an ask sells YES")
    return {**values, "side": Side.YES, "action": BOOK_ACTIONS[side]}


_TRADE = {
    "account": ("subaccount_ref", must(BOOK)),
    "market": ("market", must(NAME)),
    "side": ("side", must(SIDE)),
    "action": ("action", must(ACTION)),
    "count": ("count_centis", must(COUNT_ABOVE_ZERO)),
    "price": ("price_centicents", must(PRICE)),
    "client_order_id": ("client_order_id", may(NAME)),
}
_ORDER_ID = {"order": ("order", may(NAME))}
_ORDER_OPTIONS = {
    "group": ("group", may(NAME)),
    "expires": ("expires_at", may(INSTANT)),
    "self_trade_prevention": ("self_trade_prevention", may(SELF_TRADE_PREVENTION)),
    "cancel_on_pause": ("cancel_on_pause", may(BOOLEAN, False)),
}
_ORDER = {"order": ("order", must(NAME))}
_GROUP = {"group": ("group", must(NAME))}

STEPS: dict[str, StepKind] = {
    "fill": step(
        commands.Fill,
        **_TRADE,
        order=("order", may(OrderOfFillType())),
        taker=("taker", may(BOOLEAN, False)),
        fee=("fee_micros", may(AMOUNT)),
        against=("against", may(BOOK)),
        against_order=("against_order", may(OrderOfFillType())),
        against_fee=("against_fee_micros", may(AMOUNT)),
        id=("fill_id", may(NAME)),
    ),
    "open": step(
        commands.OpenPosition,
        account=("subaccount_ref", must(BOOK)),
        market=("market", must(NAME)),
        position=("quantity_centis", must(SIGNED_COUNT)),
        exposure=("cost_micros", must(AMOUNT)),
        realized=("realized_micros", may(SIGNED_AMOUNT, 0)),
        fees=("fees_micros", may(AMOUNT, 0)),
        traded=("traded_micros", may(AMOUNT, 0)),
        shares=("shares_centis", may(COUNT)),
    ),
    "rest": step(
        commands.RestOrder,
        **_TRADE,
        **_ORDER_ID,
        **_ORDER_OPTIONS,
    ),
    "place": step(
        commands.PlaceOrder,
        None,
        None,
        _with_book_side,
        **{**_TRADE, "side": ("side", must(SIDE_OF_BOOK)), "action": ("action", may(ACTION))},
        **_ORDER_ID,
        time_in_force=("time_in_force", may(TIME_IN_FORCE)),
        post_only=("post_only", may(BOOLEAN, False)),
        reduce_only=("reduce_only", may(BOOLEAN, False)),
        max_cost=("max_cost_micros", may(AMOUNT)),
        **_ORDER_OPTIONS,
    ),
    "print": step(
        commands.TradeMarket,
        market=("market", must(NAME)),
        side=("side", must(SIDE)),
        count=("count_centis", must(COUNT_ABOVE_ZERO)),
        price=("price_centicents", must(PRICE)),
    ),
    "reduce": step(commands.ReduceOrder, **_ORDER, count=("count_centis", must(COUNT_ABOVE_ZERO))),
    "cancel": step(commands.CancelOrder, **_ORDER),
    "cancel_all": step(
        commands.CancelAllOrders,
        account=("account", must(PART)),
        subaccount=("subaccount", may(PART)),
        market=("market", may(NAME)),
    ),
    "amend": step(
        commands.AmendOrder,
        **_ORDER,
        price=("price_centicents", may(PRICE)),
        count=("count_centis", may(COUNT)),
        client_order_id=("client_order_id", may(NAME)),
        expires=("expires_at", may(INSTANT)),
        clears_expiry=("clears_expiry", may(BOOLEAN, False)),
    ),
    "expire": step(commands.ExpireOrder, **_ORDER),
    "group": step(
        commands.OpenGroup,
        account=("subaccount_ref", must(BOOK)),
        group=("group", may(NAME)),
        limit=("limit_centis", may(COUNT_ABOVE_ZERO)),
        exchange_index=("exchange_index", may(EXCHANGE_INDEX, 0)),
    ),
    "trigger_group": step(commands.TriggerGroup, **_GROUP),
    "reset_group": step(commands.ResetGroup, **_GROUP),
    "limit_group": step(commands.LimitGroup, **_GROUP, limit=("limit_centis", must(COUNT_ABOVE_ZERO))),
    "delete_group": step(commands.DeleteGroup, **_GROUP),
}
