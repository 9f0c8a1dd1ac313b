"""Cash reserved by the resting orders of an FCM's subtraders."""

from mockexchange.core.commands import CancelOrder
from mockexchange.core.vocabulary import Action, Side
from tests.helpers.rows import each_row
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES
from tests.venues.kalshi.world import ALICE, ST1, ST2, Venue, at, buy, refusal, rest_order, why

VALUE = "portfolio/summary/total_resting_order_value"


def resting() -> Venue:
    venue = Venue()
    venue.fund(ALICE, ST1, ST2)
    venue.list_markets("RAIN-1")
    venue.list_markets("HEAT-1", exchange_index=2)
    venue.do(rest_order("RAIN-1", 10, 25, ST1, order="a"), rest_order("RAIN-1", 3, 30, ST2, Side.NO, order="b"))
    venue.do(rest_order("HEAT-1", 7, 11, ST2, order="c"), rest_order("RAIN-1", 100, 50, order="of-alice"))
    venue.do(rest_order("RAIN-1", 5, 90, ST1, action=Action.SELL, order="d"))
    return venue


def held_micros(venue: Venue) -> int:
    return sum(subaccount.reserved_micros for subaccount in venue.exchange.state.subaccounts_of("desk"))


def test_it_is_the_cash_held_back_over_all_books() -> None:
    venue = resting()
    assert held_micros(venue) == 4_170_000
    assert venue.read(VALUE, "desk") == {
        "resting_order_value_breakdown": [
            {"balance": "3.4000", "exchange_index": 0},
            {"balance": "0.7700", "exchange_index": 2},
        ],
        "total_resting_order_value": 417,
    }


def test_it_follows_fills_and_cancels() -> None:
    venue = resting()
    venue.do(buy("RAIN-1", 4, 25, ST1, order="a"), CancelOrder(order="c"))
    assert held_micros(venue) == 2_400_000
    assert venue.read(VALUE, "desk")["total_resting_order_value"] == 240
    venue.do(CancelOrder(order="a"), CancelOrder(order="b"), CancelOrder(order="d"))
    assert held_micros(venue) == 0
    assert venue.read(VALUE, "desk") == {
        "resting_order_value_breakdown": [{"balance": "0.0000", "exchange_index": 0}],
        "total_resting_order_value": 0,
    }


@each_row(("day", "is_broken_down"), [("2026-08-19", False), ("2026-08-20", True)])
def test_the_breakdown_comes_on_its_day(day: str, is_broken_down: bool) -> None:
    assert ("resting_order_value_breakdown" in resting().read(VALUE, "desk", day)) is is_broken_down


@each_row("plain_member", ["403", "404", "empty"])
@each_row("date", DATES)
def test_a_member_gets_the_recorded_403_whatever_the_other_fcm_endpoints_answer(date: str, plain_member: str) -> None:
    answer = resting().ask(VALUE, "alice", date, plain_member=plain_member)
    assert refusal(answer) == at(bodies.FORBIDDEN, date)
    assert why(answer) == f"alice is a plain member: /{VALUE} needs an account of kind fcm"


@each_row("date", DATES)
def test_a_key_bound_to_a_subtrader_is_kept_out(date: str) -> None:
    assert refusal(resting().ask(VALUE, "st1", date)) == at(bodies.RESTRICTED, date)


def test_a_members_key_bound_to_a_subaccount_is_kept_out_too() -> None:
    assert refusal(resting().ask(VALUE, "only_3")) == at(bodies.RESTRICTED)
