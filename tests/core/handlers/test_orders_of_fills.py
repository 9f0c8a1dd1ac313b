"""Orders that are known by their fills alone, and how the parts of an order add up."""

from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import Action, OrderStatus, Side
from tests.core.tables import micros
from tests.core.world import STEP_US, World, fill
from tests.helpers.rows import each_row


def test_a_fill_that_names_no_order_makes_one() -> None:
    world = World()
    (filled,) = world.fill("sell yes 3 @ 0.40", taker=True, client_order_id="mine", fee_micros=9)
    order = world.exchange.state.orders[filled.order_id]
    assert list(world.exchange.state.accounts["alice"].ledger.orders) == [order]
    assert (order.status, order.initial_centis, order.filled_centis, order.remaining_centis) == (
        OrderStatus.EXECUTED,
        300,
        300,
        0,
    )
    assert (order.side, order.action, order.price_centicents) == (Side.YES, Action.SELL, 4_000)
    assert (order.created_at, order.updated_at, order.client_order_id) == (world.at, world.at, "mine")
    assert (order.taker_cost_micros, order.taker_fees_micros) == (micros("1.20"), 9)
    assert (order.maker_cost_micros, order.maker_fees_micros) == (0, 0)


@each_row(("action", "limit_centicents"), [(Action.BUY, 5_500), (Action.SELL, 5_000)], ids=["buy", "sell"])
def test_an_order_known_by_its_fills_grows_with_them(action: Action, limit_centicents: int) -> None:
    """What it was limited to is not known: the worst of its prices it must have accepted."""
    world = World()
    world.fill(f"{action} yes 2 @ 0.52", new="elsewhere", taker=True, fee_micros=5)
    for price in ["0.55", "0.50"]:
        world.fill(f"{action} yes 2 @ {price}", order="elsewhere", taker=price != "0.55", fee_micros=5)
    order = world.exchange.state.orders["elsewhere"]
    assert (order.initial_centis, order.filled_centis, order.remaining_centis) == (600, 600, 0)
    assert (order.price_centicents, order.status) == (limit_centicents, OrderStatus.EXECUTED)
    assert (order.taker_cost_micros, order.maker_cost_micros) == (micros("2.04"), micros("1.10"))
    assert (order.taker_fees_micros, order.maker_fees_micros) == (10, 5)
    assert (order.created_at, order.updated_at) == (world.at - 2 * STEP_US, world.at)
    assert len(order.fills) == 3


def test_an_order_known_by_its_fills_keeps_to_its_book_market_side_and_action() -> None:
    world = World()
    world.list_market("SUN-1")
    world.fill("buy yes 1 @ 0.50", new="elsewhere")
    for other in [
        fill("sell yes 1 @ 0.50", order="elsewhere"),
        fill("buy no 1 @ 0.50", order="elsewhere"),
        fill("buy yes 1 @ 0.50", "bob", order="elsewhere"),
        fill("buy yes 1 @ 0.50", market="SUN-1", order="elsewhere"),
        fill("buy yes 1 @ 0.50", order="elsewhere", client_order_id="other"),
    ]:
        assert world.refuse(other).code is RefusalCode.ORDER_MISMATCH


def test_an_order_that_rested_takes_no_more_than_it_had() -> None:
    world = World()
    world.rest("buy yes 1 @ 0.50", order="mine")
    world.fill("buy yes 1 @ 0.50", order="mine")
    assert world.refuse(fill("buy yes 1 @ 0.50", order="mine")).code is RefusalCode.ORDER_NOT_RESTING


def test_the_parts_of_an_order_add_up() -> None:
    world = World()
    world.rest("buy yes 10 @ 0.40", order="mine")
    world.fill("buy yes 4 @ 0.39", order="mine", fee_micros=3)
    world.fill("buy yes 1 @ 0.38", order="mine", fee_micros=4, taker=True)
    order = world.exchange.state.orders["mine"]
    assert (order.initial_centis, order.filled_centis, order.remaining_centis) == (1_000, 500, 500)
    assert (order.price_centicents, order.status) == (4_000, OrderStatus.RESTING)
    assert (order.maker_cost_micros, order.maker_fees_micros) == (micros("1.56"), 3)
    assert (order.taker_cost_micros, order.taker_fees_micros) == (micros("0.38"), 4)
    assert order.updated_at == world.at
    assert order.revision > order.serial
