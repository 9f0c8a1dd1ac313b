"""Checks that an account's fills, settlements, positions, payments and cash agree, by the venue's definitions.

Positions are computed from fills: contracts bought and sold, cost of the open position, realized profit. Cash is
explained by payments, fills, payouts and orders, and the portfolio value by prices.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import combinations
from typing import Any, NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.amounts import CENT, DECIMALS_EXACT, ONE, Amount, contract_count, dollars, price
from mockexchange.kit.kalshi.applicability import applies_if_all, applies_if_subaccounts_shown, applies_to
from mockexchange.kit.kalshi.lists import subaccounts
from mockexchange.kit.list_facts import instant_of
from mockexchange.kit.rules.finding_format import finding, request_line
from mockexchange.kit.target import NotJudged, Target

# Positions, fills and settlements


FOLDED, HELD, SETTLED_HIDDEN, SETTLEMENTS = (
    f"kalshi.{name}" for name in ("positions_of_fills", "positions_held", "settled_hidden", "settlements")
)
MICRO = Decimal("0.000001")
Row = Mapping[str, Any]
ZERO, CENTICENT = Decimal(0), Decimal("0.0001")


class FoldedPosition(NamedTuple):
    """A position computed from its fills."""

    held: Decimal = ZERO
    """Contracts held; positive for YES, negative for NO."""
    cost: Decimal = ZERO
    """The cost of the contracts held, in dollars."""
    spent: Decimal = ZERO
    """The cost of all contracts bought, in dollars."""
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    fills: int = 0

    def with_fill(self, row: Row) -> "FoldedPosition":
        """Return the position after a fill.

        A YES and a NO contract close as a pair for a dollar; selling one buys the other.
        """
        count, is_yes = contract_count(row, "count").value, row["side"] == "yes"
        is_buy = row["action"] == "buy"
        signed = count if is_yes == is_buy else -count
        own = price(row, "yes" if signed > 0 else "no")
        closed = min(count, abs(self.held)) if self.held * signed < 0 else ZERO
        basis = self.cost * closed / abs(self.held) if closed else ZERO
        gain = closed * (ONE - own) - basis
        bought = count if is_buy else count - closed
        return FoldedPosition(
            self.held + signed,
            self.cost - basis + (count - closed) * own,
            self.spent + bought * own,
            self.realized + gain,
            self.fees + _fee(row),
            self.fills + 1,
        )


def _fee(row: Row) -> Decimal:
    return Decimal(row["fee_cost"]) if "fee_cost" in row else ZERO


def judge_folded(target: Target, operation_id: str) -> Iterator[Finding]:
    fills, judged = fills_of(target), False
    for query in by_subaccount(target, operation_id):
        whole, number = target.whole(operation_id, query), int(query.get("subaccount", 0))
        for row in whole.rows:
            own = [
                fill
                for fill in fills
                if fill["ticker"] == row["ticker"] and (fill.get("subaccount_number") or 0) == number
            ]
            if own:
                judged = True
                yield from _compare(target, operation_id, whole.where, row, own)
    if not judged:
        raise NotJudged("no position has a fill")


def by_subaccount(target: Target, operation_id: str) -> list[dict[str, str]]:
    """Return a query for each subaccount; one empty query if the API date shows only the primary subaccount."""
    is_divided = "subaccount" in target.operations[operation_id].query and "GetSubaccountBalances" in target.operations
    return [{"subaccount": number} for number in subaccounts(target)] if is_divided else [{}]


def fills_of(target: Target) -> list[Row]:
    """Return all fills, archived ones included, oldest first. Raises NotJudged if there are too many to read."""
    found: list[Row] = []
    for operation_id in ("GetFills", "GetFillsHistorical"):
        if operation_id in target.operations:
            whole = target.whole(operation_id)
            if not whole.is_complete:
                raise NotJudged("there are more fills than are read")
            found.extend(whole.rows)
    # A trade between two subaccounts is a fill of each. Fills are listed newest first.
    known = {(row["fill_id"], row.get("subaccount_number"), row["action"]): row for row in found}
    oldest_first = list(known.values())
    oldest_first.reverse()
    oldest_first.sort(key=_made_at)
    return oldest_first


def _made_at(fill: Row) -> datetime:
    at = instant_of(fill["created_time"])
    if at is None:
        raise NotJudged("a fill has no created_time")
    return at


def _compare(target: Target, operation_id: str, where: str, row: Row, fills: Sequence[Row]) -> Iterator[Finding]:
    folded = FoldedPosition()
    for fill in fills:
        folded = folded.with_fill(fill)
    slack = MICRO * folded.fills
    pairs: list[tuple[str, Amount, Decimal, Decimal]] = [
        ("position", contract_count(row, "position"), folded.held, ZERO),
        ("total_traded", dollars(row, "total_traded"), folded.spent, ZERO),
        ("market_exposure", dollars(row, "market_exposure"), folded.cost, slack),
        ("realized_pnl", dollars(row, "realized_pnl"), folded.realized, slack),
    ]
    if all("fee_cost" in fill for fill in fills):
        pairs.append(("fees_paid", dollars(row, "fees_paid"), folded.fees, _fee_slack(fills)))
    for name, shown, expected, within in pairs:
        if not shown.matches(expected, within):
            wanted = f"{expected}, from its {len(fills)} fills"
            yield finding(target, FOLDED, f"{where}: {row['ticker']}", f"{name} {shown.value}", wanted, operation_id)


def _fee_slack(fills: Sequence[Row]) -> Decimal:
    """Return the possible error of a sum of fees: a fee with fewer than six decimals was cut, perhaps to cents."""
    rough = [fill for fill in fills if len(str(fill["fee_cost"]).partition(".")[2]) < DECIMALS_EXACT]
    step = CENT if all(_fee(fill) % CENT == 0 for fill in rough) else CENTICENT
    return step * len(rough)


def judge_held(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the cost of a position is at most one dollar per contract, and at most its `total_traded`."""
    whole = target.whole(operation_id)
    for row in whole.rows:
        count, cost, spent = (
            contract_count(row, "position"),
            dollars(row, "market_exposure"),
            dollars(row, "total_traded"),
        )
        most = abs(count.value) + count.step
        where = f"{whole.where}: {row['ticker']}"
        if cost.value > most or (most == 0 and cost.value != 0):
            expected = f"at most {most}, a dollar for each contract"
            yield finding(target, HELD, where, f"market_exposure {cost.value}", expected, operation_id)
        if cost.value > spent.value:
            expected = f"at most total_traded, {spent.value}"
            yield finding(target, HELD, where, f"market_exposure {cost.value}", expected, operation_id)
    if not whole.rows:
        raise NotJudged("there is no position")


def judge_settled_hidden(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that positions of settled markets are not listed."""
    settled = {row["ticker"] for row in target.rows("GetSettlements")}
    if not settled:
        raise NotJudged("nothing has settled")
    whole = target.whole(operation_id)
    for row in whole.rows:
        if row["ticker"] in settled:
            expected = "no row of a market that has settled"
            yield finding(target, SETTLED_HIDDEN, whole.where, f"a row of {row['ticker']}", expected, operation_id)


def judge_settlements(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that each winning contract of the net position pays one dollar, and that `value` fits the result."""
    whole = target.whole(operation_id)
    judged = False
    for row in whole.rows:
        result, where = row["market_result"], f"{whole.where}: {row['ticker']}"
        if result not in {"yes", "no"}:
            continue
        judged = True
        worth = 100 if result == "yes" else 0
        if row.get("value") not in (None, worth):
            yield finding(
                target, SETTLEMENTS, where, f"value {row['value']}", f"{worth}, as {result} won", operation_id
            )
        yes, no = contract_count(row, "yes_count"), contract_count(row, "no_count")
        net = yes.value - no.value if result == "yes" else no.value - yes.value
        expected, slack = max(net, ZERO) * 100, (yes.step + no.step) * 100 + 1
        if abs(row["revenue"] - expected) >= slack:
            wanted = f"{expected}, a dollar for each contract of {result} that was held"
            yield finding(target, SETTLEMENTS, where, f"revenue {row['revenue']}", wanted, operation_id)
    if not judged:
        raise NotJudged("no market settled yes or no")


# Cash and the value of the portfolio


CASH, VALUE = "kalshi.cash", "kalshi.portfolio_value"
DEPOSITS_MAX = 12
"""The most deposits that may have gone to a subaccount; every sum of some of them is tried."""
PAID_IN, PAID_OUT = ("applied",), ("applied", "pending")
"""Statuses of deposits that are in the balance, and of withdrawals that have left it."""
OUTSIDE = "margined"
"""The source or destination of a transfer that stands for cash outside event contracts."""
PRIMARY = "0"


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


MONEY_PLACE = "docs/choices.md"


PLACE = "contracts/kalshi/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(
        FOLDED,
        "A position is the sum of its fills.",
        PLACE,
        applies_if_subaccounts_shown("GetPositions"),
        judge_folded,
    ),
    Check(
        HELD, "The cost of a position is possible.", PLACE, applies_to("GetPositions", "GetFCMPositions"), judge_held
    ),
    Check(
        SETTLED_HIDDEN,
        "Settled positions are listed on request only.",
        PLACE,
        applies_to("GetPositions"),
        judge_settled_hidden,
    ),
    Check(
        SETTLEMENTS,
        "A settlement pays the winning contracts.",
        PLACE,
        applies_to("GetSettlements"),
        judge_settlements,
    ),
    Check(
        CASH,
        "Cash is what was paid, traded, won and reserved.",
        MONEY_PLACE,
        applies_if_all(
            "GetSubaccountBalances",
            "GetSubaccountTransfers",
            "GetDeposits",
            "GetWithdrawals",
            "GetIntraExchangeInstanceTransfers",
        ),
        judge_cash,
    ),
    Check(VALUE, "Positions are worth their last prices.", MONEY_PLACE, applies_to("GetBalance"), judge_value),
)
