"""Checks that an account's fills, settlements and positions agree, by the venue's definitions.

Positions are computed from fills: contracts bought and sold, cost of the open position, realized profit.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.amounts import CENT, DECIMALS_EXACT, ONE, Amount, contract_count, dollars, price
from mockexchange.kit.kalshi.applicability import applies_if_subaccounts_shown, applies_to
from mockexchange.kit.kalshi.lists import subaccounts
from mockexchange.kit.rules.finding_format import finding
from mockexchange.kit.rules.timestamps import instant_of
from mockexchange.kit.target import Target

FOLDED, HELD, SETTLED_HIDDEN, SETTLEMENTS = (
    f"kalshi.{name}" for name in ("positions_of_fills", "positions_held", "settled_hidden", "settlements")
)
MICRO, CENTICENT = Decimal("0.000001"), Decimal("0.0001")
Row = Mapping[str, Any]
ZERO = Decimal(0)


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
)
