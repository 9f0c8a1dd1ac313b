"""Writes the derivatives of an account as JSON for the control API: positions, summaries, trades and orders.

Amounts are exact decimal strings. Values that venues only show rounded are left out. The venues' encoders are not used.
"""

from decimal import Decimal
from enum import Enum
from typing import Any

from mockexchange.core.derivatives import valuation
from mockexchange.core.derivatives.orders import DerivativeOrder, DerivativeTrade
from mockexchange.core.derivatives.valuation import PositionView, SummaryView
from mockexchange.core.instants import format_instant
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef

Row = dict[str, Any]
TRADE_FIELDS_LEFT_OUT = (
    *("subaccount_ref", "trade_id", "order_id", "derivative", "serial", "created_at", "is_taker", "is_long_tick"),
    *("order_type", "order_state", "post_only", "reduce_only"),
)
"""Fields of a trade that the JSON has under other names, or that belong to the trade's order."""


def positions_of(state: State, account: str) -> list[Row]:
    """Return a row for each derivative that an account and its subaccounts hold, or held since the last settlement."""
    subaccounts = [SubaccountRef(account, subaccount) for subaccount in state.accounts[account].subaccounts]
    return [
        _position(view)
        for subaccount in subaccounts
        for view in valuation.positions_of(state, subaccount, with_flat=True)
    ]


def summaries_of(state: State, account: str) -> list[Row]:
    """Return a row per subaccount and currency: cash, equity with all positions, and the required margins."""
    subaccounts = [SubaccountRef(account, subaccount) for subaccount in state.accounts[account].subaccounts]
    return [
        _summary(valuation.summary_of(state, subaccount_ref, currency))
        for subaccount_ref in subaccounts
        for currency in valuation.currencies_of(state, subaccount_ref)
    ]


def trades_of(state: State, account: str) -> list[Row]:
    """Return a row for each trade of derivatives of an account, oldest first."""
    return [_trade(trade) for trade in state.derivatives.trades if trade.subaccount_ref.account == account]


def orders_of(state: State, account: str) -> list[Row]:
    """Return a row for each order of derivatives of an account, oldest first."""
    return [_order(order) for order in state.derivatives.orders.values() if order.subaccount_ref.account == account]


def number(value: Decimal) -> str:
    """Return a decimal as text with all its digits and no trailing zeros: 0.5, -110970."""
    if not value:
        return "0"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(value: Any) -> Any:
    """Return a value that JSON can hold: a decimal as text, an enumeration member as its value, others unchanged."""
    if isinstance(value, Decimal):
        return number(value)
    return value.value if isinstance(value, Enum) else value


def _position(view: PositionView) -> Row:
    head = {
        "account": view.subaccount_ref.account,
        "book": view.subaccount_ref.subaccount,
        "instrument": view.derivative.name,
    }
    own = ("subaccount_ref", "derivative", "printed_total", "printed_floating")
    kind = {"kind": view.derivative.terms.kind.value, "currency": view.derivative.terms.settlement_currency}
    return {**head, **kind, "direction": _direction(view.size), **_rest_of(view, own)}


def _direction(size: Decimal) -> str:
    return "zero" if not size else "buy" if size > 0 else "sell"


def _summary(view: SummaryView) -> Row:
    return {"book": view.subaccount_ref.subaccount, **_rest_of(view, ("subaccount_ref",))}


def _trade(trade: DerivativeTrade) -> Row:
    head = {
        "id": trade.trade_id,
        "order": trade.order_id,
        "book": trade.subaccount_ref.subaccount,
        "instrument": trade.derivative,
    }
    shown = _rest_of(trade, TRADE_FIELDS_LEFT_OUT)
    return {**head, **shown, "taker": trade.is_taker, "at": format_instant(trade.created_at)}


def _order(order: DerivativeOrder) -> Row:
    trigger = order.trigger
    shown = {
        "id": order.order_id,
        "label": order.label,
        "book": order.subaccount_ref.subaccount,
        "instrument": order.derivative.name,
        "direction": order.direction,
        "type": order.order_type,
        "price": order.price,
        "status": order.state,
        "amount": order.amount,
        "filled": order.filled,
        "remaining": order.remaining,
        "average_price": order.average_price,
        "time_in_force": order.life,
        "post_only": order.post_only,
        "reduce_only": order.reduce_only,
        "trigger": None if trigger is None else trigger.source,
        "trigger_price": order.trigger_price,
        "reason": order.cancel_reason,
    }
    times = {"at": format_instant(order.created_at), "updated_at": format_instant(order.updated_at)}
    return {name: plain(value) for name, value in shown.items()} | times


def _rest_of(value: Any, own: tuple[str, ...]) -> Row:
    """Return the fields of a row under their own names, except the fields that the row formats itself."""
    return {name: plain(getattr(value, name)) for name in value.__struct_fields__ if name not in own}
