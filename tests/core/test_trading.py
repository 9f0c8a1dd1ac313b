"""Fills, their two sides and their orders; and opening balances."""

import pytest

from mockexchange.core.commands import CloseMarket, DetermineMarket, OpenPosition
from mockexchange.core.events import Filled, MarketPriced, OrderExecuted, PositionChanged
from mockexchange.core.orders import OrderStatus
from mockexchange.core.vocabulary import Action, BookRef, Result, Side
from tests.core.tables import Line, lines, micros
from tests.core.world import World, fill

PRICES = lines("""
    trade              | YES costs
    buy yes 1 @ 0.56   | 0.56
    sell yes 1 @ 0.56  | 0.56
    buy no 1 @ 0.56    | 0.44
    sell no 1 @ 0.0001 | 0.9999
""")


def test_a_fill_tells_of_the_fill_the_row_and_the_price_in_this_order() -> None:
    world = World()
    filled, changed, priced = world.do(fill("buy yes 10 @ 0.56", taker=True, order="mine"))
    assert isinstance(filled, Filled)
    assert (filled.order_id, filled.count_centis, filled.fee_micros) == ("mine", 1_000, micros("0.1725"))
    assert changed == PositionChanged(
        purse=BookRef("alice"),
        market="RAIN-1",
        quantity_centis=1_000,
        cost_micros=5_600_000,
        realized_micros=0,
        fees_micros=micros("0.1725"),
        traded_micros=5_600_000,
        shares_centis=1_000,
        resting_centis=0,
        settled=False,
        updated_at=world.at,
    )
    assert priced == MarketPriced(market="RAIN-1", price_centicents=5_600)


@pytest.mark.parametrize("line", PRICES, ids=lambda line: line["trade"])
def test_a_fill_is_the_last_price(line: Line) -> None:
    world = World()
    world.fill(line["trade"])
    assert world.exchange.state.markets["RAIN-1"].price_centicents == micros(line["YES costs"]) // 100


def test_the_other_side_of_a_fill_does_the_opposite() -> None:
    world = World()
    ours, theirs = world.fill("buy yes 10 @ 0.56", taker=True, order="mine", against=BookRef("desk", "st1"))
    assert (theirs.purse, theirs.side, theirs.action) == (BookRef("desk", "st1"), Side.YES, Action.SELL)
    assert (theirs.count_centis, theirs.price_centicents, theirs.taker) == (1_000, 5_600, False)
    assert len({ours.fill_id, theirs.fill_id, ours.order_id, theirs.order_id}) == 4
    assert world.row(purse="desk/st1").stake == (-1_000, micros("4.40"), 0, micros("4.40"), 1_000)


def test_two_books_of_one_account_may_trade() -> None:
    world = World()
    world.fill("buy no 2 @ 0.25", "desk/st1", against=BookRef("desk"))
    assert world.row(purse="desk/st1").stake.quantity_centis == -200
    assert world.row(purse="desk").stake.quantity_centis == 200


def test_a_fill_takes_its_contracts_off_the_order() -> None:
    world = World()
    world.rest("buy yes 10 @ 0.40", order="mine")
    executed, filled, *_ = world.do(fill("buy yes 4 @ 0.39", order="mine"))
    assert executed == OrderExecuted(order_id="mine", remaining_centis=600)
    assert isinstance(filled, Filled)
    assert filled.order_id == "mine"
    assert (world.row().resting_centis, world.row().stake.quantity_centis) == (600, 400)
    assert world.holdings().reserved_micros == micros("2.40")
    world.fill("buy yes 6 @ 0.40", order="mine")
    assert world.exchange.state.orders["mine"].status is OrderStatus.EXECUTED
    assert (world.row().resting_centis, world.holdings().reserved_micros) == (0, 0)


def test_an_order_that_never_rested_may_have_a_name() -> None:
    world = World()
    assert [filled.order_id for filled in world.fill("buy yes 1 @ 0.50", order="elsewhere")] == ["elsewhere"]
    assert world.exchange.state.orders == {}


def test_an_opening_balance_is_taken_as_it_is() -> None:
    world = World()
    opened = OpenPosition(
        purse=BookRef("alice"),
        market="RAIN-1",
        quantity_centis=-13_700,
        cost_micros=micros("57.54"),
        realized_micros=micros("-1.50"),
        fees_micros=micros("0.02"),
        traded_micros=micros("80.10"),
        shares_centis=15_000,
    )
    world.do(opened)
    assert world.row().stake == (-13_700, micros("57.54"), micros("-1.50"), micros("80.10"), 15_000)
    assert (world.row().fees_micros, world.row().updated_at) == (micros("0.02"), world.at)
    assert world.holdings().cash_micros == 0
    assert world.holdings().contributed_micros == micros("57.54") + micros("1.50") + micros("0.02")


def test_an_opening_balance_has_bought_what_it_holds_unless_it_says_otherwise() -> None:
    world = World()
    world.do(OpenPosition(purse=BookRef("alice"), market="RAIN-1", quantity_centis=-250, cost_micros=1))
    assert world.row().stake.shares_centis == 250


@pytest.mark.parametrize(
    "stopped", [CloseMarket(market="RAIN-1"), DetermineMarket(market="RAIN-1", result=Result.YES)], ids=str
)
def test_an_opening_balance_may_come_until_the_market_settles(stopped: CloseMarket | DetermineMarket) -> None:
    world = World()
    world.do(stopped, OpenPosition(purse=BookRef("alice"), market="RAIN-1", quantity_centis=100, cost_micros=1))
    assert world.row().stake.quantity_centis == 100
