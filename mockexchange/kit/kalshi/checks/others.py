"""Checks that a key reads no data of other accounts, neither by id nor by filter."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.applicability import applies_to, with_parameter
from mockexchange.kit.kalshi.checks.keys import refused
from mockexchange.kit.rules.filters import filters_of, values_of
from mockexchange.kit.rules.finding_format import finding
from mockexchange.kit.target import FCM, MEMBER, OTHER, OTHER_FCM, ListRows, Target

ITEMS, ROWS, FILTERED, SUBTRADERS = (
    f"keys.{name}" for name in ("others_items", "others_rows", "others_filtered", "others_subtraders")
)
OWN = {
    "GetOrders": "order_id",
    "GetFills": "order_id",
    "GetDeposits": "id",
    "GetWithdrawals": "id",
    "GetOrderGroups": "id",
    "GetApiKeys": "api_key_id",
    "GetSubaccountTransfers": "transfer_id",
    "GetIntraExchangeInstanceTransfers": "transfer_id",
}
"""Lists of an account, with a key of their rows that no two accounts share (both sides of a trade may share a
`fill_id`, never an order)."""
LISTS = {
    "GetOrder": "GetOrders",
    "GetOrderQueuePosition": "GetOrders",
    "GetOrderGroup": "GetOrderGroups",
    "GetIntraExchangeInstanceTransfer": "GetIntraExchangeInstanceTransfers",
}
"""For each read of a single object, the list that has the ids of such objects."""
IDS_MAX = 3
SUBTRADER, SUBTRADER_FILTER = "subtrader_id", "fcm_subtrader_id"
Row = Mapping[str, Any]


def _rows_of_other(target: Target, operation_id: str) -> list[Row]:
    """Return the rows of the other account. Raises NotJudged if there are none."""
    rows = list(target.whole(operation_id, role=OTHER).rows)
    if not rows:
        raise NotJudged("the other account has no row")
    return rows


def judge_items(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that an object of another account is not found by its id."""
    listed, (name,) = LISTS[operation_id], target.operations[operation_id].names
    for row in _rows_of_other(target, listed)[:IDS_MAX]:
        answer = target.ask(target.operations[operation_id].path, names={name: row[OWN[listed]]})
        yield from refused(target, ITEMS, operation_id, answer, 404)


def judge_rows(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that no row is listed for two accounts: the member, another member and, if its key is given, the FCM."""
    name, owners = OWN[operation_id], dict[str, str]()
    lists = {role: target.whole(operation_id, role=role) for role in (MEMBER, OTHER)}
    if not all(each.rows for each in lists.values()):
        raise NotJudged("one of the two accounts has no row")
    if FCM in target.keys:
        lists[FCM] = target.whole(operation_id, role=FCM)
    for role, each in lists.items():
        for row in each.rows:
            if owners.setdefault(row[name], role) != role:
                seen, expected = f"{name} {row[name]}, which is another's", "rows of the account only"
                yield finding(target, ROWS, f"{each.where} by the {role} key", seen, expected, operation_id)


def judge_filtered(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that filtering by a value from another account's row returns no row of that account."""
    name, others = OWN[operation_id], _rows_of_other(target, operation_id)
    foreign = {row[name] for row in others} - {row[name] for row in target.whole(operation_id, role=MEMBER).rows}
    for parameter, _ in filters_of(target, operation_id):
        for value in values_of(target, operation_id, parameter, ListRows(others[:1], True, ""))[:2]:
            part = target.whole(operation_id, {parameter: value}, role=MEMBER)
            for row in part.rows:
                if row[name] in foreign:
                    seen = f"{name} {row[name]}, which is another's"
                    yield finding(target, FILTERED, part.where, seen, "rows of the account only", operation_id)


def judge_subtraders(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a subtrader of another FCM is not found by its id, and that filtering by the id returns no rows."""
    for row in target.whole("ListFCMSubtraders", role=OTHER_FCM).rows[:IDS_MAX]:
        theirs, operation = row[SUBTRADER], target.operations[operation_id]
        if SUBTRADER in operation.query:
            answer = target.ask(operation.path, query={SUBTRADER: theirs}, signer=target.key(FCM))
            yield from refused(target, SUBTRADERS, operation_id, answer, 404)
            continue
        part = target.whole(operation_id, {SUBTRADER_FILTER: theirs}, role=FCM)
        if part.rows:
            yield finding(target, SUBTRADERS, part.where, f"{len(part.rows)} rows", "none", operation_id)


def _with_subtrader(target: Target) -> list[str]:
    if "ListFCMSubtraders" not in target.operations:
        return []
    return [*with_parameter(SUBTRADER)(target), *with_parameter(SUBTRADER_FILTER, "GetApiKeys")(target)]


def _with_filters(target: Target) -> list[str]:
    return [name for name in applies_to(*OWN)(target) if name != "GetApiKeys" and any(filters_of(target, name))]


PLACE = "contracts/kalshi/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(ITEMS, "Another account's object is not found.", PLACE, applies_to(*LISTS), judge_items),
    Check(ROWS, "No account reads another's rows.", PLACE, applies_to(*OWN), judge_rows),
    Check(FILTERED, "No filter shows another's rows.", PLACE, _with_filters, judge_filtered),
    Check(SUBTRADERS, "Another FCM's subtrader is not found.", PLACE, _with_subtrader, judge_subtraders),
)
