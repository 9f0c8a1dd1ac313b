"""Dates of a scenario that count from the beginning of its sandbox: the instants that a sandbox has, and keeps."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.core.model.markets import Market
from mockexchange.core.vocabulary import MarketStatus
from mockexchange.sandbox.forks import exported, open_fork, read_source, source_of
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.reopening import describe
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes, Slot
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_file, load_object, load_scenario, load_text
from mockexchange.scenario.located_text import locate, read_yaml
from mockexchange.scenario.plan import Plan
from mockexchange.scenario.script_entries import ENTRY
from mockexchange.scenario.steps import STEP
from mockexchange.venues.kalshi.resources.market_views import close_at
from tests.core.dump import dump
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import open_again, run
from tests.helpers.scripts import SECOND

DAY = 86_400 * SECOND
HOST = parse_instant("2031-03-05T10:20:30.75Z")
TEXT = """
scenario: relative
{start}
accounts: {{a: {{cash: 10}}}}
markets:
  NEAR: {{event: E, series: S, close: +7d, expiration: +7d12h}}
  SAID: {{event: E, series: S, close: 2025-12-01T00:00:00Z}}
  BOTH: {{event: E, series: S, close: {{real: +1h30m, other: 2025-11-06T05:00:00Z}}}}
  ONCE: {{event: E, series: S, close: {{real: +30d}}}}
  BARE: {{event: E, series: S}}
  DONE: {{event: E, series: S}}
events: {{E: {{strike_at: +1d}}}}
history:
  - {{after: 1h, settle: {{market: DONE, result: yes}}}}
  - {{rest: {{account: a, market: NEAR, side: yes, action: buy, count: 1, price: 0.5, order: o, expires: +2d}}}}
script:
  - {{at: +1d, market: {{market: LATER, event: E, series: S, close: +9d}}}}
  - {{at: +1d, every: 1d, times: 2, market: {{market: LATER-$n, event: E, series: S, close: +9d}}}}
"""
FIXED = "start: 2025-11-04T23:00:00Z"
CLOSED = {"LATER": "+9d", "LATER-1": "+9d", "LATER-2": "+9d"}


def text(start: str = FIXED) -> str:
    return TEXT.format(start=start)


def opened(plan: Plan, clock: str = "real", host: int = HOST) -> Sandbox:
    sandbox: Sandbox = run(open_sandbox(plan, SandboxOptions(clock=clock, host=lambda: host)))
    return sandbox


def closes(sandbox: Sandbox) -> dict[str, str]:
    return {name: format_instant(close_at(market)) for name, market in sandbox.exchange.state.markets.items()}


REAL = {
    "NEAR": "2031-03-12T10:20:30Z",
    "SAID": "2025-12-01T00:00:00Z",
    "BOTH": "2031-03-05T11:50:30Z",
    "ONCE": "2031-04-04T10:20:30Z",
    "BARE": "2032-03-04T10:20:30Z",
    "DONE": "2026-11-04T23:00:00Z",
}
OTHERWISE = {
    "NEAR": "2025-11-11T23:00:00Z",
    "SAID": "2025-12-01T00:00:00Z",
    "BOTH": "2025-11-06T05:00:00Z",
    "ONCE": "2026-11-04T23:00:00Z",
    "BARE": "2026-11-04T23:00:00Z",
    "DONE": "2026-11-04T23:00:00Z",
}


def test_a_real_clock_counts_from_the_wall_and_others_from_the_start() -> None:
    plan = load_text(text())
    assert closes(opened(plan)) == REAL
    for clock in ("paused", "10x"):
        sandbox = opened(plan, clock)
        assert closes(sandbox) == OTHERWISE
        assert sandbox.plan is plan
        details = sandbox.exchange.state.markets["BARE"].details
        assert details.close_at is None, "nothing closes it"
    state = opened(plan).exchange.state
    assert format_instant(state.markets["NEAR"].details.expiration_at or 0) == "2031-03-12T22:20:30Z"
    assert format_instant(state.events["E"].details.strike_at or 0) == "2031-03-06T10:20:30Z"
    [order] = state.orders.values()
    assert format_instant(order.expires_at or 0) == "2031-03-07T10:20:30Z"


def test_sandboxes_of_one_day_are_alike_if_only_close_times_that_are_not_given_count_from_it() -> None:
    plan = load_text(f"scenario: bare\n{FIXED}\nmarkets: {{BARE: {{event: E, series: S}}}}\n")
    first, later, next_day = (opened(plan, host=HOST + hours * 3_600 * SECOND) for hours in (0, 13, 14))
    assert closes(first) == closes(later) == {"BARE": "2032-03-04T00:00:00Z"}
    assert first.plan is later.plan, "so that the second need not read the scenario again, nor play its history"
    assert closes(next_day) == {"BARE": "2032-03-05T00:00:00Z"}


@each_row("clock", ["real", "paused", "10x"])
def test_a_start_that_counts_from_now_does_on_every_clock(clock: str) -> None:
    sandbox = opened(load_text(text("start: now-30d")), clock)
    assert format_instant(sandbox.plan.start) == "2031-02-03T10:20:30Z"
    assert sandbox.exchange.state.archived_before == sandbox.plan.start
    assert closes(sandbox)["NEAR"] == REAL["NEAR"]
    assert format_instant(sandbox.exchange.last_at - sandbox.plan.start)[11:] == "01:00:00.001Z"
    by_clock = opened(load_text(text("start: {real: now-30d, other: 2025-11-04T23:00:00Z}")), clock)
    expected = sandbox.plan.start if clock == "real" else parse_instant("2025-11-04T23:00:00Z")
    assert by_clock.plan.start == expected


def test_a_script_counts_from_the_same_instant_whenever_its_steps_run() -> None:
    sandbox = opened(load_text(text()), "paused")
    run(sandbox.advance(3 * DAY))
    shown = closes(sandbox)
    assert {shown[name] for name in CLOSED} == {"2025-11-13T23:00:00Z"}
    assert format_instant(sandbox.exchange.state.markets["LATER"].created_at) == "2025-11-05T23:00:00Z"


def test_a_market_closes_when_its_time_has_come() -> None:
    now = [HOST]
    plan = load_text(text())
    sandbox: Sandbox = run(open_sandbox(plan, SandboxOptions(clock="real", host=lambda: now[0])))

    def status(name: str) -> MarketStatus:
        market: Market = sandbox.exchange.state.markets[name]
        return market.status

    assert status("BOTH") is status("NEAR") is MarketStatus.OPEN
    now[0] += 7 * DAY
    run(sandbox.run_due())
    assert status("BOTH") is status("NEAR") is MarketStatus.CLOSED
    assert status("BARE") is status("SAID") is MarketStatus.OPEN


def of_lines(folder: Path) -> Plan:
    whole = json.loads(json.dumps(_plain(read_yaml(text(), ""))))
    lines = [{**whole, "history": None}, *whole["history"]]
    del lines[0]["history"]
    (folder / "s.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return load_file(folder / "s.jsonl")


def _plain(node: Any) -> Any:
    if isinstance(node.value, dict):
        return {key: _plain(item) for key, item in node.value.items()}
    return [_plain(item) for item in node.value] if isinstance(node.value, list) else node.value


SOURCES: dict[str, Callable[[Path], Plan]] = {
    "text": lambda folder: load_text(text()),
    "object": lambda folder: load_object(locate(_plain(read_yaml(text(), "")), "")),
    "lines": of_lines,
}


@each_row("source", SOURCES)
@each_row("clock", ["real", "paused"])
def test_a_restart_a_fork_and_an_exported_log_keep_the_instants(source: str, clock: str, tmp_path: Path) -> None:
    rules = load_text("scenario: s\nfaults: [{then: {status: 500}}]\n").faults
    plan = replace(SOURCES[source](tmp_path), faults=rules)
    sandbox = opened(plan, clock)
    given = REAL if clock == "real" else OTHERWISE
    if source == "lines" and clock == "real":  # its history is not looked through for markets that are closed in it
        given = {**given, "DONE": REAL["BARE"]}
    assert closes(sandbox) == given
    later = HOST + 400 * DAY

    async def others() -> list[Sandbox]:
        options = SandboxOptions(name="other", clock=clock, host=lambda: later)
        return [
            await open_again(describe(sandbox), sandbox.log, lambda: HOST),
            await open_fork(source_of(sandbox), options, clock="paused"),
            await open_fork(read_source(list(exported(sandbox))), options, clock="paused"),
        ]

    script = [(entry.at, [each.fixed for each in entry.templates]) for entry in sandbox.plan.script]
    restored, *forks = run(others())
    assert dump(restored.exchange.state) == dump(sandbox.exchange.state)
    for other in (restored, *forks):
        assert closes(other) == given
        assert [(entry.at, [each.fixed for each in entry.templates]) for entry in other.plan.script] == script
        assert [rule.text for rule in other.plan.faults] == [rule.text for rule in rules]


def test_a_reset_counts_anew() -> None:
    now = [HOST]

    async def life() -> None:
        sandboxes = Sandboxes()
        plan = replace(load_text(text()), faults=load_text("scenario: s\nfaults: [{then: {status: 500}}]\n").faults)
        for name in ("real", "paused"):
            options = SandboxOptions(name=name, clock=name, host=lambda: now[0])
            sandboxes.add(Slot(await open_sandbox(plan, options)))
        now[0] += 100 * DAY
        for _ in range(2):
            assert closes(await sandboxes.reset("paused")) == OTHERWISE
            fresh = await sandboxes.reset("real")
            assert closes(fresh)["NEAR"] == "2031-06-20T10:20:30Z"
            assert fresh.plan.faults == plan.faults

    run(life())


@each_row("scenario", ["demo", "lively", "golden", "fcm", "pages"])
@each_row("day", ["2025-11-20", "2026-11-25", "2040-02-29"])
def test_open_markets_of_a_built_in_scenario_close_ahead_on_any_day(scenario: str, day: str) -> None:
    host = parse_instant(day)
    markets = opened(load_scenario(scenario), host=host).exchange.state.markets.values()
    assert all(close_at(market) > host for market in markets if market.status is MarketStatus.OPEN)
    names = list(opened(load_scenario(scenario), "paused").exchange.state.markets)
    assert [market.ticker for market in markets] == names


WRONG = {
    "markets: {M: {event: E, series: S, close: 7d}}": "markets.M.close: expected an instant such as",
    "markets: {M: {event: E, series: S, close: +7}}": "expected a duration such as 250ms, 5s, 1h30m or 90d, got '7'",
    "markets: {M: {event: E, series: S, close: +9000000d}}": "markets.M.close: expected an instant such as",
    "markets: {M: {event: E, series: S, close: now+7d}}": "markets.M.close: expected an instant such as",
    "markets: {M: {event: E, series: S, close: {paused: +7d}}}": "unknown key 'paused': known are real, other",
    "markets: {M: {event: E, series: S, close: {real: soon}}}": "markets.M.close.real: expected an instant such as",
    "markets: {M: {event: E, series: S, close: soon}}": (
        "from 1970 to 2200, or +7d or -1h from the beginning, or {real: ..., other: ...}, one of them for each kind of "
        "clock, got 'soon'"
    ),
    "markets: {M: {event: E, series: S, close: [soon]}}": "or {real: ..., other: ...}, one of them for each",
    "markets: {M: {event: E, series: S, close: {real: now}}}": "or +7d or -1h from the beginning, got 'now'",
    "markets: {M: {event: E, series: S, close: {other: {real: +1d}}}}": (
        "markets.M.close.other: expected an instant such as 2025-11-04T23:00:00Z, from 1970 to 2200, or +7d or -1h "
        "from the beginning, got a mapping: real and other cannot be within one another"
    ),
    "start: {real: {real: now}}": "start.real: expected an instant such as",
    "start: soon": "or now or now-30d, or {real: ..., other: ...}, one of them for each kind of clock",
    "start: +7d": "start: expected an instant such as",
    "start: now-": "start: expected an instant such as",
}


@each_row("line", WRONG)
def test_a_wrong_date_is_an_error_with_its_place(line: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text(f"scenario: s\n{line}\n", "s.yaml")
    assert str(caught.value).startswith("s.yaml:2: ")
    assert WRONG[line] in str(caught.value)


def test_only_a_scenario_has_a_beginning_to_count_from() -> None:
    market = "market: {market: M, event: E, series: S, close: +7d}"
    for kind, line in ((STEP, market), (ENTRY, f"{{at: +1d, {market}}}"), (STEP, market.replace("+7d", "{real: +7d}"))):
        with pytest.raises(ScenarioError, match="only a scenario has a beginning"):
            kind.read(read_yaml(line, ""), "")
