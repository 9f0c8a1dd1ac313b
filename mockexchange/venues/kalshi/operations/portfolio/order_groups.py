"""Order groups: orders that are canceled together."""

from typing import NamedTuple

from mockexchange.core.model.history import HistoryPage
from mockexchange.core.model.orders import OrderGroup
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, cached_answer
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list, write_rows
from mockexchange.venues.kalshi.operations.row_owner import requested_or_all

GROUPS = ListTable("order_groups", "OrderGroup", is_shared=False)


class GroupRow(NamedTuple):
    """A group, and its serial among all groups ever opened."""

    group: OrderGroup
    place: int

    @property
    def revision(self) -> int:
        return self.place


def get_order_groups(call: AccountCall) -> bytes:
    """Return the groups, newest first; in pages on days with the parameter `limit`."""
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


OPERATIONS = (
    AccountOperation(
        name="GetOrderGroups",
        path="/portfolio/order_groups",
        answer=get_order_groups,
        answer_table="GetOrderGroupsResponse",
        is_per_subaccount=True,
    ),
)
