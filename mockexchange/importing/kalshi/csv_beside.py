"""Compares a CSV export with the fills and settlements in a recording of the same account.

A row of a trade does not say whether it was a sale. A fill fits the row by its own side and price, or by those of the
other outcome: a sale of YES at 0.40 is a purchase of NO at 0.60.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from mockexchange.importing.comparison import ABSENT, EXPLAINED, UNEXPLAINED, Comparison, Difference
from mockexchange.importing.kalshi.amounts import CENTIS, centis_of, contracts, instant_of, price_of, trimmed
from mockexchange.importing.kalshi.csv_import import check_settlement
from mockexchange.importing.kalshi.csv_rows import CsvRow, read_export
from mockexchange.importing.kalshi.csv_steps import SIDES
from mockexchange.importing.kalshi.facts import Facts
from mockexchange.importing.kalshi.step import fills_in_order, ticker_of
from mockexchange.importing.recorded_answers import ROW, Problem, RecordedAnswer, WrongRecording
from mockexchange.importing.verification import Verified

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
