"""Orders that are placed: what they meet, what they cost, and what becomes of the rest."""

from mockexchange.core.commands import (
    AmendOrder,
    CancelAllOrders,
    CancelOrder,
    OpenGroup,
    OpenPosition,
    QuoteMarket,
    ReplenishMarket,
    ResetGroup,
    SwitchExchange,
    SwitchMarket,
    TradeMarket,
)
from mockexchange.core.events import (
    Event,
    Filled,
    LevelChanged,
    MarketPriced,
    OrderAmended,
    OrderCanceled,
    OrderChanged,
    OrderExecuted,
    OrderPlaced,
    OrderRejected,
    PositionChanged,
    Traded,
)
from mockexchange.core.model.order_rules import FillRule, OrderRules, QueueRule
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import OrderReason, OrderStatus, SelfTradePrevention, Side, SubaccountRef, TimeInForce
from tests.core.tables import Line, centicents, centis, lines, micros
from tests.core.world import STEP_US, World, place
from tests.helpers.rows import each_row

ALICE = SubaccountRef("alice")
IOC, FOK = TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL
IN_FORCE = {"": TimeInForce.GOOD_TILL_CANCELED, "ioc": IOC, "fok": FOK}
MAKER = SelfTradePrevention.MAKER
SECOND_US = 1_000_000


def world(rules: OrderRules | None = None) -> World:
    """alice, bob and desk/st1 with 100 dollars each; nothing rests."""
    it = World(rules=rules)
    for name in ("alice", "bob", "desk/st1"):
        it.deposit("100", name)
    return it


def offered(rules: OrderRules | None = None) -> World:
    """bob offers 3 YES at 0.52, then 4 at 0.53; a stranger offers 2 at 0.53, which trade before his, and 5 at 0.55."""
    it = world(rules)
    it.place("sell yes 3 @ 0.52", "bob", order="near")
    it.place("sell yes 4 @ 0.53", "bob", order="far")
    it.do(QuoteMarket(market="RAIN-1", no=((4_700, 200), (4_500, 500))))
    return it


def shown(it: World, name: str = "mine") -> tuple[OrderStatus, int, int]:
    order = it.order(name)
    return order.status, order.filled_centis, order.remaining_centis


def fills_of(events: list[Event], name: str = "mine") -> list[tuple[int, int]]:
    mine = (event for event in events if isinstance(event, Filled) and event.order_id == name)
    return [(event.count_centis, event.price_centicents) for event in mine]


def reasons(events: list[Event]) -> dict[str, OrderReason]:
    return {event.order_id: event.reason for event in events if isinstance(event, OrderChanged)}


PLACED = lines("""
    order             | force | fills                            | status   | left | cost
    buy yes 2 @ 0.51  |       |                                  | resting  | 2    | 0
    buy yes 2 @ 0.52  |       | 2@0.52                           | executed | 0    | 1.04
    buy yes 4 @ 0.52  |       | 3@0.52                           | resting  | 1    | 1.56
    buy yes 4 @ 0.52  | ioc   | 3@0.52                           | canceled | 0    | 1.56
    buy yes 1 @ 0.51  | ioc   |                                  | canceled | 0    | 0
    buy yes 6 @ 0.99  |       | 3@0.52 2@0.53 1@0.53             | executed | 0    | 3.15
    buy yes 20 @ 0.55 |       | 3@0.52 2@0.53 4@0.53 5@0.55      | resting  | 6    | 7.49
    buy yes 14 @ 0.55 | fok   | 3@0.52 2@0.53 4@0.53 5@0.55      | executed | 0    | 7.49
    sell no 4 @ 0.47  |       | 3@0.48 1@0.47                    | executed | 0    | 1.91
    sell no 4 @ 0.48  |       | 3@0.48                           | resting  | 1    | 1.44
    buy yes 0.5 @ 0.6 |       | 0.5@0.52                         | executed | 0    | 0.26
    sell yes 2 @ 0.40 |       |                                  | resting  | 2    | 0
""")


@each_row("line", PLACED, ids=lambda line: f"{line['order']} {line['force']}")
def test_an_order_meets_the_best_price_first(line: Line) -> None:
    it = offered()
    events = it.place(line["order"], order="mine", client_order_id="a", time_in_force=IN_FORCE[line["force"]])
    assert events[0] == OrderPlaced(order_id="mine", subaccount_ref=ALICE, market="RAIN-1", client_order_id="a")
    wanted = [part.split("@") for part in line["fills"].split()]
    assert fills_of(events) == [(centis(count), centicents(price)) for count, price in wanted]
    order = it.order("mine")
    assert (order.status, order.remaining_centis) == (OrderStatus(line["status"]), centis(line["left"]))
    assert (order.taker_cost_micros, order.maker_cost_micros) == (micros(line["cost"]), 0)
    assert order.filled_centis == sum(centis(count) for count, _ in wanted)
    assert order.initial_centis == centis(line["order"].split()[2])
    assert len([event for event in events if isinstance(event, OrderChanged) and event.order_id == "mine"]) == 1


def test_a_match_is_told_order_by_order() -> None:
    it = offered()
    events = it.place("buy yes 4 @ 0.52", order="mine")
    assert [type(event) for event in events] == [
        OrderPlaced,
        OrderChanged,
        OrderExecuted,
        LevelChanged,
        OrderChanged,
        Filled,
        PositionChanged,
        Filled,
        PositionChanged,
        Traded,
        MarketPriced,
        LevelChanged,
        PositionChanged,
    ]
    changed = events[1]
    assert isinstance(changed, OrderChanged)
    assert (changed.order_id, changed.filled_centis, changed.remaining_centis) == ("mine", 300, 100)
    assert it.order("near").maker_cost_micros == micros("1.56")


def test_an_earlier_order_at_a_price_trades_first() -> None:
    it = world()
    it.place("sell yes 1 @ 0.50", "bob", order="first")
    it.place("buy no 1 @ 0.50", "desk/st1", order="second")
    it.place("buy yes 1 @ 0.50")
    assert [it.order(name).status for name in ("first", "second")] == [OrderStatus.EXECUTED, OrderStatus.RESTING]


def test_a_stranger_at_a_price_trades_before_every_order_unless_orders_are_in_front() -> None:
    for queue, fills in [(QueueRule.AHEAD, []), (QueueRule.FRONT, [(100, 5_000)])]:
        it = world(OrderRules(queue=queue))
        it.place("sell yes 1 @ 0.50", "bob", order="mine")
        it.do(QuoteMarket(market="RAIN-1", no=((5_000, 100),)))
        assert fills_of(it.place("buy yes 1 @ 0.50"), "mine") == fills


def test_a_consumed_quote_is_gone() -> None:
    it = offered()
    it.place("buy yes 12 @ 0.55")
    market = it.exchange.state.markets["RAIN-1"]
    assert market.quotes == {Side.YES: {}, Side.NO: {4_500: 200}}


def test_only_a_share_of_a_stranger_s_level_is_had() -> None:
    it = world(OrderRules(share_parts=4_000))
    it.do(QuoteMarket(market="RAIN-1", no=((4_800, 1_000), (4_700, 1_000))))
    events = it.place("buy yes 7 @ 0.53", order="mine", time_in_force=IOC)
    assert fills_of(events) == [(400, 5_200), (300, 5_300)]
    assert it.exchange.state.markets["RAIN-1"].quotes == {Side.YES: {}, Side.NO: {4_700: 700}}


def test_orders_only_rest_if_nothing_fills_them() -> None:
    it = offered(OrderRules(fill=FillRule.NONE))
    assert fills_of(it.place("buy yes 4 @ 0.99", order="mine")) == []
    it.do(TradeMarket(market="RAIN-1", side=Side.NO, count_centis=900, price_centicents=9_000))
    assert shown(it) == (OrderStatus.RESTING, 0, 400)


def test_every_order_is_filled_at_its_limit_if_all_are() -> None:
    it = world(OrderRules(fill=FillRule.ALL))
    assert fills_of(it.place("buy yes 4 @ 0.01", order="mine", post_only=True)) == [(400, 100)]
    assert fills_of(it.place("sell yes 6 @ 0.99", order="less", time_in_force=IOC, reduce_only=True)) == []
    assert shown(it, "less") == (OrderStatus.CANCELED, 400, 0)


def test_what_trades_took_comes_back_at_its_instant_beside_what_is_there() -> None:
    it = offered(OrderRules(replenish_us=10 * STEP_US))
    it.place("buy yes 5 @ 0.53")
    taken_at = it.at
    assert it.exchange.state.markets["RAIN-1"].quotes == {Side.YES: {}, Side.NO: {4_500: 500}}
    it.place("buy yes 6 @ 0.55")
    for early_us, left in ((1, {4_500: 300}), (0, {4_700: 200, 4_500: 300})):
        it.exchange.execute(ReplenishMarket(market="RAIN-1"), taken_at + 10 * STEP_US - early_us)
        assert it.exchange.state.markets["RAIN-1"].quotes == {Side.YES: {}, Side.NO: left}
    it.exchange.execute(ReplenishMarket(market="RAIN-1"), it.at + 10 * STEP_US)
    assert it.exchange.state.markets["RAIN-1"].quotes == {Side.YES: {}, Side.NO: {4_700: 200, 4_500: 500}}


# --- flags


def test_a_post_only_order_that_would_cross_leaves_a_canceled_row() -> None:
    it = offered()
    events = it.place("buy yes 1 @ 0.52", order="mine", client_order_id="a", post_only=True)
    assert isinstance(events[0], OrderRejected)
    assert (events[0].order_id, events[0].code) == ("mine", RefusalCode.POST_ONLY_WOULD_CROSS)
    assert shown(it) == (OrderStatus.CANCELED, 0, 0)
    assert reasons(events) == {"mine": OrderReason.POST_ONLY}
    it.place("buy yes 1 @ 0.51", client_order_id="a", post_only=True)


@each_row(("force", "left"), [("", 0), ("ioc", 0), ("fok", 0)])
def test_a_taker_that_meets_its_own_order_is_canceled(force: str, left: int) -> None:
    it = offered()
    it.place("sell yes 2 @ 0.52", order="own")
    events = it.place("buy yes 5 @ 0.55", order="mine", time_in_force=IN_FORCE[force])
    assert fills_of(events) == [(300, 5_200)]
    assert shown(it) == (OrderStatus.CANCELED, 300, left)
    assert reasons(events)["mine"] is OrderReason.SELF_TRADE
    assert it.order("own").status is OrderStatus.RESTING


def test_its_own_order_is_canceled_instead_if_the_maker_is_to_be() -> None:
    it = offered()
    it.place("sell yes 2 @ 0.52", order="own")
    events = it.place("buy yes 5 @ 0.55", order="mine", self_trade_prevention=MAKER)
    assert fills_of(events) == [(300, 5_200), (200, 5_300)]
    assert (it.order("own").status, reasons(events)["own"]) == (OrderStatus.CANCELED, OrderReason.SELF_TRADE)


def test_two_subtraders_of_one_fcm_may_trade() -> None:
    it = world()
    it.deposit("10", "desk")
    it.place("sell yes 1 @ 0.50", "desk")
    assert fills_of(it.place("buy yes 1 @ 0.50", "desk/st1", order="mine")) == [(100, 5_000)]


@each_row(
    ("held", "text", "filled", "reason"),
    [
        (0, "sell yes 4 @ 0.30", 0, OrderReason.REDUCE_ONLY),
        (3, "sell yes 4 @ 0.30", 300, OrderReason.REDUCE_ONLY),
        (3, "buy no 2 @ 0.70", 200, OrderReason.TRADE),
        (3, "buy yes 2 @ 0.70", 0, OrderReason.REDUCE_ONLY),
        (3, "sell yes 4 @ 0.60", 0, OrderReason.CANCEL),
    ],
)
def test_a_reduce_only_order_trades_at_most_the_position(
    held: int, text: str, filled: int, reason: OrderReason
) -> None:
    it = world()
    if held:
        it.do(OpenPosition(subaccount_ref=ALICE, market="RAIN-1", quantity_centis=held * 100, cost_micros=0))
    it.do(QuoteMarket(market="RAIN-1", yes=((4_000, 1_000),), no=((4_000, 1_000),)))
    events = it.place(text, order="mine", time_in_force=IOC, reduce_only=True)
    assert it.order("mine").filled_centis == filled
    assert reasons(events)["mine"] is reason


def test_a_group_that_a_match_triggers_stops_the_taker_and_cancels_its_orders() -> None:
    it = offered()
    it.do(OpenGroup(subaccount_ref=ALICE, group="g", limit_centis=300))
    it.place("buy yes 1 @ 0.10", order="resting", group="g")
    events = it.place("buy yes 9 @ 0.55", order="mine", group="g")
    assert shown(it) == (OrderStatus.CANCELED, 300, 0)
    assert reasons(events) == {"near": OrderReason.TRADE, "mine": OrderReason.GROUP, "resting": OrderReason.GROUP}


@each_row(
    ("window_us", "wait_us", "status"),
    [
        (15 * SECOND_US, 20 * SECOND_US, OrderStatus.RESTING),
        (15 * SECOND_US, 15 * SECOND_US - STEP_US, OrderStatus.RESTING),
        (15 * SECOND_US, 15 * SECOND_US - 2 * STEP_US, OrderStatus.CANCELED),
        (15 * SECOND_US, 10 * SECOND_US, OrderStatus.CANCELED),
        (None, 20 * SECOND_US, OrderStatus.CANCELED),
    ],
)
def test_a_group_counts_the_fills_of_its_window(window_us: int | None, wait_us: int, status: OrderStatus) -> None:
    it = world(OrderRules(group_window_us=window_us))
    it.do(OpenGroup(subaccount_ref=ALICE, group="g", limit_centis=1_000))
    it.place("buy yes 20 @ 0.50", order="mine", group="g")
    it.place("sell yes 6 @ 0.50", "bob")
    it.at += wait_us
    it.place("sell yes 6 @ 0.50", "bob")
    assert it.order("mine").status is status
    it.do(ResetGroup(group="g"))


# --- quotes and prints


def test_a_quote_that_crosses_fills_the_orders_at_their_own_price() -> None:
    it = world()
    it.place("buy yes 3 @ 0.50", order="low")
    it.place("buy yes 2 @ 0.51", order="mine")
    events = it.do(QuoteMarket(market="RAIN-1", no=((5_100, 400),)))
    assert fills_of(events) == [(200, 5_100)]
    assert fills_of(events, "low") == [(200, 5_000)]
    assert it.exchange.state.markets["RAIN-1"].quotes == {Side.YES: {}, Side.NO: {}}
    assert it.order("mine").maker_cost_micros == micros("1.02")


def test_a_print_fills_an_order_after_what_is_ahead_of_it() -> None:
    it = world()
    it.do(QuoteMarket(market="RAIN-1", yes=((5_000, 300),)))
    it.place("buy yes 2 @ 0.50", order="mine")

    def sold(count: int, price: int = 5_000) -> list[Event]:
        return it.do(
            TradeMarket(market="RAIN-1", side=Side.NO, count_centis=count * 100, price_centicents=10_000 - price)
        )

    assert fills_of(sold(9, 5_100)) == []
    assert fills_of(sold(2)) == []
    assert fills_of(sold(2)) == [(100, 5_000)]
    events = sold(4, 4_900)
    assert fills_of(events) == [(100, 5_000)]
    traded = [event for event in events if isinstance(event, Traded)]
    assert [(each.yes_centicents, each.count_centis, each.taker_side) for each in traded] == [
        (5_000, 100, Side.NO),
        (4_900, 300, Side.NO),
    ]


# --- amendments that match


def test_an_amended_order_that_crosses_is_a_taker() -> None:
    it = offered()
    it.place("buy yes 4 @ 0.40", order="mine")
    events = it.do(AmendOrder(order="mine", price_centicents=5_200))
    assert events[0] == OrderAmended(order_id="mine")
    assert fills_of(events) == [(300, 5_200)]
    assert shown(it) == (OrderStatus.RESTING, 300, 100)
    assert reasons(events) == {"mine": OrderReason.AMEND, "near": OrderReason.TRADE}
    it.do(AmendOrder(order="mine", price_centicents=5_300))
    assert shown(it) == (OrderStatus.EXECUTED, 400, 0)


def test_an_amended_order_that_meets_its_own_is_canceled() -> None:
    it = world()
    it.place("sell yes 4 @ 0.60", order="own")
    it.place("buy yes 4 @ 0.40", order="mine")
    events = it.do(AmendOrder(order="mine", price_centicents=6_000))
    assert shown(it) == (OrderStatus.CANCELED, 0, 0)
    assert reasons(events) == {"mine": OrderReason.SELF_TRADE}


def test_an_expiry_and_a_client_order_id_change_in_place() -> None:
    it = world()
    it.place("buy yes 4 @ 0.40", order="mine", client_order_id="a", expires_at=it.at + SECOND_US)
    it.place("buy yes 4 @ 0.40", "bob")
    it.do(AmendOrder(order="mine", expires_at=it.at + 2 * SECOND_US, client_order_id="b"))
    order = it.order("mine")
    assert (order.client_order_id, order.expires_at) == ("b", it.at + 2 * SECOND_US - 1_000)
    it.do(AmendOrder(order="mine", clears_expiry=True))
    assert order.expires_at is None
    assert fills_of(it.place("sell yes 1 @ 0.40", "desk/st1")) == [(100, 4_000)]
    assert it.refuse(place("buy yes 1 @ 0.10", client_order_id="a")).code is RefusalCode.DUPLICATE_CLIENT_ORDER_ID


# --- canceling


def test_all_orders_of_an_account_are_canceled_or_those_of_a_market() -> None:
    it = world()
    it.list_market("SUN-1")
    it.place("buy yes 1 @ 0.10", order="rain")
    it.place("buy yes 1 @ 0.10", market="SUN-1", order="sun")
    it.place("buy yes 1 @ 0.10", "bob", order="bob")
    canceled = it.do(CancelAllOrders(account="alice", market="SUN-1"))
    assert [event.order_id for event in canceled if isinstance(event, OrderCanceled)] == ["sun"]
    canceled = it.do(CancelAllOrders(account="alice", subaccount="0"))
    assert [event.order_id for event in canceled if isinstance(event, OrderCanceled)] == ["rain"]
    assert it.do(CancelAllOrders(account="alice")) == []


def test_an_order_can_be_canceled_while_trading_is_paused() -> None:
    it = world()
    it.place("buy yes 1 @ 0.10", order="mine")
    it.place("buy yes 1 @ 0.10", order="leaves", cancel_on_pause=True)
    events = it.do(SwitchExchange(trading=False))
    assert reasons(events) == {"leaves": OrderReason.HALT}
    it.do(CancelOrder(order="mine"))


def test_a_market_that_trades_again_has_lost_its_orders() -> None:
    it = world()
    it.list_market("SUN-1")
    it.place("buy yes 1 @ 0.10", order="mine")
    it.place("buy yes 1 @ 0.10", order="leaves", cancel_on_pause=True)
    it.place("buy yes 1 @ 0.10", market="SUN-1", order="elsewhere")
    assert reasons(it.do(SwitchMarket(market="RAIN-1", trading=True))) == {}
    assert reasons(it.do(SwitchMarket(market="RAIN-1", trading=False))) == {"leaves": OrderReason.HALT}
    assert reasons(it.do(SwitchMarket(market="RAIN-1", trading=True))) == {"mine": OrderReason.HALT}
    it.place("buy yes 1 @ 0.10")
