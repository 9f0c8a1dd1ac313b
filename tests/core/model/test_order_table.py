"""The orders of an exchange by id: given ids, and ids that contain the order's serial."""

from mockexchange.core.ids import row_id
from mockexchange.core.model.orders import OrderTable
from mockexchange.core.refusals import RefusalCode
from tests.core.world import World, fill
from tests.helpers.rows import each_row


def played() -> World:
    """An exchange whose orders are, in this order: derived, given, derived, placed, derived."""
    world = World(seed=5)
    world.fill("buy yes 1 @ 0.50")
    world.fill("buy yes 1 @ 0.50", new="mine")
    world.fill("buy yes 1 @ 0.50", "bob")
    world.rest("buy yes 1 @ 0.40", order="resting")
    world.fill("buy no 1 @ 0.50")
    return world


def orders() -> OrderTable:
    return played().exchange.state.orders


def test_every_order_is_found_by_its_id() -> None:
    table = orders()
    assert len(table) == len(list(table.oldest_first())) == 5
    assert all(table[order.order_id] is order and table.find(order.order_id) is order for order in table.oldest_first())


def test_orders_are_listed_in_the_order_of_their_serials() -> None:
    table = orders()
    serials = [order.serial for order in table.oldest_first()]
    assert serials == sorted(serials)
    assert list(table) == [order.order_id for order in table.oldest_first()]
    assert list(reversed(table)) == list(table)[::-1]
    assert [name for name in table if name in ("mine", "resting")] == ["mine", "resting"]


def test_ids_of_fills_without_an_order_contain_its_serial_and_are_not_stored() -> None:
    table = orders()
    derived = [order for order in table.oldest_first() if not order.given_id]
    assert [order.order_id for order in derived] == [row_id(5, "order", order.serial) for order in derived]
    assert len(derived) == 3


@each_row("change", [1, 2, 1 << 64])
def test_an_id_that_is_nearly_one_of_an_order_is_unknown(change: int) -> None:
    table = orders()
    for order in table.oldest_first():
        if not order.given_id:
            digits = f"{int(order.order_id.replace('-', ''), 16) ^ change:032x}"
            near = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
            assert near not in table
            assert order.order_id.upper() not in table


@each_row("name", ["", "nothing", row_id(5, "order", 0), row_id(5, "order", 10**9), row_id(6, "order", 9)])
def test_an_unknown_id_is_refused_with_advice(name: str) -> None:
    world = played()
    assert name not in world.exchange.state.orders
    refusal = world.refuse(fill("buy yes 1 @ 0.50", order=name))
    assert refusal.code is RefusalCode.UNKNOWN_ORDER


def test_a_fill_adds_to_an_order_with_a_derived_id() -> None:
    world = played()
    first = next(world.exchange.state.orders.oldest_first())
    world.fill("buy yes 2 @ 0.50", order=first.order_id)
    assert (first.filled_centis, len(first.fills)) == (300, 2)
    assert len(world.exchange.state.orders) == 5
