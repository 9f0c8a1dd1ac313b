"""A scenario with unreadable parts: what can be read is executed, and only errors of their own are reported."""

import random
import re
from pathlib import Path

from mockexchange.cli.scenario_check import check_scenario
from mockexchange.scenario.loader import builtin_text
from tests.helpers.effort import examples
from tests.helpers.rows import each_row

VALUE = re.compile(r"(?<=[:{,\[] )[^\s{}\[\],#:|>&*][^,{}\[\]\n#:]*(?=[,}\]\n])")
"""A plain value of a scenario: what stands between a colon, a comma or a bracket and the next of them."""
BROKEN_PER_SCENARIO = examples(10)


def errors_of(text: str, folder: Path, *, is_run: bool = False, name: str = "s.yaml") -> list[str]:
    """The errors of a check, each without the file."""
    path = folder / name
    path.write_text(text)
    checked = check_scenario(str(path), lambda done: None, is_run=is_run)
    return [error.removeprefix(f"{path}:") for error in checked.errors]


@each_row("name", ["demo", "golden", "fcm", "deribit", "lively", "signalplus"])
def test_one_unreadable_value_is_one_error(name: str, tmp_path: Path) -> None:
    """One broken value in a valid scenario is reported alone, without the refusals that follow from it."""
    text, dice = re.sub(r" *#.*|^ *rules: .*", "", builtin_text(name), flags=re.MULTILINE), random.Random(name)
    for found in dice.sample(list(VALUE.finditer(text)), BROKEN_PER_SCENARIO):
        broken = f"{text[: found.start()]}[[x]]{text[found.end() :]}"
        line = text.count("\n", 0, found.start()) + 1
        errors = errors_of(broken, tmp_path, is_run=dice.random() < 0.5)
        assert errors, broken.splitlines()[line - 1]
        assert all(error.startswith(f"{line}: ") for error in errors), errors


MIXED = """\
scenario: mixed
start: 2025-11-04T12:00:00Z
accounts:
  alice: {cash: 10}
  bob: {cash: ten}
  carol: {cash: 5, subtraders: {st1: {}}}
  dora: {cash: 5}
markets: {M: {event: E, series: S, price: 0.5}, N: {event: E, series: S, price: 1.7}}
events: {E: {title: Known}, F: {title: Misspelt}}
history:
  - withdraw: {account: alice, amount: 11}
  - deposit: {account: alice, amount: much}
  - withdraw: {account: alice, amount: 12}
  - withdraw: {account: dora, amount: 6}
  - fill: {account: bob, market: M, side: yes, action: buy, count: 1, price: 0.5}
  - rest: {account: dora, market: M, side: yes, action: buy, count: -1, price: 0.5, order: o1}
  - cancel: {order: o1}
  - cancel: {order: o2}
  - price: {market: N, price: 0.4}
  - price: {market: O, price: 0.4}
  - {at: 2025-11-04T11:00:00Z, price: {market: M, price: 0.4}}
script:
  - {after: 1s, deposit: {account: bob, amount: 1}}
  - {after: 2s, deposit: {account: erin, amount: 1}}
  - {after: 3s, withdraw: {account: dora, amount: 7, payment: p1}}
  - {after: 4s, deposit: {account: dora, amount: much, payment: p2}}
  - {after: 5s, cancel: {order: o1}}
  - {after: 6s, cancel: {order: o3}}
"""


def test_unreadable_values_and_refused_steps_are_reported_together(tmp_path: Path) -> None:
    errors = errors_of(MIXED, tmp_path, is_run=True)
    assert [error.split(": ")[:2] for error in errors] == [
        ["5", "accounts.bob.cash"],
        ["6", "accounts.carol"],
        ["8", "markets.N.price"],
        ["9", "events"],
        ["11", "insufficient_cash"],
        ["12", "history[1].deposit.amount"],
        ["14", "insufficient_cash"],
        ["16", "history[5].rest.count"],
        ["18", "unknown_order"],
        ["20", "unknown_market"],
        ["21", "at"],
        ["24", "script[1].deposit.account"],
        ["26", "script[3].deposit.amount"],
        ["28", "script[5] is refused"],
    ]


def test_lines_with_a_wrong_header_are_executed_too(tmp_path: Path) -> None:
    header = '{"scenario": "a", "accounts": {"alice": {"cash": "ten"}, "bob": {}}}'
    steps = ['{"withdraw": {"account": "alice", "amount": 1}}', '{"withdraw": {"account": "bob", "amount": 1}}', "{}"]
    errors = errors_of("\n".join([header, *steps]), tmp_path, name="a.jsonl")
    assert [" ".join(error.split()[:2]) for error in errors] == [
        "1: accounts.alice.cash:",
        "3: insufficient_cash:",
        "4: expected",
    ]


@each_row("setting", ["start: yesterday", "orders: {check_cash: perhaps}", "fees: none"])
def test_nothing_is_executed_if_a_setting_that_decides_cannot_be_read(setting: str, tmp_path: Path) -> None:
    text = f"scenario: a\n{setting}\nhistory:\n  - price: {{market: M, price: 2}}\n  - cancel: {{order: o}}\n"
    assert [error.split(":")[0] for error in errors_of(text, tmp_path)] == ["2", "4"]


@each_row("section", ["accounts", "markets"])
def test_a_section_that_is_none_leaves_all_its_names_out(section: str, tmp_path: Path) -> None:
    text = f"scenario: a\n{section}: none\nhistory:\n  - deposit: {{account: a, amount: 1}}\n  - close: {{market: M}}\n"
    (first, second) = errors_of(text, tmp_path)
    assert first.startswith(f"2: {section}: ")
    assert second.startswith({"accounts": "5: unknown_market", "markets": "4: unknown_account"}[section])
