"""Orders that are refused: the code, what the message says, and a state that stays as it was."""

from typing import Any, NamedTuple

from msgspec.structs import replace

from mockexchange.core.commands import (
    AmendOrder,
    CancelAllOrders,
    CancelOrder,
    CapSubtrader,
    CloseMarket,
    Command,
    OpenGroup,
    QuoteMarket,
    RestrictSubtrader,
    SwitchExchange,
    SwitchMarket,
    TriggerGroup,
)
from mockexchange.core.instants import MICROSECONDS_PER_DAY
from mockexchange.core.model.order_rules import OrderRules, RowRule
from mockexchange.core.refusals import Refusal, RefusalCode
from mockexchange.core.vocabulary import FeeType, SubaccountRef, TimeInForce
from tests.core.dump import dump
from tests.core.world import START, STEP_US, World, place
from tests.helpers.rows import each_row

R = RefusalCode
ALICE, SUBTRADER = SubaccountRef("alice"), SubaccountRef("desk", "st1")
RULES = OrderRules(post_only_row=RowRule.NONE, position_limit_centis=5_000, orders_max=2, count_step_centis=100)
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL


class Case(NamedTuple):
    code: RefusalCode
    command: Command
    says: str
    first: tuple[Command, ...] = ()


CASES = [
    Case(R.UNKNOWN_ACCOUNT, place("buy yes 1 @ 0.50", "nobody"), "no account 'nobody'"),
    Case(R.UNKNOWN_MARKET, place("buy yes 1 @ 0.50", market="LOST-1"), "no market 'LOST-1'"),
    Case(R.UNKNOWN_GROUP, place("buy yes 1 @ 0.50", group="lost"), "no group 'lost'"),
    Case(
        R.GROUP_TRIGGERED,
        place("buy yes 1 @ 0.50", group="g"),
        "group g is triggered",
        (OpenGroup(subaccount_ref=ALICE, group="g"), TriggerGroup(group="g")),
    ),
    Case(
        R.POST_ONLY_WOULD_CROSS,
        place("buy yes 1 @ 0.60", post_only=True),
        "post_only at 0.6000 would cross the other side's best bid, 0.4000",
    ),
    Case(
        R.FILL_OR_KILL_UNFILLED,
        place("buy yes 11 @ 0.60", time_in_force=FOK),
        "only 10.00 of 11.00 contracts can be filled at 0.6000 or better",
    ),
    Case(
        R.FILL_OR_KILL_UNFILLED,
        place("buy yes 10 @ 0.60", max_cost_micros=5_999_999),
        "the contracts cost 6.000000: at most 5.999999 are allowed",
    ),
    Case(
        R.DUPLICATE_CLIENT_ORDER_ID,
        place("buy yes 1 @ 0.50", client_order_id="spent"),
        "account alice has used client_order_id 'spent': it is spent for ever",
        (place("buy yes 1 @ 0.50", client_order_id="spent", order="gone"), CancelOrder(order="gone")),
    ),
    Case(
        R.DUPLICATE_CLIENT_ORDER_ID,
        AmendOrder(order="mine", client_order_id="spent"),
        "account alice has used",
        (place("buy yes 1 @ 0.50", client_order_id="spent"),),
    ),
    Case(R.ALREADY_EXISTS, place("buy yes 1 @ 0.50", order="mine"), "order mine exists already"),
    Case(
        R.INSUFFICIENT_CASH,
        place("buy yes 50 @ 0.99"),
        "the order needs 49.500000 and at most 0.034650 in fees, alice has 48.500000 dollars free on shard 0",
    ),
    Case(R.INSUFFICIENT_CASH, place("sell yes 50 @ 0.01"), "the order needs 49.500000 and at most"),
    Case(R.INSUFFICIENT_CASH, AmendOrder(order="mine", price_centicents=9_900, count_centis=5_000), "the order needs"),
    Case(
        R.PRICE_OFF_GRID,
        place("buy yes 1 @ 0.505"),
        "price 0.5050 is between the steps of RAIN-1: expected a multiple of 0.0100",
    ),
    Case(R.PRICE_OFF_GRID, AmendOrder(order="mine", price_centicents=5_050), "price 0.5050 is between"),
    Case(R.COUNT_OFF_GRID, place("buy yes 1.5 @ 0.50"), "count 1.50: expected a multiple of 1.00"),
    Case(
        R.TRADING_PAUSED, place("buy yes 1 @ 0.50"), "trading is paused: orders rest", (SwitchExchange(trading=False),)
    ),
    Case(
        R.TRADING_PAUSED,
        place("buy yes 1 @ 0.50"),
        "trading in RAIN-1 is paused",
        (SwitchMarket(market="RAIN-1", trading=False),),
    ),
    Case(R.MARKET_NOT_OPEN, place("buy yes 1 @ 0.50"), "market RAIN-1 is closed", (CloseMarket(market="RAIN-1"),)),
    Case(R.TRADING_PAUSED, AmendOrder(order="mine", count_centis=1), "trading is", (SwitchExchange(trading=False),)),
    Case(R.EXCHANGE_PAUSED, place("buy yes 1 @ 0.50"), "the exchange is paused", (SwitchExchange(active=False),)),
    Case(R.EXCHANGE_PAUSED, CancelOrder(order="mine"), "the exchange is paused", (SwitchExchange(active=False),)),
    Case(R.EXCHANGE_PAUSED, CancelAllOrders(account="alice"), "the exchange is", (SwitchExchange(active=False),)),
    Case(
        R.EXPIRY_IN_PAST,
        place("buy yes 1 @ 0.50", expires_at=START),
        "the expiry passed",
    ),
    Case(R.EXPIRY_IN_PAST, AmendOrder(order="mine", expires_at=START), "the expiry passed"),
    Case(
        R.REDUCE_ONLY_NEEDS_IOC,
        place("buy yes 1 @ 0.50", reduce_only=True),
        "reduce_only is for immediate_or_cancel orders: got good_till_canceled",
    ),
    Case(
        R.SUBTRADER_BLOCKED,
        place("buy yes 1 @ 0.50", "desk/st1"),
        "desk/st1 is blocked by its FCM",
        (RestrictSubtrader(subaccount_ref=SUBTRADER, blocked=True),),
    ),
    Case(
        R.SUBTRADER_CAPPED,
        place("buy yes 1 @ 0.50", "desk/st1"),
        "desk/st1 may spend 3.490000 a day: 3.000000 spent today, and the order needs 0.500000",
        (
            place("buy yes 5 @ 0.60", "desk/st1", time_in_force=IOC),
            CapSubtrader(subaccount_ref=SUBTRADER, limit_micros=3_490_000),
        ),
    ),
    Case(
        R.POSITION_LIMIT,
        place("buy yes 51 @ 0.01"),
        "the order could lead to 51.00 contracts of yes in RAIN-1: at most 50.00 are allowed",
    ),
    Case(R.AMEND_COUNT_TOO_SMALL, AmendOrder(order="part", count_centis=100), "order part has 2.00 contracts filled"),
    Case(
        R.TOO_MANY_ORDERS,
        place("buy yes 1 @ 0.50"),
        "account alice has 2 resting orders: at most 2 may rest",
        (place("buy yes 1 @ 0.50"),),
    ),
    Case(R.FEE_UNKNOWN, place("buy yes 1 @ 0.50", market="FLAT-1"), "series FLAT has fee_type flat"),
]
CODES = {case.code for case in CASES}


def world(case: Case) -> World:
    """alice has an order that rests, bob one that is filled in part, and a stranger offers 10 at 0.60."""
    it = World(rules=RULES)
    it.list_market("FLAT-1", fee_type=FeeType.FLAT)
    it.list_market("SUN-1")
    it.deposit("49")
    it.deposit("50", "bob")
    it.deposit("50", "desk/st1")
    it.do(QuoteMarket(market="SUN-1", no=((4_000, 200),)))
    it.place("buy yes 5 @ 0.60", "bob", "SUN-1", order="part")
    it.do(QuoteMarket(market="RAIN-1", no=((4_000, 1_000),)))
    it.place("buy yes 1 @ 0.50", order="mine")
    it.do(*case.first)
    return it


@each_row("case", CASES, ids=lambda case: f"{case.code}: {case.command}"[:90])
def test_an_order_is_refused_and_nothing_changes(case: Case) -> None:
    refused = world(case)
    before = dump(refused.exchange.state)
    refusal = refused.refuse(case.command)
    assert refusal.code is case.code, refusal
    assert refusal.message.startswith(case.says), refusal.message
    assert dump(refused.exchange.state) == before


def test_a_category_that_the_fcm_forbids_is_refused() -> None:
    it = World()
    it.exchange.state.series["RAIN"].details = replace(it.exchange.state.series["RAIN"].details, category="Weather")
    it.do(RestrictSubtrader(subaccount_ref=SUBTRADER, categories=("Weather", "Sports")))
    refusal = it.refuse(place("buy yes 1 @ 0.50", "desk/st1"))
    assert refusal.code is R.SUBTRADER_BLOCKED
    assert refusal.message == "desk/st1 may not trade Weather, the category of RAIN"


# Microseconds until the expiry of an order, or micro-dollars that it may cost: its contracts cost 6 dollars.
@each_row(
    ("name", "value", "code"),
    [
        ("expires_at", 0, R.EXPIRY_IN_PAST),
        ("expires_at", 1, None),
        ("max_cost_micros", 6_000_000, None),
        ("max_cost_micros", 5_999_999, R.FILL_OR_KILL_UNFILLED),
    ],
)
def test_the_last_instant_and_the_last_cent_are_within(name: str, value: int, code: RefusalCode | None) -> None:
    it = World()
    it.deposit("50")
    it.do(QuoteMarket(market="RAIN-1", no=((4_000, 1_000),)))
    extra: dict[str, Any] = {name: value + (it.at if name == "expires_at" else 0)}
    outcome = it.exchange.execute(place("buy yes 10 @ 0.60", **extra), it.at)
    assert (outcome.code if isinstance(outcome, Refusal) else None) is code


def test_the_cap_of_a_day_ends_at_midnight() -> None:
    it = World()
    it.at = MICROSECONDS_PER_DAY * (START // MICROSECONDS_PER_DAY + 1) - 10 * STEP_US
    it.deposit("50", "desk/st1")
    it.do(QuoteMarket(market="RAIN-1", no=((4_000, 1_000),)))
    it.place("buy yes 5 @ 0.60", "desk/st1", time_in_force=IOC)
    it.do(CapSubtrader(subaccount_ref=SUBTRADER, limit_micros=3_490_000))
    assert it.refuse(place("buy yes 1 @ 0.50", "desk/st1")).code is R.SUBTRADER_CAPPED
    it.at += 10 * STEP_US
    it.place("buy yes 1 @ 0.50", "desk/st1")


def test_an_order_that_is_canceled_at_once_spends_its_client_order_id() -> None:
    it = World()
    it.deposit("1")
    it.place("buy yes 1 @ 0.50", client_order_id="spent", time_in_force=IOC)
    again = it.refuse(place("buy yes 1 @ 0.50", client_order_id="spent"))
    assert again.code is R.DUPLICATE_CLIENT_ORDER_ID


def test_a_refused_order_spends_no_client_order_id() -> None:
    it = World()
    it.refuse(place("buy yes 1 @ 0.50", client_order_id="free"))
    it.deposit("1")
    it.place("buy yes 1 @ 0.50", client_order_id="free")
