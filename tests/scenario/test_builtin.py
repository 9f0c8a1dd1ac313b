"""The built-in scenarios: golden against values computed by hand, the sums of fcm, the rows and ties of pages."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mockexchange.core.decimal_text import exact
from mockexchange.core.instants import format_instant
from mockexchange.core.invariants import violations
from mockexchange.core.model.ledgers import Ledger
from mockexchange.core.model.positions import EventTotals, Position
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.queries.positions import PositionQuery, find_positions
from mockexchange.core.vocabulary import AccountKind, OrderStatus, PaymentStatus, Result, SubaccountRef, TransferStatus
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.state_json.accounts import ledger_of
from mockexchange.scenario.loader import builtin_names, load_scenario
from mockexchange.venues.kalshi.resources.row_owner import subtrader_ids
from mockexchange.venues.keys.public_keys import load_public_key
from tests.helpers.rows import each_row
from tests.helpers.steps import calls_counted
from tests.house.checkout import ROOT
from tests.scenario.builtin_sandboxes import opened, rows_of
from tools.write_pages_scenario import FLAT, HELD, RESTING, SETTLED, TIED, render
from tools.write_pages_scenario import TARGET as PAGES

TRUTH = json.loads((ROOT / "fixtures" / "scenarios" / "golden.truth.json").read_text(encoding="utf-8"))
DERIVED_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OPENING_CALLS_MAX = 5_000
"""To play the history of the scenario takes seven times as many."""
FCM_OF = {"demo": "desk", "fcm": "north"}


@pytest.fixture(scope="module")
def golden() -> State:
    return opened("golden").exchange.state


@pytest.fixture(scope="module")
def fcm() -> State:
    return opened("fcm").exchange.state


@pytest.fixture(scope="module")
def pages() -> Subaccount:
    return opened("pages").exchange.state.subaccounts[SubaccountRef("alice")]


@each_row("name", builtin_names())
def test_a_built_in_scenario_breaks_no_invariant(name: str) -> None:
    sandbox = opened(name)
    assert violations(sandbox.exchange.state) == []
    assert all(credential.private_pem or credential.secret for credential in sandbox.credentials())


# --- golden


def money(micros: int) -> str:
    return exact(micros, 6)


def as_row(row: Position) -> dict[str, Any]:
    stake = row.stake
    return {
        "book": row.subaccount_ref.subaccount,
        "instrument": row.market.ticker,
        "event": row.market.event.ticker,
        "exchange_index": row.market.event.exchange_index,
        "quantity": exact(stake.quantity_centis, 2),
        "cost": money(stake.cost_micros),
        "realized": money(stake.realized_micros),
        "fees": money(row.fees_micros),
        "traded": money(stake.traded_micros),
        "shares": exact(stake.shares_centis, 2),
        "resting": exact(row.resting_centis, 2),
        "settled": row.settled,
        "updated_at": format_instant(row.updated_at),
    }


def as_event(subaccount: str, event: str, settled: bool, totals: EventTotals) -> dict[str, Any]:
    return {
        "book": subaccount,
        "event": event,
        "settled": settled,
        "cost": money(totals.cost_micros),
        "realized": money(totals.realized_micros),
        "fees": money(totals.fees_micros),
        "traded": money(totals.traded_micros),
        "shares": exact(totals.shares_centis, 2),
        "resting": exact(totals.resting_centis, 2),
    }


def events_of(subaccount: Subaccount) -> Iterator[dict[str, Any]]:
    for event in subaccount.events.values():
        for settled in (False, True):
            if any(row.settled is settled and row.market.event.ticker == event.event for row in rows_of(subaccount)):
                yield as_event(subaccount.ref.subaccount, event.event, settled, event.totals(settled))


def as_subaccount(subaccount: Subaccount) -> dict[str, Any]:
    return {
        "cash": money(subaccount.cash_micros),
        "free": money(subaccount.cash_micros - subaccount.reserved_micros),
        "value": money(sum(subaccount.values_micros.values())),
    }


@each_row("account", TRUTH["accounts"])
def test_a_golden_account_is_what_was_worked_out_by_hand(account: str, golden: State) -> None:
    subaccounts = list(golden.subaccounts_of(account))
    assert TRUTH["accounts"][account] == {
        "books": {subaccount.ref.subaccount: as_subaccount(subaccount) for subaccount in subaccounts},
        "positions": [as_row(row) for subaccount in subaccounts for row in rows_of(subaccount)],
        "events": [event for subaccount in subaccounts for event in events_of(subaccount)],
    }


@each_row("account", TRUTH["ledgers"])
def test_a_golden_ledger_is_what_was_worked_out_by_hand(account: str, golden: State) -> None:
    told = {name: rows for name, rows in ledger_of(golden, account).items() if name not in ("cash", "reserved")}
    plain = {name: [{**row, "id": shown_id(row)} for row in rows] for name, rows in told.items()}
    assert TRUTH["ledgers"][account] == {"cash": ledger_of(golden, account)["cash"], **plain}


def shown_id(row: dict[str, Any]) -> str:
    return "derived" if DERIVED_ID.fullmatch(row["id"]) else row["id"]


def test_golden_cash_is_on_two_shards_and_on_its_way_to_a_third(golden: State) -> None:
    """60 arrived on shard 1. The 5 for shard 2 and the 10 from the margined instance belong to nobody yet."""
    subaccount = golden.subaccounts[SubaccountRef("payments")]
    assert subaccount.shards_micros == {1: 60_000_000}
    account = golden.accounts["payments"]
    assert (account.allocations, account.reservation, account.netted_subaccounts) == (((0, 60), (1, 40)), "sum", {"1"})


def test_golden_groups_are_triggered_and_open(golden: State) -> None:
    triggered, still_open = golden.groups.values()
    assert (triggered.is_triggered, triggered.filled_centis, list(triggered.orders)) == (True, 1_000, [])
    assert (still_open.is_triggered, still_open.limit_centis, list(still_open.orders)) == (False, None, ["open"])


def test_the_truth_has_every_golden_account(golden: State) -> None:
    assert list(TRUTH["accounts"]) == list(golden.accounts)


def test_golden_has_a_trap_of_every_kind(golden: State) -> None:
    rows = [row for subaccount in golden.subaccounts.values() for row in rows_of(subaccount)]
    quantities = {row.stake.quantity_centis for row in rows}
    assert min(quantities) < 0 < max(quantities)
    assert {-137, 63, 0} <= quantities
    assert any(row.stake.traded_micros and not row.stake.quantity_centis and not row.settled for row in rows)
    assert any(row.resting_centis and not row.stake.traded_micros for row in rows)
    assert any(row.stake.realized_micros < 0 for row in rows)
    assert {row.market.event.exchange_index for row in rows} == {0, 1, 2}
    assert {market.result for market in golden.markets.values() if market.result} == {"yes", "no", "scalar", "void"}
    assert [subaccount.ref.subaccount for subaccount in golden.subaccounts_of("subaccounts")] == ["0", "3", "63"]


def test_golden_keys_are_rsa_and_some_may_not_see_all(golden: State) -> None:
    assert all(isinstance(load_public_key(key.public_key), RSAPublicKey) for key in golden.keys.values())
    assert all("main" in account.keys for account in golden.accounts.values())
    keys = golden.accounts["subaccounts"].keys
    assert (keys["only_3"].subaccount, keys["read_only"].scopes, keys["main"].subaccount) == ("3", ("read",), None)


def test_a_golden_sandbox_is_opened_from_a_copy_of_the_last_one() -> None:
    plan = load_scenario("golden")
    with asyncio.Runner() as runner:
        for _ in range(2):
            runner.run(open_sandbox(plan, SandboxOptions()))
        with calls_counted() as calls:
            runner.run(open_sandbox(plan, SandboxOptions()))
    assert calls.count < OPENING_CALLS_MAX


# --- fcm


def quantity(state: State, subaccount_ref: str, market: str) -> int:
    row = state.subaccounts[SubaccountRef.parse(subaccount_ref)].positions.get(market)
    return row.stake.quantity_centis if row else 0


@each_row(
    ("merchant", "market", "total"),
    [
        ("north", "KXFEDDECISION-25DEC-H0", 0),
        ("north", "KXFEDDECISION-25DEC-C25", 0),
        ("north", "KXRAINNYC-25NOV05-T1", 700),
        ("south", "KXSENATE-26-R", 0),
    ],
)
def test_subtraders_add_up_to_their_merchant(merchant: str, market: str, total: int, fcm: State) -> None:
    held = [quantity(fcm, f"{merchant}/{subaccount}", market) for subaccount in fcm.accounts[merchant].subaccounts]
    assert sum(held) == total
    assert len([each for each in held if each]) > 1


def test_merchants_own_nothing_and_share_no_ids(fcm: State) -> None:
    assert [rows_of(fcm.subaccounts[SubaccountRef(name)]) for name in ("north", "south")] == [[], []]
    assert subtrader_ids(fcm.accounts["north"]) == {
        "alpha": "fcm7_alpha",
        "beta": "fcm7_beta",
        "omnibus": "fcm7_omnibus-01",
        "quiet": "fcm7_quiet",
    }
    assert subtrader_ids(fcm.accounts["south"]) == {"alpha": "9f0c1a_alpha", "gamma": "9f0c1a_gamma"}
    assert fcm.accounts["north"].keys["only_beta"].subaccount == "beta"
    assert fcm.accounts["alice"].kind == "member"


@each_row("name", ["demo", "fcm"])
def test_no_list_is_empty(name: str) -> None:
    """A new user sees a row on every page, and of every status."""
    state = opened(name).exchange.state
    ledgers = [account.ledger for account in state.accounts.values()]
    assert all(any(len(getattr(ledger, kind)) for ledger in ledgers) for kind in Ledger.__slots__)
    assert {order.status for order in state.orders.values()} == set(OrderStatus)
    assert {order.is_archived for order in state.orders.values()} == {True, False}
    assert any(order.status is OrderStatus.RESTING and order.filled_centis for order in state.orders.values())
    assert {row.result for ledger in ledgers for row in ledger.settlements} == set(Result)
    assert all(account.ledger.trades for account in state.accounts.values() if account.kind is AccountKind.FCM)
    assert any(rules.categories for rules in state.accounts[FCM_OF[name]].subtrader_rules.values())
    assert any(rules.cap_micros for rules in state.accounts[FCM_OF[name]].subtrader_rules.values())
    assert any(group.orders for group in state.groups.values())
    assert any(market.quotes for market in state.markets.values())
    assert any(event.details.title for event in state.events.values())


def test_demo_has_payments_and_transfers_in_every_status() -> None:
    state = opened("demo").exchange.state
    alice = state.accounts["alice"]
    for payments in (alice.ledger.deposits, alice.ledger.withdrawals):
        assert {payment.status for payment in payments} == set(PaymentStatus)
    assert {transfer.status for transfer in alice.ledger.shard_transfers} == set(TransferStatus)
    assert {row.source.subaccount for row in alice.ledger.transfers} == {"0", "1"}
    assert (alice.netted_subaccounts, state.accounts["bob"].reservation) == ({"1"}, "max")
    assert len(state.announcements) == 1
    assert {group.is_triggered for group in state.groups.values()} == {True, False}


# --- pages


def test_pages_is_what_its_script_writes() -> None:
    assert PAGES.read_text(encoding="utf-8") == render(), "run: python -m tools.write_pages_scenario"


def test_pages_has_the_rows_of_its_title(pages: Subaccount) -> None:
    rows = rows_of(pages)
    unsettled = [row for row in rows if not row.settled]
    assert len([row for row in unsettled if row.stake.quantity_centis]) == HELD == 251
    assert len([row for row in unsettled if not row.stake.quantity_centis and row.stake.traded_micros]) == FLAT
    assert len([row for row in unsettled if not row.stake.traded_micros and row.resting_centis]) == RESTING
    assert len([row for row in rows if row.settled]) == SETTLED
    assert len({row.market.event.ticker for row in unsettled}) == 60


def test_pages_has_ties_where_pages_end(pages: Subaccount) -> None:
    held = sorted((row.rank, row) for row in rows_of(pages) if row.stake.quantity_centis)
    instants = [row.updated_at for _, row in held]
    assert set(Counter(instants).values()) == {TIED, HELD % TIED}
    assert [instants[limit - 1] == instants[limit] for limit in (50, 100, 200, 250)] == [True] * 4


def test_every_row_of_pages_is_on_one_page_at_any_limit(pages: Subaccount) -> None:
    for limit in (1, 7, 50, 100, 250, 1_000):
        seen: list[str] = []
        query = PositionQuery(limit=limit)
        while True:
            page = find_positions(pages, query)
            seen += [row.market.ticker for row in page.rows]
            if page.after is None:
                break
            query = PositionQuery(limit=limit, after=page.after)
        assert len(seen) == len(set(seen)) == HELD + FLAT + RESTING
