"""Orders that rest: what they hold back, and what of it comes back when."""

from mockexchange.core.commands import CancelOrder, ReduceOrder
from mockexchange.core.events import OrderCanceled, OrderReduced, OrderRested, PositionChanged
from mockexchange.core.orders import OrderStatus
from mockexchange.core.vocabulary import Action, BookRef, Side
from tests.core.tables import micros
from tests.core.world import World


def test_an_order_shows_in_the_row_and_holds_back_what_it_would_spend() -> None:
    world = World()
    world.deposit("1")
    rested, changed = world.rest("buy no 5 @ 0.30", order="mine")
    assert rested == OrderRested(
        order_id="mine",
        purse=BookRef("alice"),
        market="RAIN-1",
        side=Side.NO,
        action=Action.BUY,
        count_centis=500,
        price_centicents=3_000,
    )
    assert isinstance(changed, PositionChanged)
    assert (changed.resting_centis, changed.quantity_centis) == (500, 0)
    assert (world.holdings().reserved_micros, world.holdings().cash_micros) == (micros("1.50"), micros("1"))


def test_an_order_to_sell_holds_nothing_back() -> None:
    world = World()
    world.rest("sell yes 5 @ 0.30")
    assert (world.row().resting_centis, world.holdings().reserved_micros) == (500, 0)


def test_an_order_without_a_name_is_given_one() -> None:
    world = World()
    events = world.rest("buy yes 1 @ 0.30") + world.rest("buy yes 1 @ 0.30")
    names = [event.order_id for event in events if isinstance(event, OrderRested)]
    assert names == list(world.exchange.state.orders)
    assert len(set(names)) == 2


def test_resting_does_not_touch_the_time_of_the_row() -> None:
    world = World()
    world.fill("buy yes 1 @ 0.50")
    filled_at = world.at
    world.rest("buy yes 5 @ 0.30", order="mine")
    world.do(ReduceOrder(order="mine", count_centis=100), CancelOrder(order="mine"))
    assert world.row().updated_at == filled_at < world.at


def test_an_order_is_reduced() -> None:
    world = World()
    world.rest("buy yes 5 @ 0.30", order="mine")
    reduced, changed = world.do(ReduceOrder(order="mine", count_centis=150))
    assert reduced == OrderReduced(order_id="mine", remaining_centis=350)
    assert isinstance(changed, PositionChanged)
    assert (changed.resting_centis, world.holdings().reserved_micros) == (350, micros("1.05"))


def test_reducing_an_order_by_all_or_more_cancels_it() -> None:
    for count_centis in (500, 501):
        world = World()
        world.rest("buy yes 5 @ 0.30", order="mine")
        canceled, changed = world.do(ReduceOrder(order="mine", count_centis=count_centis))
        assert canceled == OrderCanceled(order_id="mine")
        assert isinstance(changed, PositionChanged)
        assert (changed.resting_centis, world.holdings().reserved_micros) == (0, 0)
        assert world.exchange.state.orders["mine"].status is OrderStatus.CANCELED


def test_a_canceled_order_gives_back_what_is_left_of_it() -> None:
    world = World()
    world.rest("buy yes 5 @ 0.30", order="mine")
    world.rest("buy yes 2 @ 0.20", order="other")
    world.fill("buy yes 1 @ 0.30", order="mine")
    world.do(CancelOrder(order="mine"))
    assert (world.row().resting_centis, world.holdings().reserved_micros) == (200, micros("0.40"))
    assert list(world.exchange.state.resting["RAIN-1"]) == ["other"]
