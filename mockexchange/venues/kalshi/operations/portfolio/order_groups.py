"""Implements the operations that read order groups: orders that are canceled together."""

from typing import NamedTuple

from mockexchange.core.model.history import HistoryPage
from mockexchange.core.model.orders import OrderGroup
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, cached_answer, write
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list, write_rows
from mockexchange.venues.kalshi.operations.row_owner import requested_or_all, requested_subaccount

GROUPS = ListTable("order_groups", "OrderGroup", is_shared=False)


class GroupRow(NamedTuple):
    """An order group in a list, with its serial among all groups ever opened."""

    group: OrderGroup
    place: int

    @property
    def revision(self) -> int:
        return self.place


def get_order_groups(call: AccountCall) -> bytes:
    """Return the caller's order groups, newest first.

    The answer has pages only at API dates at which the operation has the parameter `limit`.
    """
    subaccount, revision = requested_or_all(call), call.state.sequence
    if "limit" not in call.params:
        return cached_answer(call, revision, lambda: write_rows(call, GROUPS, _groups(call, subaccount)))
    if call.params["status"]:
        call.findings.append("status of order groups was never explained: ignored")
    return answer_list(call, GROUPS, revision, lambda limit, after: _page(_groups(call, subaccount), limit, after))


def _page(rows: list[GroupRow], limit: int, after: int | None) -> HistoryPage[GroupRow]:
    left = [row for row in rows if after is None or row.place < after]
    return HistoryPage(left[:limit], left[limit - 1].place if len(left) > limit else None)


def _groups(call: AccountCall, subaccount: str | None) -> list[GroupRow]:
    rows = [
        GroupRow(group, group.serial)
        for group in call.state.groups.values()
        if group.subaccount_ref.account == call.account.name and subaccount in (None, group.subaccount_ref.subaccount)
    ]
    return rows[::-1]


class GroupContent(NamedTuple):
    """An order group with the ids of its resting orders."""

    group: OrderGroup

    @property
    def orders(self) -> list[str]:
        return list(self.group.orders)


def get_order_group(call: AccountCall) -> bytes:
    """Return one group of the caller with its resting orders."""
    group_id, subaccount = call.path_params["order_group_id"], requested_subaccount(call)
    group = call.state.groups.get(group_id)
    if group is None or group.subaccount_ref.account != call.account.name:
        raise Rejected(Situation.NOT_FOUND, f"{call.account.name} has no order group {group_id}")
    if subaccount not in (None, group.subaccount_ref.subaccount):
        message = f"order group {group_id} is of subaccount {group.subaccount_ref.subaccount}, not {subaccount}"
        raise Rejected(Situation.NOT_FOUND, message)
    return write(call, GroupContent(group))


OPERATIONS = (
    AccountOperation(
        name="GetOrderGroup",
        path="/portfolio/order_groups/{order_group_id}",
        answer=get_order_group,
        answer_table="GetOrderGroupResponse",
        is_per_subaccount=True,
    ),
    AccountOperation(
        name="GetOrderGroups",
        path="/portfolio/order_groups",
        answer=get_order_groups,
        answer_table="GetOrderGroupsResponse",
        is_per_subaccount=True,
    ),
)
