"""Reads a CSV export of the venue, and makes steps from its rows, with assumptions where a row lacks a fact."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from mockexchange.importing.kalshi.amounts import trimmed
from mockexchange.importing.kalshi.step import ACCOUNT, Step
from mockexchange.importing.recorded_answers import Problem, WrongRecording
from mockexchange.named_files import LINES_BYTES_MAX, open_file

# Rows of exports, and lines that cannot be read
# No official description of the columns is known: these are what programs that read such files agree on. The export of
# activity has always had the same columns. That of transactions, from the tax page, had cents in 2025 and has dollars
# and fractional quantities since 2026: the columns of a file show which of the two it is.


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


# Steps of rows, with assumptions where a row lacks a fact


PRICE_STEP = Decimal("0.0001")
SIDES = ("yes", "no")
METHODS = ("ach", "wire", "crypto", "debit", "apm")
DONE = ("applied", "confirmed", "success", "completed", "")
CASH, TRADES, SETTLES = 0, 2, 4
"""The order of steps at the same instant."""


class _Trade(NamedTuple):
    ticker: str
    side: str
    action: str
    size: Decimal
    price: Decimal
    fee: Decimal


@dataclass(slots=True)
class CsvSteps:
    """The steps made from an export, with assumptions, settlements to check, and counts of skipped rows."""

    steps: list[Step] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    """Titles of markets by ticker; every market of the file has an entry."""
    settled: dict[str, CsvRow] = field(default_factory=dict)
    assumed: list[Problem] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    traded: set[str] = field(default_factory=set)
    """Tickers of markets that have trades in the file."""


def steps_of(file: CsvFile) -> CsvSteps:
    """Return the steps of all rows, oldest first. (An export begins with the newest row.)

    Rows that cannot be read are added to the file's problems.
    """
    found = CsvSteps()
    take = _take_activity if file.is_activity else _take_transaction
    for row in reversed(file.rows):
        try:
            steps = list(take(found, row))
        except ValueError as error:
            file.note(row.line, str(error))
        else:
            found.steps += steps
    found.steps += [step for ticker, row in found.settled.items() for step in _opening(file, found, ticker, row)]
    found.steps.sort(key=lambda step: (step.at, step.rank))
    file.problems.sort()
    found.assumed.sort()
    return found


def _take_activity(found: CsvSteps, row: CsvRow) -> Iterator[Step]:
    kinds: dict[str, Callable[[CsvSteps, CsvRow], Iterator[Step]]] = {
        "trade": _trade,
        "settlement": _settlement,
        "deposit": _payment,
        "withdrawal": _payment,
        "credit": _payment,
    }
    kind = row.text("type").lower()
    if kind == "order":
        found.skipped["rows of orders, whose trades are rows of their own"] += 1
        return
    if kind not in kinds:
        raise ValueError(f"type: expected {', '.join(kinds)} or order, got {kind[:40]!r}")
    yield from kinds[kind](found, row)


def _trade(found: CsvSteps, row: CsvRow) -> Iterator[Step]:
    """Yield a fill. The column called Amount_In_Dollars has the count, and no column says whether it was a sale."""
    side = _side(row, "Direction")
    price, fee = row.number("Price_In_Cents") / 100, row.number("Fee_In_Dollars", "0")
    trade = _Trade(row.text("Market_Ticker"), side, "buy", row.number("Amount_In_Dollars"), price, fee)
    fill = _fill(found, row, trade)
    found.titles[row.text("Market_Ticker")] = row.text("Market_Title")
    found.assumed.append(Problem(row.line, f"the trade bought {side}, since its row does not say that it sold"))
    yield Step(row.instant("Original_Date"), TRADES, {"fill": fill})


def _settlement(found: CsvSteps, row: CsvRow) -> Iterator[Step]:
    ticker, result = row.text("Market_Ticker"), row.text("Result").lower()
    if result not in SIDES:
        raise ValueError(f"Result: expected yes or no, got {result[:40]!r}: no column has what a contract paid")
    yield from _settle(found, row, ticker, result, row.instant("Original_Date"))
    found.titles[ticker] = row.text("Market_Title")


def _payment(found: CsvSteps, row: CsvRow) -> Iterator[Step]:
    kind, status, method = (row.text(name).lower() for name in ("type", "Status", "Deposit_Type"))
    amount = row.number("Amount_In_Dollars")
    if amount <= 0:
        raise ValueError(f"Amount_In_Dollars: expected more than 0, got {row.text('Amount_In_Dollars')[:40]!r}")
    if status not in (*DONE, "pending"):
        found.skipped[f"{kind}s that are {status[:20]}"] += 1
        return
    body: dict[str, Any] = {"account": ACCOUNT, "amount": trimmed(amount)}
    if fee := row.number("Fee_In_Dollars", "0"):
        body["fee"] = trimmed(fee)
    if method in METHODS:
        body["method"] = method
    else:
        found.assumed.append(Problem(row.line, f"the {kind} came by ach"))
    if status == "pending":
        body["status"] = status
    yield Step(row.instant("Original_Date"), CASH, {"withdraw" if kind == "withdrawal" else "deposit": body})


def _take_transaction(found: CsvSteps, row: CsvRow) -> Iterator[Step]:
    """Yield the purchase and the sale of a round trip, or the purchase and the settlement of its market."""
    kind, ticker = row.text("type").lower(), row.text("market_ticker")
    if kind != "trade":
        found.skipped[f"rows of type {kind[:20]}"] += 1
        return
    side = _side(row, "side")
    count = row.number("quantity_fp" if row.text("quantity_fp") else "quantity")
    opened, closed = row.instant("open_timestamp"), row.instant("close_timestamp")
    if closed < opened:
        raise ValueError(f"close_timestamp: {row.text('close_timestamp')[:40]} is before open_timestamp")
    entry, end = _own_prices(row, side, count)
    fees = [row.money(name, "0") for name in ("open_fees", "close_fees")]
    buy = _fill(found, row, _Trade(ticker, side, "buy", count, entry, fees[0]))
    if end in (0, 1):
        result = side if end else next(other for other in SIDES if other != side)
        ending = list(_settle(found, row, ticker, result, closed))
    else:
        sale = _Trade(ticker, side, "sell", count, end, fees[1])
        ending = [Step(closed, TRADES, {"fill": _fill(found, row, sale)})]
        found.assumed.append(Problem(row.line, f"the position was sold at {trimmed(end)}, not settled at that value"))
    found.titles[ticker] = row.text("market_title")
    yield Step(opened, TRADES, {"fill": buy})
    yield from ending


def _own_prices(row: CsvRow, side: str, count: Decimal) -> tuple[Decimal, Decimal]:
    """Return both prices of the side that was held: some files have those of YES, which the profit shows."""
    entry, end = row.money("entry_price"), row.money("exit_price")
    profit = row.money("realized_pnl_without_fees", "0")
    is_of_yes = side == "no" and profit and (end - entry) * profit < 0
    return (1 - entry, 1 - end) if is_of_yes else (entry, end)


def _fill(found: CsvSteps, row: CsvRow, trade: _Trade) -> dict[str, Any]:
    ticker, side, action, count, price, fee = trade
    exact = price.quantize(PRICE_STEP)
    if not 0 < exact < 1:
        raise ValueError(f"expected a price between 0 and 1 dollar, got {trimmed(price)[:40]}")
    if count <= 0 or count != count.quantize(Decimal("0.01")):
        raise ValueError(f"expected a count above 0 of at most two decimals, got {trimmed(count)[:40]}")
    if fee < 0:
        raise ValueError(f"expected a fee of 0 or more, got {trimmed(fee)[:40]}")
    if exact != price:
        found.assumed.append(Problem(row.line, f"the price was {trimmed(exact)}: {trimmed(price)[:40]} is an average"))
    found.traded.add(_ticker(ticker))
    body = {"account": ACCOUNT, "market": ticker, "side": side, "action": action}
    return {**body, "count": trimmed(count), "price": trimmed(exact), "fee": trimmed(round(fee, 6))}


def _settle(found: CsvSteps, row: CsvRow, ticker: str, result: str, at: int) -> Iterator[Step]:
    """Yield the settlement of a market, once."""
    if _ticker(ticker) not in found.settled:
        found.settled[ticker] = row
        yield Step(at, SETTLES, {"settle": {"market": ticker, "result": result}})


def _opening(file: CsvFile, found: CsvSteps, ticker: str, row: CsvRow) -> Iterator[Step]:
    """Yield what was held of a settled market without trades in the file: its trades are older."""
    if ticker in found.traded or not file.is_activity:
        return
    try:
        held = {side: row.number(f"{side.title()}_Contracts_Owned", "0") for side in SIDES}
        if bool(held["yes"]) == bool(held["no"]):
            return
        side = "yes" if held["yes"] else "no"
        cost = held[side] * row.number(f"{side.title()}_Contracts_Average_Price_In_Cents", "0")
        at = row.instant("Original_Date")
    except ValueError as error:
        file.note(row.line, str(error))
        return
    position = held[side] if side == "yes" else -held[side]
    body = {"account": ACCOUNT, "market": ticker, "position": trimmed(position), "exposure": trimmed(round(cost, 6))}
    found.assumed.append(Problem(row.line, "what was held is of the settlement, whose counts are whole"))
    yield Step(at, CASH, {"open": {**body, "traded": body["exposure"]}})


def _side(row: CsvRow, name: str) -> str:
    side = row.text(name).lower()
    if side not in SIDES:
        raise ValueError(f"{name}: expected yes or no, got {side[:40]!r}")
    return side


def _ticker(text: str) -> str:
    if not text:
        raise ValueError("expected the ticker of a market, got nothing")
    return text
