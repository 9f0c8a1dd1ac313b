"""A sandbox: its log, its two clocks, and its keys, which are the same in every run."""

import json
from dataclasses import replace

import pytest

from mockexchange.core.commands import AddKey, Deposit, SettleMarket
from mockexchange.core.instants import parse_instant
from mockexchange.core.refusals import Refusal, RefusalCode
from mockexchange.core.vocabulary import AccountKind, Result, SubaccountRef
from mockexchange.sandbox.opening import PROGRESS_EVERY, open_sandbox
from mockexchange.sandbox.options import DEFAULT, SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.keys import KeyPool
from mockexchange.scenario.loader import load_text
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, PREFIX, SMALL, WALL, do, make, run, signed

pytestmark = pytest.mark.untraced

START = parse_instant("2025-11-04T12:00:00Z")
PAY = Deposit(subaccount_ref=SubaccountRef("alice"), amount_micros=1)


@pytest.fixture
def sandbox() -> Sandbox:
    return make()


# --- the log


def test_the_log_begins_with_all_a_replay_needs(sandbox: Sandbox) -> None:
    header = sandbox.log.header
    assert (header.format, header.sandbox, header.scenario, header.seed) == (1, DEFAULT, "small", 7)
    assert (header.api_date, header.clock, header.rounding) == ("2026-10", "paused", "2026")
    assert header.archived_before == sandbox.plan.start
    assert header.settings == {
        "auth_mode": "on",
        "auth_clock": "host",
        "auth_salt": "any",
        "window_past_us": 15_000_000,
        "window_future_us": 45_000_000,
        "plain_member": "403",
        "strict_cursors": False,
        "public_keys": "dated",
        "unknown_status": "dated",
        "paused_exchange": "paused",
        "undocumented_bodies": "object",
        "cancel_filled": "refuse",
        "delta_ts": "text",
        "sale_cost": "gained",
        "rate_limits": "report",
        "settlement_counts": "gross",
        "stream_repeat": "same_sid",
        "stream_anonymous": "refuse",
        "stream_origin": "accept",
        "stream_connections": 200,
        "stream_empty_side": "dated",
        "stream_answer_numbers": "dated",
        "stream_sending_time": "dated",
        "stream_position_fee_cost": "held",
        "stream_heartbeat_us": 10_000_000,
        "stream_pong_us": 30_000_000,
        "stream_outbox_bytes": 4 * 1024 * 1024,
        "data": {},
    }


def test_the_log_has_the_changed_settings_of_other_venues() -> None:
    header = make(SMALL + "deribit: {token_lifetime: 1h}\nsignalplus: {}\n").log.header
    assert header.settings["deribit"]["token_lifetime_us"] == 3_600_000_000
    assert "signalplus" not in header.settings
    assert header.settings["auth_mode"] == "on"


def test_the_scenario_is_the_start_of_the_log(sandbox: Sandbox) -> None:
    kinds = [type(record.command).__name__ for record in sandbox.log]
    assert kinds[:3] == ["OpenAccount", "Deposit", "OpenSubaccount"]
    assert kinds[-5:] == ["AddKey", "Fill", "Fill", "Fill", "Fill"]
    assert [record.sequence for record in sandbox.log] == list(range(1, len(sandbox.log) + 1))
    assert {record.at for record in list(sandbox.log)[:-4]} == {START}
    assert [record.at - START for record in list(sandbox.log)[-4:]] == [0, 1_000, 2_000, 3_000]


def test_refused_commands_are_in_the_log_and_change_nothing(sandbox: Sandbox) -> None:
    before = len(sandbox.log), sandbox.exchange.state.revision
    refusal = run(sandbox.submit(SettleMarket(market="NONE", result=Result.YES)))
    assert isinstance(refusal, Refusal)
    assert refusal.code is RefusalCode.UNKNOWN_MARKET
    assert (len(sandbox.log), sandbox.exchange.state.revision) == (before[0] + 1, before[1])


@pytest.mark.parametrize(("at", "wanted"), [(START + 5_000, 5_000), (START - 1, 3_000), (None, 3_000)])
def test_a_command_happens_now_or_at_its_instant_and_never_before_the_last(
    sandbox: Sandbox, at: int | None, wanted: int
) -> None:
    run(sandbox.submit(PAY, at))
    assert list(sandbox.log)[-1].at - START == wanted


# --- clocks


def test_the_clock_begins_after_the_history(sandbox: Sandbox) -> None:
    assert sandbox.clock.now() == START + 3_000
    assert make("scenario: nothing\nstart: 2025-11-04T12:00:00Z\n").clock.now() == START
    assert make(clock="real").clock.now() == WALL


def test_requests_are_measured_on_host_time_and_rows_on_exchange_time(sandbox: Sandbox) -> None:
    sandbox.clock.advance(90 * 86_400_000_000)
    do(sandbox, PAY)
    answer, entry = sandbox.answer(signed(sandbox, f"{PREFIX}/portfolio/balance"))
    assert (answer.status, entry.host_at) == (200, WALL)
    assert entry.at == START + 3_000 + 90 * 86_400_000_000
    assert json.loads(answer.body)["updated_ts"] == entry.at // 1_000_000


# --- requests


def test_every_request_is_journalled(sandbox: Sandbox) -> None:
    request = signed(sandbox, f"{POSITIONS}?page=1")
    answer, entry = sandbox.answer(request)
    assert list(sandbox.journal) == [entry]
    assert (entry.method, entry.target, entry.headers, entry.body) == (
        "GET",
        f"{POSITIONS}?page=1",
        request.headers,
        b"",
    )
    assert (entry.status, entry.answer, entry.position) == (200, answer.body, len(sandbox.log))
    assert (entry.operation, entry.account, entry.key_id) == ("GetPositions", "alice", answer.key_id)
    assert entry.findings == ("parameter 'page' is unknown to GetPositions: ignored",)
    refused, second = sandbox.answer(Request("GET", "/nope"))
    assert (second.number, second.status, second.answer) == (2, 404, refused.body)


def test_a_request_touches_the_sandbox() -> None:
    times = iter(range(WALL, WALL + 100))
    sandbox = make(host=lambda: next(times))
    before = sandbox.touched_at
    sandbox.answer(Request("GET", "/nope"))
    assert sandbox.touched_at > before


# --- keys


def test_credentials_are_what_clients_need(sandbox: Sandbox) -> None:
    shown = [(one.account, one.key, one.kind, one.subtraders) for one in sandbox.credentials()]
    assert shown == [
        ("alice", "main", AccountKind.MEMBER, []),
        ("alice", "only_3", AccountKind.MEMBER, []),
        ("alice", "writer", AccountKind.MEMBER, []),
        ("bob", "main", AccountKind.MEMBER, []),
        ("desk", "main", AccountKind.FCM, ["fcm7_st1", "fcm7_st2"]),
        ("desk", "st1", AccountKind.FCM, ["fcm7_st1", "fcm7_st2"]),
    ]
    pems = [one.private_pem for one in sandbox.credentials()]
    assert all(pems)
    assert len(set(pems)) == len(pems)


def test_keys_are_the_same_in_every_run_and_others_in_another_sandbox() -> None:
    first, again, other = make(), make(), make(name="other")
    assert first.credentials() == again.credentials()
    ids = [{one.key_id for one in sandbox.credentials()} for sandbox in (first, other)]
    assert ids[0] & ids[1] == set()


def test_a_replacement_keeps_the_keys_even_those_that_cannot_be_made_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the development keys are used up, random pairs are generated."""
    monkeypatch.setattr("mockexchange.scenario.keys.free_place", lambda name, is_taken: None)
    first = make("scenario: one\naccounts: {alice: {}}\n")
    again: Sandbox = run(open_sandbox(first.plan, first.options, pool=first.pool))
    assert again.credentials() == first.credentials()
    assert make("scenario: one\naccounts: {alice: {}}\n").credentials() != first.credentials()


def test_a_key_that_only_has_a_public_half() -> None:
    fresh = make()
    do(fresh, AddKey(account="bob", key="own", key_id="own-id", public_key=PUBLIC_PEM))
    assert [one.private_pem for one in fresh.credentials() if one.key_id == "own-id"] == [None]


PUBLIC_PEM = KeyPool("elsewhere").pair_for(load_text("scenario: x\naccounts: {a: {}}\n").keys[0]).public_pem


# --- what is refused while it is made


@each_row(
    ("more", "words"),
    [
        ("  - settle: {market: NONE, result: yes}\n", "scenario:18: unknown_market: no market 'NONE'"),
        ("  - withdraw: {account: bob, amount: 51}\n", "scenario:18: insufficient_cash"),
    ],
)
def test_the_error_of_a_refused_history_has_its_place(more: str, words: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        make(SMALL + more)
    assert words in str(raised.value)


def test_the_error_of_a_refused_setup_has_its_place() -> None:
    with pytest.raises(ScenarioError, match=r"scenario:5: wrong_event: "):
        make("scenario: x\nmarkets:\n  A: {event: E, series: S}\n\n  B: {event: E, series: T}\n")


def test_the_error_of_a_refused_key_has_its_place() -> None:
    twice = "scenario: x\naccounts:\n  a: {keys: {main: {key_id: same}}}\n  b: {keys: {main: {key_id: same}}}\n"
    with pytest.raises(ScenarioError, match=r"scenario:4: key_in_use: "):
        make(twice)


def test_a_refusal_of_a_command_without_a_place_has_none() -> None:
    plan = load_text(SMALL)
    plan = replace(plan, setup=[plan.setup[0]._replace(node=None)] * 2)
    with pytest.raises(ScenarioError) as raised:
        run(open_sandbox(plan, SandboxOptions()))
    assert str(raised.value).startswith("already_exists: ")


def test_progress_is_reported_at_intervals() -> None:
    history = "\n".join(["  - deposit: {account: alice, amount: 1}"] * (2 * PROGRESS_EVERY + 5))
    plan = load_text(f"scenario: long\naccounts: {{alice: {{}}}}\nhistory:\n{history}\n")
    told: list[int] = []
    run(open_sandbox(plan, SandboxOptions(), told.append))
    assert told == [PROGRESS_EVERY, 2 * PROGRESS_EVERY]
