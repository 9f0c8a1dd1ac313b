"""Scenarios over the control API: those there are, their text, the check, and the one that a sandbox plays."""

import json
from pathlib import Path
from typing import Any

import pytest

from mockexchange.core.instants import MICROSECONDS_PER_DAY, format_instant
from mockexchange.scenario.loader import load_text
from tests.server.live import Live, SandboxView, serving
from tests.server.small import SMALL, error_of

WRONG = SMALL.replace("price: 0.56}\nhistory", "prise: 0.56}\nhistory").replace("count: 10", "count: ten")
REFUSED = SMALL.replace("market: RAIN-1", "market: RAIN-2")


def checked(live: Live, scenario: Any) -> dict[str, Any]:
    shown: dict[str, Any] = live.json("POST", "/scenarios/check", {"scenario": scenario})
    return shown


def test_built_in_scenarios_are_listed_and_shown(live: Live) -> None:
    listed = {one["name"]: one for one in live.json("GET", "/scenarios")}
    assert listed["demo"]["kind"] == "builtin"
    assert listed["demo"]["title"]
    assert live.json("GET", "/scenarios/empty")["text"].startswith("# An exchange with nothing")
    reply = live.control("GET", "/scenarios/demmo")
    assert (reply.status, error_of(reply)["code"]) == (404, "unknown_scenario")
    assert "did you mean 'demo'" in error_of(reply)["message"]


def test_a_good_scenario_is_described(live: Live) -> None:
    shown = checked(live, SMALL)
    assert (shown["ok"], shown["errors"]) == (True, [])
    assert shown["scenario"] == {
        "name": "small",
        "title": "",
        "accounts": 2,
        "markets": 1,
        "instruments": 0,
        "commands": 9,
        "script_steps": 0,
        "faults": 0,
        "stubs": 0,
    }


def test_all_errors_are_told_with_their_lines(live: Live) -> None:
    shown = checked(live, WRONG)
    assert not shown["ok"]
    assert [(error["line"], error["path"]) for error in shown["errors"]] == [
        (8, "markets.RAIN-1"),
        (10, "history[0].fill.count"),
    ]
    assert "did you mean 'price'" in shown["errors"][0]["message"]
    (refused,) = checked(live, REFUSED)["errors"]
    assert (refused["line"], refused["message"][:15]) == (10, "unknown_market:")
    both = checked(live, f"{WRONG}  - cancel: {{order: none}}\n")["errors"]
    assert [error["message"].partition(":")[0] for error in both[2:]] == ["unknown_order"]
    (broken,) = checked(live, "scenario: x\naccounts: [")["errors"]
    assert broken["line"] == 3


def test_a_check_leaves_no_wrong_plan_behind(live: Live, name: str) -> None:
    """A history out of order is an error that the reader notes and reads on after, so that it makes a plan."""
    late = {"at": "2025-11-04T13:00:00Z", "close": {"market": "RAIN-1"}}
    early = {"at": "2025-11-04T12:30:00Z", "price": {"market": "RAIN-1", "price": 0.5}}
    text = f"{SMALL}  - {late}\n  - {early}\n".replace("'", '"')
    assert not checked(live, text)["ok"]
    reply = live.control("PUT", f"/sandboxes/{name}", {"scenario": text})
    assert (reply.status, error_of(reply)["code"]) == (400, "bad_scenario")


def test_a_sandbox_begins_anew_with_another_scenario(sandbox: SandboxView) -> None:
    shown = sandbox.call("GET", "/scenario")
    del shown["counts_from"]  # on a real clock its markets close a year after that
    assert shown == {"name": "small", "kind": "text", "text": SMALL, "hidden": False}
    other = SMALL.replace("count: 10", "count: 20").replace("scenario: small", "scenario: other")
    summary = sandbox.call("PUT", "/scenario", {"scenario": other})
    assert (summary["id"], summary["scenario"], "accounts" in summary) == (sandbox.name, "other", False)
    assert sandbox.positions()[0]["quantity"] == "20.00"
    assert sandbox.ask(sandbox.client().get("/portfolio/balance")).status == 200
    reply = sandbox.live.control("PUT", f"/sandboxes/{sandbox.name}/scenario", {"scenario": WRONG})
    assert (reply.status, error_of(reply)["code"]) == (400, "bad_scenario")
    assert sandbox.call("GET", "/scenario")["text"] == other


def test_the_instant_is_shown_from_which_dates_count(live: Live, name: str) -> None:
    text = "scenario: s\nstart: now-1h\nmarkets: {M: {event: E, series: S, close: +7d}}\n"
    sandbox = live.sandbox(name, text)
    shown = sandbox.call("GET", "/scenario")
    commands = [json.loads(line)["do"] for line in sandbox.log().splitlines()[1:]]
    [listed] = [command["list_market"] for command in commands if "list_market" in command]
    assert shown["text"] == text
    assert format_instant(listed["details"]["close_at"] - 7 * MICROSECONDS_PER_DAY) == shown["counts_from"]


@pytest.mark.parametrize("body", [{}, {"scenario": []}, {"scenario": "demo", "colour": "red"}])
def test_a_body_without_a_scenario_is_refused(sandbox: SandboxView, body: Any) -> None:
    for method, path in (("POST", "/scenarios/check"), ("PUT", f"/sandboxes/{sandbox.name}/scenario")):
        reply = sandbox.live.control(method, path, body)
        assert (reply.status, error_of(reply)["code"]) == (400, "bad_body")


def test_a_secret_of_a_scenario_is_hidden_on_demand(live: Live, name: str) -> None:
    text = "scenario: s\naccounts: {dora: {venue: deribit, keys: {main: {secret: abcdefgh1234}}}}\n"
    sandbox = live.sandbox(name, text)
    assert sandbox.call("GET", "/scenario")["text"] == text
    shown = sandbox.call("GET", "/scenario?redact=true")
    assert (shown["hidden"], "abcdefgh" in shown["text"]) == (True, False)
    assert not checked(live, shown["text"])["ok"]


def test_files_below_the_folder_are_listed_and_shown(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "mine.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "other.yaml").write_text("no: scenario\n", encoding="utf-8")
    (folder / "long.yaml").write_text(SMALL + "#" * 1_100_000, encoding="utf-8")
    (folder / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (tmp_path / "secret.yaml").write_text(SMALL, encoding="utf-8")
    with serving(tmp_path / "home", scenario="empty", scenario_dir=folder) as live:
        files = [one["name"] for one in live.json("GET", "/scenarios") if one["kind"] == "file"]
        assert files == ["deep/mine.yaml", "long.yaml"]
        assert live.json("GET", "/scenarios/deep/mine.yaml")["text"] == SMALL
        for path in ("long.yaml", "out.yaml", "other.yaml", "../secret.yaml"):
            assert live.control("GET", f"/scenarios/{path}").status == 404


def test_a_scenario_of_json_lines_is_shown(live: Live, name: str) -> None:
    assert live.sandbox(name, "pages").call("GET", "/scenario")["text"].startswith('{"scenario"')
    assert load_text(SMALL).source.kind == "text"
