"""Checks what each kind of key may read, and that none reads data of other accounts, neither by id nor by filter."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.applicability import applies_to, with_parameter
from mockexchange.kit.kalshi.lists import SUBACCOUNT_UNOPENED, subaccounts
from mockexchange.kit.kalshi.signing import role_of
from mockexchange.kit.rules.filters import filters_of, values_of
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import (
    BALANCE_ONLY,
    BOUND,
    FCM,
    MEMBER,
    OTHER,
    OTHER_FCM,
    RESTRICTED,
    ListRows,
    NotJudged,
    Target,
)

# What each kind of key may read


(
    PLAIN,
    RESTRICTED_BOOK,
    RESTRICTED_ACCOUNT,
    BREAKDOWN,
    SCOPE,
    BOUND_OWN,
    BOUND_OTHER,
    UNHEARD_OF,
    UNOPENED,
) = (
    f"keys.{name}"
    for name in (
        "plain_member",
        "restricted_book",
        "restricted_account",
        "restricted_breakdown",
        "scopes",
        "bound_own",
        "bound_other",
        "unheard_of_subtrader",
        "unopened_book",
    )
)
UNKNOWN_SUBTRADER = "fcm0_nobody"
ACCOUNT_WIDE = ("GetDeposits", "GetWithdrawals", "GetSubaccountTransfers", "GetSubaccountBalances")
"""Reads of all subaccounts of an account, which are refused to a key restricted to one subaccount."""


def judge_plain(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that reads for FCMs refuse the key of a member that is no FCM."""
    answer = target.ask(
        target.operations[operation_id].path, query={"subtrader_id": UNKNOWN_SUBTRADER}, signer=target.key(MEMBER)
    )
    yield from refused(target, PLAIN, operation_id, answer)


def refused(target: Target, rule: str, operation_id: str, answer: Any, status: int = 403) -> Iterator[Finding]:
    if answer.status != status:
        yield finding(target, rule, answer.where, answer_text(answer), f"status {status}", operation_id)


def _subaccount_of_key(target: Target) -> str:
    """Return the subaccount that the restricted key may read. Raises NotJudged if there is none."""
    path, key = target.operations["GetBalance"].path, target.key(RESTRICTED)
    for number in subaccounts(target):
        if target.ask(path, query={"subaccount": number}, signer=key).status == 200:
            return number
    raise NotJudged("the restricted key may read no book of the account of the member's key")


def judge_restricted_subaccount(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a key restricted to one subaccount reads there the same as the account's key, and reads no other."""
    own, key = _subaccount_of_key(target), target.key(RESTRICTED)
    path = target.operations[operation_id].path
    expected = target.still(target.ask(path, query={"subaccount": own}, signer=target.key(MEMBER)))
    for query in ({}, {"subaccount": own}):
        answer = target.ask(path, query=query, signer=key)
        if _comparable(target.still(answer)) != _comparable(expected):
            wanted = f"as the account's key reads book {own}: {expected}"
            yield finding(target, RESTRICTED_BOOK, answer.where, answer_text(answer), wanted, operation_id)
    for number in {*subaccounts(target)} - {own}:
        answer = target.ask(path, query={"subaccount": number}, signer=key)
        yield from refused(target, RESTRICTED_BOOK, operation_id, answer)


def _comparable(answer: tuple[int, Any]) -> tuple[int, Any]:
    """Return an answer without cursors, which may depend on the key, and without fields that only some keys receive."""
    status, body = answer
    dropped = {"cursor", "balance_breakdown"}
    return status, {name: value for name, value in body.items() if name not in dropped} if isinstance(
        body, dict
    ) else body


def judge_restricted_account(target: Target, operation_id: str) -> Iterator[Finding]:
    _subaccount_of_key(target)
    answer = target.ask(target.operations[operation_id].path, signer=target.key(RESTRICTED))
    yield from refused(target, RESTRICTED_ACCOUNT, operation_id, answer)
    if answer.status == 403 and "restricted to a single sub-account" not in answer.text:
        expected = "a message that the key is restricted to a single sub-account"
        yield finding(target, RESTRICTED_ACCOUNT, answer.where, answer_text(answer), expected, operation_id)


def judge_breakdown(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a key restricted to one subaccount gets no balances by shard, while other keys get them."""
    for role, is_expected in ((MEMBER, True), (RESTRICTED, False)):
        body = target.body(operation_id, role=role)
        if ("balance_breakdown" in body) is not is_expected:
            where = f"GET {target.operations[operation_id].path} by the {role} key"
            expected = "balance_breakdown" if is_expected else "no balance_breakdown"
            yield finding(target, BREAKDOWN, where, f"{', '.join(body)}", expected, operation_id)


def judge_scope(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a key whose only scope is the one for balances reads the balance and nothing else."""
    answer = target.read(operation_id, role=BALANCE_ONLY)
    yield from refused(target, SCOPE, operation_id, answer, 200 if operation_id == "GetBalance" else 403)


def bound_subtrader(target: Target) -> str:
    """Return the subtrader that the bound key reads. Raises NotJudged if it reads none."""
    path, key = target.operations["GetFCMPositions"].path, target.key(BOUND)
    for row in target.rows("ListFCMSubtraders"):
        if target.ask(path, query={"subtrader_id": row["subtrader_id"]}, signer=key).status == 200:
            return str(row["subtrader_id"])
    raise NotJudged("the bound key reads no subtrader of the FCM's: documents contradict each other about that")


def judge_bound_own(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a key bound to a subtrader reads the same as the FCM's key does for that subtrader.

    The parameter `subtrader_id` may be sent or left out.
    """
    own, path = bound_subtrader(target), target.operations[operation_id].path
    expected = target.still(target.ask(path, query={"subtrader_id": own}, signer=target.key(FCM)))
    for query in ({}, {"subtrader_id": own}):
        answer = target.ask(path, query=query, signer=target.key(BOUND))
        if _comparable(target.still(answer)) != _comparable(expected):
            wanted = f"as the FCM's key reads {own}: {expected}"
            yield finding(target, BOUND_OWN, answer.where, answer_text(answer), wanted, operation_id)


def judge_bound_other(target: Target, operation_id: str) -> Iterator[Finding]:
    own, path = bound_subtrader(target), target.operations[operation_id].path
    others = [row["subtrader_id"] for row in target.rows("ListFCMSubtraders") if row["subtrader_id"] != own]
    if not others:
        raise NotJudged("the FCM has no other subtrader")
    answer = target.ask(path, query={"subtrader_id": others[0]}, signer=target.key(BOUND))
    yield from refused(target, BOUND_OTHER, operation_id, answer)


def judge_unheard_of(target: Target, operation_id: str) -> Iterator[Finding]:
    answer = target.ask(target.operations[operation_id].path, query={"subtrader_id": UNKNOWN_SUBTRADER})
    yield from refused(target, UNHEARD_OF, operation_id, answer, 404)


def judge_unopened(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that reads of a subaccount that was never opened answer as for an empty one."""
    if SUBACCOUNT_UNOPENED in subaccounts(target):
        raise NotJudged(f"book {SUBACCOUNT_UNOPENED} is open")
    body = target.body(operation_id, {"subaccount": SUBACCOUNT_UNOPENED})
    for name, value in body.items():
        if (name in {"balance", "portfolio_value"} and value != 0) or (
            isinstance(value, list) and name != "balance_breakdown" and value
        ):
            where = f"GET {target.operations[operation_id].path}?subaccount={SUBACCOUNT_UNOPENED}"
            yield finding(target, UNOPENED, where, f"{name} {value}", "nothing", operation_id)


def _for_fcm(target: Target) -> list[str]:
    return [name for name, one in target.operations.items() if role_of(one.node, one.path) == FCM]


def _scoped(target: Target) -> list[str]:
    """Return a sample of reads if the API date has scopes for single reads, else none."""
    scopes = {"GetBalance", "GetPositions", "GetFills", "GetOrders", "GetSettlements", "GetApiKeys"}
    row = target.row_schema("GetApiKeys").get("properties", {})
    return sorted(scopes & set(target.operations)) if "subaccount" in row else []


def _with_breakdown(target: Target) -> list[str]:
    return ["GetBalance"] if "balance_breakdown" in target.answer_keys("GetBalance") else []


def _by_subaccount(target: Target) -> list[str]:
    """Return the reads with a `subaccount` parameter if the API date has subaccounts, else none.

    RFQs are public, so their list is not that of a subaccount unless one is named.
    """
    if "GetSubaccountBalances" not in target.operations:
        return []
    return [name for name in with_parameter("subaccount")(target) if name != "GetRFQs"]


def _by_subtrader(target: Target) -> list[str]:
    """Return the reads in which a key bound to a subtrader may omit `subtrader_id`, if the API date has such keys."""
    if "ListFCMSubtraders" not in target.operations:
        return []
    return [
        name
        for name in ("GetFCMPositions", "GetFCMOrders")
        if not target.operations[name].query["subtrader_id"].is_required
    ]


def _account_wide(target: Target) -> list[str]:
    return applies_to(*ACCOUNT_WIDE)(target) if _by_subaccount(target) else []


# Data of other accounts


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
    Check(PLAIN, "Reads for FCM members are refused to others.", PLACE, _for_fcm, judge_plain),
    Check(RESTRICTED_BOOK, "A key of one book reads that book.", PLACE, _by_subaccount, judge_restricted_subaccount),
    Check(
        RESTRICTED_ACCOUNT, "A key of one book does not read across.", PLACE, _account_wide, judge_restricted_account
    ),
    Check(BREAKDOWN, "A key of one book receives no breakdown by shard.", PLACE, _with_breakdown, judge_breakdown),
    Check(SCOPE, "A key reads what its scopes allow.", PLACE, _scoped, judge_scope),
    Check(BOUND_OWN, "A key of one subtrader reads it.", PLACE, _by_subtrader, judge_bound_own),
    Check(BOUND_OTHER, "A key of one subtrader reads no other.", PLACE, _by_subtrader, judge_bound_other),
    Check(UNHEARD_OF, "An unknown subtrader is not found.", PLACE, with_parameter("subtrader_id"), judge_unheard_of),
    Check(UNOPENED, "A book that was never opened is empty.", PLACE, _by_subaccount, judge_unopened),
    Check(ITEMS, "Another account's object is not found.", PLACE, applies_to(*LISTS), judge_items),
    Check(ROWS, "No account reads another's rows.", PLACE, applies_to(*OWN), judge_rows),
    Check(FILTERED, "No filter shows another's rows.", PLACE, _with_filters, judge_filtered),
    Check(SUBTRADERS, "Another FCM's subtrader is not found.", PLACE, _with_subtrader, judge_subtraders),
)
