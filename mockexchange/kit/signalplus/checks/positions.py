"""Checks positions: consistent rows, the documented order of keys, and filters."""

from collections.abc import Iterator

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.derivatives.rows import Row, contradictions_of
from mockexchange.kit.findings import Finding
from mockexchange.kit.rules.finding_format import finding, shown
from mockexchange.kit.signalplus.calls import POSITIONS, rows_of, snake
from mockexchange.kit.target import OTHER, Target

ROWS, KEYS, CURRENCY, KIND, NULL, APART = (
    f"positions.{name}" for name in ("rows", "keys", "currency", "kind", "null", "apart")
)
WHERE = f"POST /{POSITIONS}"
CURRENCIES = ("BTC", "ETH", "USDC", "USDT", "EURR")
KINDS = ("future", "option", "spot", "future_combo", "option_combo")
KEY_ORDER = (
    "averagePrice",
    "averagePriceUsd",
    "delta",
    "side",
    "estimatedLiquidationPrice",
    "floatingProfitLoss",
    "floatingProfitLossUsd",
    "gamma",
    "indexPrice",
    "initialMargin",
    "instrumentName",
    "interestValue",
    "kind",
    "leverage",
    "maintenanceMargin",
    "markPrice",
    "openOrdersMargin",
    "realizedFunding",
    "realizedProfitLoss",
    "settlementPrice",
    "size",
    "sizeCurrency",
    "theta",
    "totalProfitLoss",
    "vega",
)
"""The keys in the order of the documentation's table, which its example has too."""


def _rows(target: Target) -> list[dict[str, str]]:
    found = rows_of(target)
    if not found:
        raise NotJudged("the account has no position")
    return found


def judge_rows(target: Target, operation_id: str) -> Iterator[Finding]:
    for fields in _rows(target):
        for wrong in contradictions_of(Row(snake(fields))):
            yield finding(target, ROWS, f"{WHERE} {fields['instrumentName']}", wrong.seen, wrong.expected, operation_id)


def judge_keys(target: Target, operation_id: str) -> Iterator[Finding]:
    for fields in _rows(target):
        expected = [name for name in KEY_ORDER if name in fields]
        if list(fields) != expected:
            yield finding(target, KEYS, f"{WHERE} {fields['instrumentName']}", shown([*fields]), shown(expected))


def _currency_of(row: dict[str, str]) -> str:
    return row["instrumentName"].partition("-")[0].split("_")[-1]


def judge_currency(target: Target, currency: str) -> Iterator[Finding]:
    whole = _rows(target)
    expected = [row for row in whole if currency in {"any", _currency_of(row)}]
    found = rows_of(target, {"currency": currency})
    if found != expected:
        yield finding(target, CURRENCY, f"{WHERE} currency={currency}", shown(found), shown(expected), POSITIONS)


def judge_kind(target: Target, kind: str) -> Iterator[Finding]:
    expected = [row for row in _rows(target) if row["kind"] == kind]
    found = rows_of(target, {"kind": kind})
    if found != expected:
        yield finding(target, KIND, f"{WHERE} kind={kind}", shown(found), shown(expected), POSITIONS)


def judge_null(target: Target, name: str) -> Iterator[Finding]:
    """Check that null as a parameter means the same as no parameter, and that unknown parameters are ignored."""
    found, expected = rows_of(target, {name: None}), _rows(target)
    if found != expected:
        yield finding(target, NULL, f"{WHERE} {name}=null", shown(found), shown(expected), POSITIONS)


def judge_apart(target: Target, operation_id: str) -> Iterator[Finding]:
    own, others = _rows(target), rows_of(target, None, target.key(OTHER))
    if not others:
        raise NotJudged("the other account has no position")
    if own == others:
        yield finding(target, APART, f"{WHERE} by the other key", shown(others), "rows of its own", operation_id)


def _list(target: Target) -> list[str]:
    return [POSITIONS]


PLACE = "contracts/signalplus/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(ROWS, "The fields of a row are consistent.", PLACE, _list, judge_rows),
    Check(KEYS, "Keys are in the documented order.", PLACE, _list, judge_keys),
    Check(CURRENCY, "Currencies split the list.", PLACE, lambda target: ["any", *CURRENCIES], judge_currency),
    Check(KIND, "Kinds split the list.", PLACE, lambda target: KINDS, judge_kind),
    Check(
        NULL,
        "A null parameter equals an omitted one.",
        PLACE,
        lambda target: ["currency", "kind", "subaccountId", "unheardOf"],
        judge_null,
    ),
    Check(APART, "No account reads another's positions.", PLACE, _list, judge_apart),
)
