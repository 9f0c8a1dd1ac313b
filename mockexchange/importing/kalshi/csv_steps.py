"""Makes steps from the rows of a CSV export, with assumptions where a row lacks a fact."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.importing.kalshi.amounts import trimmed
from mockexchange.importing.kalshi.csv_rows import CsvFile, CsvRow
from mockexchange.importing.kalshi.step import ACCOUNT, Step
from mockexchange.importing.recorded_answers import Problem

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
