"""Groups of orders: what triggers one, what goes with it, and what it takes to use it again."""

from msgspec.structs import replace

from mockexchange.core.commands import (
    CancelOrder,
    Command,
    DeleteGroup,
    LimitGroup,
    OpenGroup,
    ReduceOrder,
    ResetGroup,
    TriggerGroup,
)
from mockexchange.core.events import (
    GroupDeleted,
    GroupLimited,
    GroupOpened,
    GroupReset,
    GroupTriggered,
    LevelChanged,
    MarketPriced,
    OrderCanceled,
    OrderChanged,
    PositionChanged,
)
from mockexchange.core.model.orders import OrderGroup
from mockexchange.core.refusals import RefusalCode
from mockexchange.core.vocabulary import OrderReason, OrderStatus, SubaccountRef
from tests.core.tables import centis, micros
from tests.core.world import World, fill, rest
from tests.helpers.rows import each_row

ALICE = SubaccountRef("alice")
CANCELED = [OrderCanceled, LevelChanged, OrderChanged, PositionChanged]


def grouped(text: str, order: str, market: str = "RAIN-1") -> Command:
    return replace(rest(text, market=market, order=order), group="near")


def world(limit: str | None = "5") -> World:
    """alice's group `near` with an order in each of two markets, and an order of hers in none."""
    it = World()
    it.list_market("RAIN-2")
    limit_centis = None if limit is None else centis(limit)
    it.do(OpenGroup(subaccount_ref=ALICE, group="near", limit_centis=limit_centis))
    it.do(grouped("buy yes 10 @ 0.40", "one"), grouped("buy no 10 @ 0.30", "two", "RAIN-2"))
    it.rest("buy yes 1 @ 0.20", order="free")
    return it


def group(it: World) -> OrderGroup:
    return it.exchange.state.groups["near"]


def statuses(it: World) -> dict[str, OrderStatus]:
    return {name: it.exchange.state.orders[name].status for name in ("one", "two", "free")}


def test_a_group_tells_that_it_is_open() -> None:
    it = World()
    opened = it.do(OpenGroup(subaccount_ref=SubaccountRef("desk", "st1"), limit_centis=100))
    (name,) = it.exchange.state.groups
    assert opened == [GroupOpened(group=name, subaccount_ref=SubaccountRef("desk", "st1"), limit_centis=100)]


def test_groups_without_a_name_are_given_one_each() -> None:
    it = World()
    it.do(OpenGroup(subaccount_ref=ALICE), OpenGroup(subaccount_ref=ALICE))
    assert len(it.exchange.state.groups) == 2


def test_fills_below_the_limit_are_counted() -> None:
    it = world()
    it.fill("buy yes 4.99 @ 0.40", order="one")
    assert (group(it).filled_centis, group(it).is_triggered) == (499, False)
    assert set(statuses(it).values()) == {OrderStatus.RESTING}


@each_row("last", ["0.01", "5"], ids=["exactly", "beyond"])
def test_reaching_the_limit_cancels_what_rests_of_the_group(last: str) -> None:
    it = world()
    it.fill("buy yes 4.99 @ 0.40", order="one")
    it.fill(f"buy no {last} @ 0.30", market="RAIN-2", order="two")
    assert statuses(it) == {"one": OrderStatus.CANCELED, "two": OrderStatus.CANCELED, "free": OrderStatus.RESTING}
    assert (group(it).is_triggered, group(it).orders) == (True, {})
    assert it.subaccount().reserved_micros == micros("0.20")


def test_the_fill_is_told_before_what_it_triggers() -> None:
    it = world(limit="1")
    told = it.do(fill("buy yes 1 @ 0.40", order="one"))
    assert [type(event) for event in told[-10:]] == [
        MarketPriced,
        GroupTriggered,
        *CANCELED,
        *CANCELED,
    ]


def test_an_order_that_is_filled_whole_leaves_its_group_executed() -> None:
    it = world(limit="10")
    it.fill("buy yes 10 @ 0.40", order="one")
    assert statuses(it)["one"] is OrderStatus.EXECUTED
    assert it.exchange.state.orders["one"].group is group(it)
    assert statuses(it)["two"] is OrderStatus.CANCELED


def test_a_group_without_a_limit_counts_and_never_triggers() -> None:
    it = world(limit=None)
    it.fill("buy yes 10 @ 0.40", order="one")
    assert (group(it).filled_centis, group(it).is_triggered, list(group(it).orders)) == (1_000, False, ["two"])


def test_orders_that_are_canceled_or_reduced_do_not_count() -> None:
    it = world()
    it.do(ReduceOrder(order="one", count_centis=600), CancelOrder(order="two"))
    assert (group(it).filled_centis, list(group(it).orders)) == (0, ["one"])


def test_a_group_is_triggered_by_hand_again_and_again() -> None:
    it = world()
    triggered, *_ = it.do(TriggerGroup(group="near"))
    assert triggered == GroupTriggered(group="near", subaccount_ref=ALICE)
    assert statuses(it)["one"] is OrderStatus.CANCELED
    assert it.do(TriggerGroup(group="near")) == [GroupTriggered(group="near", subaccount_ref=ALICE)]


def test_a_triggered_group_takes_orders_again_after_its_reset() -> None:
    it = world()
    it.fill("buy yes 6 @ 0.40", order="one")
    assert it.refuse(grouped("buy yes 1 @ 0.10", "more")).code is RefusalCode.GROUP_TRIGGERED
    assert it.do(ResetGroup(group="near")) == [GroupReset(group="near", subaccount_ref=ALICE)]
    it.do(grouped("buy yes 9 @ 0.10", "more"))
    it.fill("buy yes 4.99 @ 0.10", order="more")
    assert (group(it).filled_centis, group(it).is_triggered) == (499, False)


def test_fills_of_other_orders_are_none_of_the_group() -> None:
    it = world(limit="1")
    it.fill("buy yes 1 @ 0.20", order="free")
    it.fill("buy yes 5 @ 0.40")
    assert (group(it).filled_centis, group(it).is_triggered) == (0, False)


def test_another_limit_counts_the_fills_that_were() -> None:
    it = world(limit="5")
    it.fill("buy yes 4 @ 0.40", order="one")
    assert it.do(LimitGroup(group="near", limit_centis=401)) == [
        GroupLimited(group="near", subaccount_ref=ALICE, limit_centis=401)
    ]
    assert (group(it).filled_centis, group(it).is_triggered) == (400, False)
    it.fill("buy yes 0.01 @ 0.40", order="one")
    assert group(it).is_triggered


@each_row("limit_centis", [1, 400], ids=["below", "at"])
def test_a_limit_that_is_reached_already_triggers(limit_centis: int) -> None:
    it = world(limit=None)
    it.fill("buy yes 4 @ 0.40", order="one")
    limited, triggered, *canceled = it.do(LimitGroup(group="near", limit_centis=limit_centis))
    assert limited == GroupLimited(group="near", subaccount_ref=ALICE, limit_centis=limit_centis)
    assert triggered == GroupTriggered(group="near", subaccount_ref=ALICE)
    assert [type(event) for event in canceled] == CANCELED * 2
    assert statuses(it) == {"one": OrderStatus.CANCELED, "two": OrderStatus.CANCELED, "free": OrderStatus.RESTING}


@each_row("limit_centis", [1, 10_000], ids=["reached", "far"])
def test_a_group_that_is_triggered_stays_so_whatever_its_limit(limit_centis: int) -> None:
    it = world()
    it.fill("buy yes 6 @ 0.40", order="one")
    assert it.do(LimitGroup(group="near", limit_centis=limit_centis)) == [
        GroupLimited(group="near", subaccount_ref=ALICE, limit_centis=limit_centis)
    ]
    assert group(it).is_triggered


def test_a_group_that_is_deleted_takes_its_orders_along_and_they_remember_it() -> None:
    it = world()
    deleted, *canceled = it.do(DeleteGroup(group="near"))
    assert deleted == GroupDeleted(group="near", subaccount_ref=ALICE)
    assert [type(event) for event in canceled] == CANCELED * 2
    assert {event.reason for event in canceled if isinstance(event, OrderChanged)} == {OrderReason.GROUP}
    assert statuses(it) == {"one": OrderStatus.CANCELED, "two": OrderStatus.CANCELED, "free": OrderStatus.RESTING}
    assert it.exchange.state.groups == {}
    told_of = it.exchange.state.orders["one"].group
    assert told_of is not None
    assert told_of.group_id == "near"
    assert it.refuse(grouped("buy yes 1 @ 0.10", "more")).code is RefusalCode.UNKNOWN_GROUP


def test_a_group_under_the_id_of_a_deleted_one_is_another() -> None:
    it = world()
    it.do(DeleteGroup(group="near"), OpenGroup(subaccount_ref=SubaccountRef("bob"), group="near"))
    assert (group(it).orders, group(it).filled_centis, group(it).serial) == ({}, 0, 1)
    assert it.exchange.state.orders["one"].group is not group(it)
