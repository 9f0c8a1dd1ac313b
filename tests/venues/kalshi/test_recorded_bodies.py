"""Bodies recorded on the venue's demo follow from a scenario byte for byte, at the API date of their day."""

import asyncio
from pathlib import Path

from mockexchange.core.instants import parse_instant
from mockexchange.core.model.ledgers import Bought, Settlement
from mockexchange.core.model.markets import EventListing, Market, Series
from mockexchange.core.vocabulary import FeeType, Result, SubaccountRef
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_file
from mockexchange.venues.kalshi import rest
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.resources.call import encoder
from mockexchange.venues.kalshi.resources.settlements import SettlementView
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row

FIXTURES = Path(__file__).parents[3] / "fixtures"

# path of the operation, day of the recording, scenario
RECORDED = [
    ("portfolio/positions", "2026-06-11", "recorded-2026-06-11"),
    ("portfolio/balance", "2026-06-11", "recorded-2026-06-11-balance"),
    ("portfolio/positions", "2025-11-03", "recorded-2025-11-03"),
    ("portfolio/balance", "2025-11-03", "recorded-2025-11-03-balance"),
    ("portfolio/fills", "2025-11-03", "recorded-2025-11-03-fills"),
    ("portfolio/fills", "2026-06-11", "recorded-2026-06-11-fills"),
    ("portfolio/orders", "2025-11-03", "recorded-2025-11-03-orders"),
    ("portfolio/order_groups", "2025-11-03", "recorded-2025-11-03-orders"),
    ("portfolio/settlements", "2026-06-11", "recorded-2026-06-11-order"),
    ("exchange/status", "2025-11-03", "recorded-2025-11-03-market"),
    ("exchange/status", "2026-06-11", "recorded-2026-06-11-market"),
    ("account/limits", "2026-06-11", "recorded-2026-06-11-market"),
]


def open_recorded(scenario: str, day: str) -> Sandbox:
    plan = load_file(FIXTURES / "scenarios" / f"{scenario}.yaml")
    return asyncio.run(open_sandbox(plan, SandboxOptions(api_date=api_date(day), clock="paused")))


def body_of(sandbox: Sandbox, path: str) -> bytes:
    key = sandbox.credentials()[0]
    request = Request("GET", f"/trade-api/v2/{path}", headers=((b"kalshi-access-key", key.key_id.encode()),))
    answer = rest.answer(sandbox.context, request, sandbox.clock.now(), host_at=0)
    assert (answer.status, answer.findings, answer.diagnosis) == (200, [], None)
    return answer.body


@each_row(("path", "day", "scenario"), RECORDED)
def test_the_recorded_body_comes_out_byte_for_byte(path: str, day: str, scenario: str) -> None:
    recorded = FIXTURES / "wire" / "kalshi" / f"http_get_{path.replace('/', '_')}.{day}.json"
    assert body_of(open_recorded(scenario, day), path) == recorded.read_bytes()


def test_the_single_order_of_june_comes_out_byte_for_byte() -> None:
    sandbox = open_recorded("recorded-2026-06-11-order", "2026-06-11")
    [order_id] = sandbox.exchange.state.orders
    recorded = FIXTURES / "wire" / "kalshi" / "http_get_portfolio_order.2026-06-11.json"
    assert body_of(sandbox, f"portfolio/orders/{order_id}") == recorded.read_bytes()


@each_row("day", ["2025-11-03", "2026-06-11"])
def test_a_recorded_book_comes_out_byte_for_byte(day: str) -> None:
    sandbox = open_recorded(f"recorded-{day}-market", day)
    [ticker] = sandbox.exchange.state.markets
    recorded = FIXTURES / "wire" / "kalshi" / f"http_get_market_orderbook.{day}.json"
    assert body_of(sandbox, f"markets/{ticker}/orderbook") == recorded.read_bytes()


def test_the_settlement_of_january_is_spelt_as_recorded() -> None:
    """Its amounts are random, so no scenario has them: the row is made by hand."""
    series = Series("KXEXAMPLE", FeeType.QUADRATIC, 1)
    event = EventListing("KXEXAMPLE-237850A89798", series, exchange_index=0, serial=1, created_at=0, revision=1)
    row = Settlement(
        subaccount_ref=SubaccountRef("alice"),
        market=Market("KXEXAMPLE-CCBD3CFD2609", event, "", None, serial=2, created_at=0, revision=2),
        result=Result.YES,
        value_centicents=455_900,
        yes=Bought(3_700, 42_860_000),
        no=Bought(3_700, 491_950_000),
        held_centis=0,
        held_cost_micros=0,
        revenue_micros=0,
        fees_micros=730_000,
        created_at=parse_instant("2026-01-10T04:50:31.435826Z"),
        serial=3,
    )
    written = encoder("Settlement", api_date("2026-01-12"))(SettlementView(row, row.yes, row.no))
    recorded = FIXTURES / "wire" / "kalshi" / "http_get_portfolio_settlements.2026-01-12.json"
    assert b'{"cursor":"","settlements":[' + written + b"]}" == recorded.read_bytes()


def test_the_row_recorded_in_june_is_spelt_otherwise_in_november() -> None:
    body = body_of(open_recorded("recorded-2026-06-11", "2025-11-03"), "portfolio/positions")
    assert b'"market_exposure":250,"market_exposure_dollars":"2.5000","position":3,' in body


def test_the_market_that_had_settled_is_hidden_and_still_there() -> None:
    sandbox = open_recorded("recorded-2025-11-03", "2025-11-03")
    hidden = b"KXQUICKSETTLE-25NOV03H1510-3"
    assert hidden not in body_of(sandbox, "portfolio/positions")
    request = Request(
        "GET",
        "/trade-api/v2/portfolio/positions",
        "settlement_status=settled",
        ((b"kalshi-access-key", sandbox.credentials()[0].key_id.encode()),),
    )
    assert hidden in rest.answer(sandbox.context, request, sandbox.clock.now(), host_at=0).body
