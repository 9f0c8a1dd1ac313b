"""Writes the positions and the history of one account as JSON for the control API, in no venue's format.

Tests compare the data that a client has read with this JSON; it is made without the venues' encoders, so it does not
have their errors. Lists are oldest first. Amounts are exact decimals: dollars of 6 digits after the point, prices of 4,
contracts of 2; of derivatives, decimals without trailing zeros, and no values that venues only show rounded.
"""

from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any

from mockexchange.core.decimal_text import exact
from mockexchange.core.derivatives import valuation
from mockexchange.core.derivatives.orders import DerivativeOrder, DerivativeTrade
from mockexchange.core.derivatives.valuation import PositionView
from mockexchange.core.instants import format_instant
from mockexchange.core.model.ledgers import Payment, Settlement, ShardTransfer, TransferRow
from mockexchange.core.model.orders import FillRow, Order
from mockexchange.core.model.positions import Position
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import SubaccountRef

Row = dict[str, Any]
TRADE_FIELDS_LEFT_OUT = (
    *("subaccount_ref", "trade_id", "order_id", "derivative", "serial", "created_at", "is_taker", "is_long_tick"),
    *("order_type", "order_state", "post_only", "reduce_only"),
)
"""Fields of a trade that the JSON has under other names, or that belong to the trade's order."""


def positions_of(state: State, account: str) -> list[Row]:
    """Return all positions of an account: in markets (settled or not, in order of opening), then in derivatives."""
    return list(position_rows(state, account))


def position_rows(state: State, account: str) -> Iterator[Row]:
    """Yield all positions of an account, in the order of `positions_of`."""
    for subaccount in state.subaccounts_of(account):
        yield from map(_position, subaccount.positions.values())
    yield from derivative_positions(state, account)


def derivative_positions(state: State, account: str) -> Iterator[Row]:
    """Yield a row for each derivative that an account and its subaccounts hold, or held since the last settlement."""
    for subaccount in state.accounts[account].subaccounts:
        for view in valuation.positions_of(state, SubaccountRef(account, subaccount), with_flat=True):
            yield _derivative_position(view)


def ledger_of(state: State, account: str) -> Row:
    """Return the history of an account as JSON with complete lists, where `ledger_lists` has iterators."""
    members = ledger_lists(state, account).items()
    return {name: list(value) if isinstance(value, Iterator) else value for name, value in members}


def ledger_lists(state: State, account: str) -> Row:
    """Return the account's cash and its reserved cash by subaccount, and an iterator over the rows of each list.

    An account with derivatives has a summary per subaccount and currency (cash and equity), its trades and its orders.
    """
    if state.accounts[account].venue:
        subaccounts = [SubaccountRef(account, subaccount) for subaccount in state.accounts[account].subaccounts]
        summaries = [
            valuation.summary_of(state, subaccount, currency)
            for subaccount in subaccounts
            for currency in valuation.currencies_of(state, subaccount)
        ]
        trades, orders = state.derivatives.trades, state.derivatives.orders.values()
        return {
            "summaries": [
                {"book": one.subaccount_ref.subaccount, **_rest_of(one, ("subaccount_ref",))} for one in summaries
            ],
            "trades": [_derivative_trade(one) for one in trades if one.subaccount_ref.account == account],
            "orders": [_derivative_order(one) for one in orders if one.subaccount_ref.account == account],
        }
    ledger = state.accounts[account].ledger
    return {
        "cash": {one.ref.subaccount: _dollars(one.cash_micros) for one in state.subaccounts_of(account)},
        "reserved": {one.ref.subaccount: _dollars(one.reserved_micros) for one in state.subaccounts_of(account)},
        "fills": map(_fill, ledger.fills),
        "orders": map(_order, ledger.orders),
        "settlements": map(_settlement, ledger.settlements),
        "deposits": map(_payment, ledger.deposits),
        "withdrawals": map(_payment, ledger.withdrawals),
        "transfers": map(_transfer, ledger.transfers),
        "shard_transfers": map(_shard_transfer, ledger.shard_transfers),
    }


# Decimals of derivatives


def decimal_text(value: Decimal) -> str:
    """Return a decimal as text with all its digits and no trailing zeros: 0.5, -110970."""
    if not value:
        return "0"
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def json_value(value: Any) -> Any:
    """Return a value that JSON can hold: a decimal as text, an enumeration member as its value, others unchanged."""
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value.value if isinstance(value, Enum) else value


# Rows of event contracts


def _position(row: Position) -> Row:
    stake = row.stake
    return {
        "account": row.subaccount_ref.account,
        "book": row.subaccount_ref.subaccount,
        "instrument": row.market.ticker,
        "event": row.market.event.ticker,
        "price": None if row.market.price_centicents is None else exact(row.market.price_centicents, 4),
        "quantity": exact(stake.quantity_centis, 2),
        "cost": exact(stake.cost_micros, 6),
        "realized": exact(stake.realized_micros, 6),
        "fees": exact(row.fees_micros, 6),
        "traded": exact(stake.traded_micros, 6),
        "resting": exact(row.resting_centis, 2),
        "settled": row.settled,
        "updated_at": format_instant(row.updated_at),
    }


def _fill(fill: FillRow) -> Row:
    return {
        "id": fill.trade.trade_id,
        "order": fill.order.order_id,
        "client_order_id": fill.order.client_order_id,
        "book": fill.subaccount_ref.subaccount,
        "instrument": fill.trade.market.ticker,
        "side": fill.side.value,
        "action": fill.action.value,
        "count": _contracts(fill.trade.count_centis),
        "price": _price(fill.price_centicents),
        "taker": fill.is_taker,
        "fee": _dollars(fill.fee_micros),
        "at": format_instant(fill.created_at),
    }


def _order(order: Order) -> Row:
    return {
        "id": order.order_id,
        "client_order_id": order.client_order_id,
        "group": order.group.group_id if order.group else None,
        "book": order.subaccount_ref.subaccount,
        "instrument": order.market.ticker,
        "side": order.side.value,
        "action": order.action.value,
        "price": _price(order.price_centicents),
        "status": order.status.value,
        "count": _contracts(order.initial_centis),
        "filled": _contracts(order.filled_centis),
        "remaining": _contracts(order.remaining_centis),
        "taker_cost": _dollars(order.taker_cost_micros),
        "maker_cost": _dollars(order.maker_cost_micros),
        "taker_fees": _dollars(order.taker_fees_micros),
        "maker_fees": _dollars(order.maker_fees_micros),
        "archived": order.is_archived,
        "at": format_instant(order.created_at),
        "updated_at": format_instant(order.updated_at),
        "expires_at": _instant(order.expires_at),
    }


def _settlement(settlement: Settlement) -> Row:
    value = settlement.value_centicents
    return {
        "book": settlement.subaccount_ref.subaccount,
        "instrument": settlement.market.ticker,
        "event": settlement.market.event.ticker,
        "result": settlement.result.value,
        "value": None if value is None else _price(value),
        "yes_count": _contracts(settlement.yes.count_centis),
        "yes_cost": _dollars(settlement.yes.cost_micros),
        "no_count": _contracts(settlement.no.count_centis),
        "no_cost": _dollars(settlement.no.cost_micros),
        "held": _contracts(settlement.held_centis),
        "held_cost": _dollars(settlement.held_cost_micros),
        "revenue": _dollars(settlement.revenue_micros),
        "fees": _dollars(settlement.fees_micros),
        "at": format_instant(settlement.created_at),
    }


def _payment(payment: Payment) -> Row:
    return {
        "id": payment.payment_id,
        "book": payment.subaccount_ref.subaccount,
        "shard": payment.shard,
        "method": payment.method.value,
        "status": payment.status.value,
        "amount": _dollars(payment.amount_micros),
        "fee": _dollars(payment.fee_micros),
        "moved": _dollars(payment.moved_micros),
        "at": format_instant(payment.created_at),
        "finalized_at": _instant(payment.finalized_at),
    }


def _transfer(transfer: TransferRow) -> Row:
    return {
        "id": transfer.transfer_id,
        "source": transfer.source.subaccount,
        "target": transfer.target.subaccount,
        "shard": transfer.shard,
        "amount": _dollars(transfer.amount_micros),
        "at": format_instant(transfer.created_at),
    }


def _shard_transfer(transfer: ShardTransfer) -> Row:
    return {
        "id": transfer.transfer_id,
        "source": transfer.source.value,
        "source_shard": transfer.source_shard,
        "source_book": transfer.source_subaccount,
        "target": transfer.target.value,
        "target_shard": transfer.target_shard,
        "target_book": transfer.target_subaccount,
        "amount": _dollars(transfer.amount_micros),
        "status": transfer.status.value,
        "at": format_instant(transfer.created_at),
    }


def _dollars(micros: int) -> str:
    return exact(micros, 6)


def _price(centicents: int) -> str:
    return exact(centicents, 4)


def _contracts(centis: int) -> str:
    return exact(centis, 2)


def _instant(at: int | None) -> str | None:
    return None if at is None else format_instant(at)


# Rows of derivatives


def _derivative_position(view: PositionView) -> Row:
    head = {
        "account": view.subaccount_ref.account,
        "book": view.subaccount_ref.subaccount,
        "instrument": view.derivative.name,
    }
    own = ("subaccount_ref", "derivative", "printed_total", "printed_floating")
    kind = {"kind": view.derivative.terms.kind.value, "currency": view.derivative.terms.settlement_currency}
    direction = "zero" if not view.size else "buy" if view.size > 0 else "sell"
    return {**head, **kind, "direction": direction, **_rest_of(view, own)}


def _derivative_trade(trade: DerivativeTrade) -> Row:
    head = {
        "id": trade.trade_id,
        "order": trade.order_id,
        "book": trade.subaccount_ref.subaccount,
        "instrument": trade.derivative,
    }
    shown = _rest_of(trade, TRADE_FIELDS_LEFT_OUT)
    return {**head, **shown, "taker": trade.is_taker, "at": format_instant(trade.created_at)}


def _derivative_order(order: DerivativeOrder) -> Row:
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
    return {name: json_value(value) for name, value in shown.items()} | times


def _rest_of(value: Any, own: tuple[str, ...]) -> Row:
    """Return the fields of a row under their own names, except the fields that the row formats itself."""
    return {name: json_value(getattr(value, name)) for name in value.__struct_fields__ if name not in own}
