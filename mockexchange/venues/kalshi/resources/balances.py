"""Cash balances, the value of positions, and the cash that an FCM's resting orders reserve."""

from collections import Counter
from typing import NamedTuple

from mockexchange.core.model.order_rules import BalanceRule
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.vocabulary import OrderStatus
from mockexchange.venues.dated_fields import Field, Nested
from mockexchange.venues.kalshi.formatting import CENTS, DOLLARS_4, INTEGER, UNIX_SECONDS
from mockexchange.venues.kalshi.named_days import EXCHANGE_INDEX_ADDED
from mockexchange.venues.kalshi.resources import parameters
from mockexchange.venues.kalshi.resources.call import AccountCall, AccountOperation, cached_answer, write
from mockexchange.venues.kalshi.resources.fields import list_of, maybe, table
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.row_owner import requested_or_primary

# --- fields of answers

BALANCE_DOLLARS_ADDED = "2026-05-28"

INDEXED_BALANCE = table(
    "IndexedBalance",
    Field(name="balance", spelling=DOLLARS_4, read="cash_micros", source="wire-2026-06"),
    Field(
        name="exchange_index",
        spelling=INTEGER,
        read="exchange_index",
        source="wire-2026-06",
    ),
)

GET_BALANCE_RESPONSE = table(
    "GetBalanceResponse",
    Field(name="balance", spelling=CENTS, read="cash_micros", source="wire-2025-11"),
    maybe(
        "balance_breakdown",
        Nested("IndexedBalance", INDEXED_BALANCE, is_list=True),
        "breakdown",
        since=BALANCE_DOLLARS_ADDED,
        source="wire-2026-06",
    ),
    Field(
        name="balance_dollars",
        spelling=DOLLARS_4,
        read="cash_micros",
        since=BALANCE_DOLLARS_ADDED,
        source="wire-2026-06",
    ),
    Field(name="portfolio_value", spelling=CENTS, read="value_micros", source="wire-2025-11"),
    Field(name="updated_ts", spelling=UNIX_SECONDS, read="at", source="wire-2025-11"),
)

GET_RESTING_VALUE_RESPONSE = table(
    "GetPortfolioRestingOrderTotalValueResponse",
    list_of(
        "resting_order_value_breakdown",
        "IndexedBalance",
        INDEXED_BALANCE,
        read="breakdown",
        since=EXCHANGE_INDEX_ADDED,
        source="changelog",
    ),
    Field(name="total_resting_order_value", spelling=CENTS, read="cash_micros", source="docs-2025-11"),
)

# --- parameters of queries

GET_BALANCE: tuple[Parameter, ...] = (*parameters.subaccount("2026-02-17"), parameters.EXCHANGE_INDEX)

# --- operations


class IndexedBalance(NamedTuple):
    exchange_index: int
    cash_micros: int


class Balance(NamedTuple):
    """Free cash, and the value of positions at their markets' last prices."""

    cash_micros: int
    value_micros: int
    breakdown: tuple[IndexedBalance, ...] | None
    at: int


def get_balance(call: AccountCall) -> bytes:
    """Return the caller's balance over all exchange indexes, or of the requested one (since 2026-08-20).

    A key restricted to a subaccount gets no breakdown (docs of 2026).
    """
    subaccount, index = requested_or_primary(call), call.params.get("exchange_index")
    cash_micros = free_by_index(subaccount, call.state.rules.balance) if subaccount else {0: 0}
    values_micros = subaccount.values_micros if subaccount else {}
    shown = sorted(cash_micros) if index is None else [index]
    breakdown = tuple(IndexedBalance(shard, cash_micros.get(shard, 0)) for shard in shown)
    value_micros = sum(values_micros.values()) if index is None else values_micros.get(index, 0)
    total_micros = sum(part.cash_micros for part in breakdown)
    return write(call, Balance(total_micros, value_micros, breakdown if call.key.subaccount is None else None, call.at))


def free_by_index(subaccount: Subaccount, rule: BalanceRule) -> dict[int, int]:
    """Return the cash that balances show, by shard: shard 0, and each shard with cash or resting orders.

    By the rule `free` a balance does not fall when an order rests.
    """
    shards = (0, *subaccount.shards_micros, *subaccount.shards_reserved_micros)
    shown = subaccount.free_on if rule is BalanceRule.RESERVED else subaccount.cash_on
    return {shard: shown(shard) for shard in shards}


class RestingValue(NamedTuple):
    cash_micros: int
    breakdown: list[IndexedBalance]


def get_resting_value(call: AccountCall) -> bytes:
    """Return the reserved cash of all subaccounts, by the exchange index of the order's market."""
    orders = call.account.ledger.orders

    def make() -> bytes:
        held_micros = Counter({0: 0})
        for order in orders.find(len(orders), admits=lambda partition: partition[1] is OrderStatus.RESTING).rows:
            held_micros[order.market.event.exchange_index] += order.needs_micros()
        breakdown = [IndexedBalance(index, held_micros[index]) for index in sorted(held_micros)]
        return write(call, RestingValue(held_micros.total(), breakdown))

    return cached_answer(call, orders.revision, make)


OPERATIONS = (
    AccountOperation(
        name="GetBalance",
        path="/portfolio/balance",
        answer=get_balance,
        answer_table="GetBalanceResponse",
        scopes=("read", "read::portfolio_balance"),
        is_per_subaccount=True,
        parameters=GET_BALANCE,
    ),
    AccountOperation(
        name="GetPortfolioRestingOrderTotalValue",
        path="/portfolio/summary/total_resting_order_value",
        answer=get_resting_value,
        answer_table="GetPortfolioRestingOrderTotalValueResponse",
        is_fcm_only=True,
    ),
)
