"""The built-in scenario `lively`: frames on every channel, a bounded log, and no drift."""

import asyncio
import json
from typing import Any

import pytest

from mockexchange.core.invariants import violations
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_scenario
from mockexchange.venues.dated_fields import FOREVER
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.stream.channels import CHANNELS
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import PREFIX, WALL, carry_out, signed
from tests.helpers.stream_reader import Reader
from tests.scenario.builtin_sandboxes import held

pytestmark = pytest.mark.untraced

LIVELY_CHANNELS = [row.name for row in CHANNELS if row.is_emulated and row.until == FOREVER]
BOOKS = {"orderbook_delta": {"market_tickers": ["KXRAINNYC-25NOV05-T1", "KXFEDDECISION-25DEC-H0"]}}


def lively(date: str = "latest") -> Sandbox:
    options = SandboxOptions(clock="paused", api_date=api_date(date), host=lambda: WALL)
    return asyncio.run(open_sandbox(load_scenario("lively"), options))


@each_row("account", ["alice", "bob", "desk"])
@each_row("channel", LIVELY_CHANNELS)
def test_lively_has_a_frame_on_every_channel_within_a_second_for_any_account(channel: str, account: str) -> None:
    sandbox = lively()
    reader = Reader(sandbox, f"{account}/main")
    reader.subscribe(channel, **BOOKS.get(channel, {}))
    already = len(reader.told)
    asyncio.run(sandbox.advance(1_000_000))
    assert [frame["type"] for frame in reader.told[already:]]
    asyncio.run(sandbox.advance(60_000_000))
    assert findings(sandbox) == []


def test_lively_grows_by_a_bounded_log_and_moves_again_for_a_returning_client() -> None:
    sandbox = lively()
    asyncio.run(sandbox.advance(3_700_000_000))
    grown = len(sandbox.log)
    assert grown < 5_000
    for channel in LIVELY_CHANNELS:
        reader = Reader(sandbox)
        reader.subscribe(channel, **BOOKS.get(channel, {}))
        already = len(reader.told)
        asyncio.run(sandbox.advance(1_000_000))
        assert reader.told[already:], channel
    asyncio.run(sandbox.advance(3_700_000_000))
    assert len(sandbox.log) - grown < 12 * len(LIVELY_CHANNELS)


def test_lively_moves_by_itself_and_no_account_drifts() -> None:
    sandbox = lively()
    before = {row.market.ticker: row.stake.quantity_centis for row in held(sandbox)}
    asyncio.run(sandbox.advance(3_700_000_000))
    assert {row.market.ticker: row.stake.quantity_centis for row in held(sandbox)} == before
    assert violations(sandbox.exchange.state) == []
    assert findings(sandbox) == []
    assert [step.fired_in_all for step in sandbox.script.steps if step.name in ("life", "listing")] == [4_320, 180]


def findings(sandbox: Sandbox) -> list[Any]:
    return [firing for firing in sandbox.journal.firings if firing.kind == "finding"]


SHARED = ("/markets", "/events", "/markets/trades", "/api_keys")
OWN = (
    "/portfolio/positions",
    "/portfolio/fills",
    "/portfolio/orders",
    "/portfolio/settlements",
    "/portfolio/deposits",
    "/portfolio/withdrawals",
    "/portfolio/order_groups",
    "/portfolio/subaccounts/balances",
    "/portfolio/subaccounts/transfers",
    "/portfolio/subaccounts/netting",
    "/portfolio/intra_exchange_instance_transfers",
    "/portfolio/orders/queue_positions",
    "/historical/positions",
    "/historical/fills",
    "/historical/orders",
    "/communications/rfqs",
    "/communications/quotes?rfq_creator_user_id=a11ce000-0000-4000-8000-000000000001",
)
LISTED = ("/milestones?limit=10", "/structured_targets", "/multivariate_event_collections")
DESK = ("/fcm/positions", "/fcm/orders", "/fcm/fills", "/fcm/subtraders")


@each_row(
    ("account", "path"),
    [*(("alice", path) for path in (*OWN, *LISTED, *SHARED)), *(("desk", path) for path in (*DESK, *SHARED))],
)
def test_no_list_of_lively_is_empty(account: str, path: str) -> None:
    sandbox = lively()
    query = "?subtrader_id=fcm7_st1" if path in DESK[:3] else ""
    answer, _ = sandbox.answer(signed(sandbox, f"{PREFIX}{path}{query}", f"{account}/main"))
    assert answer.status == 200, answer
    lists = {key: value for key, value in json.loads(answer.body).items() if isinstance(value, list)}
    assert lists
    assert all(lists.values()), lists


def test_alice_of_lively_may_open_a_subaccount() -> None:
    sandbox = lively()
    path = f"{PREFIX}/portfolio/subaccounts"
    answer, _ = carry_out(sandbox, signed(sandbox, path, "alice/main", method="POST", body={}))
    assert answer.status == 201, answer
