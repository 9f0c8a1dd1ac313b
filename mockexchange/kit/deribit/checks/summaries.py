"""Checks account summaries: sums of fields within a summary, and sums over the rows of positions.

In the venue's own example these sums match to the last digit.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.deribit.calls import call_result
from mockexchange.kit.deribit.checks.positions import rows_of, total_of
from mockexchange.kit.deribit.lists import currency_of
from mockexchange.kit.derivatives.rows import SHOWN
from mockexchange.kit.findings import Finding
from mockexchange.kit.rules.finding_format import finding, shown
from mockexchange.kit.target import Target

SUMS, ROWS, ALL = (f"summaries.{name}" for name in ("sums", "rows", "all"))
SUMMARY, SUMMARIES = "private/get_account_summary", "private/get_account_summaries"
Summary = Mapping[str, Any]


class Sum:
    """A field of an account summary that must be the sum of other fields. A leading minus subtracts a field."""

    def __init__(self, name: str, *parts: str) -> None:
        self.name, self.parts = name, parts

    def expected_total(self, summary: Summary) -> Decimal:
        """Add up the fields `parts` of an account summary; its field `name`, such as `total_pl`, must equal the sum."""
        return sum((_signed(summary, part) for part in self.parts), Decimal(0))


def _signed(summary: Summary, part: str) -> Decimal:
    value = Decimal(str(summary[part.lstrip("-")]))
    return -value if part.startswith("-") else value


IDENTITIES = (
    Sum("total_pl", "futures_pl", "options_pl"),
    Sum("session_upl", "futures_session_upl", "options_session_upl"),
    Sum("session_rpl", "futures_session_rpl", "options_session_rpl"),
    Sum("margin_balance", "balance", "futures_session_rpl", "futures_session_upl"),
    Sum("equity", "margin_balance", "options_value"),
    Sum("available_funds", "margin_balance", "-initial_margin"),
)
FUTURES = {"futures_pl": "total_profit_loss", "futures_session_upl": "floating_profit_loss"}
OPTIONS = {
    "options_pl": "total_profit_loss",
    "options_session_upl": "floating_profit_loss",
    "options_delta": "delta",
    "options_gamma": "gamma",
    "options_vega": "vega",
    "options_theta": "theta",
}
BOTH = {"initial_margin": "initial_margin", "maintenance_margin": "maintenance_margin"}


def summaries_of(target: Target) -> list[dict[str, Any]]:
    """Return the summaries of all currencies. Raises NotJudged if there are none."""
    found: list[dict[str, Any]] = call_result(target, SUMMARIES)["summaries"]
    if not found:
        raise NotJudged("the account has no currency")
    return found


def judge_sums(target: Target, operation_id: str) -> Iterator[Finding]:
    for summary in summaries_of(target):
        for identity in IDENTITIES:
            seen, expected = Decimal(str(summary[identity.name])), identity.expected_total(summary)
            if abs(seen - expected) > SHOWN * len(identity.parts):
                wanted = f"{expected}, from {' and '.join(identity.parts)}"
                where = f"POST /{operation_id} {summary['currency']}"
                yield finding(target, SUMS, where, f"{identity.name} {seen}", wanted, operation_id)


def judge_rows(target: Target, operation_id: str) -> Iterator[Finding]:
    rows = rows_of(target)
    for summary in summaries_of(target):
        own = [row for row in rows if currency_of(row["instrument_name"]) == summary["currency"]]
        options = [row for row in own if row["kind"] == "option"]
        futures = [row for row in own if row["kind"] == "future"]
        parts = ((FUTURES, futures), (OPTIONS, options), (BOTH, own))
        for name, field, among in ((name, field, some) for names, some in parts for name, field in names.items()):
            expected, seen = total_of(among, field), Decimal(str(summary[name]))
            if abs(seen - expected) > SHOWN * (1 + 2 * len(among)):
                where = f"POST /{operation_id} {summary['currency']}"
                wanted = f"{expected}, the sum of {field} of {len(among)} rows"
                yield finding(target, ROWS, where, f"{name} {seen}", wanted, operation_id)


def judge_all(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the summary of one currency equals its entry in the list of summaries."""
    for summary in summaries_of(target):
        one = call_result(target, SUMMARY, {"currency": summary["currency"]})
        differing = {name: one.get(name) for name, value in summary.items() if one.get(name) != value}
        if differing:
            expected = {name: summary[name] for name in differing}
            where = f"POST /{operation_id} {summary['currency']}"
            yield finding(target, ALL, where, shown(differing), f"as in the list: {shown(expected)}", operation_id)


PLACE = "contracts/deribit/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(SUMS, "The fields of a summary are consistent.", PLACE, lambda target: [SUMMARIES], judge_sums),
    Check(ROWS, "A summary is the sum of the positions.", PLACE, lambda target: [SUMMARIES], judge_rows),
    Check(ALL, "A single summary equals that in the list.", PLACE, lambda target: [SUMMARY], judge_all),
)
