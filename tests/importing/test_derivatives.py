"""Recordings of accounts that hold derivatives come out as scenarios that answer as the recording did."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from mockexchange.importing.comparison import UNEXPLAINED
from mockexchange.importing.importing import Imported, import_recording
from mockexchange.importing.verification import Emulated, plan_of
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.venues.registry import venue_of
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

BUILTIN = ROOT / "mockexchange" / "scenario" / "builtin"
DERIBIT, SIGNALPLUS = "deribit", "signalplus"
AT = 1_760_612_400_000_000
Call = tuple[str, str, str]
PRIVATE = "/api/v2/private/"


def call(venue: str, method: str, **params: object) -> Call:
    """Return a POST that calls a method."""
    path, name = ("/api/v2", "id") if venue == DERIBIT else ("/signalplus/api", "rid")
    body = {"jsonrpc": "2.0", name: 7, "method": method, "params": params}
    return "POST", path, json.dumps(body if venue == DERIBIT else {k: v for k, v in body.items() if k != "jsonrpc"})


def reads(trades: int = 1_000) -> list[Call]:
    """Return what a program reads of an account, by GET and by POST."""
    targets = ["/api/v2/public/get_instruments?currency=any", f"{PRIVATE}get_account_summaries?extended=true"]
    for currency in ("BTC", "ETH", "USDC"):
        targets += [
            f"{PRIVATE}get_account_summary?currency={currency}",
            f"{PRIVATE}get_user_trades_by_currency?currency={currency}&count={trades}",
            f"{PRIVATE}get_open_orders_by_currency?currency={currency}",
        ]
    return [*(("GET", target, "") for target in targets), call(DERIBIT, "private/get_positions", currency="any")]


def record(path: Path, venue: str, account: str, calls: Iterable[Call], text: str = "") -> Path:
    """Write what the built-in scenario of a venue, or another one, answers to an account."""
    file = RecordingFile(path, Redactor(), "the mock", at=0)
    asyncio.run(_record(file, venue, account, calls, text or (BUILTIN / f"{venue}.yaml").read_text(encoding="utf-8")))
    file.finish()
    return path


async def _record(file: RecordingFile, venue: str, account: str, calls: Iterable[Call], text: str) -> None:
    emulated = await Emulated.open(plan_of(text), venue, venue_of(venue).api_date("2026-10"))
    emulated.account = account
    await emulated.advance(AT)
    assert emulated.refusals == []
    for number, (method, target, body) in enumerate(calls):
        reply = emulated.ask(target, AT + number, method, body)
        assert reply.status == 200, reply.body
        answer = reply.body.encode()
        file.add_request(Exchanged(method, target, [], body.encode(), 200, [], answer, AT + number, 1))


def unexplained(found: Imported) -> list[object]:
    wrong = [one.comparison.differences for one in found.verified if one.comparison.kind == UNEXPLAINED]
    return [*wrong, *found.refusals, *found.unread]


# dora has every kind, with a session between her trades, and an order. carried has holdings without trades; mixed and
# funded have profits with more digits than rows; flats is flat; since_open has dollars of its own; dust has 25 trades.
@each_row("account", ["dora", "carried", "flats", "mixed", "notional", "since_open", "funded", "dust"])
def test_an_account_comes_out_of_its_recording(tmp_path: Path, account: str) -> None:
    found = import_recording(record(tmp_path / "run.jsonl", DERIBIT, account, reads()))
    assert unexplained(found) == []
    assert len(found.verified) == len(reads())
    differing = {row.path.rpartition(".")[2] for one in found.verified for row in one.comparison.differences}
    assert differing == {"creation_timestamp"}, "instants at which the recorded exchange began"


@each_row("account", ["gina", "shorts", "flats", "page", "mixed", "notional", "funded", "untouched"])
def test_positions_without_trades_come_out_as_holdings(tmp_path: Path, account: str) -> None:
    path = record(tmp_path / "run.jsonl", SIGNALPLUS, account, [call(SIGNALPLUS, "private/get_positions")])
    found = import_recording(path)
    assert unexplained(found) == []
    assert [one.comparison.kind for one in found.verified] == ["explained"]
    assert " trade:" not in found.text


@each_row("account", ["dust", "mixed"])
def test_trades_that_were_not_recorded_are_an_opening_holding(tmp_path: Path, account: str) -> None:
    found = import_recording(record(tmp_path / "run.jsonl", DERIBIT, account, reads(trades=1)))
    assert unexplained(found) == []
    assert (found.text.count(" trade:"), found.text.count(" hold:") >= 1) == (1, True)


def test_a_scenario_is_imported_the_same_again(tmp_path: Path) -> None:
    first = import_recording(record(tmp_path / "a.jsonl", DERIBIT, "dora", reads()))
    again = import_recording(record(tmp_path / "b.jsonl", DERIBIT, "me", reads(), first.text))
    assert unexplained(again) == []
    assert first.text.count("trade:") == again.text.count("trade:")


PRICES = """scenario: moving
start: 2025-10-16T00:00:00Z
accounts:
  alice: {venue: deribit, cash: {BTC: 0.1}, subaccounts: {3: {cash: {BTC: 0.2}}}}
indexes: {btc_usd: 100000}
instruments:
  BTC-PERPETUAL: {kind: future, base: BTC, mark: 100000, settlement: 99000}
  BTC-29JUN35-120d5-C:
    {kind: option, base: BTC, strike: 120.5, option_type: call, expires: 2035-06-29T08:00:00Z, mark: 0.4, iv: 50}
history:
  - trade: {account: alice, instrument: BTC-29JUN35-120d5-C, direction: buy, amount: 3, price: 0.4}
  - trade: {account: alice, instrument: BTC-PERPETUAL, direction: buy, amount: 100, price: 100000, fee: 0.001, label: a}
  - {after: 1s, mark: {instrument: BTC-PERPETUAL, price: 100500}}
  - {after: 1s, mark: {instrument: BTC-29JUN35-120d5-C, price: 0.41, iv: 51}}
  - {after: 1s, index: {index: btc_usd, price: 100400.5}}
  - {after: 1s, trade: {account: alice, instrument: BTC-PERPETUAL, direction: sell, amount: 40, price: 100600}}
  - {after: 1s, trade: {account: alice/3, instrument: BTC-PERPETUAL, direction: sell, amount: 50, price: 100600}}
"""


def test_prices_move_and_cash_may_be_below_zero(tmp_path: Path) -> None:
    calls: list[Call] = [
        ("GET", f"{PRIVATE}get_user_trades_by_instrument?instrument_name=BTC-PERPETUAL&sorting=asc", ""),
        ("GET", f"{PRIVATE}get_user_trades_by_instrument?instrument_name=BTC-29JUN35-120d5-C", ""),
        ("GET", f"{PRIVATE}get_position?instrument_name=BTC-PERPETUAL", ""),
        ("GET", f"{PRIVATE}get_positions?currency=BTC", ""),
        ("GET", f"{PRIVATE}get_positions?currency=BTC&subaccount_id=3", ""),
        ("GET", f"{PRIVATE}get_account_summary?currency=BTC", ""),
        ("GET", f"{PRIVATE}get_account_summary?currency=BTC&subaccount_id=3", ""),
        ("GET", "/api/v2/public/ticker?instrument_name=BTC-29JUN35-120d5-C", ""),
        ("GET", "/api/v2/public/get_index_price?index_name=btc_usd", ""),
    ]
    found = import_recording(record(tmp_path / "run.jsonl", DERIBIT, "alice", calls, PRICES))
    assert unexplained(found) == []
    assert "index: {index: btc_usd, price: 100400.5}" in found.text
    poor = PRICES.replace("cash: {BTC: 0.1}, ", "")
    found = import_recording(record(tmp_path / "poor.jsonl", DERIBIT, "alice", calls, poor))
    assert unexplained(found) == []


def test_an_instrument_that_is_not_understood_is_reported(tmp_path: Path) -> None:
    path = record(tmp_path / "run.jsonl", DERIBIT, "dora", [call(DERIBIT, "private/get_positions", currency="ETH")])
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("ETH-PERPETUAL", "ETH-STRANGE-1-2-3"), encoding="utf-8")
    found = import_recording(path)
    assert len(unexplained(found)) == 1
    path.write_text(text.replace('\\"size\\":5000.0', '\\"size\\":\\"many\\"'), encoding="utf-8")
    with pytest.raises(ValueError, match="rows of an unknown form"):
        import_recording(path)
    path.write_text(text.replace('\\"instrument_name\\"', '\\"name\\"'), encoding="utf-8")
    assert [why for _, why in import_recording(path).unread] != []
