"""Handlers of target allocations: the percentage of its free cash that an account wants on each shard.

Every 10 seconds the venue compares the cash with the target, and moves cash on the account's behalf (its page on
sharding, 2026-08-21). Only the cash of the primary subaccount is moved; each movement is a transfer between shards.
"""

from collections import Counter
from collections.abc import Iterator

from mockexchange.core.commands import AllocateBalance, RebalanceCash, TransferShard
from mockexchange.core.events import BalanceAllocated, Event
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.cash import transfer_shard
from mockexchange.core.model.accounts import Account
from mockexchange.core.model.paged_history import EVERYTHING
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, OrderStatus, Reservation, SubaccountRef

STEP_MICROS = 100
"""Smallest unit of transfers between shards, a centi-cent, in micro-dollars."""


@handler
def allocate_balance(state: State, command: AllocateBalance, at: int) -> Iterator[Event]:
    """Set the target allocation of an account's cash; the cash itself moves with the next `RebalanceCash`."""
    state.dollar_subaccount(SubaccountRef(command.account))
    account = state.account(command.account)
    account.allocations, account.reservation = command.allocations, command.reservation
    yield BalanceAllocated(account=account.name, allocations=account.allocations, reservation=account.reservation)


@handler
def rebalance_cash(state: State, command: RebalanceCash, at: int) -> Iterator[Event]:
    """Move free cash between shards until it has the target allocation; do nothing if it has it already."""
    state.dollar_subaccount(SubaccountRef(command.account))
    for place, moved in enumerate(list(movements(state, state.account(command.account)))):
        transfer = TransferShard(
            account=command.account,
            amount_micros=moved[2],
            source_shard=moved[0],
            target_shard=moved[1],
            transfer=state.new_id(f"rebalance {place}"),
        )
        yield from transfer_shard(state, transfer, at)


def movements(state: State, account: Account) -> Iterator[tuple[int, int, int]]:
    """Yield the transfers that lead to the target allocation as (source shard, target shard, micro-dollars).

    No transfer takes more than its source has.
    """
    if not account.allocations:
        return
    subaccount, percents = state.subaccounts[SubaccountRef(account.name)], dict(account.allocations)
    shards = sorted({0, *percents, *subaccount.shards_micros})
    if len(shards) == 1:
        return  # all cash is where it shall be
    held_back = _held_back(state, account)
    free_micros = {shard: subaccount.cash_on(shard) - held_back[shard] for shard in shards}
    total_micros = max(0, sum(free_micros.values()))
    # By how much each shard exceeds its part of the cash that may move; negative if it falls short.
    excess = {shard: micros - total_micros * percents.get(shard, 0) // 100 for shard, micros in free_micros.items()}
    left = {shard: min(micros, subaccount.free_on(shard)) for shard, micros in excess.items() if micros > 0}
    for target, short_micros in ((shard, -micros) for shard, micros in excess.items() if micros < 0):
        wanted_micros = short_micros
        for source, left_micros in left.items():
            moved_micros = min(left_micros, wanted_micros)
            moved_micros -= moved_micros % STEP_MICROS
            if moved_micros > 0:
                left[source] -= moved_micros
                wanted_micros -= moved_micros
                yield source, target, moved_micros


def _held_back(state: State, account: Account) -> Counter[int]:
    """Return the cash that stays for resting orders, by shard: by the rule `max`, the largest side of a market."""
    found: Counter[int] = Counter()
    if account.reservation is Reservation.NONE:
        return found
    subaccount = state.subaccounts[SubaccountRef(account.name)]
    if account.reservation is Reservation.SUM:
        return Counter({shard: subaccount.reserved_on(shard) for shard in (0, *subaccount.shards_reserved_micros)})
    sides: Counter[tuple[int, str, str]] = Counter()
    for order in account.ledger.orders.filed(EVERYTHING, (PRIMARY_SUBACCOUNT, OrderStatus.RESTING, False)):
        sides[order.market.event.exchange_index, order.market.ticker, order.bid_side] += order.needs_micros()
    for (shard, _, _), micros in sides.items():
        found[shard] = max(found[shard], micros)
    return found
