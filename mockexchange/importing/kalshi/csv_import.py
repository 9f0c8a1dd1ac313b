"""Makes a scenario from a Kalshi CSV export, checks it, and compares an export with a recording beside it."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.core.instants import format_instant
from mockexchange.importing.comparison import ABSENT, EXPLAINED, UNEXPLAINED, Comparison, Difference
from mockexchange.importing.kalshi.amounts import CENTIS, centis_of, contracts, instant_of, price_of, trimmed
from mockexchange.importing.kalshi.csv_steps import SIDES, CsvRow, CsvSteps, is_export, read_export, steps_of
from mockexchange.importing.kalshi.facts import PORTFOLIO, Facts
from mockexchange.importing.kalshi.scenario import midnight_before
from mockexchange.importing.kalshi.step import ACCOUNT, fills_in_order, ticker_of
from mockexchange.importing.recorded_answers import ROW, Problem, Recorded, RecordedAnswer, WrongRecording
from mockexchange.importing.verification import Emulated, Verified

# A scenario from an export, and its settlements


__all__ = ["check_export", "is_export", "scenario_of_export", "settlements_of"]
UNKNOWN_SHOWN_MAX = 10


class Export(NamedTuple):
    """The scenario made from a CSV export, with the rows that were read and the assumptions that were made."""

    recorded: Recorded
    scenario: dict[str, Any]
    found: CsvSteps
    last_at: int


def scenario_of_export(path: Path, name: str) -> Export:
    """Make a scenario from a CSV export. Raises WrongRecording if no row becomes a step."""
    file = read_export(path)
    found = steps_of(file)
    if not found.steps:
        first = f"; line {file.problems[0].line}: {file.problems[0].why}" if file.problems else ""
        raise WrongRecording(f"{path} has no row that is a step, of {len(file.rows)} rows{first}")
    recorded = Recorded(path, Path(__file__).parent.name, problems=file.problems, skipped=found.skipped)
    recorded.assumed = found.assumed
    if file.unknown:
        shown = ", ".join(file.unknown[:UNKNOWN_SHOWN_MAX])
        recorded.skipped[f"unknown columns on line 1: {shown}"] = len(file.unknown)
    start = midnight_before(found.steps[0].at)
    scenario: dict[str, Any] = {"scenario": name, "title": f"Imported from {name}", "start": format_instant(start)}
    scenario |= {"orders": {"check_cash": False}, "accounts": {ACCOUNT: {}}}
    scenario["markets"] = {ticker: _market(ticker, title) for ticker, title in sorted(found.titles.items())}
    scenario["history"] = [step.written() for step in found.steps]
    return Export(recorded, scenario, found, found.steps[-1].at)


def settlements_of(export: Export, emulated: Emulated) -> list[Verified]:
    """Return, for each settlement in the export, whether the scenario settles the same counts."""
    rows: dict[str, Any] = {}
    cursor = ""
    while True:
        reply = emulated.ask(f"{PORTFOLIO}settlements?limit=200&cursor={cursor}", export.last_at)
        body = json.loads(reply.body)
        rows |= {row["ticker"]: row for row in body.get("settlements", [])}
        cursor = body.get("cursor") or ""
        if not cursor:
            return [check_settlement(ticker, row, rows.get(ticker)) for ticker, row in export.found.settled.items()]


def check_settlement(ticker: str, row: CsvRow, answered: Any) -> Verified:
    """Compare the counts in an export's row with those of the settlement `answered`, which is None if there is none."""
    at = row.instant("Original_Date" if row.text("Original_Date") else "close_timestamp")
    answer = RecordedAnswer(row.line, 0, at, f"settlement of {ticker}", ROW)
    wanted = {side: row.text(f"{side.title()}_Contracts_Owned") for side in ("yes", "no")}
    wanted = {side: text for side, text in wanted.items() if text}
    got = {side: centis_of(answered, f"{side}_count") for side in wanted} if answered else dict.fromkeys(wanted, 0)
    both = min(got.values(), default=0)
    wrong = [side for side, text in wanted.items() if not _is_count(text, got[side], both)]
    differences = tuple(Difference(f"{side} contracts", wanted[side], contracts(got[side])) for side in wrong)
    return Verified(answer, Comparison(UNEXPLAINED if differences else EXPLAINED, differences))


def _is_count(text: str, bought_centis: int, both_centis: int) -> bool:
    """Return whether a count is all that was bought of a side, or what pairs left of it; whole ones are cut."""
    try:
        wanted = round(float(text) * CENTIS)
    except ValueError:
        return False
    unit = 1 if "." in text else CENTIS
    return any(centis // unit * unit == wanted for centis in (bought_centis, bought_centis - both_centis))


def _market(ticker: str, title: str) -> dict[str, Any]:
    event = ticker.rpartition("-")[0] or ticker
    return {"event": event, "series": event.partition("-")[0], **({"title": title} if title else {})}


# An export beside a recording of the same account
# A row of a trade does not say whether it was a sale. A fill fits the row by its own side and price, or by those of the
# other outcome: a sale of YES at 0.40 is a purchase of NO at 0.60.


US_PER_MS = 1_000
CENT = Decimal("0.01")
TRADE, SETTLEMENT = "trade", "settlement"


class _Fill(NamedTuple):
    """What an export shows of a fill; each of `prices` is a side with the price of it that the row may have."""

    ticker: str
    at: int
    count_centis: int
    prices: dict[str, Decimal]

    @property
    def shown(self) -> str:
        prices = " or ".join(f"{side} at {trimmed(price)}" for side, price in self.prices.items())
        return f"{contracts(self.count_centis)} {prices}"


def check_export(path: Path, facts: Facts) -> tuple[list[Verified], list[Problem]]:
    """Compare the rows of an export with recorded rows. Return the comparisons, and the lines that cannot be read.

    Raises WrongRecording for an export without trades and settlements, and OSError.
    """
    file = read_export(path)
    if not file.is_activity:
        raise WrongRecording(f"{path} has round trips, which no fill is: give an export of the recent activity")
    rows = [row for row in file.rows if row.text("type").lower() in (TRADE, SETTLEMENT)]
    found: list[Verified] = []
    left = _fills_by_ticker(facts)
    for row in sorted(rows, key=lambda row: -row.line):
        try:
            found.append(_checked(row, left, facts))
        except ValueError as error:
            file.note(row.line, str(error))
    if not found:
        raise WrongRecording(f"{path} has no trade and no settlement that can be compared, of {len(file.rows)} rows")
    trades = [one.answer.at for one in found if one.answer.target.startswith(TRADE)]
    found += _not_exported(left, trades)
    return found, sorted(file.problems)


def _fills_by_ticker(facts: Facts) -> dict[str, list[_Fill]]:
    found = defaultdict(list)
    for fill in fills_in_order(facts):
        other = SIDES[fill["side"] == SIDES[0]]
        prices = {fill["side"]: price_of(fill, fill["side"])}
        prices |= {other: 1 - prices[fill["side"]]} if fill["action"] == "sell" else {}
        one = _Fill(ticker_of(fill), instant_of(fill, "created_time"), centis_of(fill, "count"), prices)
        found[one.ticker].append(one)
    return found


def _checked(row: CsvRow, left: dict[str, list[_Fill]], facts: Facts) -> Verified:
    ticker = row.text("Market_Ticker")
    if row.text("type").lower() == SETTLEMENT:
        return check_settlement(ticker, row, facts.settlements.get(ticker))
    at, side = row.instant("Original_Date"), row.text("Direction").lower()
    count, price = row.number("Amount_In_Dollars"), row.number("Price_In_Cents") / 100
    answer = RecordedAnswer(row.line, 0, at, f"{TRADE} of {ticker}", ROW)
    fills = left.get(ticker, [])
    for fill in fills:
        is_at = fill.at // US_PER_MS == at // US_PER_MS and fill.count_centis == count * CENTIS
        if is_at and side in fill.prices and abs(fill.prices[side] - price) < CENT:
            fills.remove(fill)
            return Verified(answer, Comparison(EXPLAINED))
    shown = f"{trimmed(count)} {side} at {trimmed(price)}"
    return Verified(answer, Comparison(UNEXPLAINED, (Difference("fill", shown, _nearest(fills, at)),)))


def _nearest(fills: Sequence[_Fill], at: int) -> str:
    """Return the fill of the same millisecond, or that there is none."""
    same = [fill.shown for fill in fills if fill.at // US_PER_MS == at // US_PER_MS]
    return same[0] if same else ABSENT


def _not_exported(left: dict[str, list[_Fill]], instants: Sequence[int]) -> Iterator[Verified]:
    """Yield the fills between the first and the last trade of an export that no row of it has."""
    for fill in [one for fills in left.values() for one in fills]:
        if instants and min(instants) <= fill.at <= max(instants):
            answer = RecordedAnswer(0, 0, fill.at, f"{TRADE} of {fill.ticker}", ROW)
            yield Verified(answer, Comparison(UNEXPLAINED, (Difference("row of the export", ABSENT, fill.shown),)))
