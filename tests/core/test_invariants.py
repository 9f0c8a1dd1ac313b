"""The invariants notice what they are there for: each is broken by hand and named."""

from collections.abc import Callable

import pytest
from msgspec.structs import force_setattr, replace

from mockexchange.core.commands import OpenGroup, SettleMarket, Transfer, TransferShard
from mockexchange.core.invariants import violations
from mockexchange.core.model.ledgers import Bought
from mockexchange.core.model.paged_history import History
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.vocabulary import MarketStatus, OrderStatus, Result, Side, SubaccountRef
from tests.core.world import World, rest
from tests.helpers.rows import each_row


def world() -> World:
    """alice holds a row in RAIN-1, and an order of hers rests there."""
    it = World()
    it.deposit("10")
    it.fill("buy yes 4 @ 0.50")
    it.rest("buy yes 1 @ 0.25")
    return it


def cash(alice: Subaccount) -> None:
    alice.cash_micros += 1


def summed_cost(alice: Subaccount) -> None:
    alice.cost_micros += 1


def value(alice: Subaccount) -> None:
    alice.values_micros[0] += 1


def reserve(alice: Subaccount) -> None:
    alice.reserved_micros += 1


def covered(alice: Subaccount) -> None:
    alice.covered_centis["RAIN-1"] += 100


def resting(alice: Subaccount) -> None:
    row = alice.positions["RAIN-1"]
    row.resting_centis += 1
    alice.events["RAIN"].totals(False).resting_centis += 1


def held_fees(alice: Subaccount) -> None:
    alice.positions["RAIN-1"].held_fees_micros = 1


def fees_of_nothing(alice: Subaccount) -> None:
    alice.positions["RAIN-1"].held_fees_micros = -1


def event_sum(alice: Subaccount) -> None:
    alice.events["RAIN"].totals(False).traded_micros += 1


def event_rank(alice: Subaccount) -> None:
    alice.events["RAIN"].updated_at = 0


def filter_bits(alice: Subaccount) -> None:
    alice.positions["RAIN-1"].resting_centis = 0


def lost_row(alice: Subaccount) -> None:
    row = alice.positions["RAIN-1"]
    alice.rows[row.partition].remove(row)


BROKEN: list[tuple[Callable[[Subaccount], None], list[str]]] = [
    (
        cash,
        [
            "alice: holds 10000001 micro-dollars, contributed 10000000",
            "alice: cash 8000001, its lists explain 8000000",
        ],
    ),
    (summed_cost, ["alice: cost_micros is 2000001, its rows sum to 2000000"]),
    (value, ["alice: value 2000001, its rows are worth 2000000"]),
    (covered, ["alice: {'RAIN-1': 100} promised to orders, its orders sell {} of what is held"]),
    (reserve, ["alice: 250001 reserved, its orders need 250000"]),
    (resting, ["alice: row RAIN-1 rests 101, its orders 100"]),
    (held_fees, ["alice: row RAIN-1 paid 0 in fees, 1 for 400 held"]),
    (fees_of_nothing, ["alice: row RAIN-1 paid 0 in fees, -1 for 400 held"]),
    (event_sum, ["alice: event RAIN keeps traded_micros 2000001, its markets sum to 2000000"]),
    (event_rank, ["alice: event RAIN changed at 0, which is not its newest row"]),
    (
        filter_bits,
        [
            "alice: event RAIN keeps resting_centis 100, its markets sum to 0",
            "alice: rows are filed otherwise than their filters look for them",
            "alice: rows of RAIN are filed otherwise than their filters look for them",
            "alice: row RAIN-1 rests 0, its orders 100",
        ],
    ),
    (lost_row, ["alice: rows are filed otherwise than their filters look for them"]),
]


def crowd() -> World:
    """desk's subtrader and alice traded, partly by an order of a group; SUN-1 is settled with a remainder."""
    it = World()
    it.list_market("SUN-1")
    it.deposit("10", "desk/st1")
    it.do(Transfer(source=SubaccountRef("desk", "st1"), target=SubaccountRef("desk"), amount_micros=2_000_000))
    it.do(TransferShard(account="desk", amount_micros=500_000, target_shard=1))
    it.do(OpenGroup(subaccount_ref=SubaccountRef("desk", "st1"), group="near"))
    it.do(replace(rest("buy yes 5 @ 0.40", "desk/st1", order="mine"), group="near"))
    it.rest("buy yes 1 @ 0.40", "bob", order="later")
    it.fill("buy yes 2 @ 0.40", "desk/st1", order="mine", fill_id="first")
    it.fill("sell yes 2 @ 0.40", new="hers", taker=True)
    it.fill("buy no 1 @ 0.4050", "desk/st1", "SUN-1", fee_micros=20_000)
    it.do(SettleMarket(market="SUN-1", result=Result.SCALAR, value_centicents=2_575))
    return it


def bought(state: State) -> None:
    (settlement,) = state.accounts["desk"].ledger.settlements
    force_setattr(settlement, "no", Bought(200, settlement.no.cost_micros))


def settled_cost(state: State) -> None:
    (settlement,) = state.accounts["desk"].ledger.settlements
    force_setattr(settlement, "no", Bought(100, settlement.no.cost_micros + 1))


def settled_fees(state: State) -> None:
    (settlement,) = state.accounts["desk"].ledger.settlements
    force_setattr(settlement, "fees_micros", 1)


def revenue(state: State) -> None:
    (settlement,) = state.accounts["desk"].ledger.settlements
    force_setattr(settlement, "revenue_micros", settlement.revenue_micros + 1)


def lost_settlement(state: State) -> None:
    state.accounts["desk"].ledger.settlements = History()


def fill_fee(state: State) -> None:
    next(iter(state.accounts["alice"].ledger.fills)).fee_micros += 1


def lost_fill(state: State) -> None:
    state.accounts["alice"].ledger.fills = History()


def deposit(state: State) -> None:
    next(iter(state.accounts["desk"].ledger.deposits)).amount_micros += 1


def lost_transfer(state: State) -> None:
    state.accounts["desk"].ledger.transfers = History()


def shard(state: State) -> None:
    state.subaccounts[SubaccountRef("desk")].shards_micros[1] -= 1


def lost_trade(state: State) -> None:
    state.accounts["desk"].ledger.trades = History()


def filled(state: State) -> None:
    state.orders["mine"].filled_centis += 1


def order_fees(state: State) -> None:
    state.orders["mine"].maker_fees_micros += 1


def order_cost(state: State) -> None:
    state.orders["mine"].maker_cost_micros += 1


def order_fills(state: State) -> None:
    state.orders["mine"].filled = None


def status(state: State) -> None:
    order = state.orders["later"]
    before, order.status = order.partition, OrderStatus.EXECUTED
    state.accounts["bob"].ledger.orders.refile(order, 10**9, before)


def initial(state: State) -> None:
    state.orders["mine"].initial_centis -= 1


def held(state: State) -> None:
    state.markets["RAIN-1"].no_held_centis += 1


def volume(state: State) -> None:
    state.markets["RAIN-1"].volume_centis += 1


def volume_before(state: State) -> None:
    next(iter(state.tape)).market_volume_centis = 1


def queue(state: State) -> None:
    state.order_books["RAIN-1"].sides[Side.YES][4_000].change("mine", 1)


def lost_order(state: State) -> None:
    del state.orders._given["later"]


def resting_orders(state: State) -> None:
    state.accounts["desk"].resting_orders += 1


def group(state: State) -> None:
    state.groups["near"].orders.clear()


def market_row(state: State) -> None:
    state.markets["RAIN-1"].status = MarketStatus.CLOSED


def misfiled(state: State) -> None:
    state.orders["mine"].is_archived = True


def misnamed(state: State) -> None:
    state.accounts["desk"].named_orders["lost"] = [state.orders["mine"]]


def revision(state: State) -> None:
    state.orders["mine"].revision = 10**9


def serials(state: State) -> None:
    next(iter(state.accounts["desk"].ledger.fills)).serial = 10**9


LEDGERS_BROKEN: list[tuple[Callable[[State], None], list[str]]] = [
    (bought, ["desk/st1: row SUN-1 settled (0, 200), its fills bought 0 and 100"]),
    (
        settled_cost,
        [
            "desk/st1: row SUN-1 settled a cost of 405001, its fills and its opening 405000",
            "desk/st1: row SUN-1 gained 337499 by its settlement, realized 337500",
        ],
    ),
    (settled_fees, ["desk/st1: row SUN-1 settled fees of 1, it paid 22500"]),
    (
        revenue,
        [
            "desk/st1: row SUN-1 gained 337501 by its settlement, realized 337500",
            "desk/st1: cash 7515000, its lists explain 7515001",
        ],
    ),
    (lost_settlement, ["desk/st1: row SUN-1 has no settlement", "desk/st1: cash 7515000, its lists explain 6775000"]),
    (
        fill_fee,
        [
            "alice: row RAIN-1 paid 33600 in fees, 0 opened and 33601 on fills",
            "alice: cash -1233600, its lists explain -1233601",
            "order hers paid 33600 in fees, its fills otherwise",
        ],
    ),
    (
        lost_fill,
        [
            "alice: row RAIN-1 paid 33600 in fees, 0 opened and 0 on fills",
            "alice: row RAIN-1 holds -200, its fills make it 0",
            "alice: cash -1233600, its lists explain 0",
            "order hers has other fills than its account lists",
        ],
    ),
    (deposit, ["desk/st1: cash 7515000, its lists explain 7515001"]),
    (lost_transfer, ["desk: cash 2000000, its lists explain 0", "desk/st1: cash 7515000, its lists explain 9515000"]),
    (shard, ["desk: shards {1: 499999}, its lists explain {1: 500000}"]),
    (lost_trade, ["desk: lists 0 trades, has a side in 2"]),
    (filled, ["order mine filled 201, its fills sum to 200"]),
    (order_fees, ["order mine paid 1 in fees, its fills otherwise"]),
    (order_cost, ["order mine cost 800001, its fills otherwise"]),
    (
        order_fills,
        [
            "order mine has other fills than its account lists",
            "order mine filled 200, its fills sum to 0",
            "order mine cost 800000, its fills otherwise",
        ],
    ),
    (status, ["order later is executed with 100 left"]),
    (initial, ["order mine of 499 has 200 filled, 300 left"]),
    (held, ["RAIN-1: keeps held 200, 201, its rows hold (200, 200)"]),
    (volume, ["RAIN-1: volume 401, its trades sum to 400"]),
    (volume_before, ["RAIN-1: trade first came after 1, not 0"]),
    (
        queue,
        [
            "RAIN-1: order later has 300 ahead, not 301",
            "RAIN-1: queues hold {(<Side.YES: 'yes'>, 4000): 401}, its orders {(<Side.YES: 'yes'>, 4000): 400}",
        ],
    ),
    (lost_order, ["orders ['mine'] have contracts left, ['later', 'mine'] rest"]),
    (resting_orders, ["desk: counts 2 resting orders, has 1"]),
    (group, ["group near has [], of its orders ['mine'] rest"]),
    (market_row, ["listed_markets are filed otherwise than their filters look for them"]),
    (misfiled, ["desk: orders are filed otherwise than their filters look for them"]),
    (misnamed, ["desk: orders are named otherwise than their client order ids say"]),
    (revision, ["desk: orders have revision 17, a row has 1000000000"]),
    (serials, ["desk: fills are not in the order of serial", "desk: fills have revision 17, a row has 1000000000"]),
]


def test_nothing_is_violated_before() -> None:
    assert violations(world().exchange.state) == []
    assert violations(crowd().exchange.state) == []


@each_row(("breaks", "lines"), BROKEN, ids=[breaks.__name__ for breaks, _ in BROKEN])
def test_what_is_broken_is_named(breaks: Callable[[Subaccount], None], lines: list[str]) -> None:
    broken = world()
    assert violations(broken.exchange.state) == []  # and every row is filed
    breaks(broken.subaccount())
    assert violations(broken.exchange.state) == lines


@each_row(("breaks", "lines"), LEDGERS_BROKEN, ids=[breaks.__name__ for breaks, _ in LEDGERS_BROKEN])
def test_what_lists_tell_otherwise_is_named(breaks: Callable[[State], None], lines: list[str]) -> None:
    broken = crowd().exchange.state
    assert violations(broken) == []  # and every row is filed
    breaks(broken)
    assert violations(broken) == lines


def test_a_change_that_does_not_conserve_money_stops_at_once() -> None:
    broken = world()
    cash(broken.subaccount())
    with pytest.raises(AssertionError, match=r"alice: cash 7500001 \+ exposure 2500000 .* contributed 10000000"):
        broken.fill("buy yes 1 @ 0.50")
