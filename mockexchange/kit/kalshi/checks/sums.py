"""Checks that event rows are the sums of their markets' rows, and that the parts of balances add up."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.amounts import CENT, Amount, dollars
from mockexchange.kit.kalshi.lists import event_of_market
from mockexchange.kit.rules.finding_format import finding, views_of
from mockexchange.kit.rules.pages import walk
from mockexchange.kit.target import NotJudged, Target

EVENTS, EVENTS_OF_PAGE, BALANCE, BOOKS = (
    f"kalshi.{name}" for name in ("event_sums", "events_of_page", "balance_parts", "book_balances")
)
SUMS = {
    "total_cost": "total_traded",
    "event_exposure": "market_exposure",
    "realized_pnl": "realized_pnl",
    "fees_paid": "fees_paid",
}
"""Amounts of an event's row, each with the amount of its markets' rows that it sums up."""
Row = Mapping[str, Any]


def judge_events(target: Target, operation_id: str) -> Iterator[Finding]:
    judged = False
    for view in _views(target, operation_id):
        whole = target.whole(operation_id, view)
        page = target.body(operation_id, _whole_query(target, operation_id, view))
        if not whole.is_complete or page.get("cursor"):
            raise NotJudged("there are more positions than one page")
        markets = _by_event(target, whole.rows)
        for row in page["event_positions"]:
            judged = True
            yield from _compare(target, operation_id, whole.where, row, markets.get(row["event_ticker"], []))
    if not judged:
        raise NotJudged("there is no position")


def _views(target: Target, operation_id: str) -> Iterator[dict[str, str]]:
    """Yield queries by settlement status and by shard; the event rows of each answer sum its own market rows."""
    yield from views_of(target, operation_id)
    if "exchange_index" in target.operations[operation_id].query:
        yield from ({"exchange_index": index} for index in ("0", "1"))


def _whole_query(target: Target, operation_id: str, view: Mapping[str, str]) -> dict[str, str]:
    most = target.operations[operation_id].query["limit"].schema["maximum"]
    return {**target.needed(operation_id), **view, "limit": str(most)}


def _by_event(target: Target, rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return market rows grouped by event. Raises NotJudged if a market cannot be looked up."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        event = event_of_market(target, row)
        if event is None:
            raise NotJudged(f"the event of market {row['ticker']} cannot be looked up")
        found[event].append(row)
    return found


def _compare(target: Target, operation_id: str, where: str, row: Row, markets: Sequence[Row]) -> Iterator[Finding]:
    for name, part in SUMS.items():
        shown, parts = dollars(row, name), [dollars(market, part) for market in markets]
        total = sum((one.value for one in parts), Decimal(0))
        if not _may_be_sum(shown, total, len(parts)):
            seen = f"event {row['event_ticker']}: {name} {shown.value}"
            expected = f"{total}, the sum of {part} of its {len(parts)} markets"
            yield finding(target, EVENTS, where, seen, expected, operation_id)


def _may_be_sum(shown: Amount, total: Decimal, count: int) -> bool:
    """Whether an amount may be the sum of `count` amounts: equal if exact, else within a cent for each amount."""
    if shown.step == 0:
        return shown.value == total
    return abs(shown.value - total) < CENT * max(count, 1)


def judge_events_of_page(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the event rows of a page are those of the events of its market rows, each once."""
    judged = False
    for view in views_of(target, operation_id):
        for page in walk(target, operation_id, {**view, "limit": 2}).pages:
            events = [row["event_ticker"] for row in page.body["event_positions"]]
            expected = list(_by_event(target, page.rows))
            judged |= bool(page.rows)
            if sorted(events) != sorted(expected):
                yield finding(target, EVENTS_OF_PAGE, page.where, events, expected, operation_id)
    if not judged:
        raise NotJudged("there is no position")


def judge_balance(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the balances by shard add up to the total, and that each shard is listed once."""
    body = target.body(operation_id)
    parts, total = body.get(BREAKDOWNS[operation_id]), _total(body, operation_id)
    if not parts:
        raise NotJudged("there is no breakdown")
    added = sum((Decimal(part["balance"]) for part in parts), Decimal(0))
    if not total.matches(added):
        where = f"GET {target.operations[operation_id].path}"
        yield finding(target, BALANCE, where, f"{total.value} in all", f"{added}, as its parts", operation_id)
    indexes = [part["exchange_index"] for part in parts]
    if len(set(indexes)) != len(indexes):
        where = f"GET {target.operations[operation_id].path}"
        yield finding(target, BALANCE, where, f"shards {indexes}", "each once", operation_id)


BREAKDOWNS = {
    "GetBalance": "balance_breakdown",
    "GetPortfolioRestingOrderTotalValue": "resting_order_value_breakdown",
}


def _total(body: Row, operation_id: str) -> Amount:
    if operation_id == "GetBalance":
        return Amount(Decimal(body["balance_dollars"]), Decimal(0))
    return Amount(Decimal(body["total_resting_order_value"]) * CENT, CENT)


def judge_books(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the list of subaccounts shows the same balance for each as GetBalance."""
    rows = target.rows(operation_id)
    for number in sorted({row["subaccount_number"] for row in rows}):
        total = sum((Decimal(row["balance"]) for row in rows if row["subaccount_number"] == number), Decimal(0))
        body = target.body("GetBalance", {"subaccount": str(number)})
        shown = dollars(body, "balance")._replace(step=Decimal(0) if "balance_dollars" in body else CENT)
        if not shown.matches(total):
            where = f"GET {target.operations[operation_id].path}: book {number}"
            yield finding(target, BOOKS, where, total, f"{shown.value}, as its own balance", operation_id)


def _with_breakdown(target: Target) -> list[str]:
    return [name for name, key in BREAKDOWNS.items() if key in target.answer_keys(name)]


def _positions(target: Target) -> list[str]:
    return [name for name in ("GetPositions", "GetFCMPositions", "GetHistoricalPositions") if name in target.operations]


def _books(target: Target) -> list[str]:
    known = target.operations
    is_there = "GetSubaccountBalances" in known and "subaccount" in known["GetBalance"].query
    return ["GetSubaccountBalances"] if is_there else []


PLACE = "contracts/kalshi/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(EVENTS, "An event's row is the sum of its markets' rows.", PLACE, _positions, judge_events),
    Check(EVENTS_OF_PAGE, "A page has the events of its markets.", PLACE, _positions, judge_events_of_page),
    Check(BALANCE, "The parts by shard add up to the total.", PLACE, _with_breakdown, judge_balance),
    Check(BOOKS, "The list of books has the balance of each.", PLACE, _books, judge_books),
)
