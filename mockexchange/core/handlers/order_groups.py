"""Handlers of order groups, whose orders are canceled together once the group's limit of fills is reached.

A group whose limit was reached is triggered: it takes no orders until a reset counts its fills from zero again. Orders
of a deleted group keep their reference to it.
"""

from collections.abc import Iterator

from mockexchange.core.commands import DeleteGroup, LimitGroup, OpenGroup, ResetGroup, TriggerGroup
from mockexchange.core.events import Event, GroupDeleted, GroupLimited, GroupOpened, GroupReset, GroupTriggered
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.order_bookkeeping import cancel
from mockexchange.core.model.orders import OrderGroup
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import OrderReason


@handler
def open_group(state: State, command: OpenGroup, at: int) -> Iterator[Event]:
    """Open an order group."""
    state.dollar_subaccount(command.subaccount_ref)
    if command.group in state.groups:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"group {command.group} exists already")
    group_id = command.group or state.new_id("group")
    state.groups[group_id] = OrderGroup(
        group_id=group_id,
        serial=state.groups_opened,
        subaccount_ref=command.subaccount_ref,
        exchange_index=command.exchange_index,
        limit_centis=command.limit_centis,
    )
    state.groups_opened += 1
    yield GroupOpened(group=group_id, subaccount_ref=command.subaccount_ref, limit_centis=command.limit_centis)


@handler
def trigger_group(state: State, command: TriggerGroup, at: int) -> Iterator[Event]:
    """Cancel the orders of a group and refuse new ones until the group is reset."""
    yield from _trigger(state, state.group(command.group), at)


@handler
def reset_group(state: State, command: ResetGroup, at: int) -> Iterator[Event]:
    """Count a group's fills from zero and accept new orders in it."""
    group = state.group(command.group)
    group.reset()
    yield GroupReset(group=group.group_id, subaccount_ref=group.subaccount_ref)


@handler
def limit_group(state: State, command: LimitGroup, at: int) -> Iterator[Event]:
    """Change the limit of a group.

    A triggered group stays triggered; another one is triggered if its fills reach the new limit.
    """
    group = state.group(command.group)
    group.limit_centis = command.limit_centis
    yield GroupLimited(group=group.group_id, subaccount_ref=group.subaccount_ref, limit_centis=command.limit_centis)
    if not group.is_triggered:
        group.count(0, at, state.rules.group_window_us)
        yield from _trigger_at_limit(state, group, at)


@handler
def delete_group(state: State, command: DeleteGroup, at: int) -> Iterator[Event]:
    """Delete a group and cancel its orders."""
    group = state.group(command.group)
    del state.groups[group.group_id]
    yield GroupDeleted(group=group.group_id, subaccount_ref=group.subaccount_ref)
    yield from _cancel_orders(state, group, at)


def count_group_fill(state: State, group: OrderGroup, count_centis: int, at: int) -> Iterator[Event]:
    """Add filled contracts to the group's count; if that reaches the limit, cancel the group's remaining orders."""
    group.count(count_centis, at, state.rules.group_window_us)
    yield from _trigger_at_limit(state, group, at)


def _trigger_at_limit(state: State, group: OrderGroup, at: int) -> Iterator[Event]:
    if group.limit_centis is not None and group.filled_centis >= group.limit_centis:
        yield from _trigger(state, group, at)


def _trigger(state: State, group: OrderGroup, at: int) -> Iterator[Event]:
    group.is_triggered = True
    yield GroupTriggered(group=group.group_id, subaccount_ref=group.subaccount_ref)
    yield from _cancel_orders(state, group, at)


def _cancel_orders(state: State, group: OrderGroup, at: int) -> Iterator[Event]:
    for order in list(group.orders.values()):
        yield from cancel(state, order, at, OrderReason.GROUP)
