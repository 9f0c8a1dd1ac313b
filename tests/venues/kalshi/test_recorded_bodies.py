"""Bodies recorded on the venue's demo come out of a scenario byte for byte, at the API date of their day."""

import asyncio
from pathlib import Path

import pytest

from mockexchange.sandbox import Sandbox, SandboxOptions, open_sandbox
from mockexchange.scenario.loader import load_file
from mockexchange.venues.kalshi import rest
from mockexchange.venues.kalshi.dates import api_date
from mockexchange.venues.request import Request

FIXTURES = Path(__file__).parents[3] / "fixtures"

# path of the operation, day of the recording, scenario
RECORDED = [
    ("portfolio/positions", "2026-06-11", "recorded-2026-06-11"),
    ("portfolio/balance", "2026-06-11", "recorded-2026-06-11-balance"),
    ("portfolio/positions", "2025-11-03", "recorded-2025-11-03"),
    ("portfolio/balance", "2025-11-03", "recorded-2025-11-03-balance"),
]


def open_recorded(scenario: str, day: str) -> Sandbox:
    plan = load_file(FIXTURES / "scenarios" / f"{scenario}.yaml")
    return asyncio.run(open_sandbox(plan, SandboxOptions(api_date=api_date(day), clock="paused")))


def body_of(sandbox: Sandbox, path: str) -> bytes:
    key = sandbox.credentials()[0]
    request = Request("GET", f"/trade-api/v2/{path}", headers=((b"kalshi-access-key", key.key_id.encode()),))
    answer = rest.answer(sandbox.desk, request, sandbox.clock.now(), host_now=0)
    assert (answer.status, answer.findings, answer.diagnosis) == (200, [], None)
    return answer.body


@pytest.mark.parametrize(("path", "day", "scenario"), RECORDED)
def test_the_recorded_body_comes_out_byte_for_byte(path: str, day: str, scenario: str) -> None:
    recorded = FIXTURES / "wire" / "kalshi" / f"http_get_{path.replace('/', '_')}.{day}.json"
    assert body_of(open_recorded(scenario, day), path) == recorded.read_bytes()


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
    assert hidden in rest.answer(sandbox.desk, request, sandbox.clock.now(), host_now=0).body
