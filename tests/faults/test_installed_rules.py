"""The faults of a sandbox: installed, counted, logged, journalled, replayed and removed."""

import json
from base64 import b64encode
from typing import Any

import pytest

from mockexchange.core.commands import Deposit, Note
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.faults.installed_rules import RULES_MAX, FaultError
from mockexchange.faults.preset_rules import load_preset, preset_names
from mockexchange.faults.rule_firing import InstalledRule
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_rules import FAULT, Rule
from mockexchange.scenario.located_text import read_yaml
from mockexchange.server.http.rest_endpoint import header_text
from mockexchange.venues.registry import DEFAULT
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, PREFIX, SMALL, do, make, run, signed, signer_of
from tests.venues.kalshi.keyring import sign

BALANCE = f"{PREFIX}/portfolio/balance"
FILLS = f"{PREFIX}/portfolio/fills"


def rule_of(text: str) -> Rule:
    rule: Rule = FAULT.read(read_yaml(text, "f.yaml"), "")
    return rule


def install(sandbox: Sandbox, *texts: str) -> list[str]:
    return [run(sandbox.faults.install(rule_of(text))) for text in texts]


def ask(sandbox: Sandbox, target: str = POSITIONS, who: str = "alice/main") -> int:
    return sandbox.answer(signed(sandbox, target, who))[0].status


def notes(sandbox: Sandbox) -> list[Any]:
    return [json.loads(record.command.text) for record in sandbox.log if isinstance(record.command, Note)]


def test_a_rule_is_found_by_its_name_or_gets_one() -> None:
    sandbox = make()
    assert install(sandbox, "{then: {drop}}", "{name: mine, then: {drop}}", "{then: {drop}}") == [
        "fault-1",
        "mine",
        "fault-3",
    ]
    assert [one.name for one in sandbox.faults] == ["fault-1", "mine", "fault-3"]
    assert len(sandbox.faults) == 3


def test_a_rule_of_the_same_name_takes_the_place_and_counts_anew() -> None:
    sandbox = make()
    install(sandbox, "{name: a, then: {status: 500}}", "{name: b, then: {delay: 1s}}")
    assert ask(sandbox) == 500
    install(sandbox, "{name: a, match: {nth: 2}, then: {status: 503}}")
    assert [(one.name, one.matched) for one in sandbox.faults] == [("b", 1), ("a", 0)]
    assert [ask(sandbox) for _ in range(3)] == [200, 503, 200]


def test_installing_and_removing_is_logged() -> None:
    sandbox = make()
    install(sandbox, "{match: {nth: 3}, then: {cursor: null}}", "{name: b, then: {gap}}")
    run(sandbox.faults.remove("fault-1"))
    run(sandbox.faults.clear())
    assert notes(sandbox) == [
        {"install": {"match": {"nth": "3"}, "then": {"cursor": None}, "name": "fault-1"}},
        {"install": {"name": "b", "then": {"gap": None}}},
        {"remove": "fault-1"},
        {"remove": "b"},
    ]


def test_a_rule_that_is_not_there_cannot_be_removed() -> None:
    sandbox = make()
    with pytest.raises(FaultError, match="no fault 'x'; known: none"):
        run(sandbox.faults.remove("x"))
    install(sandbox, "{name: y, then: {drop}}")
    with pytest.raises(FaultError, match="no fault 'x'; known: y"):
        run(sandbox.faults.remove("x"))


def test_an_account_has_to_be_known() -> None:
    sandbox = make()
    with pytest.raises(ScenarioError) as refused:
        install(sandbox, "{match: {account: alcie}, then: {drop}}")
    assert str(refused.value) == "f.yaml:1: match.account: expected an account, got 'alcie': did you mean 'alice'?"
    with pytest.raises(ScenarioError, match="got 'zzz': known are alice, bob, desk"):
        install(sandbox, "{match: {account: zzz}, then: {drop}}")
    assert (len(sandbox.faults), notes(sandbox)) == (0, [])


def test_a_scenarios_faults_are_installed_at_the_start_or_refused_with_their_line() -> None:
    sandbox = make(SMALL + "faults:\n  - {name: one, match: {account: bob}, then: {status: 503}}\n")
    assert [ask(sandbox, who=who) for who in ("alice/main", "bob/main")] == [200, 503]
    with pytest.raises(ScenarioError, match=r"scenario:\d+: faults\[0\]\.match\.account: expected an account, got"):
        make(SMALL + "faults:\n  - {match: {account: bobo}, then: {status: 503}}\n")


def test_how_many_rules_there_can_be() -> None:
    sandbox = make()
    rules = [rule_of(f"{{name: r{number}, then: {{gap}}}}") for number in range(RULES_MAX + 1)]
    sandbox.faults.check(rules[:-1])
    with pytest.raises(FaultError, match="expected at most 1000 faults"):
        sandbox.faults.check(rules)


def test_how_many_lags_there_can_be() -> None:
    sandbox = make()
    install(sandbox, *(f"{{name: lag{lag}, then: {{stale: {lag}s}}}}" for lag in range(1, 5)))
    install(sandbox, "{then: {stale: 4s}}", "{name: lag1, then: {stale: 9s}}")
    with pytest.raises(FaultError, match="expected at most 4 different lags"):
        install(sandbox, "{then: {stale: 5s}}")


def test_without_rules_nothing_is_asked() -> None:
    sandbox = make()
    faults = sandbox.faults
    assert not any((faults.for_requests, faults.for_handshakes, sandbox.streams.rules, sandbox.streams.answer_rules))
    install(sandbox, "{then: {gap}}")
    assert (bool(faults.for_requests), bool(sandbox.streams.rules)) == (False, True)
    run(faults.clear())
    install(sandbox, "{then: {drop}}", "{then: {late_ack: 1s}}", "{then: {refuse: 401}}")
    assert not sandbox.streams.rules
    assert [len(rules) for rules in (faults.for_requests, faults.for_handshakes, sandbox.streams.answer_rules)] == [
        1
    ] * 3


def test_a_rule_takes_the_place_of_another_where_there_is_room_for_no_more() -> None:
    sandbox = make()
    for number in range(RULES_MAX):
        sandbox.faults._by_name[f"r{number}"] = InstalledRule(rule_of("{then: {gap}}"), f"r{number}", 1, 0, 0)
    install(sandbox, "{name: r5, then: {drop}}")
    with pytest.raises(FaultError, match="at most 1000 faults"):
        install(sandbox, "{name: other, then: {drop}}")
    assert len(sandbox.faults) == RULES_MAX


def test_two_rules_of_one_name_do_not_come_together() -> None:
    rules = "faults:\n- {name: a, then: {gap}}\n- {then: {gap}}\n- {then: {gap}}\n- {name: a, then: {drop}}\n"
    with pytest.raises(FaultError, match=r"faults\[3\]\.name: expected another name: 'a' is there twice"):
        make(SMALL + rules)


@each_row(
    ("rule", "requests", "handshakes"),
    [
        ("{then: {clock_offset: 1s}}", 1, 1),
        ("{match: {operation: OpenStream}, then: {clock_offset: 1s}}", 0, 1),
        ("{match: {operation: GetFills}, then: {clock_offset: 1s}}", 1, 0),
        ("{then: {refuse: 403}}", 0, 1),
        ("{then: {status: 403}}", 1, 0),
    ],
)
def test_rules_are_looked_for_where_they_belong(rule: str, requests: int, handshakes: int) -> None:
    sandbox = make()
    install(sandbox, rule)
    assert (len(sandbox.faults.for_requests), len(sandbox.faults.for_handshakes)) == (requests, handshakes)


def test_every_firing_is_journalled_with_its_request() -> None:
    sandbox = make()
    install(sandbox, "{name: a, match: {every: 2}, then: {delay: 1s}}", "{name: b, then: {status: 503}}")
    assert [ask(sandbox) for _ in range(2)] == [503, 503]
    told = [(firing.name, firing.detail["request"], firing.detail["then"]) for firing in sandbox.journal.firings]
    assert told == [("b", 1, "status"), ("a", 2, "delay"), ("b", 2, "status")]
    assert [entry.fault for entry in sandbox.journal] == ["b", "a, b"]


def test_the_same_requests_meet_the_same_faults_again() -> None:
    def statuses(seed: int) -> list[int]:
        sandbox = make(SMALL.replace("seed: 7", f"seed: {seed}"))
        install(sandbox, "{name: r, match: {probability: 0.5}, then: {status: 503}}")
        return [ask(sandbox) for _ in range(40)]

    assert statuses(7) == statuses(7)
    assert statuses(7) != statuses(8)
    assert set(statuses(7)) == {200, 503}


def test_pages_are_counted_for_each_account_and_operation() -> None:
    sandbox = make()
    install(sandbox, "{match: {page: 2}, then: {status: 503}}")
    first = json.loads(sandbox.answer(signed(sandbox, f"{FILLS}?limit=1"))[0].body)["cursor"]
    assert first
    assert ask(sandbox, f"{FILLS}?limit=1&cursor={first}") == 503
    assert ask(sandbox, f"{FILLS}?limit=1&cursor={first}") == 503
    assert ask(sandbox, f"{POSITIONS}?limit=1&cursor={first}") == 200


def test_a_lag_begins_where_the_history_ends() -> None:
    sandbox = make()
    install(sandbox, "{then: {stale: 1h}}")
    assert json.loads(sandbox.answer(signed(sandbox))[0].body)["market_positions"]
    before = sandbox.answer(signed(sandbox, BALANCE))[0].body
    do(sandbox, Deposit(subaccount_ref=SubaccountRef("alice"), amount_micros=1_000_000))
    told = json.loads(sandbox.answer(signed(sandbox, BALANCE))[0].body)
    assert told["balance"] == json.loads(before)["balance"]
    run(sandbox.advance(3_600_000_000))
    assert json.loads(sandbox.answer(signed(sandbox, BALANCE))[0].body)["balance"] == told["balance"] + 100


def test_a_lag_installed_late_has_the_whole_log() -> None:
    sandbox = make()
    do(sandbox, Deposit(subaccount_ref=SubaccountRef("alice"), amount_micros=1_000_000))
    run(sandbox.advance(5_000_000))
    fresh = json.loads(sandbox.answer(signed(sandbox, BALANCE))[0].body)["balance"]
    install(sandbox, "{then: {stale: 3s}}")
    assert json.loads(sandbox.answer(signed(sandbox, BALANCE))[0].body)["balance"] == fresh


def test_a_lag_goes_on_while_other_rules_come() -> None:
    """Executing the log again for every rule would block all requests."""
    sandbox = make()
    install(sandbox, "{then: {stale: 3s}}")
    fold = sandbox.faults.lags.context(DEFAULT, 3_000_000, 0)
    install(sandbox, "{then: {stale: 4s}}")
    assert sandbox.faults.lags.context(DEFAULT, 3_000_000, 0) is fold


def test_a_lag_measures_keys_on_the_exchanges_clock_where_they_are_measured_so() -> None:
    sandbox = make(SMALL + "auth: {clock: exchange}\n")
    install(sandbox, "{then: {stale: 1h}}")
    assert sandbox.answer(signed(sandbox, at=sandbox.clock.now()))[0].status == 200
    assert sandbox.answer(signed(sandbox, at=sandbox.clock.now() - 3_600_000_000))[0].status == 401


def test_a_signed_query_is_recognized_though_the_page_is_made_smaller() -> None:
    """The diagnosis is about the request that was sent, not about the limit that the fault put into it."""
    sandbox = make()
    install(sandbox, "{then: {page_size: 2}}")
    target, at = f"{POSITIONS}?cursor=abc", sandbox.options.host()
    _, private = signer_of(sandbox, "alice", "main")
    signature = b64encode(sign(private, f"{at // 1_000}GET{target}"))
    answer, _ = sandbox.answer(signed(sandbox, target, at=at, headers={b"kalshi-access-signature": signature}))
    assert answer.status == 401
    assert answer.diagnose is not None
    assert 'sign the path without "?cursor=abc"' in answer.diagnose(lambda: None)


def test_presets_are_read_and_named_after_themselves() -> None:
    assert preset_names() == ("429-storm", "blocked-edge", "flaky", "lossy-stream", "maintenance")
    for name in preset_names():
        rules = load_preset(name)
        prefix = name.split("-")[-1 if name.startswith("4") else 0]
        assert all(rule.name and rule.name.startswith(prefix) for rule in rules)
        sandbox = make()
        sandbox.faults.check(rules)
    with pytest.raises(ScenarioError, match="no preset 'flacky': did you mean 'flaky'"):
        load_preset("flacky")
    with pytest.raises(ScenarioError, match="no preset 'x': known are 429-storm, blocked-edge, flaky, "):
        load_preset("x")


def test_a_minute_of_maintenance() -> None:
    sandbox = make()
    for rule in load_preset("maintenance"):
        run(sandbox.faults.install(rule))
    assert [ask(sandbox, path) for path in (POSITIONS, f"{PREFIX}/exchange/status")] == [503, 200]
    run(sandbox.advance(59_999_999))
    assert ask(sandbox) == 503
    run(sandbox.advance(1))
    assert ask(sandbox) == 200


def test_a_storm_lets_little_through() -> None:
    sandbox = make()
    for rule in load_preset("429-storm"):
        run(sandbox.faults.install(rule))
    statuses = [ask(sandbox) for _ in range(20)]
    assert statuses.count(429) >= 17
    assert set(statuses) <= {200, 429}


def test_a_day_of_flakiness() -> None:
    sandbox = make()
    for rule in load_preset("flaky"):
        run(sandbox.faults.install(rule))
    statuses = [ask(sandbox) for _ in range(400)]
    assert {0, 200, 429, 500, 503} == set(statuses)
    assert statuses.count(200) > 300


def test_diagnoses_of_faults_fit_a_header() -> None:
    sandbox = make()
    install(sandbox, "{name: ä, then: {status: 503}}")
    answer, _ = sandbox.answer(signed(sandbox))
    assert answer.diagnosis
    assert header_text(answer.diagnosis).isascii()
