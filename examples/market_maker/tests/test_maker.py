"""The market maker at an exchange that matches its orders, loses answers and fails."""

import os
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from marketmaker.kalshi import Kalshi, Refused
from marketmaker.maker import MarketMaker
from marketmaker.quoting import Quote, Side

from mockexchange import Exchange

RAIN = "RAIN-26NOV03"
STEPS = int(os.environ.get("MARKETMAKER_STEPS", "1000"))
LOST: list[dict[str, Any]] = [
    {"match": {"method": method, "probability": 0.02}, "then": {fault: True}}
    for method in ("POST", "DELETE")
    for fault in ("lost_answer", "lost_request")
]
BUSY: dict[str, Any] = {"match": {"method": "GET", "probability": 0.02}, "then": {"status": 503}}


def take(bob: Kalshi, side: Side, price: str, count: str, name: str) -> Decimal:
    """Have bob take what is there at a price; return how much he got."""
    quote = Quote(side=side, price=Decimal(price), count=Decimal(count))
    return Decimal(bob.place(RAIN, quote, name, post_only=False)["fill_count"])


def quotes_of(maker: MarketMaker) -> set[tuple[str, str]]:
    return {(order.side, f"{order.price:.2f}") for order in maker.orders.values()}


def test_it_quotes_both_sides_inside_the_market(maker: MarketMaker) -> None:
    maker.step()
    maker.reconcile()
    assert quotes_of(maker) == {("bid", "0.47"), ("ask", "0.51")}


def test_a_second_step_changes_nothing(maker: MarketMaker, exchange_sandbox: Exchange) -> None:
    maker.step()
    maker.step()
    exchange_sandbox.journal.expect(method="POST", times=2)
    exchange_sandbox.journal.expect(method="DELETE", times=0)


def test_a_quote_that_is_hit_in_part_is_replaced(maker: MarketMaker, bob: Kalshi) -> None:
    maker.step()
    assert take(bob, "ask", "0.47", "3", "hit") == 3
    maker.step()
    maker.reconcile()
    assert maker.position == 3
    assert {order.remaining for order in maker.orders.values()} == {Decimal(5)}


def test_a_position_that_is_too_large_is_hedged(maker: MarketMaker, alice: Kalshi) -> None:
    take(alice, "bid", "0.54", "25", "large")
    maker.step()
    maker.reconcile()
    assert maker.position == 10


def test_an_order_whose_answer_was_lost_is_placed_once(alice: Kalshi, exchange_sandbox: Exchange) -> None:
    exchange_sandbox.fault(match={"method": "POST"}, times=1, then={"lost_answer": True})
    quote = Quote(side="bid", price=Decimal("0.47"), count=Decimal(5))
    assert alice.place(RAIN, quote, "once", post_only=True) == {}
    assert list(alice.open_orders(RAIN)) == ["once"]


def test_an_order_that_was_lost_itself_is_placed(alice: Kalshi, exchange_sandbox: Exchange) -> None:
    exchange_sandbox.fault(match={"method": "POST"}, times=1, then={"lost_request": True})
    quote = Quote(side="bid", price=Decimal("0.47"), count=Decimal(5))
    assert alice.place(RAIN, quote, "again", post_only=True)["remaining_count"] == "5.00"


def test_an_id_that_is_used_twice_is_refused(alice: Kalshi) -> None:
    quote = Quote(side="bid", price=Decimal("0.47"), count=Decimal(5))
    alice.place(RAIN, quote, "same", post_only=True)
    with pytest.raises(Refused, match="409 order_already_exists"):
        alice.place(RAIN, quote, "same", post_only=True)


def test_many_steps_through_faults_end_with_the_truth_of_the_exchange(
    maker: MarketMaker, bob: Kalshi, exchange_sandbox: Exchange
) -> None:
    for fault in (*LOST, BUSY):
        exchange_sandbox.fault(**fault)
    dice, taken = Random(7), Decimal(0)  # noqa: S311  # the same run every time
    for number in range(STEPS):
        maker.step()
        side: Side = dice.choice(["bid", "ask"])
        prices = [order.price for order in maker.orders.values() if order.side != side]
        if prices and dice.random() < 0.2:
            quote = Quote(side=side, price=prices[0], count=Decimal(dice.randint(1, 5)))
            taken += Decimal(bob.place(RAIN, quote, f"bob-{number}", post_only=False).get("fill_count", 0))
    exchange_sandbox.clear_faults()
    maker.cancel_all()
    [row] = exchange_sandbox.positions("alice/0")
    assert taken > STEPS / 10
    assert maker.orders == {}
    assert row.quantity == maker.position
    assert abs(maker.position) <= 25
