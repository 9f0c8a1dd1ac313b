"""Cash and what positions are worth."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from mockexchange.core.holdings import Holdings
from mockexchange.venues.dated import ApiDate, compile_object
from mockexchange.venues.kalshi.objects.balances import GET_BALANCE_RESPONSE
from mockexchange.venues.kalshi.operations.books import primary_or_asked
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, write

BOUND_BALANCE = [row for row in GET_BALANCE_RESPONSE if row.name != "balance_breakdown"]
"""For a key restricted to a subaccount: without the breakdown (docs of 2026)."""


class IndexedBalance(NamedTuple):
    exchange_index: int
    cash_micros: int


class Balance(NamedTuple):
    """What the balance objects read: free cash, and positions at last price."""

    cash_micros: int
    value_micros: int
    breakdown: tuple[IndexedBalance, ...]
    now: int


def get_balance(call: AccountCall) -> bytes:
    balance = _balance_of(call, primary_or_asked(call), call.params.get("exchange_index"))
    if call.key.book is None:
        return write(call, "GetBalanceResponse", balance)
    return _bound_encoder(call.api_date)(balance)


@lru_cache(maxsize=64)
def _bound_encoder(api_date: ApiDate) -> Callable[[Balance], bytes]:
    return compile_object(BOUND_BALANCE, api_date)


def free_by_index(holdings: Holdings) -> dict[int, int]:
    """Cash free for trading, by exchange index: what rests holds back cash of index 0."""
    elsewhere_micros = sum(holdings.shards_micros.values())
    return {0: holdings.cash_micros - holdings.reserved_micros - elsewhere_micros, **holdings.shards_micros}


def _balance_of(call: AccountCall, holdings: Holdings | None, index: int | None) -> Balance:
    """Over every exchange index, or of the one asked for (since 2026-08-20)."""
    cash_micros = free_by_index(holdings) if holdings else {0: 0}
    values_micros = holdings.values_micros if holdings else {}
    shown = sorted(cash_micros) if index is None else [index]
    breakdown = tuple(IndexedBalance(shard, cash_micros.get(shard, 0)) for shard in shown)
    value_micros = sum(values_micros.values()) if index is None else values_micros.get(index, 0)
    return Balance(sum(part.cash_micros for part in breakdown), value_micros, breakdown, call.now)


OPERATIONS = (
    AccountOperation(
        name="GetBalance",
        path="/portfolio/balance",
        answer=get_balance,
        answer_table="GetBalanceResponse",
        scopes=("read", "read::portfolio_balance"),
        is_per_book=True,
    ),
)
