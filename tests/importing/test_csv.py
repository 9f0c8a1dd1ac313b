"""The venue's CSV exports: what was read, what is assumed, what was not read, and on which line."""

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.importing.importing import import_recording
from mockexchange.importing.verification import Emulated, plan_of
from mockexchange.venues.registry import DEFAULT
from tests.helpers.rows import each_row
from tests.importing.recorder import LATEST_US, PREFIX, record

COLUMNS = (
    "type,Status,Amount_In_Dollars,Original_Date,Traded_Time,Last_Updated,Deposit_Type,Fee_In_Dollars,Market_Title,"
    "Market_Ticker,Market_Id,Filled,Remaining,Direction,Order_Type,Price_In_Cents,No_Contracts_Owned,"
    "No_Contracts_Average_Price_In_Cents,Yes_Contracts_Owned,Yes_Contracts_Average_Price_In_Cents,Result,"
    "Profit_In_Dollars,Credit_Reason,Credit_Type,Introducing_Broker"
)
ACTIVITY = COLUMNS.split(",")
HEADER = '"' + COLUMNS.replace(",", '","') + '"'
YES, NO = (f"account: me, market: KXA-26-T1, side: {side}, action: buy" for side in ("yes", "no"))
IN_CENTS = (
    "type,quantity,market_ticker,side,entry_price_cents,exit_price_cents,open_fees_cents,close_fees_cents,"
    "realized_pnl_without_fees_cents,realized_pnl_with_fees_cents,close_timestamp,open_timestamp"
)
IN_DOLLARS = (
    "subtrader_id,type,quantity_fp,market_ticker,side,entry_price_dollars,exit_price_dollars,open_fees_dollars,"
    "close_fees_dollars,realized_pnl_without_fees_dollars,realized_pnl_with_fees_dollars,close_timestamp,open_timestamp,"
    "product,period_start,market_title"
)


def activity(kind: str, at: str, **columns: str) -> str:
    values = {"type": kind, "Original_Date": at, "Market_Ticker": "KXA-26-T1", **columns}
    return ",".join('"{}"'.format(values.get(name, "").replace('"', '""')) for name in ACTIVITY)


def trade(at: str, count: str, direction: str, cents: str, **columns: str) -> str:
    found = {"Amount_In_Dollars": count, "Direction": direction, "Price_In_Cents": cents, "Fee_In_Dollars": "0.07"}
    return activity("Trade", at, **{**found, **columns})


def export(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([header, *rows, ""]).encode())
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["import", *arguments], prog_name="mockexchange")


def steps(text: str) -> list[str]:
    return [line.removeprefix("  - ") for line in text.partition("history:\n")[2].splitlines()]


def test_the_export_of_activity_becomes_steps_from_its_end(tmp_path: Path) -> None:
    path = export(
        tmp_path / "Kalshi-Recent-Activity-All.csv",
        activity(
            "Settlement", "2026-04-09T10:00:00.5Z", Result="yes", Yes_Contracts_Owned="10", No_Contracts_Owned="2"
        ),
        activity("Order", "2026-04-08T10:00:01Z", Status="Filled"),
        trade("2026-04-08T10:00:01Z", "2.40", "No", "40", Market_Title='How "warm",\nin lines?'),
        trade("2026-04-08T10:00:00.311Z", "10", "Yes", "56", Market_Title="How warm?"),
        activity("Credit", "2026-04-07T10:00:00Z", Amount_In_Dollars="5"),
        activity("Withdrawal", "2026-04-06T11:00:00Z", Amount_In_Dollars="20", Status="Confirmed", Deposit_Type="ach"),
        activity(
            "Deposit", "2026-04-06T10:24:46.311Z", Amount_In_Dollars="100", Status="Applied", Deposit_Type="debit"
        ),
        activity("Deposit", "2026-04-05T10:00:00Z", Amount_In_Dollars="7", Status="Failed"),
    )
    found = import_recording(path)
    assert steps(found.text) == [
        "{at: 2026-04-06T10:24:46.311Z, deposit: {account: me, amount: 100, method: debit}}",
        "{at: 2026-04-06T11:00:00Z, withdraw: {account: me, amount: 20, method: ach}}",
        "{at: 2026-04-07T10:00:00Z, deposit: {account: me, amount: 5}}",
        f"{{at: 2026-04-08T10:00:00.311Z, fill: {{{YES}, count: 10, price: 0.56, fee: 0.07}}}}",
        f"{{at: 2026-04-08T10:00:01Z, fill: {{{NO}, count: 2.4, price: 0.4, fee: 0.07}}}}",
        "{at: 2026-04-09T10:00:00.5Z, settle: {market: KXA-26-T1, result: yes}}",
    ]
    assert found.is_explained
    assert (found.api_date.name, dict(found.counts())) == ("2026-10", {"explained": 1})
    assert [problem.line for problem in found.recorded.assumed] == [4, 6, 7]
    assert found.recorded.skipped == {
        "rows of orders, whose trades are rows of their own": 1,
        "deposits that are failed": 1,
    }


def test_a_settlement_whose_counts_are_others_is_unexplained(tmp_path: Path) -> None:
    settlement = {"Result": "no", "Yes_Contracts_Owned": "0", "No_Contracts_Owned": "3"}
    path = export(
        tmp_path / "a.csv",
        activity("Settlement", "2026-04-09T10:00:00Z", **settlement),
        trade("2026-04-08T10:00:01Z", "4", "No", "40"),
    )
    (wrong,) = import_recording(path).verified
    assert (wrong.answer.line, wrong.comparison.differences[0].recorded) == (2, "3")
    alone = export(
        tmp_path / "b.csv",
        activity("Settlement", "2026-04-09T10:00:00Z", No_Contracts_Average_Price_In_Cents="0.41", **settlement),
    )
    found = import_recording(alone)
    assert "open: {account: me, market: KXA-26-T1, position: -3, exposure: 1.23, traded: 1.23}" in found.text
    assert found.is_explained


TRANSACTIONS = [
    (
        IN_CENTS,
        "trade,50,KXETH-26-T1,yes,30,19,74,54,-550,-678,2026-02-05T10:41:45-05:00,2026-02-05T10:39:02-05:00",
        ["15:39:02Z, fill", "action: buy, count: 50, price: 0.3, fee: 0.74", "action: sell, count: 50, price: 0.19"],
    ),
    (
        IN_DOLLARS,
        ',trade,10.50,KXA-26-T1,no,0.58000000,1,0.18,0,4.41,4.2,2026-09-29T20:00:00Z,2026-09-28T10:00:00Z,,,"A, B"',
        ["side: no, action: buy, count: 10.5, price: 0.58", "settle: {market: KXA-26-T1, result: no}"],
    ),
    (
        IN_DOLLARS,
        ",trade,10,KXA-26-T1,no,0.42,0.30,0,0,1.2,1.2,2026-09-29T20:00:00-05:00,2026-09-28T10:00:00-05:00,,,",
        ["side: no, action: buy, count: 10, price: 0.58", "action: sell, count: 10, price: 0.7"],
    ),
]


@each_row(("header", "row", "wanted"), TRANSACTIONS, ids=["2025", "2026", "prices-of-yes"])
def test_transactions_are_round_trips(tmp_path: Path, header: str, row: str, wanted: list[str]) -> None:
    found = import_recording(export(tmp_path / "a.csv", row, header=header))
    assert [one for one in wanted if one not in found.text] == []
    assert found.is_explained


NOT_READ = [
    (trade("2026-04-08", "4", "No", "40"), "Original_Date: expected an instant with its offset"),
    (trade("Apr 8, 2026", "4", "No", "40"), "Original_Date: expected an instant with its offset"),
    (trade("2026-04-08T10:00:00Z", "four", "No", "40"), "Amount_In_Dollars: expected a number, got 'four'"),
    (trade("2026-04-08T10:00:00Z", "1e99", "No", "40"), "Amount_In_Dollars: expected a number"),
    (trade("2026-04-08T10:00:00Z", "-4", "No", "40"), "expected a count above 0"),
    (trade("2026-04-08T10:00:00Z", "4", "Up", "40"), "Direction: expected yes or no, got 'up'"),
    (trade("2026-04-08T10:00:00Z", "4", "No", "140"), "expected a price between 0 and 1 dollar, got 1.4"),
    (trade("2026-04-08T10:00:00Z", "4", "No", "40", Market_Ticker=""), "expected the ticker of a market"),
    (trade("2026-04-08T10:00:00Z", "4", "No", "40", Fee_In_Dollars="-1"), "expected a fee of 0 or more"),
    (activity("Settlement", "2026-04-08T10:00:00Z", Result="scalar"), "Result: expected yes or no, got 'scalar'"),
    (activity("Dividend", "2026-04-08T10:00:00Z"), "type: expected trade"),
    (
        activity("Deposit", "2026-04-08T10:00:00Z", Amount_In_Dollars="0", Status="Applied"),
        "Amount_In_Dollars: expected more than 0",
    ),
    ('"Trade","",4', "3 columns of 25"),
    ('"Trade""x"y', "',' expected after '\"': the rest of the row is"),
]


@each_row(("row", "why"), NOT_READ, ids=range(len(NOT_READ)))
def test_a_row_that_cannot_be_read_is_named_and_the_others_are_read(tmp_path: Path, row: str, why: str) -> None:
    path = export(
        tmp_path / "a.csv",
        trade("2026-04-08T10:00:01Z", "4", "Yes", "40"),
        row,
        trade("2026-04-07T10:00:01Z", "4", "No", "40"),
    )
    result = run(str(path), "--out", str(tmp_path / "a.yaml"))
    assert result.exit_code == 1
    assert f"  line 3 was not read: {why}" in result.stdout
    assert (tmp_path / "a.yaml").read_text(encoding="utf-8").count("fill:") == 2


def test_a_file_that_was_torn_says_where(tmp_path: Path) -> None:
    path = export(
        tmp_path / "a.csv",
        trade("2026-04-08T10:00:01Z", "4", "Yes", "40"),
        trade("2026-04-07T10:00:01Z", "4", "No", "40"),
    )
    path.write_bytes(path.read_bytes()[:-20])
    found = import_recording(path)
    assert [problem.line for problem in found.recorded.problems] == [3]
    path.write_bytes(path.read_bytes() + b'"' + b"x" * 200_000)
    assert "line 3 was not read" in run(str(path), "--out", str(tmp_path / "a.yaml")).stdout


FOREIGN = [
    ("type,Market_Ticker", [], "lacks the columns Amount_In_Dollars, Original_Date, Direction, Price_In_Cents"),
    ("type,market_ticker,side,close_timestamp,open_timestamp", [], "lacks the columns quantity or quantity_fp, entry_"),
    (f"{IN_CENTS},side", [], "has columns twice: side"),
    (IN_CENTS, [], "has no row that is a step, of 0 rows"),
    (IN_CENTS, ["trade,1"], "has no row that is a step, of 0 rows; line 2: 2 columns of 12"),
    ("type,price", ["a,1"], "a.csv is no recording: expected JSON lines, or a CSV export"),
]


@each_row(("header", "rows", "why"), FOREIGN, ids=range(len(FOREIGN)))
def test_a_foreign_csv_leaves_no_scenario(tmp_path: Path, header: str, rows: list[str], why: str) -> None:
    path = export(tmp_path / "a.csv", *rows, header=header)
    result = run(str(path), "--out", str(tmp_path / "a.yaml"))
    assert (result.exit_code, result.stderr.count("\n"), why in result.stderr) == (1, 1, True), result.output
    assert list(tmp_path.iterdir()) == [path]


def test_unknown_columns_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    row = "trade,50,KXETH-26-T1,yes,30,19,74,54,-550,-678,2026-02-05T10:41:45-05:00,2026-02-05T10:39:02-05:00,1"
    path = export(tmp_path / "a.csv", row, header=f"{IN_CENTS},desk")
    result = run(str(path), "--out", str(tmp_path / "a.yaml"), "--api-date", "2026-06")
    assert (result.exit_code, "left out: 1 unknown columns on line 1: desk" in result.stdout) == (0, True), (
        result.output
    )
    assert "line 2 is assumed: the position was sold at 0.19, not settled at that value" in result.stdout
    assert "as of 2026-06 (2026-06-11), with nothing to ask again" in result.stdout


TRADED = [("yes", "3", "41"), ("no", "5", "62"), ("yes", "10", "35"), ("no", "4", "70"), ("no", "9", "58")]
"""Side, count and cents of purchases, the oldest first, which open, close and turn a position."""


def test_an_export_gives_the_positions_and_costs_of_the_same_fills(tmp_path: Path) -> None:
    at = [f"2026-04-08T10:00:{second:02}Z" for second in range(len(TRADED))]
    steps_of_api = "".join(
        f"  - {{at: {instant}, fill: {{account: alice, market: KXA-26-T1, side: {side}, action: buy, count: {count},"
        f" price: 0.{cents}, fee: 0.07}}}}\n"
        for instant, (side, count, cents) in zip(at, TRADED, strict=True)
    )
    scenario = (
        f"scenario: fills\nstart: 2026-04-01T00:00:00Z\naccounts: {{alice: {{cash: 500}}}}\n{MARKET}{steps_of_api}"
    )
    by_api = import_recording(record(tmp_path / "run.jsonl", scenario, "2026-06"), "2026-06")
    rows = [
        trade(instant, count, side.capitalize(), cents)
        for instant, (side, count, cents) in zip(at, TRADED, strict=True)
    ]
    path = export(tmp_path / "Kalshi-Recent-Activity-All.csv", *rows[::-1])
    by_export = import_recording(path, "2026-06")
    assert positions_of(by_api.text) == positions_of(by_export.text)
    assert positions_of(by_api.text)[0]["position_fp"] == "-5.00"


MARKET = "markets:\n  KXA-26-T1: {event: KXA-26, series: KXA}\nhistory:\n"


def positions_of(text: str) -> list[dict[str, str]]:
    """Return the positions of an imported scenario, with what they cost."""

    async def ask() -> list[dict[str, str]]:
        emulated = await Emulated.open(plan_of(text), DEFAULT.name, DEFAULT.api_date("2026-06"))
        await emulated.advance(LATEST_US)
        rows: list[dict[str, str]] = json.loads(emulated.ask(f"{PREFIX}positions", LATEST_US).body)["market_positions"]
        return rows

    return asyncio.run(ask())


SOLD = "2026-04-08T10:01:00.250Z"
OF_YES = YES.replace("me,", "alice,")
SALE = f"  - {{at: {SOLD}, fill: {{{OF_YES.replace('buy', 'sell')}, count: 4, price: 0.44, fee: 0}}}}\n"
BOUGHT_AT = "2026-04-08T10:00:00.311782Z"
PURCHASE = f"  - {{at: {BOUGHT_AT}, fill: {{{OF_YES}, count: 10, price: 0.41, fee: 0.07}}}}\n"
PAID = "  - {at: 2026-04-09T10:00:00Z, settle: {market: KXA-26-T1, result: yes}}\n"
ROWS = {
    "settled": activity(
        "Settlement", "2026-04-09T10:00:00Z", Result="yes", Yes_Contracts_Owned="10", No_Contracts_Owned="4"
    ),
    "sold": trade("2026-04-08T10:01:00.250Z", "4", "No", "56"),
    "bought": trade("2026-04-08T10:00:00.311Z", "10", "Yes", "41"),
}


def checked(tmp_path: Path, *rows: str) -> Result:
    """Import a recording of a purchase, a sale and a settlement beside an export of these rows."""
    scenario = (
        f"scenario: fills\nstart: 2026-04-01T00:00:00Z\naccounts: {{alice: {{cash: 500}}}}\n{MARKET}"
        f"{PURCHASE}{SALE}{PAID}"
    )
    recording = record(tmp_path / "run.jsonl", scenario, "2026-06")
    path = export(tmp_path / "Kalshi-Recent-Activity-All.csv", *rows)
    return run(str(recording), "--out", str(tmp_path / "a.yaml"), "--export", str(path))


@each_row("sale", ["sold", "of its own side"])
def test_the_rows_of_an_export_fit_the_recorded_fills(tmp_path: Path, sale: str) -> None:
    sold = ROWS["sold"] if sale == "sold" else trade("2026-04-08T10:01:00.250Z", "4", "Yes", "44")
    result = checked(tmp_path, ROWS["settled"], sold, ROWS["bought"])
    assert (result.exit_code, "9 explained" in result.stdout) == (0, True), result.output


DIFFERENT = [
    (
        [ROWS["settled"], trade("2026-04-08T10:01:00.250Z", "4", "No", "58"), ROWS["bought"]],
        "fill: the export has 4 no at 0.58, recorded 4 yes at 0.44 or no at 0.56",
    ),
    (
        [ROWS["settled"], trade("2026-04-08T10:02:00Z", "1", "No", "58"), ROWS["sold"], ROWS["bought"]],
        "fill: the export has 1 no at 0.58, recorded (absent)",
    ),
    (
        [trade("2026-04-08T11:00:00Z", "1", "No", "5"), ROWS["bought"]],
        "row of the export: the export has (absent), recorded 4 yes at 0.44 or no at 0.56",
    ),
    (
        [ROWS["settled"].replace('"10"', '"11"'), ROWS["sold"], ROWS["bought"]],
        "yes contracts: the export has 11, recorded 10",
    ),
    (
        [trade("soon", "1", "No", "5"), ROWS["sold"], ROWS["bought"]],
        "line 2 of the export was not read: Original_Date: expected an instant",
    ),
]


@each_row(("rows", "message"), DIFFERENT, ids=range(len(DIFFERENT)))
def test_a_row_that_fits_no_recorded_one_is_unexplained(tmp_path: Path, rows: list[str], message: str) -> None:
    result = checked(tmp_path, *rows)
    assert (result.exit_code, message in result.stdout) == (1, True), result.output


def test_an_export_that_cannot_be_compared_leaves_no_scenario(tmp_path: Path) -> None:
    result = checked(tmp_path, activity("Deposit", "2026-04-05T10:00:00Z", Amount_In_Dollars="7", Status="Failed"))
    assert (result.exit_code, "has no trade and no settlement that can be compared" in result.stderr) == (1, True)
    assert not (tmp_path / "a.yaml").exists()


def test_a_sale_that_reads_as_a_purchase_gives_the_same_position_and_profit(tmp_path: Path) -> None:
    """Only what was traded differs, since a purchase of the other side counts as bought."""
    scenario = (
        f"scenario: fills\nstart: 2026-04-01T00:00:00Z\naccounts: {{alice: {{cash: 500}}}}\n{MARKET}{PURCHASE}{SALE}"
    )
    by_api = import_recording(record(tmp_path / "run.jsonl", scenario, "2026-06"), "2026-06")
    path = export(tmp_path / "a.csv", ROWS["sold"].replace("0.07", "0"), ROWS["bought"])
    by_export = import_recording(path, "2026-06")
    (mine,), (theirs,) = (positions_of(found.text) for found in (by_api, by_export))
    different = {name for name in mine if mine[name] != theirs[name]} - {"last_updated_ts"}
    assert (mine["position_fp"], different) == ("6.00", {"total_traded_dollars"})
    assert [one.why.partition(",")[0] for one in by_export.recorded.assumed] == [
        "the trade bought no",
        "the trade bought yes",
    ]
