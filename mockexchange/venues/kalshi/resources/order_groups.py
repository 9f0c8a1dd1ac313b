"""Order groups: orders that are canceled together.

A key restricted to a subaccount may change that subaccount's groups since 2026-07-30.
"""

from collections.abc import Callable
from typing import NamedTuple

from mockexchange.core.commands import Command, DeleteGroup, LimitGroup, OpenGroup, ResetGroup, TriggerGroup
from mockexchange.core.events import GroupOpened
from mockexchange.core.model.orders import OrderGroup
from mockexchange.core.model.paged_history import HistoryPage
from mockexchange.core.vocabulary import CENTIS_PER_CONTRACT
from mockexchange.venues.dated_fields import FOREVER, Field
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import BOOLEAN, CONTRACTS, COUNT_2, SUBACCOUNT, TEXT, TEXTS
from mockexchange.venues.kalshi.named_days import FIXED_POINT_ADDED, INTEGERS_REMOVED, SPRING_2026, SUBACCOUNTS_ADDED
from mockexchange.venues.kalshi.resources import bodies, parameters
from mockexchange.venues.kalshi.resources.bodies import Body, BodyField
from mockexchange.venues.kalshi.resources.call import (
    AccountCall,
    AccountOperation,
    Write,
    WriteOperation,
    cached_answer,
    write,
)
from mockexchange.venues.kalshi.resources.fields import exchange_index, list_of, table
from mockexchange.venues.kalshi.resources.lists import ListTable, answer_list, write_rows
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.refusals import invalid, require_shard, require_uuid, submit
from mockexchange.venues.kalshi.resources.row_owner import requested_or_all, requested_subaccount, written_subaccount

# --- fields of answers

ORDER_GROUP = table(
    "OrderGroup",
    # In the pages of 2026-02-22, the text alone in those of 2026-03-09; none of both was recorded on 2026-01-14.
    Field(
        name="contracts_limit",
        spelling=CONTRACTS,
        read="group.limit_centis",
        empty="absent",
        since=FIXED_POINT_ADDED,
        until=INTEGERS_REMOVED,
        source="docs-daily",
    ),
    Field(
        name="contracts_limit_fp",
        spelling=COUNT_2,
        read="group.limit_centis",
        empty="absent",
        since=FIXED_POINT_ADDED,
        source="docs-daily",
    ),
    exchange_index("group.exchange_index"),
    Field(name="id", spelling=TEXT, read="group.group_id", source="wire-2025-11"),
    # False for every new group, although each must have a limit: so true means that the group was triggered.
    Field(name="is_auto_cancel_enabled", spelling=BOOLEAN, read="group.is_triggered", source="wire-2025-11"),
)

GET_ORDER_GROUP_RESPONSE = table(
    "GetOrderGroupResponse",
    *(row for row in ORDER_GROUP if row.name != "id"),
    Field(name="orders", spelling=TEXTS, read="orders", source="wire-2026-01"),
)

CREATE_ORDER_GROUP_RESPONSE = table(
    "CreateOrderGroupResponse",
    exchange_index("exchange_index"),
    Field(name="order_group_id", spelling=TEXT, read="group_id", source="docs-2025-11"),
    Field(
        name="subaccount",
        spelling=SUBACCOUNT,
        read="subaccount_ref.subaccount",
        since="2026-05-07",
        source="stream-2026-06",
    ),
)

GET_ORDER_GROUPS_RESPONSE = table(
    "GetOrderGroupsResponse",
    # Not in the recorded answer, which had one page.
    Field(name="cursor", spelling=TEXT, read="cursor", empty="absent", until=SPRING_2026, source="docs-2025-11"),
    list_of("order_groups", "OrderGroup", ORDER_GROUP),
)

# --- parameters of queries

GET_ORDER_GROUPS: tuple[Parameter, ...] = (
    Parameter(name="status", kind="text", until=SPRING_2026, source="docs-2025-11"),
    Parameter(
        name="limit", kind="integer", minimum=1, maximum=200, default=100, until=SPRING_2026, source="docs-2025-11"
    ),
    Parameter(name="cursor", kind="text", until=SPRING_2026, source="docs-2025-11"),
    *parameters.subaccount(SUBACCOUNTS_ADDED),
)

# Omitted, it is the primary subaccount in the documents; a restricted key means its own.
WRITE_ORDER_GROUP: tuple[Parameter, ...] = (*parameters.subaccount(SUBACCOUNTS_ADDED), parameters.EXCHANGE_INDEX)
LIMIT_ORDER_GROUP: tuple[Parameter, ...] = (*parameters.subaccount("2026-08-06"), parameters.EXCHANGE_INDEX)

# --- bodies of requests

LIMIT_MADE_OPTIONAL = "2026-01-28"

_LIMIT = (
    BodyField(
        name="contracts_limit",
        kind="integer",
        minimum=1,
        maximum=bodies.INT64_MAX,
        since=LIMIT_MADE_OPTIONAL,
        source="changelog",
    ),
    BodyField(name="contracts_limit_fp", kind="count", since=SUBACCOUNTS_ADDED, source="changelog"),
)

CREATE_ORDER_GROUP = Body(
    struct="CreateOrderGroupRequest",
    fields=(
        BodyField(
            name="contracts_limit",
            kind="integer",
            minimum=1,
            maximum=bodies.INT64_MAX,
            required=True,
            until=LIMIT_MADE_OPTIONAL,
            source="docs-2025-11",
        ),
        *_LIMIT,
        bodies.subaccount(),
        bodies.exchange_index(),
    ),
)
# Clients send {}; whether the venue refuses a PUT without a body is not known.
CHANGE_ORDER_GROUP = Body(struct="EmptyResponse", may_be_absent=True)
UPDATE_ORDER_GROUP_LIMIT = Body(struct="UpdateOrderGroupLimitRequest", fields=_LIMIT)

# --- reads

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


# --- writes

EMPTY = b"{}"
TRADE = ("write", "write::trade")
RESTRICTED_KEYS_SINCE = "2026-07-30"
LIMIT_RAISED = "2026-08-13"
# The most order groups of an account [changelog; the second by clients' audits of it]; `compat` has no limit.
GROUPS_MAX: tuple[tuple[int, str, str], ...] = (
    (25_000, "2026-07-23", LIMIT_RAISED),
    (100_000, LIMIT_RAISED, FOREVER),
)


def create_order_group(call: AccountCall) -> Write:
    limit_centis, subaccount_ref = _limit_of(call), written_subaccount(call)
    shard = call.body.get("exchange_index") or 0
    for most, since, until in GROUPS_MAX:
        groups = call.state.groups.values()
        if call.api_date.is_day_from(since, until) and len(groups) >= most:
            owned = sum(group.subaccount_ref.account == call.account.name for group in groups)
            if owned >= most:
                message = f"{call.account.name} has {owned:,} order groups, the most there may be: delete some"
                raise Rejected(Situation.TOO_MANY_GROUPS, message)
    command = OpenGroup(subaccount_ref=subaccount_ref, limit_centis=limit_centis, exchange_index=shard)
    events = yield from submit(command)
    opened = next(event for event in events if isinstance(event, GroupOpened))
    return write(call, call.state.groups[opened.group])


def update_order_group_limit(call: AccountCall) -> Write:
    group, limit_centis = _named_group(call), _limit_of(call)
    yield from submit(LimitGroup(group=group.group_id, limit_centis=limit_centis))
    return EMPTY


def _write_group(command_of: Callable[[str], Command]) -> Callable[[AccountCall], Write]:
    """Return the write that carries out one command on the group that the path names."""

    def carry_out(call: AccountCall) -> Write:
        yield from submit(command_of(_named_group(call).group_id))
        return EMPTY

    return carry_out


def _limit_of(call: AccountCall) -> int:
    """Return the limit of the body in hundredths of contracts. Raises Rejected if there is none, or two differ."""
    whole, exact = call.body.get("contracts_limit"), call.body.get("contracts_limit_fp")
    limits = {*([] if whole is None else [whole * CENTIS_PER_CONTRACT]), *([] if exact is None else [exact])}
    if not limits:
        message = "contracts_limit or contracts_limit_fp is required"
        raise Rejected(Situation.MISSING_FIELD, message, field="ContractsLimit")
    limit_centis: int = limits.pop()
    if limits or limit_centis < 1:
        raise invalid("ContractsLimit", "contracts_limit and contracts_limit_fp: expected one limit above 0")
    return limit_centis


def _named_group(call: AccountCall) -> OrderGroup:
    """Return the group that the path names. Raises Rejected if the caller has no such group."""
    group_id = call.path_params["order_group_id"]
    group, owner = call.state.groups.get(group_id), call.account.name
    if group is None:
        require_uuid("order_group_id", group_id)
    if group is None or group.subaccount_ref.account != owner:
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, f"{owner} has no order group {group_id}")
    asked = call.key.subaccount if call.params.get("subaccount") is None else written_subaccount(call).subaccount
    if asked not in (None, group.subaccount_ref.subaccount):
        message = f"order group {group_id} is of subaccount {group.subaccount_ref.subaccount}, not {asked}"
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    require_shard(call, call.params, group.exchange_index, f"order group {group_id} is")
    return group


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
        parameters=GET_ORDER_GROUPS,
    ),
    WriteOperation(
        name="CreateOrderGroup",
        method="POST",
        path="/portfolio/order_groups/create",
        scopes=TRADE,
        carry_out=create_order_group,
        status=201,
        answer_table="CreateOrderGroupResponse",
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
        body=CREATE_ORDER_GROUP,
    ),
    WriteOperation(
        name="UpdateOrderGroupLimit",
        method="PUT",
        path="/portfolio/order_groups/{order_group_id}/limit",
        scopes=TRADE,
        carry_out=update_order_group_limit,
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
        parameters=LIMIT_ORDER_GROUP,
        body=UPDATE_ORDER_GROUP_LIMIT,
    ),
    WriteOperation(
        name="ResetOrderGroup",
        method="PUT",
        path="/portfolio/order_groups/{order_group_id}/reset",
        scopes=TRADE,
        carry_out=_write_group(lambda group: ResetGroup(group=group)),
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
        parameters=WRITE_ORDER_GROUP,
        body=CHANGE_ORDER_GROUP,
    ),
    WriteOperation(
        name="TriggerOrderGroup",
        method="PUT",
        path="/portfolio/order_groups/{order_group_id}/trigger",
        scopes=TRADE,
        carry_out=_write_group(lambda group: TriggerGroup(group=group)),
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
        parameters=WRITE_ORDER_GROUP,
        body=CHANGE_ORDER_GROUP,
    ),
    WriteOperation(
        name="DeleteOrderGroup",
        method="DELETE",
        path="/portfolio/order_groups/{order_group_id}",
        scopes=TRADE,
        carry_out=_write_group(lambda group: DeleteGroup(group=group)),
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
        parameters=WRITE_ORDER_GROUP,
    ),
)
