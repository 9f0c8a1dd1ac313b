"""Checks of the lists of every account against its positions, cash and orders, and of the indexes of every list.

A subaccount's cash is explained from its lists alone, without the arithmetic of positions. In a market it bought some
YES and some NO (a sale buys the other side at one dollar less the price). Each YES with a NO is a pair, which paid one
dollar; the contracts without a partner are its position, or were paid by the settlement.
"""

from collections import Counter
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from mockexchange.core.model.accounts import Account
from mockexchange.core.model.ledgers import Ledger, Settlement, ShardTransfer
from mockexchange.core.model.orders import FillRow, Order
from mockexchange.core.model.paged_history import History, Partition, Selector
from mockexchange.core.model.positions import Position
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    AccountKind,
    Instance,
    OrderStatus,
    Side,
    SubaccountRef,
    TransferStatus,
)

FillsByRow = dict[tuple[SubaccountRef, str], list[FillRow]]


class Lot(NamedTuple):
    """The contracts that a subaccount bought in a market, with their cost, summed over its fills."""

    yes_centis: int
    no_centis: int
    spent_micros: int
    fees_micros: int

    @property
    def pairs_micros(self) -> int:
        return min(self.yes_centis, self.no_centis) * CENTICENTS_PER_DOLLAR


def violations(state: State) -> Iterator[str]:
    """Yield one line of text per broken invariant of the accounts' lists."""
    fills: FillsByRow = {}
    for account in state.accounts.values():
        for fill in account.ledger.fills:
            fills.setdefault((fill.subaccount_ref, fill.trade.market.ticker), []).append(fill)
        yield from _trades(account)
    settlements = {
        (one.subaccount_ref, one.market.ticker): one
        for account in state.accounts.values()
        for one in account.ledger.settlements
    }
    for subaccount in state.subaccounts.values():
        for row in subaccount.positions.values():
            key = (row.subaccount_ref, row.market.ticker)
            yield from _row(row, _lot(row, fills.get(key, [])), settlements.get(key))
        yield from _cash(state, subaccount, fills, settlements)
    yield from _orders(state, fills)
    yield from _indexes(state)


def _lot(row: Position, fills: list[FillRow]) -> Lot:
    """Return the purchases of a row. An opening balance counts as bought, but its cost was not paid here."""
    counts = {Side.YES: max(row.opened.quantity_centis, 0), Side.NO: max(-row.opened.quantity_centis, 0)}
    spent_micros = 0
    for fill in fills:
        trade, side = fill.trade, fill.outcome_side
        price_centicents = trade.yes_centicents if side is Side.YES else trade.no_centicents
        counts[side] += trade.count_centis
        spent_micros += trade.count_centis * price_centicents
    return Lot(counts[Side.YES], counts[Side.NO], spent_micros, sum(fill.fee_micros for fill in fills))


def _row(row: Position, lot: Lot, settlement: Settlement | None) -> Iterator[str]:
    where = f"{row.subaccount_ref}: row {row.market.ticker}"
    remainder_micros = row.fees_micros - row.opened_fees_micros - lot.fees_micros
    if remainder_micros and not (row.settled and 0 < remainder_micros < 10_000):
        yield f"{where} paid {row.fees_micros} in fees, {row.opened_fees_micros} opened and {lot.fees_micros} on fills"
    if not 0 <= row.held_fees_micros <= (row.fees_micros if row.stake.quantity_centis else 0):
        yield f"{where} paid {row.fees_micros} in fees, {row.held_fees_micros} for {row.stake.quantity_centis} held"
    if not row.settled and row.stake.quantity_centis != lot.yes_centis - lot.no_centis:
        yield f"{where} holds {row.stake.quantity_centis}, its fills make it {lot.yes_centis - lot.no_centis}"
    if (settlement is not None) != (row.settled and (lot.yes_centis or lot.no_centis) > 0):
        yield f"{where} has {'no' if settlement is None else 'a'} settlement"
    if settlement is not None:
        yield from _settlement(where, row, lot, settlement, remainder_micros)


def _settlement(where: str, row: Position, lot: Lot, settlement: Settlement, remainder_micros: int) -> Iterator[str]:
    bought = (settlement.yes.count_centis, settlement.no.count_centis)
    if bought != (lot.yes_centis, lot.no_centis):
        yield f"{where} settled {bought}, its fills bought {lot.yes_centis} and {lot.no_centis}"
    spent_micros = settlement.yes.cost_micros + settlement.no.cost_micros
    if spent_micros != lot.spent_micros + row.opened.cost_micros:
        yield f"{where} settled a cost of {spent_micros}, its fills and its opening {lot.spent_micros}"
    if settlement.fees_micros != row.fees_micros:
        yield f"{where} settled fees of {settlement.fees_micros}, it paid {row.fees_micros}"
    gained_micros = settlement.revenue_micros + remainder_micros + lot.pairs_micros - spent_micros
    if gained_micros != row.stake.realized_micros - row.opened.realized_micros:
        yield f"{where} gained {gained_micros} by its settlement, realized {row.stake.realized_micros}"


def _cash(
    state: State, subaccount: Subaccount, fills: FillsByRow, settlements: dict[tuple[SubaccountRef, str], Settlement]
) -> Iterator[str]:
    """Check that fills, fees, settlements, payments, transfers and opening cash add up to a subaccount's cash."""
    shards_micros = _contributed(state, subaccount.ref)
    shards_micros.update(subaccount.opened_cash_micros)
    for ticker, row in subaccount.positions.items():
        lot = _lot(row, fills.get((row.subaccount_ref, ticker), []))
        settlement = settlements.get((row.subaccount_ref, ticker))
        shard = row.market.event.exchange_index
        shards_micros[shard] += lot.pairs_micros - lot.spent_micros - lot.fees_micros
        shards_micros[shard] += settlement.revenue_micros if settlement is not None else 0
    if shards_micros.total() != subaccount.cash_micros:
        yield f"{subaccount.ref}: cash {subaccount.cash_micros}, its lists explain {shards_micros.total()}"
    shards = {shard: amount for shard, amount in shards_micros.items() if shard and amount}
    if shards != subaccount.shards_micros:
        yield f"{subaccount.ref}: shards {subaccount.shards_micros}, its lists explain {shards}"


def _contributed(state: State, subaccount_ref: SubaccountRef) -> Counter[int]:
    """Return the sum of a subaccount's payments and transfers, by shard."""
    ledger = state.accounts[subaccount_ref.account].ledger
    shards_micros: Counter[int] = Counter()
    for payment in (payment for history in (ledger.deposits, ledger.withdrawals) for payment in history):
        if payment.subaccount_ref == subaccount_ref:
            shards_micros[payment.shard] += payment.moved_micros
    for transfer in ledger.transfers:
        sign = (transfer.target == subaccount_ref) - (transfer.source == subaccount_ref)
        shards_micros[transfer.shard] += sign * transfer.amount_micros
    for moved in ledger.shard_transfers:
        for subaccount, shard, amount_micros in _moves(moved):
            if subaccount == subaccount_ref.subaccount:
                shards_micros[shard] += amount_micros
    return shards_micros


def _moves(transfer: ShardTransfer) -> Iterator[tuple[str, int, int]]:
    if transfer.source is Instance.EVENT_CONTRACT:
        yield transfer.source_subaccount, transfer.source_shard, -transfer.amount_micros
    if transfer.target is Instance.EVENT_CONTRACT and transfer.status is TransferStatus.COMPLETE:
        yield transfer.target_subaccount, transfer.target_shard, transfer.amount_micros


def _trades(account: Account) -> Iterator[str]:
    """Check that an FCM lists every trade in which it has a side once."""
    is_fcm = account.kind is AccountKind.FCM
    own = {fill.trade.trade_id for fill in account.ledger.fills} if is_fcm else set()
    listed = [trade.trade_id for trade in account.ledger.trades]
    if sorted(listed) != sorted(own):
        yield f"{account.name}: lists {len(listed)} trades, has a side in {len(own)}"


def _orders(state: State, fills: FillsByRow) -> Iterator[str]:
    """Check that an order's filled count is the sum of its fills, and that its fills are of its subaccount."""
    fills_by_order: dict[str, list[FillRow]] = {}
    for fill in (fill for rows in fills.values() for fill in rows):
        fills_by_order.setdefault(fill.order.order_id, []).append(fill)
    for order in state.orders.oldest_first():
        if order.fills != fills_by_order.get(order.order_id, []):
            yield f"order {order.order_id} has other fills than its account lists"
        yield from _order(order)


def _order(order: Order) -> Iterator[str]:
    filled_centis = sum(fill.trade.count_centis for fill in order.fills)
    if order.filled_centis != filled_centis:
        yield f"order {order.order_id} filled {order.filled_centis}, its fills sum to {filled_centis}"
    paid_micros = order.taker_fees_micros + order.maker_fees_micros
    if paid_micros != sum(fill.fee_micros for fill in order.fills):
        yield f"order {order.order_id} paid {paid_micros} in fees, its fills otherwise"
    cost_micros = order.taker_cost_micros + order.maker_cost_micros
    if cost_micros != sum(fill.trade.count_centis * fill.price_centicents for fill in order.fills):
        yield f"order {order.order_id} cost {cost_micros}, its fills otherwise"
    if (order.status is OrderStatus.RESTING) != (order.remaining_centis > 0):
        yield f"order {order.order_id} is {order.status} with {order.remaining_centis} left"
    if filled_centis + order.remaining_centis > order.initial_centis:
        left_centis = order.remaining_centis
        yield f"order {order.order_id} of {order.initial_centis} has {filled_centis} filled, {left_centis} left"


def _indexes(state: State) -> Iterator[str]:
    for name in ("tape", "listed_events", "listed_markets"):
        yield from _misfiled(name, getattr(state, name))
    for account in state.accounts.values():
        for name in Ledger.__slots__:
            yield from _misfiled(f"{account.name}: {name}", getattr(account.ledger, name))
        named: dict[str, list[Order]] = {}
        for order in account.ledger.orders:
            if order.client_order_id:
                named.setdefault(order.client_order_id, []).append(order)
        if {name: found for name, found in account.named_orders.items() if found} != named:
            yield f"{account.name}: orders are named otherwise than their client order ids say"


def _misfiled(where: str, history: History[Any]) -> Iterator[str]:
    rows = list(history)
    expected: dict[tuple[Selector, Partition], list[Any]] = {}
    for row in rows:
        for selector in row.selectors:
            expected.setdefault((selector, row.partition), []).append(row)
    if history.index() != expected:
        yield f"{where} are filed otherwise than their filters look for them"
    for field in ("serial", "created_at"):
        if sorted(rows, key=attrgetter(field)) != rows:
            yield f"{where} are not in the order of {field}"
    newest = max((row.revision for row in rows), default=0)
    if history.revision < newest:
        yield f"{where} have revision {history.revision}, a row has {newest}"
