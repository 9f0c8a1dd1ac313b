"""Checks that rows of positions are consistent, equal single reads, and add up to the account summaries."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.deribit.calls import call_result
from mockexchange.kit.deribit.lists import currency_of
from mockexchange.kit.findings import Finding
from mockexchange.kit.position_contradictions import SHOWN, Row, contradictions_of, is_since_opened, is_since_settlement
from mockexchange.kit.rules.finding_format import finding, shown
from mockexchange.kit.target import OTHER, NotJudged, Target

# Rows of positions


ROWS, SESSION, ONE, NEVER, KINDS, APART, COMBOS = (
    f"positions.{name}" for name in ("rows", "session", "one", "never_held", "kinds", "apart", "combos")
)
POSITIONS, POSITION = "private/get_positions", "private/get_position"
INSTRUMENTS, BY_INSTRUMENT = "public/get_instruments", "private/get_user_trades_by_instrument"
WHERE = f"POST /{POSITIONS}"
DAY_MS, SETTLES_AT_MS = 86_400_000, 8 * 3_600_000


def rows_of(target: Target, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call_result(target, POSITIONS, params)
    return found


def held_rows(target: Target) -> list[dict[str, Any]]:
    """Return the rows of all positions. Raises NotJudged if there are none."""
    found = rows_of(target)
    if not found:
        raise NotJudged("the account has no position")
    return found


def judge_rows(target: Target, operation_id: str) -> Iterator[Finding]:
    for fields in held_rows(target):
        for wrong in contradictions_of(Row(fields)):
            yield finding(
                target, ROWS, f"{WHERE} {fields['instrument_name']}", wrong.seen, wrong.expected, operation_id
            )


def judge_session(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that `floating_profit_loss` counts from the last settlement, or else from the opening of the position.

    Positions that were traded in the session are left out.
    """
    for fields in held_rows(target):
        row = Row(fields)
        if not row["size"] or is_since_settlement(row) or _traded_in_session(target, row.name):
            continue
        settled = row["settlement_price"]
        if settled or not is_since_opened(row):
            expected = f"{row.profit(settled or row['average_price']):.9f}, since {settled or 'it was opened'}"
            seen = f"floating_profit_loss {row['floating_profit_loss']}"
            yield finding(target, SESSION, f"{WHERE} {row.name}", seen, expected, operation_id)


def _traded_in_session(target: Target, name: str) -> bool:
    now_ms = int(call_result(target, "public/ticker", {"instrument_name": name})["timestamp"])
    began_ms = (now_ms - SETTLES_AT_MS) // DAY_MS * DAY_MS + SETTLES_AT_MS
    params = {"instrument_name": name, "start_timestamp": began_ms, "count": 1}
    return bool(call_result(target, BY_INSTRUMENT, params)["trades"])


def judge_one(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a single position equals its row in the list."""
    for fields in held_rows(target):
        one = call_result(target, POSITION, {"instrument_name": fields["instrument_name"]})
        if one != fields:
            where = f"POST /{POSITION} {fields['instrument_name']}"
            yield finding(target, ONE, where, shown(one), f"as in the list: {shown(fields)}", operation_id)


def judge_never_held(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the read of a position in an instrument that was never held returns a flat position."""
    held = {fields["instrument_name"] for fields in rows_of(target)}
    names = [row["instrument_name"] for row in call_result(target, INSTRUMENTS) if "combo" not in row["kind"]]
    others = [name for name in names if name not in held]
    if not others:
        raise NotJudged("every instrument is held, or was")
    for name in others[:3]:
        fields = call_result(target, POSITION, {"instrument_name": name})
        where = f"POST /{POSITION} {name}"
        if fields["size"] or fields["direction"] != "zero":
            yield finding(target, NEVER, where, shown(fields), "size 0 and direction zero", operation_id)
        for wrong in contradictions_of(Row(fields)):
            yield finding(target, NEVER, where, wrong.seen, wrong.expected, operation_id)


def judge_kinds(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the `kind` of each row (option, future) is that of its instrument."""
    kinds = {row["instrument_name"]: row["kind"] for row in call_result(target, INSTRUMENTS, {"expired": False})}
    for fields in held_rows(target):
        kind = kinds.get(fields["instrument_name"], fields["kind"])
        if kind != fields["kind"]:
            where = f"{WHERE} {fields['instrument_name']}"
            yield finding(target, KINDS, where, f"kind {fields['kind']}", f"kind {kind}", operation_id)


def judge_apart(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that another account's key does not read the positions of this account."""
    own = held_rows(target)
    others: list[dict[str, Any]] = call_result(target, POSITIONS, {}, target.key(OTHER))
    if not others:
        raise NotJudged("the other account has no position")
    if own == others:
        yield finding(target, APART, f"{WHERE} by the other key", shown(others), "rows of its own", operation_id)


def judge_combos(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a combo is held as positions in its legs: no position has the kind of a combo."""
    for kind in ("future_combo", "option_combo"):
        rows = rows_of(target, kind=kind)
        if rows:
            yield finding(target, COMBOS, f"{WHERE} kind={kind}", shown(rows), "no rows", operation_id)


def total_of(rows: list[dict[str, Any]], name: str) -> Decimal:
    """Return the sum of a field over rows."""
    return sum((Decimal(str(row[name])) for row in rows if name in row), Decimal(0))


PLACE = "contracts/deribit/README.md"


def _lists(target: Target) -> list[str]:
    return [POSITIONS]


def _ones(target: Target) -> list[str]:
    return [POSITION]


# Account summaries


SUMS, SUMMARY_ROWS, ALL = (f"summaries.{name}" for name in ("sums", "rows", "all"))
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


def judge_summary_rows(target: Target, operation_id: str) -> Iterator[Finding]:
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
                yield finding(target, SUMMARY_ROWS, where, f"{name} {seen}", wanted, operation_id)


def judge_all(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the summary of one currency equals its entry in the list of summaries."""
    for summary in summaries_of(target):
        one = call_result(target, SUMMARY, {"currency": summary["currency"]})
        differing = {name: one.get(name) for name, value in summary.items() if one.get(name) != value}
        if differing:
            expected = {name: summary[name] for name in differing}
            where = f"POST /{operation_id} {summary['currency']}"
            yield finding(target, ALL, where, shown(differing), f"as in the list: {shown(expected)}", operation_id)


CHECKS: tuple[Check[Target], ...] = (
    Check(ROWS, "The fields of a row are consistent.", PLACE, _lists, judge_rows),
    Check(SESSION, "Floating profit is since the last settlement.", PLACE, _lists, judge_session),
    Check(ONE, "A single position equals its row in the list.", PLACE, _ones, judge_one),
    Check(NEVER, "A position that was never held is flat.", PLACE, _ones, judge_never_held),
    Check(KINDS, "A row has the kind of its instrument.", PLACE, _lists, judge_kinds),
    Check(APART, "No account reads another's positions.", PLACE, _lists, judge_apart),
    Check(COMBOS, "Combos are held as legs.", PLACE, _lists, judge_combos),
    Check(SUMS, "The fields of a summary are consistent.", PLACE, lambda target: [SUMMARIES], judge_sums),
    Check(
        SUMMARY_ROWS, "A summary is the sum of the positions.", PLACE, lambda target: [SUMMARIES], judge_summary_rows
    ),
    Check(ALL, "A single summary equals that in the list.", PLACE, lambda target: [SUMMARY], judge_all),
)
