"""Implements the operations that read cash, and the value of positions."""

from typing import NamedTuple

from mockexchange.core.model.order_rules import BalanceRule
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, write
from mockexchange.venues.kalshi.operations.row_owner import requested_or_primary


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
    """Return the caller's balance; a key restricted to a subaccount gets no breakdown (docs of 2026)."""
    balance = _balance_of(call, requested_or_primary(call), call.params.get("exchange_index"))
    return write(call, balance if call.key.subaccount is None else balance._replace(breakdown=None))


def free_by_index(subaccount: Subaccount, rule: BalanceRule) -> dict[int, int]:
    """Return the cash that balances show, by shard: shard 0, and each shard with cash or resting orders.

    By the rule `free` a balance does not fall when an order rests.
    """
    shards = (0, *subaccount.shards_micros, *subaccount.shards_reserved_micros)
    shown = subaccount.free_on if rule is BalanceRule.RESERVED else subaccount.cash_on
    return {shard: shown(shard) for shard in shards}


def _balance_of(call: AccountCall, subaccount: Subaccount | None, index: int | None) -> Balance:
    """Return the balance over all exchange indexes, or of the requested one (since 2026-08-20)."""
    cash_micros = free_by_index(subaccount, call.state.rules.balance) if subaccount else {0: 0}
    values_micros = subaccount.values_micros if subaccount else {}
    shown = sorted(cash_micros) if index is None else [index]
    breakdown = tuple(IndexedBalance(shard, cash_micros.get(shard, 0)) for shard in shown)
    value_micros = sum(values_micros.values()) if index is None else values_micros.get(index, 0)
    return Balance(sum(part.cash_micros for part in breakdown), value_micros, breakdown, call.at)


OPERATIONS = (
    AccountOperation(
        name="GetBalance",
        path="/portfolio/balance",
        answer=get_balance,
        answer_table="GetBalanceResponse",
        scopes=("read", "read::portfolio_balance"),
        is_per_subaccount=True,
    ),
)
