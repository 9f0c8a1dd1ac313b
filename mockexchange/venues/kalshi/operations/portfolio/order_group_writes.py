"""Implements the operations that change order groups: create, reset, trigger, limit and delete.

A key restricted to a subaccount may change that subaccount's groups since 2026-07-30.
"""

from collections.abc import Callable

from mockexchange.core.commands import Command, DeleteGroup, LimitGroup, OpenGroup, ResetGroup, TriggerGroup
from mockexchange.core.events import GroupOpened
from mockexchange.core.model.orders import OrderGroup
from mockexchange.core.vocabulary import CENTIS_PER_CONTRACT
from mockexchange.venues.kalshi.bodies.decoding import invalid
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall, Write, WriteOperation, write
from mockexchange.venues.kalshi.operations.refusals import require_uuid, submit
from mockexchange.venues.kalshi.operations.routing import require_shard
from mockexchange.venues.kalshi.operations.row_owner import written_subaccount

EMPTY = b"{}"
TRADE = ("write", "write::trade")
RESTRICTED_KEYS_SINCE = "2026-07-30"


def create_order_group(call: AccountCall) -> Write:
    limit_centis, subaccount_ref = _limit_of(call), written_subaccount(call)
    shard = call.body.get("exchange_index") or 0
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
    WriteOperation(
        name="CreateOrderGroup",
        method="POST",
        path="/portfolio/order_groups/create",
        scopes=TRADE,
        carry_out=create_order_group,
        status=201,
        answer_table="CreateOrderGroupResponse",
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
    ),
    WriteOperation(
        name="UpdateOrderGroupLimit",
        method="PUT",
        path="/portfolio/order_groups/{order_group_id}/limit",
        scopes=TRADE,
        carry_out=update_order_group_limit,
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
    ),
    WriteOperation(
        name="ResetOrderGroup",
        method="PUT",
        path="/portfolio/order_groups/{order_group_id}/reset",
        scopes=TRADE,
        carry_out=_write_group(lambda group: ResetGroup(group=group)),
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
    ),
    WriteOperation(
        name="TriggerOrderGroup",
        method="PUT",
        path="/portfolio/order_groups/{order_group_id}/trigger",
        scopes=TRADE,
        carry_out=_write_group(lambda group: TriggerGroup(group=group)),
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
    ),
    WriteOperation(
        name="DeleteOrderGroup",
        method="DELETE",
        path="/portfolio/order_groups/{order_group_id}",
        scopes=TRADE,
        carry_out=_write_group(lambda group: DeleteGroup(group=group)),
        per_subaccount_since=RESTRICTED_KEYS_SINCE,
    ),
)
