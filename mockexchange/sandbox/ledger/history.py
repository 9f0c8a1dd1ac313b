"""Writes the history of one account as JSON, with which tests compare the lists that a client has read.

Lists are oldest first. Amounts are exact decimals: dollars of 6 digits after the point, prices of 4, contracts of 2.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mockexchange.core.decimals import exact
from mockexchange.core.instants import format_instant
from mockexchange.core.model.ledgers import Payment, Settlement, ShardTransfer, TransferRow
from mockexchange.core.model.orders import FillRow, Order
from mockexchange.core.model.state import State
from mockexchange.sandbox.ledger import derivatives

Row = dict[str, Any]


def ledger_of(state: State, account: str) -> Row:
    """Return the history of an account as JSON with complete lists, where `ledger_lists` has iterators."""
    members = ledger_lists(state, account).items()
    return {name: list(value) if isinstance(value, Iterator) else value for name, value in members}


def ledger_lists(state: State, account: str) -> Row:
    """Return the account's cash and its reserved cash by subaccount, and an iterator over the rows of each list.

    An account with derivatives has a summary per subaccount and currency (cash and equity), its trades and its orders.
    """
    if state.accounts[account].venue:
        return {
            "summaries": derivatives.summaries_of(state, account),
            "trades": derivatives.trades_of(state, account),
            "orders": derivatives.orders_of(state, account),
        }
    ledger = state.accounts[account].ledger
    return {
        "cash": {
            subaccount.ref.subaccount: _dollars(subaccount.cash_micros) for subaccount in state.subaccounts_of(account)
        },
        "reserved": {
            subaccount.ref.subaccount: _dollars(subaccount.reserved_micros)
            for subaccount in state.subaccounts_of(account)
        },
        "fills": _all(_fill, ledger.fills),
        "orders": _all(_order, ledger.orders),
        "settlements": _all(_settlement, ledger.settlements),
        "deposits": _all(_payment, ledger.deposits),
        "withdrawals": _all(_payment, ledger.withdrawals),
        "transfers": _all(_transfer, ledger.transfers),
        "shard_transfers": _all(_shard_transfer, ledger.shard_transfers),
    }


def _all(write: Callable[[Any], Row], rows: Iterable[Any]) -> Iterator[Row]:
    return map(write, rows)


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
