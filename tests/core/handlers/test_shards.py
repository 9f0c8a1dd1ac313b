"""Cash per exchange index: trades, orders and settlements change that of their market's index, and no other."""

from typing import Any

from mockexchange.core.commands import (
    AllocateBalance,
    Deposit,
    ListMarket,
    OpenGroup,
    OpenSubaccount,
    RebalanceCash,
    SettleMarket,
    Transfer,
    TransferShard,
    Withdraw,
)
from mockexchange.core.events import ShardTransferred
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import Reservation, Result, SubaccountRef
from tests.core.tables import micros
from tests.core.world import World, place

ALICE = SubaccountRef("alice")
ALICE_3 = SubaccountRef("alice", "3")
CRYPTO = "COIN-1"


def sharded(first: str = "100", second: str = "0") -> World:
    """A world whose market COIN-1 trades on index 2, and alice's cash on 0 and 2."""
    world = World()
    world.do(OpenSubaccount(account="alice", subaccount="3"))
    world.do(ListMarket(market=CRYPTO, event="COIN", series="COIN", exchange_index=2))
    for dollars, shard in ((first, 0), (second, 2)):
        if micros(dollars):
            world.do(Deposit(subaccount_ref=ALICE, amount_micros=micros(dollars), shard=shard))
    world.deposit("100", "bob")
    world.do(Deposit(subaccount_ref=SubaccountRef("bob"), amount_micros=micros("100"), shard=2))
    return world


def cash(world: World, *shards: int) -> list[int]:
    return [world.subaccount().cash_on(shard) for shard in shards]


def free(world: World, *shards: int) -> list[int]:
    return [world.subaccount().free_on(shard) for shard in shards]


def allocated(world: World, reservation: Reservation, **percents: int) -> None:
    allocations = tuple((int(shard[1:]), percent) for shard, percent in percents.items())
    world.do(AllocateBalance(account="alice", allocations=allocations, reservation=reservation))


def test_an_order_needs_its_cash_on_the_shard_of_its_market() -> None:
    world = sharded("100", "5")
    refused = world.refuse(place("buy yes 10 @ 0.50", market=CRYPTO))
    assert refused.code is RefusalCode.INSUFFICIENT_CASH
    assert refused.message == (
        "the order needs 5.000000 and at most 0.175000 in fees, alice has 5.000000 dollars free on shard 2,"
        " and 100.000000 on shard 0: `shard_transfer` moves it"
    )
    world.place("buy yes 9 @ 0.50", market=CRYPTO)
    assert free(world, 0, 2) == [micros("100"), micros("0.50")]


def test_a_resting_order_holds_back_cash_of_its_own_shard_until_it_is_gone() -> None:
    world = sharded("100", "10")
    world.place("buy yes 10 @ 0.50", market=CRYPTO)
    assert (free(world, 0, 2), cash(world, 0, 2)) == ([micros("100"), micros("5")], [micros("100"), micros("10")])
    blocked = world.refuse(Withdraw(subaccount_ref=ALICE, amount_micros=micros("6"), shard=2))
    assert blocked.message == (
        "alice has 5.000000 dollars free on shard 2, asked for 6.000000: its orders that rest hold back 5.000000"
    )
    world.place("sell yes 10 @ 0.50", "bob", CRYPTO)
    assert (free(world, 0, 2), world.subaccount().shards_reserved_micros) == ([micros("100"), micros("5")], {})


def test_a_trade_and_its_settlement_change_the_cash_of_the_market_s_shard() -> None:
    world = sharded("100", "10")
    world.fill("buy yes 10 @ 0.50", market=CRYPTO, fee_micros=micros("0.10"))
    assert cash(world, 0, 2) == [micros("100"), micros("4.90")]
    world.do(SettleMarket(market=CRYPTO, result=Result.YES))
    assert cash(world, 0, 2) == [micros("100"), micros("14.90")]


def test_cash_moves_between_subaccounts_of_one_shard_and_between_shards_of_two_subaccounts() -> None:
    world = sharded("100", "10")
    world.do(Transfer(source=ALICE, target=ALICE_3, amount_micros=micros("4"), shard=2))
    between: dict[str, Any] = {"account": "alice", "source_shard": 2, "source_subaccount": "3", "target_shard": 0}
    world.do(TransferShard(amount_micros=micros("3"), **between))
    assert (cash(world, 0, 2), world.subaccount("alice/3").shards_micros) == (
        [micros("103"), micros("6")],
        {2: micros("1")},
    )
    refused = world.refuse(TransferShard(amount_micros=micros("1.01"), **between))
    assert refused.message == "alice/3 has 1.000000 dollars free on shard 2, asked for 1.010000"
    within = TransferShard(account="alice", amount_micros=1, target_subaccount="3")
    assert world.do(within)
    assert world.subaccount("alice/3").cash_on(0) == 1


def test_a_group_takes_orders_of_its_own_shard_only() -> None:
    world = sharded("100", "10")
    world.do(OpenGroup(subaccount_ref=ALICE, group="first", limit_centis=100))
    world.do(OpenGroup(subaccount_ref=ALICE, group="third", limit_centis=100, exchange_index=2))
    refused = world.refuse(place("buy yes 1 @ 0.50", market=CRYPTO, group="first"))
    assert refused.code is RefusalCode.GROUP_MISMATCH
    assert refused.message == "group first is on exchange index 0, market COIN-1 trades on 2"
    world.place("buy yes 1 @ 0.50", market=CRYPTO, group="third")


# --- target allocations


def test_rebalancing_brings_free_cash_to_its_target() -> None:
    world = sharded("90", "10")
    allocated(world, Reservation.SUM, s0=60, s2=30, s5=10)
    events = world.do(RebalanceCash(account="alice"))
    assert cash(world, 0, 2, 5) == [micros("60"), micros("30"), micros("10")]
    moved = [(e.source_shard, e.target_shard, e.amount_micros) for e in events if isinstance(e, ShardTransferred)]
    assert moved == [(0, 2, micros("20")), (0, 5, micros("10"))]
    assert len(world.exchange.state.accounts["alice"].ledger.shard_transfers) == 2
    assert world.do(RebalanceCash(account="alice")) == []


def test_without_allocations_cash_stays() -> None:
    world = sharded("90", "10")
    assert world.do(RebalanceCash(account="alice")) == []
    allocated(world, Reservation.SUM, s2=100)
    world.do(AllocateBalance(account="alice", allocations=()), RebalanceCash(account="alice"))
    assert cash(world, 0, 2) == [micros("90"), micros("10")]


def test_cash_held_back_for_orders_is_reserved_by_the_rule() -> None:
    """20 dollars rest in one market and 10 in another: `sum` leaves 30, `max` 20, `none` counts all cash as free.

    No rule takes the cash of an order that rests away.
    """
    expected = {
        Reservation.SUM: ["65", "35"],  # 70 of 100 may move: half of it
        Reservation.MAX: ["60", "40"],
        Reservation.NONE: ["50", "50"],
    }
    for reservation, wanted in expected.items():
        world = sharded("100")
        world.list_market("RAIN-2")
        world.place("buy yes 50 @ 0.40")
        world.place("buy yes 25 @ 0.40", market="RAIN-2")
        allocated(world, reservation, s0=50, s2=50)
        world.do(RebalanceCash(account="alice"))
        assert cash(world, 0, 2) == [micros(amount) for amount in wanted], reservation
    world = sharded("30")
    world.place("buy yes 60 @ 0.40")
    allocated(world, Reservation.NONE, s2=100)
    world.do(RebalanceCash(account="alice"))
    assert (cash(world, 0, 2), free(world, 0, 2)) == ([micros("24"), micros("6")], [0, micros("6")])


def test_cash_below_a_transfer_s_step_stays_where_it_is() -> None:
    world = World()
    world.do(Deposit(subaccount_ref=ALICE, amount_micros=1_099))
    allocated(world, Reservation.SUM, s0=50, s1=50)
    world.do(RebalanceCash(account="alice"))
    assert cash(world, 0, 1) == [599, 500]
    assert world.do(RebalanceCash(account="alice")) == []
