"""Handlers: groups of orders, which are canceled together once enough of them has been filled.

A group that was triggered takes no orders until it is reset; resetting counts its fills from zero again.
"""

from collections.abc import Iterator

from mockexchange.core.commands import OpenGroup, ResetGroup, TriggerGroup
from mockexchange.core.events import Event, GroupOpened, GroupReset, GroupTriggered
from mockexchange.core.groups import OrderGroup
from mockexchange.core.ordering import cancel
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.state import State


def open_group(state: State, command: OpenGroup, at: int) -> Iterator[Event]:
    state.holdings_of(command.purse)
    if command.group in state.groups:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"group {command.group} exists already")
    group_id = command.group or state.new_id("group")
    state.groups[group_id] = OrderGroup(
        group_id=group_id, purse=command.purse, exchange_index=0, limit_centis=command.limit_centis
    )
    yield GroupOpened(group=group_id, purse=command.purse, limit_centis=command.limit_centis)


def trigger_group(state: State, command: TriggerGroup, at: int) -> Iterator[Event]:
    yield from _trigger(state, state.group(command.group), at)


def reset_group(state: State, command: ResetGroup, at: int) -> Iterator[Event]:
    group = state.group(command.group)
    group.filled_centis, group.is_triggered = 0, False
    yield GroupReset(group=group.group_id)


def count_fill(state: State, group: OrderGroup, count_centis: int, at: int) -> Iterator[Event]:
    """Count contracts filled of an order of the group; at the limit the rest of its orders goes."""
    group.filled_centis += count_centis
    if group.limit_centis is not None and group.filled_centis >= group.limit_centis:
        yield from _trigger(state, group, at)


def _trigger(state: State, group: OrderGroup, at: int) -> Iterator[Event]:
    group.is_triggered = True
    yield GroupTriggered(group=group.group_id)
    for order in list(group.orders.values()):
        yield from cancel(state, order, at)
