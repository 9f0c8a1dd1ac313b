"""Reads the rows of the venue's CSV exports, and notes the lines that cannot be read.

No official description of the columns is known: these are what programs that read such files agree on. The export of
activity has always had the same columns. That of transactions, from the tax page, had cents in 2025 and has dollars and
fractional quantities since 2026: the columns of a file show which of the two it is.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple, TextIO

from mockexchange.importing.recorded_answers import Problem, WrongRecording
from mockexchange.named_files import LINES_BYTES_MAX, open_file

LINE_CHARS_MAX = 64 * 1024
HEADER_BYTES_MAX = 16 * 1024
PROBLEMS_MAX = 100
MICROS = 1_000_000
CENTS = Decimal(100)
ACTIVITY = frozenset(
    {
        *("type", "Status", "Amount_In_Dollars", "Original_Date", "Traded_Time", "Last_Updated", "Deposit_Type"),
        *("Fee_In_Dollars", "Market_Title", "Market_Ticker", "Market_Id", "Filled", "Remaining", "Direction"),
        *("Order_Type", "Price_In_Cents", "No_Contracts_Owned", "No_Contracts_Average_Price_In_Cents"),
        *("Yes_Contracts_Owned", "Yes_Contracts_Average_Price_In_Cents", "Result", "Profit_In_Dollars"),
        *("Credit_Reason", "Credit_Type", "Introducing_Broker"),
    }
)
ACTIVITY_NEEDED = ("type", "Amount_In_Dollars", "Original_Date", "Market_Ticker", "Direction", "Price_In_Cents")
MONEY = ("entry_price", "exit_price", "open_fees", "close_fees", "realized_pnl_without_fees", "realized_pnl_with_fees")
"""Columns of transactions with amounts of money; their names end in `_cents` or in `_dollars`."""
TRANSACTIONS = frozenset(
    {
        *("subtrader_id", "type", "quantity", "quantity_fp", "market_ticker", "side", "close_timestamp"),
        *("open_timestamp", "product", "period_start", "market_title"),
        *(f"{name}_{unit}" for name in MONEY for unit in ("cents", "dollars")),
    }
)
TRANSACTIONS_NEEDED = ("type", "market_ticker", "side", "close_timestamp", "open_timestamp")
TRANSACTIONS_ONE_OF = (("quantity", "quantity_fp"), *((f"{name}_cents", f"{name}_dollars") for name in MONEY[:2]))


class CsvRow(NamedTuple):
    """A row with its values by column. The methods raise ValueError with the column and its text."""

    line: int
    values: dict[str, str]

    def text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def number(self, name: str, default: str = "") -> Decimal:
        text = self.text(name) or default
        try:
            found = Decimal(text.replace(",", ""))
        except InvalidOperation:
            found = Decimal("nan")
        if not found.is_finite() or abs(found) > 10**12:
            raise ValueError(f"{name}: expected a number, got {text[:40]!r}")
        return found

    def money(self, name: str, default: str = "") -> Decimal:
        """Return an amount in dollars, from the column `<name>_dollars` or, in cents, from `<name>_cents`."""
        in_dollars = f"{name}_dollars"
        return (
            self.number(in_dollars, default) if self.text(in_dollars) else self.number(f"{name}_cents", default) / CENTS
        )

    def instant(self, name: str) -> int:
        """Return the instant in a column, in microseconds. Raises ValueError if it has no UTC offset.

        The offset is required since the times in one file may have several.
        """
        text = self.text(name)
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            found = datetime.min  # noqa: DTZ901  # a value without an offset, refused below
        if found.tzinfo is None:
            raise ValueError(
                f"{name}: expected an instant with its offset, such as 2026-04-06T10:24:46Z, got {text[:40]!r}"
            )
        since = found - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * MICROS + since.microseconds


@dataclass(slots=True)
class CsvFile:
    """A CSV export that was read: its rows in the file's order, and the lines that could not be read."""

    path: Path
    is_activity: bool
    rows: list[CsvRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Columns of the file that this module does not know."""

    def note(self, line: int, why: str) -> None:
        is_new = not self.problems or self.problems[-1].line != line
        if is_new and len(self.problems) < PROBLEMS_MAX:
            self.problems.append(Problem(line, why))


def is_export(path: Path) -> bool:
    """Return whether a file's first line has the columns of one of the exports."""
    with open_file(path, LINES_BYTES_MAX) as file:
        first = file.readline(HEADER_BYTES_MAX).decode("utf-8-sig", "replace").partition("\n")[0]
    names = {name.strip().strip('"') for name in first.split(",")}
    return "type" in names and bool(names & {"Market_Ticker", "Original_Date", "market_ticker", "open_timestamp"})


def read_export(path: Path) -> CsvFile:
    """Read an export. Raises WrongRecording if columns are missing, and OSError."""
    with (
        open_file(path, LINES_BYTES_MAX) as file,
        io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="") as text,
    ):
        lines = _Lines(text)
        reader = csv.reader(lines, strict=True)
        try:
            names = [name.strip() for name in next(reader, [])]
        except csv.Error as error:
            raise WrongRecording(f"{path}, line 1: {error}") from None
        found = CsvFile(path, "Original_Date" in names or "Market_Ticker" in names)
        _check_columns(found, names)
        _read_rows(found, names, reader, lines)
    return found


def _read_rows(found: CsvFile, names: list[str], reader: Iterator[list[str]], lines: "_Lines") -> None:
    """Read the rows; one may have several lines, of which the first is its number."""
    while True:
        first = lines.number + 1
        try:
            values = next(reader, None)
        except csv.Error as error:
            found.note(first, f"{error}: the rest of the row is missing, or its quotes are wrong")
            continue
        if values is None:
            return
        if len(values) == len(names):
            found.rows.append(CsvRow(first, dict(zip(names, values, strict=True))))
        elif values:
            found.note(first, f"{len(values)} columns of {len(names)}")


class _Lines:
    """The lines of a file with their number; of a line that is longer than any row, one piece after another."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._is_begun = file, True
        self.number = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(LINE_CHARS_MAX)
        if not line:
            raise StopIteration
        self.number += self._is_begun
        self._is_begun = line.endswith("\n")
        return line


def _check_columns(found: CsvFile, names: list[str]) -> None:
    needed = ACTIVITY_NEEDED if found.is_activity else TRANSACTIONS_NEEDED
    missing = [name for name in needed if name not in names]
    if not found.is_activity:
        missing += [" or ".join(pair) for pair in TRANSACTIONS_ONE_OF if not set(pair) & set(names)]
    if missing:
        raise WrongRecording(f"{found.path} lacks the columns {', '.join(missing)}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise WrongRecording(f"{found.path} has columns twice: {', '.join(repeated)[:200]}")
    known = ACTIVITY if found.is_activity else TRANSACTIONS
    found.unknown = [name[:60] for name in names if name not in known]
