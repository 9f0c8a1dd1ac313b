"""Fills, their two sides and their orders; and opening balances."""

from mockexchange.core.commands import CloseMarket, DetermineMarket, NewOrder, OpenPosition
from mockexchange.core.events import (
    Event,
    Filled,
    LevelChanged,
    MarketPriced,
    OrderChanged,
    OrderExecuted,
    PositionChanged,
    Traded,
)
from mockexchange.core.model.markets import Market
from mockexchange.core.position_cost import Stake
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import Action, OrderReason, OrderStatus, Result, Side, SubaccountRef
from tests.core.tables import Line, centis, lines, micros, stories
from tests.core.world import STEP_US, World, fill
from tests.helpers.rows import each_row

PRICES = lines("""
    trade              | YES costs
    buy yes 1 @ 0.56   | 0.56
    sell yes 1 @ 0.56  | 0.56
    buy no 1 @ 0.56    | 0.44
    sell no 1 @ 0.0001 | 0.9999
""")


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_fill_tells_of_the_order_the_fill_the_row_the_trade_and_the_price_in_this_order() -> None:
    world = World()
    ordered, filled, changed, traded, priced = world.do(fill("buy yes 10 @ 0.56", taker=True, new="mine", fill_id="f1"))
    assert ordered == OrderChanged(
        order_id="mine",
        subaccount_ref=SubaccountRef("alice"),
        market="RAIN-1",
        reason=OrderReason.TRADE,
        status=OrderStatus.EXECUTED,
        price_centicents=5_600,
        initial_centis=1_000,
        filled_centis=1_000,
        remaining_centis=0,
        taker_cost_micros=5_600_000,
        maker_cost_micros=0,
        taker_fees_micros=micros("0.1725"),
        maker_fees_micros=0,
        updated_at=world.at,
    )
    assert filled == Filled(
        fill_id="f1",
        order_id="mine",
        subaccount_ref=SubaccountRef("alice"),
        market="RAIN-1",
        side=Side.YES,
        action=Action.BUY,
        count_centis=1_000,
        price_centicents=5_600,
        taker=True,
        fee_micros=micros("0.1725"),
        post_position_centis=1_000,
    )
    assert changed == PositionChanged(
        subaccount_ref=SubaccountRef("alice"),
        market="RAIN-1",
        quantity_centis=1_000,
        cost_micros=5_600_000,
        realized_micros=0,
        fees_micros=micros("0.1725"),
        held_fees_micros=micros("0.1725"),
        traded_micros=5_600_000,
        shares_centis=1_000,
        resting_centis=0,
        settled=False,
        updated_at=world.at,
        has_moved=True,
    )
    assert traded == Traded(
        trade_id="f1", market="RAIN-1", yes_centicents=5_600, count_centis=1_000, taker_side=Side.YES
    )
    assert priced == MarketPriced(market="RAIN-1", price_centicents=5_600)


@each_row("line", PRICES, ids=lambda line: line["trade"])
def test_a_fill_is_the_last_price(line: Line) -> None:
    world = World()
    world.fill(line["trade"])
    assert world.exchange.state.markets["RAIN-1"].price_centicents == micros(line["YES costs"]) // 100


def test_the_other_side_of_a_fill_does_the_opposite() -> None:
    world = World()
    ours, theirs = world.fill("buy yes 10 @ 0.56", taker=True, new="mine", against=SubaccountRef("desk", "st1"))
    assert (theirs.subaccount_ref, theirs.side, theirs.action) == (SubaccountRef("desk", "st1"), Side.YES, Action.SELL)
    assert (theirs.count_centis, theirs.price_centicents, theirs.taker) == (1_000, 5_600, False)
    assert ours.fill_id == theirs.fill_id
    assert len({ours.fill_id, ours.order_id, theirs.order_id}) == 3
    assert world.row(subaccount_ref="desk/st1").stake == Stake(-1_000, micros("4.40"), 0, micros("4.40"), 1_000)


def test_each_side_of_a_fill_is_told_whole_before_the_other_and_the_trade_once() -> None:
    told = World().do(fill("sell no 3 @ 0.25", against=SubaccountRef("bob")))
    one_side = ["OrderChanged", "Filled", "PositionChanged"]
    assert kinds(told) == [*one_side, *one_side, "Traded", "MarketPriced"]
    fills = [event for event in told if isinstance(event, Filled)]
    assert [(side.subaccount_ref.account, side.post_position_centis) for side in fills] == [
        ("alice", 300),
        ("bob", -300),
    ]


def test_a_trade_at_the_last_price_is_told_and_the_price_is_not() -> None:
    world = World()
    world.fill("buy yes 1 @ 0.50")
    assert kinds(world.do(fill("buy no 1 @ 0.50"))) == ["OrderChanged", "Filled", "PositionChanged", "Traded"]


# What part of the fees paid belongs to what is held.
HELD_FEES = stories("""
    story                       | trade              | fee      | held
    opening brings its fee      | buy yes 10 @ 0.50  | 0.18     | 0.18
                                | sell no 5 @ 0.40   | 0.09     | 0.27
    closing takes its share     | buy no 3 @ 0.50    | 0.10     | 0.10
                                | sell no 1 @ 0.60   | 0.07     | 0.066666
                                | buy yes 1 @ 0.10   | 0.07     | 0.033333
                                | sell no 1 @ 0.60   | 0        | 0
    turning over keeps nothing  | buy yes 2 @ 0.50   | 0.20     | 0.20
                                | sell yes 5 @ 0.50  | 0.10     | 0.06
                                | buy yes 4 @ 0.50   | 0.000010 | 0.000002
    back to nothing and up      | sell no 2 @ 0.50   | 0.03     | 0.03
                                | buy no 2 @ 0.50    | 0.03     | 0
                                | buy no 0.01 @ 0.50 | 0.000001 | 0.000001
""")


@each_row("story", HELD_FEES)
def test_fees_belong_to_the_contracts_they_were_paid_for(story: str) -> None:
    world = World()
    for line in HELD_FEES[story]:
        (changed,) = (
            event
            for event in world.do(fill(line["trade"], fee_micros=micros(line["fee"])))
            if isinstance(event, PositionChanged)
        )
        assert changed.held_fees_micros == world.row().held_fees_micros == micros(line["held"])
    assert world.row().fees_micros == sum(micros(line["fee"]) for line in HELD_FEES[story])


@each_row(("quantity_centis", "held_micros"), [(-300, 90_000), (0, 0)])
def test_an_opening_balance_counts_its_fees_as_held(quantity_centis: int, held_micros: int) -> None:
    world = World()
    (changed,) = world.do(
        OpenPosition(
            subaccount_ref=SubaccountRef("alice"),
            market="RAIN-1",
            quantity_centis=quantity_centis,
            cost_micros=0,
            fees_micros=90_000,
        )
    )
    assert isinstance(changed, PositionChanged)
    assert (changed.fees_micros, changed.held_fees_micros, changed.has_moved) == (90_000, held_micros, True)


def test_two_books_of_one_account_may_trade() -> None:
    world = World()
    world.fill("buy no 2 @ 0.25", "desk/st1", against=SubaccountRef("desk"))
    assert world.row(subaccount_ref="desk/st1").stake.quantity_centis == -200
    assert world.row(subaccount_ref="desk").stake.quantity_centis == 200


def test_a_fill_takes_its_contracts_off_the_order() -> None:
    world = World()
    world.rest("buy yes 10 @ 0.40", order="mine")
    executed, level, ordered, filled, changed, *after = world.do(fill("buy yes 4 @ 0.39", order="mine"))
    assert executed == OrderExecuted(order_id="mine", remaining_centis=600)
    assert level == LevelChanged(
        market="RAIN-1", side=Side.YES, price_centicents=4_000, change_centis=-400, order_id="mine"
    )
    assert isinstance(ordered, OrderChanged)
    assert (ordered.reason, ordered.status, ordered.price_centicents) == (
        OrderReason.TRADE,
        OrderStatus.RESTING,
        4_000,
    )
    assert (ordered.initial_centis, ordered.filled_centis, ordered.remaining_centis) == (1_000, 400, 600)
    assert isinstance(filled, Filled)
    assert (filled.order_id, filled.post_position_centis) == ("mine", 400)
    assert isinstance(changed, PositionChanged)
    assert (changed.resting_centis, changed.quantity_centis) == (600, 400)
    assert kinds(after) == ["Traded", "MarketPriced"]
    assert (world.row().resting_centis, world.row().stake.quantity_centis) == (600, 400)
    assert world.subaccount().reserved_micros == micros("2.40")
    world.fill("buy yes 6 @ 0.40", order="mine")
    assert world.exchange.state.orders["mine"].status is OrderStatus.EXECUTED
    assert (world.row().resting_centis, world.subaccount().reserved_micros) == (0, 0)


TAKERS = lines("""
    trade             | role  | taker gains from
    buy yes 1 @ 0.56  | taker | yes
    sell yes 1 @ 0.56 | taker | no
    buy no 1 @ 0.56   | taker | no
    sell no 1 @ 0.56  | taker | yes
    buy yes 1 @ 0.56  | maker | no
    sell yes 1 @ 0.56 | maker | yes
    buy no 1 @ 0.56   | maker | yes
    sell no 1 @ 0.56  | maker | no
""")


@each_row("against", [None, SubaccountRef("bob")], ids=["a stranger", "bob"])
@each_row("line", TAKERS, ids=lambda line: f"{line['trade']} as {line['role']}")
def test_a_trade_tells_what_its_taker_gains_from(line: Line, against: SubaccountRef | None) -> None:
    world = World()
    world.fill(line["trade"], taker=line["role"] == "taker", against=against)
    (trade,) = world.exchange.state.tape
    assert trade.taker_side == line["taker gains from"]
    taker_fills = [side for side in (trade.taker,) if side is not None]
    assert all(side.outcome_side == line["taker gains from"] for side in taker_fills)
    assert (trade.taker is None, trade.maker is None).count(True) == (against is None)


def test_a_trade_is_on_the_tape_once_and_counts_into_the_volume() -> None:
    world = World()
    world.fill("buy yes 10 @ 0.56", against=SubaccountRef("bob"))
    world.fill("sell no 2.5 @ 0.40")
    first, second = world.exchange.state.tape
    assert (first.yes_centicents, first.no_centicents, first.count_centis) == (5_600, 4_400, 1_000)
    assert (second.yes_centicents, second.count_centis) == (6_000, 250)
    assert (first.market_volume_centis, second.market_volume_centis) == (0, 1_000)
    assert market(world).volume_centis == 1_250


def test_both_sides_are_in_their_accounts_lists_and_an_fcm_has_the_trade_once() -> None:
    world = World()
    world.fill("buy no 2 @ 0.25", "desk/st1", against=SubaccountRef("desk"))
    world.fill("buy no 2 @ 0.25", "desk/st1", against=SubaccountRef("bob"))
    accounts = world.exchange.state.accounts
    assert [fill.subaccount_ref.subaccount for fill in accounts["desk"].ledger.fills] == ["st1", "0", "st1"]
    assert [fill.subaccount_ref for fill in accounts["bob"].ledger.fills] == [SubaccountRef("bob")]
    assert list(accounts["desk"].ledger.trades) == list(world.exchange.state.tape)
    assert list(accounts["bob"].ledger.trades) == []


def test_the_counterparty_has_its_own_order_and_fee() -> None:
    world = World()
    world.fill(
        "buy yes 2 @ 0.25",
        against=SubaccountRef("bob"),
        order=NewOrder("bought"),
        against_order=NewOrder("sold"),
        against_fee_micros=70_000,
    )
    (own,) = world.exchange.state.accounts["alice"].ledger.fills
    (other,) = world.exchange.state.accounts["bob"].ledger.fills
    assert (own.order.order_id, other.order.order_id) == ("bought", "sold")
    assert (other.action, other.fee_micros) == (Action.SELL, 70_000)


def test_an_order_of_the_other_side_is_filled_in_its_own_terms() -> None:
    """Who sells YES at 0.60 has bought NO at 0.40."""
    world = World()
    world.rest("buy no 3 @ 0.40", "bob", order="bid")
    world.fill("buy yes 2 @ 0.60", against=SubaccountRef("bob"), against_order="bid", taker=True)
    (other,) = world.exchange.state.accounts["bob"].ledger.fills
    assert (other.side, other.action, other.price_centicents) == (Side.NO, Action.BUY, 4_000)
    assert world.exchange.state.orders["bid"].remaining_centis == 100


def test_an_order_that_does_not_fit_the_counterparty_is_refused() -> None:
    world = World()
    world.rest("buy yes 3 @ 0.40", "bob", order="bid")
    refusal = world.refuse(fill("buy yes 2 @ 0.40", against=SubaccountRef("bob"), against_order="bid"))
    assert refusal.code is RefusalCode.ORDER_MISMATCH


def test_a_fill_shows_what_its_own_side_did() -> None:
    world = World()
    world.fill(
        "sell no 2 @ 0.25", "alice", against=SubaccountRef("bob"), taker=True, client_order_id="mine", fee_micros=7
    )
    (own,) = world.exchange.state.accounts["alice"].ledger.fills
    (other,) = world.exchange.state.accounts["bob"].ledger.fills
    assert (own.side, own.action, own.outcome_side, own.price_centicents) == (Side.NO, Action.SELL, Side.YES, 2_500)
    assert (own.is_taker, own.fee_micros, own.client_order_id, own.created_at) == (True, 7, "mine", world.at)
    assert (other.side, other.action, other.outcome_side, other.price_centicents) == (
        Side.NO,
        Action.BUY,
        Side.NO,
        2_500,
    )
    assert (other.is_taker, other.client_order_id) == (False, None)
    assert own.trade is other.trade


def test_a_fill_bears_the_id_it_is_given_and_gives_it_to_no_other() -> None:
    world = World()
    sides = world.fill("buy yes 1 @ 0.50", against=SubaccountRef("bob"), fill_id="trade 1")
    assert [side.fill_id for side in sides] == ["trade 1", "trade 1"]
    refusal = world.refuse(fill("sell yes 1 @ 0.50", "bob", fill_id="trade 1"))
    assert (refusal.code, refusal.message) == (RefusalCode.ALREADY_EXISTS, "fill trade 1 exists already")


def test_the_price_before_the_last_is_remembered() -> None:
    world = World()
    seen = []
    for price in ["0.50", "0.50", "0.60"]:
        world.fill(f"buy yes 1 @ {price}")
        seen.append((market(world).previous_centicents, market(world).price_centicents, market(world).updated_at))
    times = [world.at - 2 * STEP_US, world.at - STEP_US, world.at]
    assert seen == [(None, 5_000, times[0]), (None, 5_000, times[1]), (5_000, 6_000, times[2])]


HELD = lines("""
    trade             | purse | yes | no
    buy yes 10 @ 0.50 | alice | 10  | 0
    buy no 4 @ 0.50   | bob   | 10  | 4
    sell yes 4 @ 0.50 | alice | 6   | 4
    sell yes 8 @ 0.50 | alice | 0   | 6
    buy yes 5 @ 0.50  | bob   | 1   | 2
""")


def test_what_is_held_of_a_market_is_counted_by_side() -> None:
    world = World()
    for line in HELD:
        world.fill(line["trade"], line["purse"])
        held = (market(world).yes_held_centis, market(world).no_held_centis)
        assert held == (centis(line["yes"]), centis(line["no"]))


def test_cash_has_the_time_of_its_last_change() -> None:
    world = World()
    world.deposit("5")
    world.rest("buy yes 1 @ 0.50", order="mine")
    assert world.subaccount().updated_at == world.at - STEP_US
    world.fill("buy yes 1 @ 0.50", order="mine")
    assert world.subaccount().updated_at == world.at


def test_an_opening_balance_is_taken_as_it_is() -> None:
    world = World()
    opened = OpenPosition(
        subaccount_ref=SubaccountRef("alice"),
        market="RAIN-1",
        quantity_centis=-13_700,
        cost_micros=micros("57.54"),
        realized_micros=micros("-1.50"),
        fees_micros=micros("0.02"),
        traded_micros=micros("80.10"),
        shares_centis=15_000,
    )
    world.do(opened)
    assert world.row().stake == Stake(-13_700, micros("57.54"), micros("-1.50"), micros("80.10"), 15_000)
    assert (world.row().opened, world.row().opened_fees_micros) == (world.row().stake, micros("0.02"))
    assert (market(world).yes_held_centis, market(world).no_held_centis) == (0, 13_700)
    assert (world.row().fees_micros, world.row().updated_at) == (micros("0.02"), world.at)
    assert world.subaccount().cash_micros == 0
    assert world.subaccount().contributed_micros == micros("57.54") + micros("1.50") + micros("0.02")


def test_an_opening_balance_has_bought_what_it_holds_unless_it_says_otherwise() -> None:
    world = World()
    world.do(OpenPosition(subaccount_ref=SubaccountRef("alice"), market="RAIN-1", quantity_centis=-250, cost_micros=1))
    assert world.row().stake.shares_centis == 250


@each_row("stopped", [CloseMarket(market="RAIN-1"), DetermineMarket(market="RAIN-1", result=Result.YES)], ids=str)
def test_an_opening_balance_may_come_until_the_market_settles(stopped: CloseMarket | DetermineMarket) -> None:
    world = World()
    world.do(
        stopped,
        OpenPosition(subaccount_ref=SubaccountRef("alice"), market="RAIN-1", quantity_centis=100, cost_micros=1),
    )
    assert world.row().stake.quantity_centis == 100


def market(world: World) -> Market:
    return world.exchange.state.markets["RAIN-1"]
