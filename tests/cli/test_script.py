"""`script`: what happens by itself, from the command line."""

import json

from mockexchange.cli.server_connection import Server
from tests.cli.conftest import Cli

TICK = "{name: tick, after: 1s, every: 1s, times: 3, announce: {message: 'number $n'}}"


def test_programs_get_json(cli: Cli, sandbox: str) -> None:
    step = "{name: nudge, after: 1h, price: {market: RAIN-1, price: 0.7}}"
    rule = "{name: slow, match: {operation: GetFills}, then: {delay: 1ms}}"
    printed = [
        cli(*words, "--json", "--sandbox", sandbox).stdout
        for words in (
            ("script", "add", step),
            ("script", "list"),
            ("fault", "add", rule),
            ("fault", "list"),
            ("stub", "add", "{name: none, request: GET /trade-api/v2/x, json: {}}"),
            ("stub", "list"),
        )
    ]
    assert [json.loads(text)["name"] for text in printed] == ["nudge", "nudge", "slow", "slow", "none", "none"]
    cleared = [cli(name, "clear", "--json", "--sandbox", sandbox).stdout for name in ("script", "fault", "stub")]
    assert [json.loads(text)["cleared"] for text in cleared] == ["nudge", "slow", "none"]
    preset = cli("fault", "preset", "maintenance", "--json", "--sandbox", sandbox).stdout
    assert {"name", "match", "then"} <= set(json.loads(preset.splitlines()[0]))
    assert json.loads(cli("advance", "5s", "--json", "--sandbox", sandbox).stdout)["mode"] == "paused"
    assert json.loads(cli("scenario", "list", "--json").stdout.splitlines()[0])["scenario"] == "demo"


def test_steps_are_added_listed_and_cleared(cli: Cli, sandbox: str) -> None:
    added = cli("script", "add", TICK, "announce: {message: now}", "--sandbox", sandbox).stdout.splitlines()
    assert added[0] == "tick  announce: scheduled, done 0 times, next at 2025-11-04T23:00:01Z"
    assert added[1] == "script[1]  announce: done once"
    cli("advance", "5s", "--sandbox", sandbox)
    assert cli("script", "list", "--sandbox", sandbox).stdout.splitlines() == [
        "tick  announce: done 3 times",
        "script[1]  announce: done once",
    ]
    assert cli("script", "clear", "--sandbox", sandbox).stdout == "cleared tick\ncleared script[1]\n"
    assert cli("script", "list", "--sandbox", sandbox).stdout == ""


def test_what_was_refused_is_listed(cli: Cli, sandbox: str) -> None:
    cli("script", "add", "{name: wrong, cancel: {order: o-x}}", "--sandbox", sandbox)
    first, second = cli("script", "list", "--sandbox", sandbox).stdout.splitlines()
    assert first == "wrong  cancel: done once"
    assert second.startswith("  refused once: ")
    assert "'o-x'" in second


def test_what_it_does_travels_as_it_is_written(cli: Cli, server: Server, sandbox: str) -> None:
    cli("script", "add", "frame: {send: {count: 5, price: '0.5600', flag: true}}", "--sandbox", sandbox)
    log = server.download(f"sandboxes/{sandbox}/log").splitlines()
    assert rb"{\\\"count\\\":5,\\\"price\\\":\\\"0.5600\\\",\\\"flag\\\":true}" in log[-1]


def test_one_step_that_cannot_be_read_stops_all(cli: Cli, sandbox: str) -> None:
    line = cli("script", "add", TICK, "{evry: 1s, announce: {message: x}}", "--sandbox", sandbox, code=2).stderr
    assert line == "mockexchange script add: step 2: unknown key 'evry': did you mean 'every'?\n"
    line = cli("script", "add", " ", "--sandbox", sandbox, code=2).stderr
    assert line == "mockexchange script add: step 1: expected a step, got nothing\n"
    assert cli("script", "list", "--sandbox", sandbox).stdout == ""


def test_what_only_the_server_knows_is_said_by_it(cli: Cli, sandbox: str) -> None:
    trigger = "{when: {request: {account: alcie}}, announce: {message: x}}"
    line = cli("script", "add", trigger, "--sandbox", sandbox, code=1).stderr
    assert "expected an account, got 'alcie': did you mean 'alice'?" in line
