"""Orders that rest: what they hold back, and what of it comes back when."""

from msgspec.structs import replace

from mockexchange.core.commands import (
    AmendOrder,
    CancelOrder,
    CloseMarket,
    Command,
    ExpireOrder,
    OpenGroup,
    ReduceOrder,
    RestOrder,
    SettleMarket,
    SwitchExchange,
    TriggerGroup,
)
from mockexchange.core.events import (
    LevelChanged,
    OrderCanceled,
    OrderChanged,
    OrderReduced,
    OrderRested,
    PositionChanged,
)
from mockexchange.core.vocabulary import (
    Action,
    OrderReason,
    OrderStatus,
    Result,
    SelfTradePrevention,
    Side,
    SubaccountRef,
)
from tests.core.tables import Line, lines, micros
from tests.core.world import STEP_US, World, fill, rest
from tests.helpers.rows import each_row


def left(market: str, side: Side, price_centicents: int, count_centis: int, order: str = "mine") -> LevelChanged:
    return LevelChanged(
        market=market, side=side, price_centicents=price_centicents, change_centis=-count_centis, order_id=order
    )


def test_an_order_shows_in_the_row_and_holds_back_what_it_would_spend() -> None:
    world = World()
    world.deposit("1")
    rested, level, ordered, changed = world.rest("buy no 5 @ 0.30", order="mine")
    assert rested == OrderRested(
        order_id="mine",
        subaccount_ref=SubaccountRef("alice"),
        market="RAIN-1",
        side=Side.NO,
        action=Action.BUY,
        count_centis=500,
        price_centicents=3_000,
    )
    assert level == LevelChanged(
        market="RAIN-1", side=Side.NO, price_centicents=3_000, change_centis=500, order_id="mine"
    )
    assert ordered == OrderChanged(
        order_id="mine",
        subaccount_ref=SubaccountRef("alice"),
        market="RAIN-1",
        reason=OrderReason.PLACED,
        status=OrderStatus.RESTING,
        price_centicents=3_000,
        initial_centis=500,
        filled_centis=0,
        remaining_centis=500,
        taker_cost_micros=0,
        maker_cost_micros=0,
        taker_fees_micros=0,
        maker_fees_micros=0,
        updated_at=world.at,
    )
    assert isinstance(changed, PositionChanged)
    assert (changed.resting_centis, changed.quantity_centis, changed.has_moved) == (500, 0, False)
    assert (world.subaccount().reserved_micros, world.subaccount().cash_micros) == (micros("1.50"), micros("1"))


def test_an_order_to_sell_holds_nothing_back() -> None:
    world = World()
    world.rest("sell yes 5 @ 0.30")
    assert (world.row().resting_centis, world.subaccount().reserved_micros) == (500, 0)


def test_an_order_without_a_name_is_given_one() -> None:
    world = World()
    events = world.rest("buy yes 1 @ 0.30") + world.rest("buy yes 1 @ 0.30")
    names = [event.order_id for event in events if isinstance(event, OrderRested)]
    assert names == list(world.exchange.state.orders)
    assert len(set(names)) == 2


def test_an_order_keeps_what_it_was_placed_with() -> None:
    world = World()
    world.do(
        RestOrder(
            subaccount_ref=SubaccountRef("alice"),
            market="RAIN-1",
            side=Side.NO,
            action=Action.SELL,
            count_centis=500,
            price_centicents=3_000,
            order="mine",
            client_order_id="my name",
            expires_at=world.at,
            self_trade_prevention=SelfTradePrevention.MAKER,
            cancel_on_pause=True,
        )
    )
    order = world.exchange.state.orders["mine"]
    assert (order.client_order_id, order.expires_at, order.cancel_on_pause) == ("my name", world.at - STEP_US, True)
    assert order.self_trade_prevention is SelfTradePrevention.MAKER
    assert (order.yes_centicents, order.no_centicents, order.outcome_side) == (7_000, 3_000, Side.YES)
    assert (order.created_at, order.updated_at, order.is_placed) == (world.at, world.at, True)


def test_an_order_outlives_the_instant_at_which_it_expires() -> None:
    """The exchange acts on commands: no clock runs in it."""
    world = World()
    world.do(replace(rest("buy yes 1 @ 0.30", order="mine"), expires_at=world.at + 1))
    world.fill("buy yes 1 @ 0.30")
    assert world.exchange.state.orders["mine"].status is OrderStatus.RESTING


def test_resting_does_not_touch_the_time_of_the_row() -> None:
    world = World()
    world.fill("buy yes 1 @ 0.50")
    filled_at = world.at
    world.rest("buy yes 5 @ 0.30", order="mine")
    world.do(ReduceOrder(order="mine", count_centis=100), CancelOrder(order="mine"))
    assert world.row().updated_at == filled_at < world.at


def test_an_order_is_reduced() -> None:
    world = World()
    world.rest("buy yes 5 @ 0.30", order="mine")
    reduced, level, ordered, changed = world.do(ReduceOrder(order="mine", count_centis=150))
    assert reduced == OrderReduced(order_id="mine", remaining_centis=350)
    assert level == left("RAIN-1", Side.YES, 3_000, 150)
    assert isinstance(ordered, OrderChanged)
    assert (ordered.reason, ordered.status) == (OrderReason.DECREASE, OrderStatus.RESTING)
    assert (ordered.initial_centis, ordered.remaining_centis, ordered.updated_at) == (500, 350, world.at)
    assert isinstance(changed, PositionChanged)
    assert (changed.resting_centis, world.subaccount().reserved_micros) == (350, micros("1.05"))


def test_reducing_an_order_by_all_or_more_cancels_it() -> None:
    for count_centis in (500, 501):
        world = World()
        world.rest("buy yes 5 @ 0.30", order="mine")
        canceled, level, ordered, changed = world.do(ReduceOrder(order="mine", count_centis=count_centis))
        assert canceled == OrderCanceled(order_id="mine")
        assert level == left("RAIN-1", Side.YES, 3_000, 500)
        assert isinstance(ordered, OrderChanged)
        assert (ordered.reason, ordered.status) == (OrderReason.DECREASE, OrderStatus.CANCELED)
        assert isinstance(changed, PositionChanged)
        assert (changed.resting_centis, world.subaccount().reserved_micros) == (0, 0)
        assert world.exchange.state.orders["mine"].status is OrderStatus.CANCELED


ENDS: dict[OrderReason, list[Command]] = {
    OrderReason.CANCEL: [CancelOrder(order="mine")],
    OrderReason.EXPIRY: [ExpireOrder(order="mine")],
    OrderReason.DECREASE: [ReduceOrder(order="mine", count_centis=500)],
    OrderReason.GROUP: [TriggerGroup(group="near")],
    OrderReason.CLOSE: [CloseMarket(market="RAIN-1")],
    OrderReason.HALT: [SwitchExchange(trading=False)],
}


@each_row("reason", ENDS)
def test_an_order_tells_why_it_was_canceled(reason: OrderReason) -> None:
    """A sale of NO rests as a bid for YES."""
    world = World()
    order = replace(rest("sell no 5 @ 0.30", order="mine"), group="near", cancel_on_pause=True)
    world.do(OpenGroup(subaccount_ref=SubaccountRef("alice"), group="near"), order)
    *_, canceled, level, ordered, changed = world.do(*ENDS[reason])
    assert canceled == OrderCanceled(order_id="mine")
    assert level == left("RAIN-1", Side.YES, 7_000, 500)
    assert isinstance(ordered, OrderChanged)
    assert (ordered.reason, ordered.status, ordered.remaining_centis) == (reason, OrderStatus.CANCELED, 0)
    assert (ordered.initial_centis, ordered.updated_at) == (500, world.at)
    assert isinstance(changed, PositionChanged)
    assert (changed.resting_centis, changed.has_moved) == (0, False)


LIVES = lines("""
    what happens to it | status   | archived before cutoff
    nothing            | resting  | no
    reduced            | resting  | no
    amended            | resting  | no
    canceled           | canceled | yes
    expired            | canceled | yes
    filled in part     | resting  | no
    filled             | executed | yes
    never rested       | executed | yes
    settled            | canceled | yes
""")
FATES: dict[str, list[Command]] = {
    "nothing": [],
    "reduced": [ReduceOrder(order="mine", count_centis=1)],
    "amended": [AmendOrder(order="mine", price_centicents=100)],
    "canceled": [CancelOrder(order="mine")],
    "expired": [ExpireOrder(order="mine")],
    "filled in part": [fill("buy yes 1 @ 0.30", order="mine")],
    "filled": [fill("buy yes 1 @ 0.30", order="mine"), fill("buy yes 4 @ 0.30", order="mine")],
    "never rested": [],
    "settled": [SettleMarket(market="RAIN-1", result=Result.NO)],
}


@each_row("after_us", [0, 1], ids=["at the cutoff", "before the cutoff"])
@each_row("line", LIVES, ids=lambda line: line["what happens to it"])
def test_an_order_is_history_if_it_was_done_before_the_cutoff(line: Line, after_us: int) -> None:
    world, fate = World(), line["what happens to it"]
    steps = FATES[fate]
    world.exchange.state.archived_before = world.at + (1 + len(steps)) * STEP_US + after_us
    told: Command = fill("buy yes 1 @ 0.30", new="mine")
    world.do(told if fate == "never rested" else rest("buy yes 5 @ 0.30", order="mine"), *steps)
    order = world.exchange.state.orders["mine"]
    assert order.status == line["status"]
    assert order.is_archived is (line["archived before cutoff"] == "yes" and after_us == 1)


def test_an_order_known_by_its_fills_returns_from_history_when_it_grows_after_the_cutoff() -> None:
    world = World()
    world.exchange.state.archived_before = world.at + 2 * STEP_US
    world.fill("buy yes 1 @ 0.30", new="mine")
    assert world.exchange.state.orders["mine"].is_archived
    world.fill("buy yes 1 @ 0.30", order="mine")
    assert not world.exchange.state.orders["mine"].is_archived


def test_a_list_of_orders_has_a_new_revision_with_every_change() -> None:
    world = World()
    orders = world.exchange.state.accounts["alice"].ledger.orders
    seen = []
    changes: list[Command] = [
        rest("buy yes 5 @ 0.30", order="mine"),
        ReduceOrder(order="mine", count_centis=1),
        AmendOrder(order="mine", price_centicents=2_900),
        fill("buy yes 1 @ 0.30", order="mine"),
        CancelOrder(order="mine"),
        fill("buy yes 1 @ 0.30", new="never rested"),
        fill("buy yes 1 @ 0.30", order="never rested"),
    ]
    for change in changes:
        world.do(change)
        seen.append((orders.revision, max(order.revision for order in orders)))
    assert all(revision == newest for revision, newest in seen)
    assert sorted(set(seen)) == seen


def test_a_canceled_order_gives_back_what_is_left_of_it() -> None:
    world = World()
    world.rest("buy yes 5 @ 0.30", order="mine")
    world.rest("buy yes 2 @ 0.20", order="other")
    world.fill("buy yes 1 @ 0.30", order="mine")
    world.do(CancelOrder(order="mine"))
    assert (world.row().resting_centis, world.subaccount().reserved_micros) == (200, micros("0.40"))
    assert [order.order_id for order in world.exchange.state.order_books["RAIN-1"]] == ["other"]
