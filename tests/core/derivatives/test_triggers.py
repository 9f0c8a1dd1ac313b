"""Orders that wait for a price: what they watch, which way, what they place then, and what becomes of them before."""

from decimal import Decimal
from typing import Any

import pytest

from mockexchange.core.commands import (
    CancelDerivativeOrders,
    CancelOrder,
    DeliverDerivative,
    EditDerivativeOrder,
    MarkDerivative,
    PlaceDerivativeOrder,
    SetIndex,
    SettleSession,
    SwitchExchange,
)
from mockexchange.core.derivatives.orders import DerivativeOrder
from mockexchange.core.derivatives.vocabulary import OrderLife, TriggerKind, TriggerSource
from mockexchange.core.events import DerivativeOrderChanged, Event
from mockexchange.core.invariants import violations
from mockexchange.core.refusals import RefusalCode
from tests.core.derivatives.orders_world import OrdersWorld, order
from tests.core.derivatives_world import DORA, FUTURE, MIRA, PERPETUAL
from tests.helpers.rows import each_row

MARK, INDEX, LAST = TriggerSource.MARK, TriggerSource.INDEX, TriggerSource.LAST
STOP, TAKE = TriggerKind.STOP, TriggerKind.TAKE


def trigger(text: str, kind: TriggerKind, source: TriggerSource, price: int, **extra: Any) -> PlaceDerivativeOrder:
    fields = {"trigger_kind": kind, "trigger": source, "trigger_price": Decimal(price), **extra}
    return order(text, fields.pop("owner", DORA), **fields)


def waiting(world: OrdersWorld, command: PlaceDerivativeOrder) -> DerivativeOrder:
    world.do(command)
    placed = next(reversed(world.exchange.state.derivatives.orders.values()))
    assert (placed.state, placed.is_triggered) == ("untriggered", False)
    return placed


def mark(price: int) -> MarkDerivative:
    return MarkDerivative(derivative=PERPETUAL, price=Decimal(price))


def index(price: int) -> SetIndex:
    return SetIndex(index="btc_usd", price=Decimal(price))


def changed(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.order_id, event.state) for event in events if isinstance(event, DerivativeOrderChanged)]


# Order, kind, source, trigger price; a price that does not reach it, one that does. The mark is 113900.
REACHED = [
    ("buy 100", STOP, MARK, 114_000, mark(113_999), mark(114_000)),
    ("sell 100", STOP, MARK, 113_800, mark(113_801), mark(113_700)),
    ("buy 100", TAKE, MARK, 113_800, mark(113_801), mark(113_800)),
    ("sell 100", TAKE, MARK, 114_000, mark(113_999), mark(114_100)),
    ("buy 100", STOP, INDEX, 120_000, index(119_999), index(120_000)),
    ("sell 100", STOP, INDEX, 100_000, mark(99_000), index(100_000)),
]


@each_row(("text", "kind", "source", "price", "short", "reaching"), REACHED, ids=range(len(REACHED)))
def test_an_order_is_placed_when_its_price_is_reached(
    text: str, kind: TriggerKind, source: TriggerSource, price: int, short: Any, reaching: Any
) -> None:
    world = OrdersWorld()
    world.quote(bids="500 @ 113700", asks="500 @ 114000")
    first = waiting(world, trigger(text, kind, source, price, label="mine"))
    assert changed(world.do(short)) == []
    assert first.state == "untriggered"
    events = changed(world.do(reaching))
    [*_, placed] = world.exchange.state.derivatives.orders.values()
    assert (str(first.state), first.is_triggered, str(first.filled)) == ("triggered", True, "0")
    assert (placed.trigger_order_id, placed.label, placed.is_triggered) == (first.order_id, "mine", True)
    assert (placed.order_type, str(placed.state), str(placed.filled)) == ("market", "filled", "100")
    assert events[0] == (first.order_id, "triggered")
    assert events[1][0] == placed.order_id
    assert violations(world.exchange.state) == []


def test_a_trade_reaches_triggers_of_the_last_price_which_reach_others() -> None:
    world = OrdersWorld()
    world.quote(bids="100 @ 113890, 100 @ 113850, 500 @ 113800", asks="500 @ 113910")
    first = waiting(world, trigger("sell 100", STOP, LAST, 113_890))
    second = waiting(world, trigger("sell 100", STOP, LAST, 113_850))
    world.do(mark(113_850))
    assert first.state == "untriggered", "there was no trade"
    world.place("sell 100", MIRA)
    assert (first.state, second.state) == ("triggered", "triggered")
    assert world.exchange.state.derivatives.listed[PERPETUAL].last == 113_800


def test_a_limit_order_rests_after_its_trigger() -> None:
    world = OrdersWorld()
    first = waiting(world, trigger("buy 100 @ 113950", STOP, MARK, 114_000))
    free = world.exchange.state.derivatives.open_orders_of(DORA, PERPETUAL)
    assert (first.order_type, str(free.buying)) == ("stop_limit", "0")
    world.do(mark(114_000))
    [*_, placed] = world.exchange.state.derivatives.orders.values()
    assert (placed.order_type, str(placed.state), str(placed.price)) == ("limit", "open", "113950")
    assert world.exchange.state.derivatives.open_orders_of(DORA, PERPETUAL).buying == 100


@each_row("extra", [{"reduce_only": True}, {"text": "buy 100000000"}], ids=["no position", "no funds"])
def test_an_order_that_is_refused_then_leaves_its_trigger_order_rejected(extra: dict[str, Any]) -> None:
    world = OrdersWorld()
    first = waiting(world, trigger(extra.pop("text", "buy 100"), STOP, MARK, 114_000, **extra))
    before = len(world.exchange.state.derivatives.orders)
    assert changed(world.do(mark(114_500))) == [(first.order_id, "rejected")]
    assert len(world.exchange.state.derivatives.orders) == before
    assert violations(world.exchange.state) == []


@each_row(
    ("command", "code"),
    [
        (trigger("buy 100", STOP, MARK, 113_900), RefusalCode.TRIGGER_REACHED),
        (trigger("sell 100", TAKE, INDEX, 100), RefusalCode.TRIGGER_REACHED),
        (trigger("buy 100 @ 113900.2", STOP, MARK, 114_000), RefusalCode.PRICE_OFF_GRID),
        (trigger("buy 15", STOP, MARK, 114_000), RefusalCode.AMOUNT_OUT_OF_RANGE),
    ],
)
def test_a_trigger_order_is_checked_when_it_is_placed(command: PlaceDerivativeOrder, code: RefusalCode) -> None:
    world = OrdersWorld()
    assert world.refuse(command).code is code
    assert world.exchange.state.derivatives.waiting == {}


@each_row(
    ("text", "kind", "source", "extra", "prefix"),
    [
        ("sell 100", STOP, INDEX, {}, "SLIS-"),
        ("buy 100", STOP, MARK, {}, "SLMB-"),
        ("buy 0.1", TAKE, LAST, {"derivative": "BTC_USDC-PERPETUAL"}, "USDC-TPTB-"),
    ],
)
def test_the_id_of_a_trigger_order_says_what_it_waits_for(
    text: str, kind: TriggerKind, source: TriggerSource, extra: dict[str, Any], prefix: str
) -> None:
    price = 100 if text.startswith("sell") else 200_000
    placed = waiting(OrdersWorld(), trigger(text, kind, source, price, **extra))
    assert placed.order_id.startswith(prefix)


def test_an_order_that_waits_is_edited_and_has_no_price_if_it_has_none() -> None:
    world = OrdersWorld()
    first = waiting(world, trigger("buy 100", STOP, MARK, 114_000))
    world.do(
        EditDerivativeOrder(
            order=first.order_id,
            amount=Decimal(50),
            trigger_price=Decimal(113_950),
            price=Decimal(1),
            post_only=True,
        )
    )
    assert (str(first.amount), str(first.trigger_price), first.price) == ("50", "113950", None)
    assert not first.post_only
    assert first.is_edited
    reached = EditDerivativeOrder(order=first.order_id, trigger_price=Decimal(113_800))
    assert world.refuse(reached).code is RefusalCode.TRIGGER_REACHED
    between = EditDerivativeOrder(order=first.order_id, trigger_price=Decimal("114000.2"))
    assert world.refuse(between).code is RefusalCode.PRICE_OFF_GRID
    small = EditDerivativeOrder(order=first.order_id, amount=Decimal(15))
    assert world.refuse(small).code is RefusalCode.AMOUNT_OUT_OF_RANGE


def test_orders_that_wait_are_canceled_one_by_one_by_type_and_with_all() -> None:
    world = OrdersWorld()
    one = waiting(world, trigger("buy 100", STOP, MARK, 114_000))
    two = waiting(world, trigger("buy 100", TAKE, MARK, 113_000))
    three = waiting(world, trigger("sell 100", STOP, MARK, 113_000))
    world.do(CancelOrder(order=one.order_id))
    world.do(CancelDerivativeOrders(subaccount_ref=DORA, types=("take_market", "take_limit")))
    assert (one.state, two.state, three.state) == ("cancelled", "cancelled", "untriggered")
    assert (one.cancel_reason, one.is_triggered) == ("user_request", False)
    world.do(CancelDerivativeOrders(subaccount_ref=DORA))
    assert three.state == "cancelled"
    assert world.refuse(CancelOrder(order=three.order_id)).code is RefusalCode.ORDER_NOT_RESTING


def test_a_session_and_a_delivery_end_orders_that_wait() -> None:
    world = OrdersWorld()
    day = waiting(world, trigger("buy 100", STOP, MARK, 114_000, life=OrderLife.GOOD_TIL_DAY))
    kept = waiting(world, trigger("buy 100", STOP, MARK, 114_000))
    future = waiting(world, trigger("buy 100", STOP, MARK, 200_000, derivative=FUTURE))
    world.do(SettleSession())
    assert (day.state, day.cancel_reason, kept.state) == ("cancelled", "settlement", "untriggered")
    world.do(DeliverDerivative(derivative=FUTURE))
    assert (future.state, future.cancel_reason) == ("cancelled", "settlement")


def test_a_trigger_needs_its_price() -> None:
    with pytest.raises(ValueError, match="trigger: expected it with trigger_price"):
        order("buy 100", trigger=MARK)


def test_a_trigger_that_is_reached_during_a_pause_fires_at_its_end() -> None:
    world = OrdersWorld()
    order = waiting(world, trigger("buy 100", STOP, MARK, 114_000))
    for pause in (SwitchExchange(trading=False), SwitchExchange(active=False)):
        world.do(pause)
        world.do(mark(114_100))
        assert order.state == "untriggered"
    world.do(SwitchExchange())
    assert order.state == "triggered"
