"""Orders of derivatives: what they meet, what becomes of the rest, what refuses them."""

from decimal import Decimal
from typing import Any

from mockexchange.core.commands import (
    CancelDerivativeOrders,
    CancelOrder,
    CreditCurrency,
    DeliverDerivative,
    EditDerivativeOrder,
    QuoteDerivative,
)
from mockexchange.core.derivatives.orders import DerivativeOrder
from mockexchange.core.derivatives.valuation import summary_of
from mockexchange.core.derivatives.vocabulary import CancelReason, Direction, OrderLife, OrderState
from mockexchange.core.model.order_rules import FillRule, OrderRules, QueueRule
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import SubaccountRef
from tests.core.derivatives.orders_world import OPTION_OF_TICKS, OrdersWorld, levels, order
from tests.core.derivatives_world import DORA, FUTURE, LINEAR, MIRA, PERPETUAL, SPREAD, nine, rows
from tests.helpers.rows import each_row

IOC: dict[str, Any] = {"life": OrderLife.IMMEDIATE_OR_CANCEL}
FOK: dict[str, Any] = {"life": OrderLife.FILL_OR_KILL}
DAY: dict[str, Any] = {"life": OrderLife.GOOD_TIL_DAY}
POST: dict[str, Any] = {"post_only": True}
REJECT: dict[str, Any] = {"post_only": True, "reject_post_only": True}
REDUCE: dict[str, Any] = {"reduce_only": True}


def state_of(placed: DerivativeOrder) -> tuple[str, int, str | None]:
    return placed.state.value, int(placed.filled), placed.cancel_reason and placed.cancel_reason.value


def filled(*orders: DerivativeOrder) -> list[int]:
    return [int(one.filled) for one in orders]


def fills(world: OrdersWorld, subaccount_ref: SubaccountRef = DORA) -> list[tuple[int, str]]:
    """The amounts and prices of a book's trades, oldest first."""
    return [(int(row.amount), str(row.price)) for row in rows(world, subaccount_ref)[::-1]]


def test_an_order_trades_with_the_best_offers_at_their_prices_and_the_rest_rests() -> None:
    world = OrdersWorld()
    world.quote(bids="100 @ 113800", asks="50 @ 113900, 50 @ 114000")
    ask = world.place("sell 30 @ 113950", MIRA)
    placed = world.place("buy 200 @ 113980")
    assert state_of(placed) == ("open", 80, None)
    assert fills(world) == [(50, "113900"), (30, "113950")]
    assert fills(world, MIRA) == [(30, "113950")]
    assert [row.is_taker for row in (*rows(world), *rows(world, MIRA))] == [True, True, False]
    assert [row.order_state for row in rows(world)] == [OrderState.OPEN, OrderState.OPEN]
    assert state_of(ask) == ("filled", 30, None)
    assert world.view(PERPETUAL).size == 80


def test_at_one_price_quotes_come_first_and_then_orders_by_arrival() -> None:
    world = OrdersWorld()
    first, second = world.place("sell 20 @ 113900", MIRA), world.place("sell 20 @ 113900", MIRA)
    world.quote(asks="10 @ 113900")
    world.place("buy 40 @ 113900")
    assert filled(first, second) == [20, 10]


def test_the_rules_may_put_quotes_behind_orders_and_share_them() -> None:
    world = OrdersWorld(OrderRules(queue=QueueRule.FRONT, share_parts=4_000))
    world.place("sell 20 @ 113900", MIRA)
    world.quote(asks="100 @ 113900")
    placed = world.place("buy 200 @ 113900")
    assert (int(placed.filled), fills(world)) == (60, [(20, "113900"), (40, "113900")])


@each_row(
    ("rule", "amount"), [(FillRule.ALL, 100), (FillRule.NONE, 0), (FillRule.BOOK, 50)], ids=["all", "none", "book"]
)
def test_the_rules_say_what_fills_orders(rule: FillRule, amount: int) -> None:
    world = OrdersWorld(OrderRules(fill=rule))
    world.quote(asks="50 @ 113850")
    assert world.place("buy 100 @ 113900").filled == amount


REST: list[tuple[str, dict[str, Any], tuple[str, int, str | None]]] = [
    ("buy 100 @ 113900", {}, ("open", 50, None)),
    ("buy 100 @ 113900", IOC, ("cancelled", 50, "unfilled")),
    ("buy 100 @ 113900", FOK, ("cancelled", 0, "unfilled")),
    ("buy 50 @ 113900", FOK, ("filled", 50, None)),
    ("buy 100", {}, ("cancelled", 50, "unfilled")),
    ("buy 50", {}, ("filled", 50, None)),
    ("buy 100 @ 113850", IOC, ("cancelled", 0, "unfilled")),
    ("buy 100 @ 113900", DAY, ("open", 50, None)),
]


@each_row(("text", "options", "expected"), REST)
def test_what_becomes_of_the_rest(text: str, options: dict[str, Any], expected: tuple[str, int, str | None]) -> None:
    world = OrdersWorld()
    world.quote(asks="50 @ 113900, 500 @ 120000")
    assert state_of(world.place(text, **options)) == expected


def test_a_quote_fills_the_orders_that_it_crosses_at_their_prices() -> None:
    world = OrdersWorld()
    bid, best = world.place("buy 100 @ 113800"), world.place("buy 50 @ 113850")
    world.quote(asks="120 @ 113790")
    assert filled(bid, best) == [70, 50]
    assert fills(world) == [(50, "113850"), (70, "113800")]
    assert not world.exchange.state.derivatives.order_books[PERPETUAL].quotes[Direction.SELL]


@each_row(("options", "price"), [({}, "113900"), (POST, "113899.5")], ids=["plain", "post_only"])
def test_a_post_only_order_is_moved_in_front_of_the_spread(options: dict[str, Any], price: str) -> None:
    world = OrdersWorld()
    world.quote(asks="50 @ 113900")
    placed = world.place("buy 100 @ 113900", **options)
    assert placed.price == Decimal(price)
    assert placed.filled == (0 if options else 50)


def test_an_order_that_only_reduces_takes_at_most_the_position() -> None:
    world = OrdersWorld()
    world.trade("buy 50 @ 113900", PERPETUAL)
    world.quote(bids="200 @ 113800")
    placed = world.place("sell 80 @ 113800", **REDUCE)
    assert state_of(placed) == ("cancelled", 50, "unfilled")
    assert world.view(PERPETUAL).size == 0


def test_a_resting_order_that_has_nothing_left_to_reduce_is_canceled_when_it_is_met() -> None:
    world = OrdersWorld()
    world.trade("buy 50 @ 113900", PERPETUAL)
    resting = world.place("sell 80 @ 113950", **REDUCE)
    assert world.view(PERPETUAL).open_orders_margin == 0
    world.trade("sell 50 @ 113900", PERPETUAL)
    world.place("buy 10 @ 113950", MIRA)
    assert state_of(resting) == ("cancelled", 0, "unfilled")


REFUSED: list[tuple[str, dict[str, Any], RefusalCode]] = [
    ("buy 100 @ 113900", REJECT, RefusalCode.POST_ONLY_WOULD_CROSS),
    ("sell 20 @ 113700", {}, RefusalCode.SELF_TRADE),
    ("buy 100 @ 113900", REDUCE, RefusalCode.NOTHING_TO_REDUCE),
    ("buy 15 @ 113900", {}, RefusalCode.AMOUNT_OUT_OF_RANGE),
    ("buy 10 @ 113900.3", {}, RefusalCode.PRICE_OFF_GRID),
    ("buy 10 @ 116000", {}, RefusalCode.PRICE_OUT_OF_RANGE),
    ("sell 10 @ 112000", {}, RefusalCode.PRICE_OUT_OF_RANGE),
    ("buy 10000000 @ 113900", {}, RefusalCode.INSUFFICIENT_CASH),
    ("buy 10 @ 17", {"derivative": SPREAD}, RefusalCode.WRONG_KIND),
    ("buy 10 @ 17", {"derivative": "NONE"}, RefusalCode.UNKNOWN_DERIVATIVE),
    ("buy 10 @ 113000", {"order": "mine"}, RefusalCode.ALREADY_EXISTS),
]


@each_row(("text", "options", "code"), REFUSED)
def test_a_refused_order_changes_nothing(text: str, options: dict[str, Any], code: RefusalCode) -> None:
    world = OrdersWorld()
    world.place("buy 10 @ 113750", order="mine")
    world.quote(asks="50 @ 113900", bids="10 @ 113800")
    before = summary_of(world.exchange.state, DORA, "BTC")
    assert world.refuse(order(text, **options)).code is code
    assert summary_of(world.exchange.state, DORA, "BTC") == before
    assert list(world.exchange.state.derivatives.orders) == ["mine"]


def test_a_lowest_ask_of_one_tick_leaves_no_price_for_a_post_only_purchase() -> None:
    world = OrdersWorld()
    world.mark("0.0005", OPTION_OF_TICKS)
    world.quote(asks="1 @ 0.0005", derivative=OPTION_OF_TICKS)
    refusal = world.refuse(order("buy 1 @ 0.0005", derivative=OPTION_OF_TICKS, **POST))
    assert refusal.code is RefusalCode.NO_PASSIVE_PRICE


def test_resting_orders_need_the_margin_of_their_worse_side() -> None:
    world = OrdersWorld()
    world.place("buy 1000 @ 113000")
    one = world.view(PERPETUAL).open_orders_margin
    world.place("sell 1000 @ 114000")
    assert world.view(PERPETUAL).open_orders_margin == one > 0
    summary = summary_of(world.exchange.state, DORA, "BTC")
    assert summary.initial_margin == one
    assert nine(summary.available_funds + one) == "1"
    world.do(CancelDerivativeOrders(subaccount_ref=DORA))
    assert summary_of(world.exchange.state, DORA, "BTC").available_funds == 1


def test_an_order_that_reduces_needs_no_funds() -> None:
    world = OrdersWorld()
    world.trade("buy 1000 @ 113900", PERPETUAL)
    world.do(CreditCurrency(subaccount_ref=DORA, currency="BTC", amount=Decimal("-0.9999")))
    assert world.refuse(order("buy 10 @ 113900")).code is RefusalCode.INSUFFICIENT_CASH
    assert world.place("sell 1000 @ 113900").state is OrderState.OPEN


def test_purchases_of_options_hold_their_premium_back() -> None:
    world = OrdersWorld()
    world.place("buy 10 @ 0.002", derivative=OPTION_OF_TICKS)
    assert world.view(OPTION_OF_TICKS).open_orders_margin == Decimal("0.02")
    world.quote(asks="4 @ 0.002", derivative=OPTION_OF_TICKS)
    assert world.view(OPTION_OF_TICKS).open_orders_margin == Decimal("0.012")


def test_an_edit_keeps_the_place_of_an_order_unless_it_grows_or_moves() -> None:
    world = OrdersWorld()
    first, second = world.place("sell 50 @ 113900", MIRA), world.place("sell 50 @ 113900", MIRA)
    world.do(EditDerivativeOrder(order=first.order_id, amount=Decimal(40)))
    world.place("buy 10 @ 113900")
    assert (filled(first, second), first.is_edited) == ([10, 0], True)
    world.do(EditDerivativeOrder(order=first.order_id, amount=Decimal(60)))
    world.place("buy 10 @ 113900")
    assert filled(first, second) == [10, 10]


def test_an_edit_to_a_better_price_trades_at_once() -> None:
    world = OrdersWorld()
    world.quote(asks="50 @ 113900")
    placed = world.place("buy 100 @ 113800")
    world.do(EditDerivativeOrder(order=placed.order_id, price=Decimal(113_900)))
    assert state_of(placed) == ("open", 50, None)
    best = world.exchange.state.derivatives.order_books[PERPETUAL].best(Direction.BUY)
    assert best is not None
    assert (int(best.price), int(best.amount)) == (113_900, 50)


def test_an_edit_that_would_trade_cancels_an_order_that_rejects_to_be_moved() -> None:
    world = OrdersWorld()
    world.quote(asks="50 @ 113900")
    placed = world.place("buy 100 @ 113800", **REJECT)
    world.do(EditDerivativeOrder(order=placed.order_id, price=Decimal(113_900)))
    assert state_of(placed) == ("cancelled", 0, "edit_post_only_reject")


def test_an_edit_below_what_is_filled_or_of_an_order_that_is_done_is_refused() -> None:
    world = OrdersWorld()
    world.quote(asks="50 @ 113900")
    placed = world.place("buy 100 @ 113900")
    small = EditDerivativeOrder(order=placed.order_id, amount=Decimal(50))
    assert world.refuse(small).code is RefusalCode.AMEND_COUNT_TOO_SMALL
    world.do(CancelOrder(order=placed.order_id))
    for command in (small, CancelOrder(order=placed.order_id)):
        assert world.refuse(command).code is RefusalCode.ORDER_NOT_RESTING
    assert world.refuse(EditDerivativeOrder(order="none")).code is RefusalCode.UNKNOWN_ORDER


def test_orders_are_canceled_by_what_they_have_in_common() -> None:
    world = OrdersWorld()
    world.credit("5000", "USDC")
    names = {PERPETUAL: "113000", FUTURE: "113000", LINEAR: "113000", OPTION_OF_TICKS: "0.0015"}
    for derivative, price in names.items():
        world.place(f"buy 10 @ {price}" if derivative != LINEAR else "buy 0.1 @ 113000", derivative=derivative)
    world.place("buy 10 @ 112500", label="two")

    def left(**chosen: Any) -> int:
        world.do(CancelDerivativeOrders(subaccount_ref=DORA, **chosen))
        return sum(one.state is OrderState.OPEN for one in world.exchange.state.derivatives.orders.values())

    assert left(label="none") == 5
    assert left(label="two") == 4
    assert left(derivative=FUTURE) == 3
    assert left(kinds=("option",)) == 2
    assert left(currency="BTC") == 1
    assert left() == 0


def test_the_end_of_a_session_cancels_orders_of_the_day_and_a_delivery_all() -> None:
    world = OrdersWorld()
    day, later = (
        world.place("buy 10 @ 113000", derivative=FUTURE, **DAY),
        world.place("buy 10 @ 112500", derivative=FUTURE),
    )
    world.do(QuoteDerivative(derivative=FUTURE, asks=levels("10 @ 114000")))
    world.settle()
    assert (day.cancel_reason, later.state) == (CancelReason.SETTLEMENT, OrderState.OPEN)
    world.do(DeliverDerivative(derivative=FUTURE))
    assert later.cancel_reason is CancelReason.SETTLEMENT
    assert world.refuse(order("buy 10 @ 113000", derivative=FUTURE)).code is RefusalCode.DERIVATIVE_DELIVERED
