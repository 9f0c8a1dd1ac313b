"""The schema of scripts: every key, and the errors of wrong ones."""

from pathlib import Path
from typing import Any

import pytest

from mockexchange.scenario import script_entries
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_file, load_text
from mockexchange.scenario.script_entries import ACTIONS, ScriptEntry
from mockexchange.scenario.steps import STEPS
from tests.helpers.rows import each_row

HEAD = "scenario: s\naccounts: {alice: {}}\nscript:\n"
SAY = "announce: {message: x}"
TAKEN = (
    "other than done, expiry, market_close, replenishment, rebalancing, quote_void, quote_execution, delivery,"
    " daily_settlement and script[...]"
)


def read(entry: str) -> ScriptEntry:
    [read] = load_text(f"{HEAD}  - {{{entry}}}\n").script
    return read


def test_a_scenario_without_a_script_has_an_empty_one() -> None:
    assert load_text("scenario: s\n").script == load_text("scenario: s\nscript:\n").script == []


def test_everything_a_step_can_do_a_script_can_and_more() -> None:
    assert set(ACTIONS) == {*STEPS, "frame", "fault", "sequence"}


def test_an_entry_reads_as_it_is_written() -> None:
    trigger = "subscribed: {account: alice, channel: fill, nth: 2}"
    entry = read(f"name: n, when: {{{trigger}}}, after: 1s, every: 250ms, times: 7, {SAY}")
    assert (entry.name, entry.at, entry.after_us, entry.every_us, entry.times) == ("n", None, 1_000_000, 250_000, 7)
    assert entry.when is not None
    assert (entry.when.kind, entry.when.account, entry.when.of, entry.when.nth) == ("subscribed", "alice", "fill", 2)


@each_row(
    ("entry", "times", "span_us"),
    [
        (SAY, 1, 0),
        (f"times: 3, {SAY}", 3, 0),
        (f"every: 1s, {SAY}", None, None),
        (f"every: 1s, times: 3, {SAY}", 3, 2_000_000),
        (f"sequence: [{{{SAY}}}, {{after: 1s, times: 3, every: 1s, {SAY}}}]", 1, 3_000_000),
        (f"times: 2, sequence: [{{after: 1s, {SAY}}}]", 2, 2_000_000),
        (f"times: 2, every: 5s, sequence: [{{after: 1s, {SAY}}}]", 2, 6_000_000),
    ],
)
def test_the_default_of_times(entry: str, times: int | None, span_us: int | None) -> None:
    made = read(entry)
    assert made.times == times
    assert times is None or made.span_us == span_us


@each_row(
    ("when", "wanted"),
    [
        ("subscribed: {}", ("subscribed", "*", "*", 1, 0)),
        ("subscribed: ", ("subscribed", "*", "*", 1, 0)),
        ("subscribed: {nth: each}", ("subscribed", "*", "*", None, 0)),
        ("request: {operation: GetFills, nth: 3}", ("request", "*", "GetFills", 3, 0)),
        ('page: {account: alice, operation: "*", number: 2}', ("page", "alice", "*", 1, 2)),
    ],
)
def test_triggers(when: str, wanted: tuple[Any, ...]) -> None:
    trigger = read(f"when: {{{when}}}, {SAY}").when
    assert trigger is not None
    assert (trigger.kind, trigger.account, trigger.of, trigger.nth, trigger.number) == wanted


WRONG = [
    # the shape
    ("just text", "5: script[0]: expected a step with an action, got 'just text'"),
    ("[]", "5: script[0]: expected a step with an action, got a list"),
    ("{}", "5: script[0]: expected one action of fill, open"),
    ("{after: 1s}", "got none"),
    (f"{{{SAY}, cancel: {{order: o}}}}", "got announce, cancel"),
    (f"{{{SAY}, evry: 1s}}", "5: script[0]: unknown key 'evry': did you mean 'every'?"),
    ("{fil: {}}", "unknown key 'fil': did you mean 'fill'?"),
    ("{zebra: {}}", "unknown key 'zebra': known are fill, open"),
    # times
    (f"{{at: noon, {SAY}}}", "script[0].at: expected an instant"),
    (f"{{after: soon, {SAY}}}", "script[0].after: expected a duration"),
    (f"{{every: -1s, {SAY}}}", "script[0].every: expected a duration"),
    (f"{{every: 0s, {SAY}}}", "script[0].every: expected a duration above 0"),
    (f"{{times: 0, {SAY}}}", "script[0].times: expected a whole number from 1"),
    (f"{{times: 1000000001, {SAY}}}", "script[0].times: expected a whole number from 1"),
    (f"{{times: often, {SAY}}}", "script[0].times: expected a whole number"),
    (f'{{name: "", {SAY}}}', "script[0].name: expected a name"),
    (f"{{name: {'n' * 201}, {SAY}}}", "script[0].name: expected a name of 1 to 200 characters"),
    *[
        (
            f'{{name: "{name}", {SAY}}}',
            TAKEN,
        )
        for name in ("done", "expiry", "script[1]", "script[0][1]")
    ],
    (f"{{at: 2025-11-05T00:00:00Z, after: 1s, {SAY}}}", "expected `at` or `after`, got both"),
    (f"{{at: 2025-11-05T00:00:00Z, when: {{request: {{}}}}, {SAY}}}", "expected `at` or `when`, got both"),
    # triggers
    (f"{{when: now, {SAY}}}", "script[0].when: expected one of subscribed, page, request, order, got 'now'"),
    (f"{{when: {{}}, {SAY}}}", "script[0].when: expected one of subscribed, page, request, order; got none"),
    (f"{{when: {{subscribd: {{}}}}, {SAY}}}", "unknown key 'subscribd': did you mean 'subscribed'?"),
    (f"{{when: {{request: {{}}, page: {{}}}}, {SAY}}}", "got request, page"),
    (f"{{when: {{subscribed: {{chanel: fill}}}}, {SAY}}}", "unknown key 'chanel': did you mean 'channel'?"),
    (f"{{when: {{subscribed: {{channel: fills}}}}, {SAY}}}", "got 'fills': did you mean 'fill'?"),
    (f"{{when: {{subscribed: {{operation: GetFills}}}}, {SAY}}}", "unknown key 'operation'"),
    (f"{{when: {{subscribed: {{nth: 0}}}}, {SAY}}}", "expected which time it happens, from 1 to"),
    (f"{{when: {{subscribed: {{nth: every}}}}, {SAY}}}", "or each, got 'every'"),
    (f"{{when: {{subscribed: {{account: alcie}}}}, {SAY}}}", "expected an account, got 'alcie': did you mean 'alice'?"),
    (f"{{when: {{request: {{account: alice/3}}}}, {SAY}}}", "expected a name without a slash"),
    ("{frame: {account: alice/3, text: x}}", "expected a name without a slash"),
    (f"{{when: {{page: {{}}}}, {SAY}}}", "script[0].when.page: expected the key 'number', which is missing"),
    (
        f"{{when: {{page: {{operation: GetBalance, number: 2}}}}, {SAY}}}",
        "s.yaml:5: script[0].when.page: expected an operation that answers in pages, got GetBalance",
    ),
    (f"{{when: {{page: {{number: 0}}}}, {SAY}}}", "script[0].when.page.number: expected a whole number from 1"),
    (f"{{when: {{request: {{operation: GetPosition}}}}, {SAY}}}", "did you mean 'GetPositions'?"),
    (f"{{when: {{request: {{number: 1}}}}, {SAY}}}", "unknown key 'number'"),
    # actions
    ("{fill: {account: alice}}", "script[0].fill: expected the key 'market', which is missing"),
    ("{announce: }", "script[0].announce: expected the key 'message', which is missing"),
    ("{after: 1s, deposit: {account: '*', amount: 1}}", 'expected an account: "*" is the one that sets the step off'),
    ("{transfer: {source: '*/1', target: '*/3', amount: 1}}", 'expected an account: "*" is the one'),
    ("{rest: {account: alice, market: M, side: yes, action: buy, count: 1, price: 0.5, expires: $n}}", "expires"),
    ("{fault: {then: {status: 42}}}", "script[0].fault.then"),
    ("{fault: {}}", "script[0].fault: expected the key 'then', which is missing"),
    # frames
    ("{frame: }", "script[0].frame: expected `send` or `text`, one of them"),
    ("{frame: hello}", "script[0].frame: expected a mapping with account, channel, send, text"),
    ("{frame: {send: {}, text: x}}", "script[0].frame: expected `send` or `text`, one of them"),
    ("{frame: {send: hello}}", "script[0].frame.send: expected a mapping, which is sent as a JSON object, got 'hello'"),
    ("{frame: {send: [1]}}", "script[0].frame.send: expected a mapping, which is sent as a JSON object, got a list"),
    ("{frame: {text: {}}}", "script[0].frame.text: expected text"),
    ("{frame: {channel: filll, text: x}}", "got 'filll': did you mean 'fill'?"),
    ("{frame: {send: {seq: $seq}}}", "expected a channel: $sid and $seq are those of a subscription"),
    # sequences
    ("{sequence: }", "script[0].sequence: expected a list of one step or more, got nothing"),
    ("{sequence: []}", "script[0].sequence: expected a list of one step or more, got a list"),
    ("{sequence: [{}]}", "script[0].sequence[0]: expected one action"),
    (f"{{sequence: [{{when: {{request: {{}}}}, {SAY}}}]}}", "script[0].sequence[0]: expected no `when`"),
    (f"{{sequence: [{{at: 2025-11-05T00:00:00Z, {SAY}}}]}}", "script[0].sequence[0]: expected no `at`"),
    (f"{{sequence: [{{every: 1s, {SAY}}}]}}", "script[0].sequence[0]: expected `times`"),
    (f"{{every: 1s, sequence: [{{after: 2s, {SAY}}}]}}", "script[0].every: expected 2s or more, as long as"),
    ("{sequence: [{deposit: {account: '*', amount: 1}}]}", "script[0].sequence[0].deposit: expected an account"),
]


@each_row(("entry", "error"), WRONG)
def test_the_error_of_a_wrong_entry_has_its_place_and_the_expectation(entry: str, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text(f"scenario: s\naccounts: {{alice: {{}}}}\n\nscript:\n  - {entry}\n", "s.yaml")
    assert error in str(caught.value)
    assert str(caught.value).startswith("s.yaml:5: script[0]")


def test_a_script_is_a_list() -> None:
    with pytest.raises(ScenarioError, match=r"s.yaml:2: script: expected a list, got a mapping"):
        load_text("scenario: s\nscript: {fill: {}}\n", "s.yaml")


def test_a_script_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_entries, "ENTRIES_MAX", 2)
    with pytest.raises(ScenarioError, match="script: expected at most 2 entries"):
        load_text(HEAD + f"  - {{{SAY}}}\n" * 3)


def test_a_name_is_there_once() -> None:
    with pytest.raises(ScenarioError, match=r":5: script: expected a name of its own, got 'a' again"):
        load_text(f"{HEAD}  - {{name: a, {SAY}}}\n  - {{name: a, {SAY}}}\n")


def test_a_name_within_a_sequence_is_there_once_too() -> None:
    inner = f"{{sequence: [{{name: a, {SAY}}}]}}"
    with pytest.raises(ScenarioError, match=r":5: script: expected a name of its own, got 'a' again"):
        load_text(f"{HEAD}  - {{name: a, {SAY}}}\n  - {inner}\n")
    with pytest.raises(ScenarioError, match="got 'a' again"):
        load_text(f"{HEAD}  - {inner}\n  - {inner}\n")


@each_row("name", ["undone", "done-2", "expiry.", "scripts[1]", "a script[0]"])
def test_other_names_are_free(name: str) -> None:
    assert read(f'name: "{name}", {SAY}').name == name


DEPOSIT = "deposit: {account: alcie, amount: 1}"
BUY = "market: M, side: yes, action: buy, count: 1, price: 0.5"
NAMING: list[tuple[str, str]] = [
    (DEPOSIT, "deposit.account"),
    ("deposit: {account: alcie/3, amount: 1}", "deposit.account"),
    (f"fill: {{account: alice, against: alcie, {BUY}}}", "fill.against"),
    (f"sequence: [{{{SAY}}}, {{{DEPOSIT}}}]", "sequence[1].deposit.account"),
    ("frame: {account: alcie, text: hello}", "frame.account"),
    ("fault: {match: {account: alcie}, then: {status: 503}}", "fault.match.account"),
    (f"when: {{request: {{account: alcie}}}}, {SAY}", "when.request.account"),
]


@each_row(("entry", "path"), NAMING)
def test_an_account_that_there_never_is_is_misspelt(entry: str, path: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(entry)
    assert str(caught.value) == (
        f"scenario:4: script[0].{path}: expected an account, got 'alcie': did you mean 'alice'?"
    )


@each_row(
    "entry",
    [
        "deposit: {account: alice/3, amount: 1}",
        "deposit: {account: carol-$n, amount: 1}",
        'frame: {account: "*", send: {account: alcie}}',
        "fault: {match: {account: alice}, then: {frame: {account: alcie}}}",
        "shard_transfer: {account: alice, source: margined, amount: 1}",
    ],
)
def test_what_is_no_account_or_may_be_one_is_left_alone(entry: str) -> None:
    assert read(entry).times == 1


def test_accounts_that_a_step_opens_may_have_numbers() -> None:
    opens = "  - {times: 3, account: {account: carol-$n}}\n"
    deposit = "  - {{deposit: {{account: {}, amount: 1}}}}\n".format
    assert len(load_text(HEAD + opens + deposit("carol-12")).script) == 2
    with pytest.raises(ScenarioError, match=r"expected an account, got 'carol-x'"):
        load_text(HEAD + opens + deposit("carol-x"))


def test_an_account_may_be_opened_before_it_is_waited_for() -> None:
    trigger = f"  - {{when: {{request: {{account: carol}}}}, {SAY}}}\n"
    opens = "account: {account: carol}"
    assert len(load_text(f"{HEAD}{trigger}  - {{sequence: [{{{opens}}}]}}\n").script) == 2
    assert len(load_text(f"scenario: s\nhistory: [{{{opens}}}]\nscript:\n{trigger}").script) == 1


def test_anyone_is_an_account_where_a_client_sets_the_step_off() -> None:
    entry = read(
        'when: {request: {}}, sequence: [{deposit: {account: "*", amount: 1}}, {deposit: {account: "*/3", amount: 1}}]'
    )
    first, second = [template.make("alice", 1) for template in entry.templates]
    assert (str(first.subaccount_ref), str(second.subaccount_ref)) == ("alice", "alice/3")


def test_the_number_of_the_repetition_is_a_word_of_its_own() -> None:
    [template] = read('announce: {message: "$n of $name: $n-$n, $nn"}').templates
    assert template.make(None, 3).message == "3 of $name: 3-3, $nn"


def test_the_error_of_a_nested_step_has_its_line() -> None:
    step = "  - name: x\n    after: 1s\n    fill:\n      account: alice\n      market: M\n      sid: yes\n"
    with pytest.raises(ScenarioError, match=r"scenario:10: script\[1\].fill: unknown key 'sid': did you mean 'side'\?"):
        load_text(f"{HEAD}  - {SAY}\n{step}")


def test_json_lines_carry_their_script_in_the_header(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    header = (
        '{"scenario": "long", "accounts": {"alice": {}}, "script": [{"every": "1s", "announce": {"message": "x"}}]}'
    )
    path.write_text(header + '\n{"deposit": {"account": "alice", "amount": "1"}}\n')
    plan = load_file(path)
    assert (len(plan.script), len(list(plan.steps))) == (1, 1)


MARKET = "market: {market: RAIN-%s, event: RAIN, series: RAIN}"


@each_row(
    ("entry", "path"),
    [
        ("price: {market: RAIM-1, price: 0.5}", "script[0].price.market"),
        ("sequence: [{announce: {message: x}}, {close: {market: RAIM-1}}]", "script[0].sequence[1].close.market"),
    ],
)
def test_a_market_that_there_never_is_is_misspelt(entry: str, path: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_text(f"{HEAD}  - {entry}\nhistory: [{{{MARKET % 1}}}]\n", "s.yaml")
    said = f"s.yaml:4: {path}: expected a market, got 'RAIM-1': did you mean 'RAIN-1'?"
    assert str(caught.value) == said


def test_markets_that_a_step_lists_may_have_numbers() -> None:
    lists = f"  - {{times: 3, {MARKET % '$n'}}}\n"
    close = "  - {{close: {{market: {}}}}}\n".format
    assert len(load_text(HEAD + lists + close("RAIN-12") + close("RAIN-$n") + close("SNOW-$n")).script) == 4
    with pytest.raises(ScenarioError, match=r"expected a market, got 'RAIN-x'"):
        load_text(HEAD + lists + close("RAIN-x"))


def test_markets_of_the_scenario_and_of_other_keys_are_left_alone() -> None:
    markets = "markets: {M: {event: E, series: S}}\n"
    frame = "  - {frame: {send: {market: Q}}}\n"
    assert len(load_text(f"{HEAD}  - {{close: {{market: M}}}}\n{frame}{markets}").script) == 2


def test_a_page_of_anything_or_the_first_of_what_has_one_is_waited_for() -> None:
    assert read(f"when: {{page: {{operation: GetBalance, number: 1}}}}, {SAY}").when is not None
    assert read(f"when: {{page: {{operation: GetPositions, number: 2}}}}, {SAY}").when is not None
