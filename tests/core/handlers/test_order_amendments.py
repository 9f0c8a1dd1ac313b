"""Orders that are amended: their price, their count, their place in the queue and what they hold back."""

from mockexchange.core.commands import AmendOrder, CancelOrder, QuoteMarket, ReduceOrder
from mockexchange.core.events import LevelChanged, OrderChanged, PositionChanged
from mockexchange.core.model.orders import Order
from mockexchange.core.queries.order_books import count_ahead_centis
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import OrderReason, OrderStatus, Side, SubaccountRef
from tests.core.tables import Line, centicents, centis, lines, micros
from tests.core.world import World, rest
from tests.helpers.rows import each_row


def world() -> World:
    """alice's order to buy 10 YES at 0.40, of which 4 are filled; bob waits behind it at that price."""
    it = World()
    it.deposit("100")
    it.rest("buy yes 10 @ 0.40", order="mine")
    it.fill("buy yes 4 @ 0.40", order="mine")
    it.rest("buy yes 5 @ 0.40", "bob", order="behind")
    return it


def order(it: World, name: str = "mine") -> Order:
    return it.exchange.state.orders[name]


def level(price: str, change: str, side: Side = Side.YES) -> LevelChanged:
    return LevelChanged(
        market="RAIN-1",
        side=side,
        price_centicents=centicents(price),
        change_centis=centis(change),
        order_id="mine",
    )


# The order after it was amended, and how many contracts are ahead of it: bob's 5 once it has lost its place.
AMENDED = lines("""
    price | count | levels              | initial | remaining | reserved | ahead
    0.41  |       | 0.40 -6, 0.41 6     | 10      | 6         | 2.46     | 0
    0.39  |       | 0.40 -6, 0.39 6     | 10      | 6         | 2.34     | 5
    0.39  | 7     | 0.40 -6, 0.39 3     | 7       | 3         | 1.17     | 5
          | 9     | 0.40 -1             | 9       | 5         | 2.00     | 0
          | 4.01  | 0.40 -5.99          | 4.01    | 0.01      | 0.004    | 0
          | 12    | 0.40 2              | 12      | 8         | 3.20     | 5
    0.40  | 10.01 | 0.40 0.01           | 10.01   | 6.01      | 2.404    | 5
    0.40  | 9     | 0.40 -1             | 9       | 5         | 2.00     | 0
    0.40  |       |                     | 10      | 6         | 2.40     | 0
          | 10    |                     | 10      | 6         | 2.40     | 0
""")


@each_row("line", AMENDED, ids=lambda line: f"{line['price']} {line['count']}")
def test_an_order_is_amended(line: Line) -> None:
    it = world()
    command = AmendOrder(
        order="mine",
        price_centicents=centicents(line["price"]) if line["price"] else None,
        count_centis=centis(line["count"]) if line["count"] else None,
    )
    _, *levels, ordered, changed = it.do(command)
    wanted = [change.split() for change in line["levels"].split(", ") if change]
    assert levels == [level(price, change) for price, change in wanted]
    assert isinstance(ordered, OrderChanged)
    assert (ordered.reason, ordered.status, ordered.updated_at) == (OrderReason.AMEND, OrderStatus.RESTING, it.at)
    assert ordered.price_centicents == centicents(line["price"] or "0.40")
    assert (ordered.initial_centis, ordered.filled_centis) == (centis(line["initial"]), 400)
    assert ordered.remaining_centis == centis(line["remaining"])
    assert isinstance(changed, PositionChanged)
    assert (changed.resting_centis, changed.has_moved) == (centis(line["remaining"]), False)
    assert it.subaccount().reserved_micros == micros(line["reserved"])
    assert count_ahead_centis(it.exchange.state, order(it)) == centis(line["ahead"])


def test_one_who_loses_the_place_comes_last_even_at_its_own_price() -> None:
    it = world()
    it.do(AmendOrder(order="mine", count_centis=1_100))
    it.rest("buy yes 1 @ 0.40", "bob", order="last")
    ahead = [count_ahead_centis(it.exchange.state, order(it, name)) for name in ("behind", "mine", "last")]
    assert ahead == [0, 500, 1_200]


def test_a_bid_for_the_other_side_moves_there() -> None:
    it = World()
    it.deposit("100")
    it.do(QuoteMarket(market="RAIN-1", no=((7_000, 100),)))
    it.rest("sell yes 2 @ 0.30", order="mine")
    _, *levels, _, _ = it.do(AmendOrder(order="mine", price_centicents=3_500))
    assert levels == [level("0.70", "-2", Side.NO), level("0.65", "2", Side.NO)]
    assert it.subaccount().reserved_micros == 0


def test_an_order_that_was_reduced_keeps_what_is_left_unless_a_count_is_given() -> None:
    it = world()
    it.do(ReduceOrder(order="mine", count_centis=100), AmendOrder(order="mine", price_centicents=4_100))
    assert (order(it).initial_centis, order(it).remaining_centis) == (1_000, 500)
    it.do(AmendOrder(order="mine", count_centis=950))
    assert (order(it).initial_centis, order(it).remaining_centis) == (950, 550)


def test_an_amended_order_is_filled_and_canceled_as_what_it_is_now() -> None:
    it = world()
    it.do(AmendOrder(order="mine", price_centicents=4_500, count_centis=600))
    it.fill("buy yes 1 @ 0.45", order="mine")
    assert (order(it).remaining_centis, it.subaccount().reserved_micros) == (100, micros("0.45"))
    it.do(CancelOrder(order="mine"))
    assert (it.row().resting_centis, it.subaccount().reserved_micros) == (0, 0)


def test_amending_does_not_touch_the_time_of_the_row() -> None:
    it = world()
    filled_at = it.row().updated_at
    it.do(AmendOrder(order="mine", price_centicents=4_100))
    assert it.row().updated_at == filled_at < it.at


def test_a_count_below_what_is_filled_is_refused() -> None:
    refusal = world().refuse(AmendOrder(order="mine", count_centis=399))
    assert refusal.code is RefusalCode.AMEND_COUNT_TOO_SMALL
    assert refusal.message == "order mine has 4.00 contracts filled: expected that count or more, got 3.99"


def test_the_count_that_is_filled_cancels_the_order() -> None:
    it = world()
    it.do(AmendOrder(order="mine", count_centis=400))
    assert (order(it).status, order(it).initial_centis, order(it).filled_centis) == (OrderStatus.CANCELED, 1_000, 400)


def test_another_s_queue_is_left_alone() -> None:
    it = world()
    it.do(rest("buy yes 3 @ 0.41", "desk/st1", order="better"), AmendOrder(order="mine", price_centicents=4_100))
    assert order(it, "better").subaccount.ref == SubaccountRef("desk", "st1")
    ahead = [count_ahead_centis(it.exchange.state, order(it, name)) for name in ("better", "mine", "behind")]
    assert ahead == [0, 300, 900]
