"""The cash of orders: what one holds back, what it needs to the last micro-dollar, and what an amendment frees."""

from mockexchange.core.commands import AmendOrder, CancelOrder, OpenPosition, Withdraw
from mockexchange.core.refusals import Refusal, RefusalCode
from tests.core.handlers.test_placing import ALICE, world
from tests.core.tables import micros
from tests.core.world import place
from tests.helpers.rows import each_row


def test_cash_is_held_back_for_what_an_order_buys_or_opens() -> None:
    it = world()
    it.do(OpenPosition(subaccount_ref=ALICE, market="RAIN-1", quantity_centis=300, cost_micros=0))
    it.place("buy yes 10 @ 0.40", order="bid")
    it.place("sell yes 2 @ 0.90", order="covered")
    it.place("sell yes 5 @ 0.90", order="opens")
    assert it.subaccount().reserved_micros == micros("4.00") + micros("0.40")
    it.do(CancelOrder(order="covered"), AmendOrder(order="opens", count_centis=700))
    assert it.subaccount().reserved_micros == micros("4.00") + micros("0.40")
    it.place("buy yes 4 @ 0.90", "bob")
    assert it.subaccount().reserved_micros == micros("4.00") + micros("0.30")


@each_row(("order", "needs"), [("4 @ 0.50", "2.07"), ("0.01 @ 0.01", "0.000107")])
def test_the_last_micro_dollar_pays_for_an_order(order: str, needs: str) -> None:
    """Its cost and the taker's fee, which is rounded up: 0.00000693 in the second case."""
    for missing, refused in ((0, None), (1, RefusalCode.INSUFFICIENT_CASH)):
        it = world()
        it.do(Withdraw(subaccount_ref=ALICE, amount_micros=it.subaccount().cash_micros - micros(needs) + missing))
        outcome = it.exchange.execute(place(f"buy yes {order}"), it.at)
        assert (outcome.code if isinstance(outcome, Refusal) else None) is refused


def test_an_amendment_has_the_cash_that_its_order_held_back() -> None:
    it = world()
    it.place("buy yes 100 @ 0.60", order="mine")
    it.do(AmendOrder(order="mine", price_centicents=7_000))
    assert it.subaccount().reserved_micros == micros("70")
    assert it.refuse(AmendOrder(order="mine", price_centicents=9_900, count_centis=10_200)).code is (
        RefusalCode.INSUFFICIENT_CASH
    )
