"""What someone knows who hears every event and reads nothing: it must be what a read shows."""

from dataclasses import dataclass, field

from mockexchange.core.events import (
    Event,
    Filled,
    GroupDeleted,
    GroupLimited,
    GroupOpened,
    GroupReset,
    GroupTriggered,
    LevelChanged,
    OrderChanged,
    PositionChanged,
    Traded,
)
from mockexchange.core.model.orders import Order
from mockexchange.core.model.state import State
from mockexchange.core.position_cost import Stake
from mockexchange.core.queries.order_books import levels
from mockexchange.core.vocabulary import OrderStatus, Side, SubaccountRef

Levels = dict[tuple[str, Side], dict[int, int]]


@dataclass
class EventFold:
    levels: Levels = field(default_factory=dict)
    orders: dict[str, OrderChanged] = field(default_factory=dict)
    moves: dict[tuple[SubaccountRef, str], PositionChanged] = field(default_factory=dict)
    groups: dict[str, tuple[SubaccountRef, int | None, bool]] = field(default_factory=dict)
    """Whose it is, its limit, and whether it is triggered."""
    trades: list[str] = field(default_factory=list)

    def hear(self, happened: tuple[Event, ...]) -> None:
        """Take in the events of one command."""
        for place, event in enumerate(happened):
            if isinstance(event, LevelChanged):
                self._change_level(event)
            elif isinstance(event, OrderChanged):
                self.orders[event.order_id] = event
            elif isinstance(event, PositionChanged) and event.has_moved:
                self.moves[event.subaccount_ref, event.market] = event
            elif isinstance(event, Filled):
                assert_told_around(event, happened[:place], happened[place + 1])
            elif isinstance(event, Traded):
                self.trades.append(event.trade_id)
            else:
                self._change_group(event)

    def compare(self, state: State) -> None:
        assert {key: level for key, level in self.levels.items() if level} == shown_levels(state)
        assert self.orders == {
            order_id: order_as_told(order, self.orders[order_id]) for order_id, order in state.orders.items()
        }
        assert {key: (stake(move), move.fees_micros) for key, move in self.moves.items()} == {
            (row.subaccount_ref, row.market.ticker): (row.stake, row.fees_micros)
            for subaccount in state.subaccounts.values()
            for row in subaccount.positions.values()
            if (row.subaccount_ref, row.market.ticker) in self.moves or (row.stake, row.fees_micros) != (Stake(), 0)
        }
        assert self.groups == {
            name: (group.subaccount_ref, group.limit_centis, group.is_triggered) for name, group in state.groups.items()
        }
        assert self.trades == [trade.trade_id for trade in state.tape]

    def _change_level(self, event: LevelChanged) -> None:
        assert event.change_centis, "a level that stays is no news"
        level = self.levels.setdefault((event.market, event.side), {})
        count_centis = level.pop(event.price_centicents, 0) + event.change_centis
        assert count_centis >= 0, event
        if count_centis:
            level[event.price_centicents] = count_centis

    def _change_group(self, event: Event) -> None:
        match event:
            case GroupOpened(group=group, subaccount_ref=subaccount_ref, limit_centis=limit_centis):
                assert group not in self.groups
                self.groups[group] = (subaccount_ref, limit_centis, False)
            case GroupLimited(group=group, subaccount_ref=subaccount_ref, limit_centis=limit_centis):
                self.groups[group] = (subaccount_ref, limit_centis, self.groups[group][2])
            case (
                GroupTriggered(group=group, subaccount_ref=subaccount_ref)
                | GroupReset(group=group, subaccount_ref=subaccount_ref)
            ):
                self.groups[group] = (subaccount_ref, self.groups[group][1], isinstance(event, GroupTriggered))
            case GroupDeleted(group=group, subaccount_ref=subaccount_ref):
                assert self.groups.pop(group)[0] == subaccount_ref


def assert_told_around(fill: Filled, before: tuple[Event, ...], after: Event) -> None:
    """The order is told before its fill, and after it the row that the fill says there is."""
    told = [event for event in before if isinstance(event, OrderChanged) and event.order_id == fill.order_id]
    assert (told[-1].subaccount_ref, told[-1].market) == (fill.subaccount_ref, fill.market)
    assert isinstance(after, PositionChanged)
    assert (after.subaccount_ref, after.market, after.has_moved) == (fill.subaccount_ref, fill.market, True)
    assert after.quantity_centis == fill.post_position_centis


def shown_levels(state: State) -> Levels:
    """The books of every market, as they are read; empty ones are left out."""
    shown = {(name, side): levels(state, market, side) for name, market in state.markets.items() for side in Side}
    return {key: dict(level) for key, level in shown.items() if level}


def stake(told: PositionChanged) -> Stake:
    return Stake(told.quantity_centis, told.cost_micros, told.realized_micros, told.traded_micros, told.shares_centis)


def order_as_told(order: Order, told: OrderChanged) -> OrderChanged:
    """The event that tells the order as it is; only the reason is taken from the one that was told."""
    assert (told.status is OrderStatus.RESTING) == bool(told.remaining_centis)
    return OrderChanged(
        reason=told.reason,
        order_id=order.order_id,
        subaccount_ref=order.subaccount_ref,
        market=order.market.ticker,
        status=order.status,
        price_centicents=order.price_centicents,
        initial_centis=order.initial_centis,
        filled_centis=order.filled_centis,
        remaining_centis=order.remaining_centis,
        taker_cost_micros=order.taker_cost_micros,
        maker_cost_micros=order.maker_cost_micros,
        taker_fees_micros=order.taker_fees_micros,
        maker_fees_micros=order.maker_fees_micros,
        updated_at=order.updated_at,
    )
