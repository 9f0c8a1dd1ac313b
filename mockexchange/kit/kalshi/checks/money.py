"""Checks that cash is explained by payments, fills, payouts and orders, and the portfolio value by prices."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.amounts import CENT, ONE, contract_count, dollars, price
from mockexchange.kit.kalshi.applicability import applies_if_all, applies_to
from mockexchange.kit.kalshi.checks.ledger import FoldedPosition, by_subaccount, fills_of
from mockexchange.kit.kalshi.lists import subaccounts
from mockexchange.kit.rules.finding_format import finding, request_line
from mockexchange.kit.target import Target

CASH, VALUE = "kalshi.cash", "kalshi.portfolio_value"
ZERO, CENTICENT = Decimal(0), Decimal("0.0001")
DEPOSITS_MAX = 12
"""The most deposits that may have gone to a subaccount; every sum of some of them is tried."""
PAID_IN, PAID_OUT = ("applied",), ("applied", "pending")
"""Statuses of deposits that are in the balance, and of withdrawals that have left it."""
OUTSIDE = "margined"
"""The source or destination of a transfer that stands for cash outside event contracts."""
PRIMARY = "0"
Row = Mapping[str, Any]


def judge_cash(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the cash of each subaccount is explained by its payments, transfers, fills, payouts and orders.

    Payments do not show their subaccount. So the cash of a subaccount that the other rows do not explain has to be the
    sum of some deposits, and that of the whole account the sum of all deposits less the withdrawals.
    """
    deposits, outgoing = _deposits(target), _withdrawn(target)
    left = _left(target, operation_id)
    slack = _slack(target, operation_id)
    for number, amount in left.items():
        if number != PRIMARY and not _is_sum_of_some(amount, deposits, slack):
            where = f"GET {target.operations[operation_id].path}: subaccount {number}"
            seen = f"{amount} that no transfer, fill, payout or order explains"
            yield finding(target, CASH, where, seen, "nothing, or the amount of deposits", operation_id)
    total, expected = sum(left.values(), ZERO), sum(deposits, ZERO) - outgoing
    if abs(total - expected) > slack:
        where = f"GET {target.operations[operation_id].path}"
        seen = f"{total} in all, less fills and payouts, with fees and resting orders"
        yield finding(target, CASH, where, seen, f"{expected}, from deposits and withdrawals", operation_id)


def _left(target: Target, operation_id: str) -> dict[str, Decimal]:
    """Return the cash of each subaccount before its fills, payouts, transfers and orders."""
    left: dict[str, Decimal] = defaultdict(Decimal)
    for row in target.rows(operation_id):
        left[str(row["subaccount_number"])] += Decimal(row["balance"])
    for (number, _), position in _folded(target).items():
        left[number] -= position.realized - position.cost - position.fees
    for number in subaccounts(target):
        left[number] -= sum((Decimal(row["revenue"]) for row in _settled(target, number)), ZERO) * CENT
    for order in _all(target, "GetOrders", {"status": "resting"}):
        if order["action"] == "buy":
            cost = contract_count(order, "remaining_count").value * price(order, order["side"])
            left[str(order["subaccount_number"])] += cost
    for row in _all(target, "GetSubaccountTransfers"):
        left[str(row["from_subaccount"])] += row["amount_cents"] * CENT
        left[str(row["to_subaccount"])] -= row["amount_cents"] * CENT
    left[PRIMARY] += _gone_outside(target)
    return dict(left)


def _folded(target: Target) -> dict[tuple[str, str], FoldedPosition]:
    found: dict[tuple[str, str], FoldedPosition] = defaultdict(FoldedPosition)
    for fill in fills_of(target):
        key = str(fill["subaccount_number"]), fill["ticker"]
        found[key] = found[key].with_fill(fill)
    return found


def _settled(target: Target, number: str) -> Sequence[Row]:
    return _all(target, "GetSettlements", {"subaccount": number})


def _gone_outside(target: Target) -> Decimal:
    gone = ZERO
    for row in _all(target, "GetIntraExchangeInstanceTransfers"):
        if row["status"] in {"failed", "returned"} or OUTSIDE not in {row["source"], row["destination"]}:
            continue
        gone += Decimal(row["amount"]) * (1 if row["destination"] == OUTSIDE else -1)
    return gone


def _deposits(target: Target) -> list[Decimal]:
    rows = _all(target, "GetDeposits")
    return [(row["amount_cents"] - row["fee_cents"]) * CENT for row in rows if row["status"] in PAID_IN]


def _withdrawn(target: Target) -> Decimal:
    rows = [row for row in _all(target, "GetWithdrawals") if row["status"] in PAID_OUT]
    return sum((Decimal(row["amount_cents"] + row["fee_cents"]) * CENT for row in rows), ZERO)


def _slack(target: Target, operation_id: str) -> Decimal:
    """Return what truncation may hide: of balances, of payouts of fractions of cents, of the cash at the beginning."""
    deposits, payouts = _all(target, "GetDeposits"), _all(target, "GetSettlements")
    began_at = min((row["created_ts"] for row in deposits), default=0)
    opening = sum(row["created_ts"] == began_at for row in deposits)
    rough = sum(row["market_result"] not in {"yes", "no"} for row in payouts)
    return CENT * (int(opening) + rough) + CENTICENT * len(target.rows(operation_id))


def _is_sum_of_some(amount: Decimal, deposits: Sequence[Decimal], slack: Decimal) -> bool:
    if len(deposits) > DEPOSITS_MAX:
        return True
    sums = (sum(some, ZERO) for size in range(len(deposits) + 1) for some in combinations(deposits, size))
    return any(abs(amount - one) <= slack for one in sums)


def _all(target: Target, operation_id: str, query: Mapping[str, str] | None = None) -> Sequence[Row]:
    """Return the rows of a list. Raises NotJudged if there are more than are read."""
    whole = target.whole(operation_id, query)
    if not whole.is_complete:
        raise NotJudged(f"{operation_id} has more rows than are read")
    return whole.rows


def judge_value(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the portfolio value is the sum of positions at their last prices.

    A NO contract is worth one dollar less the price of YES. A position of a market without a price counts with its
    cost. The formula is a choice that no document contradicts.
    """
    for query in by_subaccount(target, operation_id):
        exact, slack = _worth(target, _all(target, "GetPositions", query))
        shown = Decimal(target.body(operation_id, query)["portfolio_value"]) * CENT
        if not exact - slack - CENT < shown <= exact + slack:
            where = request_line(target.operations[operation_id], query)
            expected = f"{exact}, its positions at their last prices, truncated to cents"
            yield finding(target, VALUE, where, f"portfolio_value {shown}", expected, operation_id)


def _worth(target: Target, positions: Sequence[Row]) -> tuple[Decimal, Decimal]:
    """Return the worth of positions, and by how much it may be off, as prices and counts may be truncated."""
    worth, slack = ZERO, ZERO
    for row in positions:
        held = contract_count(row, "position")
        if not held.value:
            slack += held.step
            continue
        last = dollars(target.row("GetMarket", row["ticker"]), "last_price")
        if not last.value:
            worth, slack = worth + dollars(row, "market_exposure").value, slack + CENT
            continue
        is_exact = isinstance(target.row("GetMarket", row["ticker"]).get("last_price_dollars"), str)
        worth += abs(held.value) * (last.value if held.value > 0 else ONE - last.value)
        slack += held.step + (ZERO if is_exact else abs(held.value) * CENT)
    return worth, slack


PLACE = "docs/choices.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(
        CASH,
        "Cash is what was paid, traded, won and reserved.",
        PLACE,
        applies_if_all(
            "GetSubaccountBalances",
            "GetSubaccountTransfers",
            "GetDeposits",
            "GetWithdrawals",
            "GetIntraExchangeInstanceTransfers",
        ),
        judge_cash,
    ),
    Check(VALUE, "Positions are worth their last prices.", PLACE, applies_to("GetBalance"), judge_value),
)
