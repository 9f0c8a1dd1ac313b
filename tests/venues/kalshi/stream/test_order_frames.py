"""Frames of orders that clients place: which channels say what, in which order, for each thing that can happen."""

import json
from typing import Any

from mockexchange.core.commands import PlaceOrder
from mockexchange.core.vocabulary import Action, SelfTradePrevention, Side, SubaccountRef, TimeInForce
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.stream.feed import messages_of
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make, run, send
from tests.venues.kalshi.test_order_entry import SCENARIO, V2, v2

ALICE = SubaccountRef("alice")


class Watched:
    """A sandbox with every message that its commands publish."""

    def __init__(self) -> None:
        self.sandbox: Sandbox = make(SCENARIO.replace("START", "2026-06-11T06:29:20.866000Z"), "2026-10")
        self.seen: list[Any] = []
        self.sandbox.observers.append(self._watch)

    def _watch(self, record: Any, outcome: Any) -> None:
        if isinstance(outcome, tuple):
            self.seen += messages_of(self.sandbox.exchange.state, outcome, record.at)

    def kinds(self, method: str, path: str, body: Any = None, who: str = "alice/main") -> list[str]:
        """Return the messages of a write, as kinds; those of an account have its name."""
        self.seen.clear()
        assert send(self.sandbox, method, path, body, who).status < 300
        return [
            f"{message.kind} {message.subaccount_ref.account}" if message.subaccount_ref else message.kind
            for message in self.seen
        ]


def order_of(watched: Watched, **fields: Any) -> str:
    answer = send(watched.sandbox, "POST", V2, v2(**fields))
    order: str = json.loads(answer.body)["order_id"]
    return order


def test_a_resting_order_is_one_order_and_one_level() -> None:
    watched = Watched()
    assert watched.kinds("POST", V2, v2(client_order_id="c")) == ["user_order alice", "orderbook_delta", "ticker"]
    delta = watched.seen[1]
    assert delta.own_value.client_order_id == "c"
    assert watched.seen[0].value.change.remaining_centis == 100


def test_an_order_that_crosses_has_no_resting_frame_before_its_fills() -> None:
    watched = Watched()
    order_of(watched, side="ask", client_order_id="m")
    kinds = watched.kinds("POST", V2, v2(client_order_id="t"), "bob/main")
    own = [kind for kind in kinds if kind.endswith("bob")]
    assert own == ["user_order bob", "fill bob", "market_position bob"]
    assert [kind for kind in kinds if kind.endswith("alice")] == [
        "user_order alice",
        "fill alice",
        "market_position alice",
    ]
    assert kinds[-3:] == ["trade", "orderbook_delta", "ticker"]
    taker = next(message.value.change for message in watched.seen if message.subaccount_ref == SubaccountRef("bob"))
    assert (taker.filled_centis, taker.remaining_centis, taker.status) == (100, 0, "executed")


def test_an_order_that_crosses_two_levels_has_one_order_frame_and_two_fills() -> None:
    watched = Watched()
    order_of(watched, side="ask", price="0.50")
    order_of(watched, side="ask", price="0.51")
    kinds = watched.kinds("POST", V2, v2(count="3.00"), "bob/main")
    assert kinds.count("user_order bob") == 1
    assert kinds.count("fill bob") == kinds.count("trade") == kinds.count("fill alice") == 2
    assert kinds.index("user_order bob") < kinds.index("fill bob")
    assert kinds.count("orderbook_delta") == 3, "two levels taken, one rested"
    taker = watched.seen[kinds.index("user_order bob")].value.change
    assert (taker.filled_centis, taker.remaining_centis) == (200, 100), "one frame with both"


def test_an_immediate_order_that_meets_nothing_is_one_order() -> None:
    watched = Watched()
    assert watched.kinds("POST", V2, v2(time_in_force="immediate_or_cancel")) == ["user_order alice"]


@each_row(
    ("path", "body", "reason"),
    [("/decrease", {"reduce_to": "0.50"}, "Decrease"), ("", None, None)],
)
def test_a_changed_order_is_one_order_and_one_level(path: str, body: Any, reason: str | None) -> None:
    watched = Watched()
    order = order_of(watched)
    kinds = watched.kinds("POST" if body else "DELETE", f"{V2}/{order}{path}", body)
    assert kinds == ["user_order alice", "orderbook_delta", "ticker"]
    assert watched.seen[0].value.reason == reason


def test_an_amended_price_is_two_levels() -> None:
    watched = Watched()
    order = order_of(watched)
    run(watched.sandbox.advance(5_000))
    amendment = {"ticker": "RAIN-1", "side": "bid", "price": "0.40", "count": "1.00"}
    kinds = watched.kinds("POST", f"{V2}/{order}/amend", amendment)
    assert kinds == ["user_order alice", "orderbook_delta", "orderbook_delta", "ticker"]
    assert watched.seen[0].value.reason == "Amend"
    own = json.loads(watched.seen[0].body(api_date("2026-10")))
    assert own["created_ts_ms"] < own["last_updated_ts_ms"], "it was not created anew"


def test_a_maker_that_meets_its_own_taker_is_canceled_for_that_reason() -> None:
    watched = Watched()
    order_of(watched, side="ask")
    command = PlaceOrder(
        subaccount_ref=ALICE,
        market="RAIN-1",
        side=Side.YES,
        action=Action.BUY,
        count_centis=100,
        price_centicents=5_200,
        time_in_force=TimeInForce.IMMEDIATE_OR_CANCEL,
        self_trade_prevention=SelfTradePrevention.MAKER,
    )
    watched.seen.clear()
    run(watched.sandbox.submit(command))
    reasons = {message.value.reason for message in watched.seen if message.kind == "user_order"}
    assert "SelfTradeCancel" in reasons


def reasons(watched: Watched, path: str, body: Any, who: str = "alice/main") -> list[str | None]:
    watched.seen.clear()
    send(watched.sandbox, "POST", path, body, who)
    return [message.value.reason for message in watched.seen if message.kind == "user_order"]


def test_rules_that_cancel_an_order_are_its_reason() -> None:
    watched = Watched()
    order_of(watched, side="ask")
    assert reasons(watched, V2, v2(post_only=True), "bob/main") == ["PostOnlyCrossCancel"]
    reducing = v2(reduce_only=True, time_in_force="immediate_or_cancel")
    assert reasons(watched, V2, reducing, "bob/main") == ["ReduceOnlyCancel"]
    assert reasons(watched, V2, v2(time_in_force="immediate_or_cancel")) == ["SelfTradeCancel"]


def test_all_messages_of_a_trade_have_the_instant_of_the_order() -> None:
    watched = Watched()
    order_of(watched, side="ask", client_order_id="m")
    watched.seen.clear()
    answer = json.loads(send(watched.sandbox, "POST", V2, v2(), "bob/main").body)
    bodies = [json.loads(message.body(api_date("2026-10"))) for message in watched.seen]
    stamps = {stamp for body in bodies for name in ("ts_ms", "last_updated_ts_ms") if (stamp := body.get(name))}
    assert stamps == {answer["ts_ms"]}
    [delta] = [message for message in watched.seen if message.kind == "orderbook_delta"]
    assert (delta.owner, delta.own_value.client_order_id) == (ALICE, "m"), "the mark of the maker alone"


def test_a_maker_that_is_hit_twice_has_two_orders_and_two_fills_with_its_mark() -> None:
    watched = Watched()
    order_of(watched, side="ask", count="3.00", client_order_id="m")
    for left in (200, 100):
        kinds = watched.kinds("POST", V2, v2(), "bob/main")
        assert kinds.count("user_order alice") == kinds.count("fill alice") == kinds.count("orderbook_delta") == 1
        own = next(
            message for message in watched.seen if message.kind == "user_order" and message.subaccount_ref == ALICE
        )
        assert (own.value.change.remaining_centis, own.value.reason) == (left, "Trade")
        assert not next(m for m in watched.seen if m.kind == "fill" and m.subaccount_ref == ALICE).value.filled.taker


def test_a_group_that_is_triggered_is_one_order_each_and_one_group_frame() -> None:
    watched = Watched()
    created = send(watched.sandbox, "POST", "/portfolio/order_groups/create", {"contracts_limit": 1})
    group = json.loads(created.body)["order_group_id"]
    for price in ("0.30", "0.31", "0.52"):
        order_of(watched, price=price, order_group_id=group)
    kinds = watched.kinds("POST", V2, v2(side="ask"), "bob/main")
    assert kinds.count("user_order alice") == 3, "one was filled, two canceled"
    assert kinds.count("order_group_updates alice") == 1
    assert kinds.count("orderbook_delta") == 3
