"""Random orders, edits, quotes and cancellations: contracts and cash are conserved, margins are covered, fills fit."""

from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import (
    CancelDerivativeOrders,
    CancelOrder,
    Command,
    EditDerivativeOrder,
    PlaceDerivativeOrder,
    QuoteDerivative,
)
from mockexchange.core.derivatives.valuation import summary_of
from mockexchange.core.derivatives.vocabulary import OrderLife, TriggerKind, TriggerSource
from mockexchange.core.events import DerivativeTraded
from mockexchange.core.invariants import violations
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import SubaccountRef
from tests.core.derivatives.orders_world import OrdersWorld, order
from tests.core.derivatives_world import DORA, DORA_3, MIRA, PERPETUAL
from tests.helpers.effort import examples

OWNERS = (DORA, DORA_3, MIRA)
PRICES = st.integers(227_600, 228_000).map(lambda halves: Decimal(halves) / 2)
AMOUNTS = st.sampled_from([10, 50, 400, 2_000_000, 2_000_000])
"""The last is about as much as the funds of one account cover."""
STOPS: list[dict[str, Any]] = [
    {"trigger": TriggerSource.LAST, "trigger_price": Decimal(price), "trigger_kind": kind}
    for price, kind in ((113_895, TriggerKind.STOP), (113_905, TriggerKind.TAKE))
]
FLAGS = st.sampled_from([{}, {}, {"post_only": True}, {"reduce_only": True}, *STOPS])
LEVELS = st.lists(st.tuples(st.integers(0, 20), AMOUNTS), max_size=3, unique_by=lambda level: level[0])


def placed(data: tuple[Any, ...]) -> Command:
    owner, direction, amount, price, life, flags = data
    is_market = price is None or ("post_only" in flags and life not in ("good_til_cancelled", "good_til_day"))
    text = f"{direction} {amount}" if is_market else f"{direction} {amount} @ {price}"
    given_flags = {} if is_market and "post_only" in flags else flags
    return order(text, owner, life=OrderLife(life), **given_flags)


def quoted(data: tuple[list[Any], list[Any]]) -> Command:
    bids, asks = data
    return QuoteDerivative(
        derivative=PERPETUAL,
        bids=tuple((Decimal(113_900 - below), Decimal(amount)) for below, amount in bids),
        asks=tuple((Decimal(113_901 + above), Decimal(amount)) for above, amount in asks),
    )


ORDERS = st.tuples(
    st.sampled_from(OWNERS),
    st.sampled_from(["buy", "sell"]),
    AMOUNTS,
    st.none() | PRICES,
    st.sampled_from([life.value for life in OrderLife]),
    FLAGS,
).map(placed)
OTHERS = st.one_of(
    st.tuples(LEVELS, LEVELS).map(quoted),
    st.tuples(st.integers(0, 30), st.none() | AMOUNTS.map(Decimal), st.none() | PRICES),
    st.integers(0, 30),
    st.sampled_from(OWNERS).map(lambda owner: CancelDerivativeOrders(subaccount_ref=owner)),
)
COMMANDS = st.integers(0, 9).flatmap(lambda number: OTHERS if number < 3 else ORDERS)


def command_of(drawn: Any, ids: list[str]) -> Command | None:
    """Return the command; edits and cancellations name an order by its place."""
    if not isinstance(drawn, tuple | int):
        command: Command = drawn
        return command
    if not ids:
        return None
    if isinstance(drawn, int):
        return CancelOrder(order=ids[drawn % len(ids)])
    place, amount, price = drawn
    return EditDerivativeOrder(order=ids[place % len(ids)], amount=amount, price=price)


@example([order("buy 2000000 @ 113850")] * 2)
@settings(max_examples=examples(12), deadline=None)
@given(st.lists(COMMANDS, min_size=15, max_size=25))
def test_random_orders_conserve_and_are_covered(drawn: list[Any]) -> None:
    world = OrdersWorld()
    world.credit("1", subaccount_ref=DORA_3)
    state, strangers = world.exchange.state, Decimal(0)
    for one in drawn:
        command = command_of(one, list(state.derivatives.orders))
        if command is None:
            continue
        free = {owner: available(world, owner) for owner in OWNERS}
        world.at += 1
        outcome = world.exchange.execute(command, world.at)
        assert violations(state) == []
        if isinstance(outcome, Refusal):
            assert {owner: available(world, owner) for owner in OWNERS} == free
            continue
        trades: dict[str, list[Decimal]] = {}
        for event in outcome:
            if isinstance(event, DerivativeTraded):
                sign = 1 if event.direction == "buy" else -1
                trades.setdefault(event.trade_id, []).append(sign * event.amount)
        assert all(sum(sizes) == 0 for sizes in trades.values() if len(sizes) == 2)
        strangers -= sum((sizes[0] for sizes in trades.values() if len(sizes) == 1), Decimal(0))
        held = [state.derivatives.holdings.get(owner, {}).get(PERPETUAL) for owner in OWNERS]
        assert sum((one.size for one in held if one), strangers) == 0
        if isinstance(command, PlaceDerivativeOrder) and free[command.subaccount_ref] >= 0:
            assert available(world, command.subaccount_ref) >= 0


def available(world: OrdersWorld, owner: SubaccountRef) -> Decimal:
    return summary_of(world.exchange.state, owner, "BTC").available_funds
