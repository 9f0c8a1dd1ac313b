"""The plan of a scenario: settings, keys and commands with their times."""

from pathlib import Path

import pytest

import mockexchange.scenario.plan as plan_module
from mockexchange.core.commands import (
    CloseMarket,
    Deposit,
    DescribeEvent,
    ListMarket,
    ListSeries,
    OpenAccount,
    OpenSubaccount,
    QuoteMarket,
)
from mockexchange.core.instants import format_instant
from mockexchange.core.model.markets import EventDetails, MarketDetails, SeriesDetails
from mockexchange.core.vocabulary import AccountKind, FeeRounding, FeeType, SubaccountRef
from mockexchange.scenario.accounts import KeySpec
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.instants import START_DEFAULT
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.plan import Plan
from mockexchange.venues.kalshi.settings import KalshiSettings
from mockexchange.venues.keys.development_keys import rsa_pair_count
from mockexchange.venues.registry import VENUES
from tests.helpers.rows import each_row


def load(text: str) -> Plan:
    return load_text(f"scenario: test\n{text}", "folder/test.yaml")


def test_a_name_is_enough() -> None:
    plan = load("")
    assert (plan.name, plan.title, plan.seed, plan.start) == ("test", "", 0, START_DEFAULT)
    assert plan.rounding is None  # the API date of the sandbox decides
    assert plan.settings == {name: venue.scenario.settings() for name, venue in VENUES.items()}
    assert (plan.setup, plan.keys, list(plan.steps)) == ([], [], [])
    assert plan.digest == load("").digest != load("seed: 1").digest


def test_settings_are_read() -> None:
    plan = load(
        "title: A test\nseed: 7\nstart: 2025-11-04\nfees: {rounding: 2025}\nstrict_cursors: true\n"
        "fcm: {plain_member: empty}\nsettlements: {counts: net}\n"
        "auth: {mode: off, clock: exchange, salt: 32, past: 1s, future: 2s}"
    )
    assert (plan.title, plan.seed, format_instant(plan.start)) == ("A test", 7, "2025-11-04T00:00:00Z")
    assert plan.rounding is FeeRounding.CENT
    assert plan.settings["kalshi"] == KalshiSettings(
        auth_mode="off",
        auth_clock="exchange",
        auth_salt="32",
        window_past_us=1_000_000,
        window_future_us=2_000_000,
        plain_member="empty",
        strict_cursors=True,
        settlement_counts="net",
    )


def test_accounts_series_and_markets_are_set_up_at_the_start() -> None:
    plan = load(
        "accounts:\n"
        "  alice: {cash: 1.5, subaccounts: {3: {cash: 2}, 63: {}}}\n"
        "  desk: {kind: fcm, account_id: f7, subtraders: {st1: {cash: 3, subtrader_id: f7_one}, st2: {}}}\n"
        "  poor:\n"
        "series: {S: {fee_type: flat, fee_multiplier: 2}}\n"
        "markets: {M: {event: E, series: S, title: T, price: 0.5, exchange_index: 1}}\n"
    )
    assert {timed.at for timed in plan.setup} == {plan.start}
    assert [timed.command for timed in plan.setup] == [
        ListSeries(series="S", fee_type=FeeType.FLAT, fee_multiplier=20_000),
        OpenAccount(account="alice"),
        Deposit(subaccount_ref=SubaccountRef("alice"), amount_micros=1_500_000),
        OpenSubaccount(account="alice", subaccount="3"),
        Deposit(subaccount_ref=SubaccountRef("alice", "3"), amount_micros=2_000_000),
        OpenSubaccount(account="alice", subaccount="63"),
        OpenAccount(account="desk", kind=AccountKind.FCM, account_id="f7"),
        OpenSubaccount(account="desk", subaccount="st1", subaccount_id="f7_one"),
        Deposit(subaccount_ref=SubaccountRef("desk", "st1"), amount_micros=3_000_000),
        OpenSubaccount(account="desk", subaccount="st2"),
        OpenAccount(account="poor"),
        ListMarket(market="M", event="E", series="S", title="T", price_centicents=5_000, exchange_index=1),
    ]


def test_details_of_series_events_and_markets_are_set_up_too() -> None:
    plan = load(
        "accounts: {alice: {user_id: u-7, tier: prime}}\n"
        "series: {S: {title: Sun, tags: [a, on]}}\n"
        "events: {E: {title: Tomorrow, mutually_exclusive: true}}\n"
        "markets:\n"
        "  M: {event: E, series: S, subtitle: all day, book: {yes: [[0.55, 100]], no: [[0.43, 80]]}}\n"
        "  N: {event: E, series: S, book: {}}\n"
        "  O: {event: E, series: S, book: }\n"
    )
    assert [timed.command for timed in plan.setup] == [
        ListSeries(series="S", details=SeriesDetails(title="Sun", tags=("a", "on"))),
        DescribeEvent(event="E", details=EventDetails(title="Tomorrow", mutually_exclusive=True)),
        OpenAccount(account="alice", user_id="u-7", tier="prime"),
        ListMarket(market="M", event="E", series="S", details=MarketDetails(subtitle="all day")),
        QuoteMarket(market="M", yes=((5_500, 10_000),), no=((4_300, 8_000),)),
        ListMarket(market="N", event="E", series="S"),
        QuoteMarket(market="N"),
        ListMarket(market="O", event="E", series="S"),
    ]


def test_nothing_is_archived_unless_the_scenario_sets_it() -> None:
    assert load("start: 2025-11-04").archived_before == load("start: 2025-11-04").start
    assert load("").archived_before == load("historical: {}").archived_before == START_DEFAULT
    plan = load("start: 2025-11-04\nhistorical: {cutoff: 2025-11-06}")
    assert (format_instant(plan.start), format_instant(plan.archived_before)) == (
        "2025-11-04T00:00:00Z",
        "2025-11-06T00:00:00Z",
    )


def test_steps_of_a_history_are_a_millisecond_apart_by_default() -> None:
    plan = load(
        "start: 2025-11-04\nhistory:\n"
        "  - close: {market: A}\n"
        "  - close: {market: B}\n"
        "  - {after: 1h, close: {market: C}}\n"
        "  - close: {market: D}\n"
        "  - {at: 2025-11-05, close: {market: E}}\n"
        "  - {after: 0s, close: {market: F}}\n"
    )
    assert [format_instant(timed.at) for timed in plan.steps] == [
        "2025-11-04T00:00:00Z",
        "2025-11-04T00:00:00.001Z",
        "2025-11-04T01:00:00.001Z",
        "2025-11-04T01:00:00.002Z",
        "2025-11-05T00:00:00Z",
        "2025-11-05T00:00:00Z",
    ]
    assert [timed.command for timed in plan.steps] == [CloseMarket(market=name) for name in "ABCDEF"]


def test_the_first_step_may_come_some_time_after_the_start() -> None:
    (timed,) = load("start: 2025-11-04\nhistory: [{after: 5s, close: {market: A}}]").steps
    assert format_instant(timed.at) == "2025-11-04T00:00:05Z"


# history, error
OUT_OF_ORDER = [
    (
        "  - {at: 2025-11-03, close: {market: A}}\n",
        "4: at: expected 2025-11-04T00:00:00Z or later, got 2025-11-03T00:00:00Z: a history is in order of time",
    ),
    (
        "  - {at: 2025-11-05, close: {market: A}}\n  - close: {market: A}\n    at: 2025-11-04T12:00:00Z\n",
        "6: at: expected 2025-11-05T00:00:00Z or later, got 2025-11-04T12:00:00Z: a history is in order of time",
    ),
    (
        "  - {after: 80000d, close: {market: A}}\n",
        "4: expected an instant before 2200-01-01T00:00:00Z",
    ),
]


@each_row(("history", "error"), OUT_OF_ORDER)
def test_time_does_not_go_back_nor_end(history: str, error: str) -> None:
    plan = load(f"start: 2025-11-04\nhistory:\n{history}")
    with pytest.raises(ScenarioError) as caught:
        list(plan.steps)
    assert str(caught.value) == f"folder/test.yaml:{error}"


def keys(account: str) -> list[KeySpec]:
    return load(f"accounts:\n  a: {account}").keys


def test_every_account_has_a_key_by_default() -> None:
    assert keys("") == keys("{cash: 5}") == keys("{keys: }") == [KeySpec("a", "main")]
    assert keys("{keys: {}}") == []


def test_keys_are_read() -> None:
    account = (
        "{subaccounts: {3: {}}, keys: {main: , other: {key_id: id, algorithm: ed25519, scopes: [read], subaccount: 3,"
        " api_date: 2026-06}, primary: {subaccount: 0}, none: {scopes: []}, pub: {public_key: keys/a.pem},"
        " priv: {private_key: keys/b.pem}}}"
    )
    assert keys(account) == [
        KeySpec("a", "main"),
        KeySpec("a", "other", key_id="id", algorithm="ed25519", scopes=("read",), subaccount="3", api_date="2026-06"),
        KeySpec("a", "primary", subaccount="0"),
        KeySpec("a", "none", scopes=()),
        KeySpec("a", "pub", public_path=Path("folder/keys/a.pem")),
        KeySpec("a", "priv", private_path=Path("folder/keys/b.pem")),
    ]


def test_more_keys_than_there_are_pairs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rsa_pair_count() == plan_module.RSA_PAIRS_MAX
    monkeypatch.setattr(plan_module, "RSA_PAIRS_MAX", 2)
    others = "d: {keys: {k: {algorithm: ed25519}}}, e: {keys: {}}, f: {venue: deribit}"
    assert len(load(f"accounts: {{a: , b: , {others}}}").keys) == 4
    with pytest.raises(ScenarioError) as caught:
        load(f"title: t\naccounts: {{a: , b: , c: , {others}}}")
    expected = "expected at most 2 accounts and keys that take an RSA pair, got 3"
    assert str(caught.value) == f"folder/test.yaml:3: {expected}: give others a key {{algorithm: ed25519}}"


def test_an_absolute_key_path_stays_what_it_is(tmp_path: Path) -> None:
    (spec,) = keys(f"{{keys: {{main: {{public_key: {tmp_path}/a.pem}}}}}}")
    assert spec.public_path == tmp_path / "a.pem"


WRONG_TIMES = [
    ("open: 2025-11-05, close: 2025-11-05", "close: expected an instant after `open`"),
    ("open: 2025-11-06, close: 2025-11-05", "close: expected an instant after `open`"),
    ("close: 2025-11-06, expiration: 2025-11-05", "expiration: expected `close` or an instant after it"),
]


@each_row(("times", "error"), WRONG_TIMES)
def test_the_times_of_a_market_are_in_order(times: str, error: str) -> None:
    market = f"event: E, series: S, {times}"
    with pytest.raises(ScenarioError, match=f"^folder/test.yaml:2: markets.M: {error}$"):
        load(f"markets: {{M: {{{market}}}}}")
    with pytest.raises(ScenarioError, match=f"^folder/test.yaml:2: history.0..market: {error}$"):
        load(f"history: [{{market: {{market: M, {market}}}}}]")


@each_row("times", ["close: 2025-11-05, expiration: 2025-11-05", "open: 2025-11-06", "close: 2025-11-04"])
def test_the_times_of_a_market_may_meet_or_stand_alone(times: str) -> None:
    assert load(f"markets: {{M: {{event: E, series: S, {times}}}}}").setup
