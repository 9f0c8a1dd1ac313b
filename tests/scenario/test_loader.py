"""Scenarios are found and read, or refused with the file, the line and advice."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import (
    CHARS_CACHED_MAX,
    builtin_names,
    load_builtin,
    load_file,
    load_located,
    load_object,
    load_scenario,
    load_text,
)
from mockexchange.scenario.located_text import locate
from mockexchange.scenario.plan import Plan
from mockexchange.venues.keys.development_keys import development_keys
from tests.helpers.rows import each_row

MARKET = "KXRAIN-1: {event: KXRAIN, series: KXRAIN}"
HEADER = {"scenario": "lines", "accounts": {"alice": {"cash": "5"}}, "markets": {"M": {"event": "E", "series": "S"}}}
BUILT_IN = ["demo", "deribit", "empty", "fcm", "golden", "lively", "pages", "signalplus"]


def opened(plan: Plan) -> Sandbox:
    return asyncio.run(open_sandbox(plan, SandboxOptions()))


def refusal(path: Path) -> str:
    """Return the error of opening a sandbox from this file, without the folder."""
    with pytest.raises(ScenarioError) as caught:
        opened(load_file(path))
    return str(caught.value).replace(f"{path.parent}/", "")


def test_the_built_in_scenarios_are_there_and_open() -> None:
    assert list(builtin_names()) == BUILT_IN
    for name in builtin_names():
        plan = load_scenario(name)
        assert plan.name == name
        assert plan.title
        assert len(opened(plan).exchange.state.accounts) > 0


def test_a_built_in_scenario_is_read_once() -> None:
    assert load_scenario("golden") is load_scenario("golden")


def test_a_scenario_is_found_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("scenario: mine")
    assert load_scenario(str(path)).name == "mine"


@each_row(
    ("name", "error"),
    [
        ("goldn", "no scenario 'goldn': did you mean 'golden'?"),
        ("mine.yaml", f"no scenario 'mine.yaml': expected a file, or one of {', '.join(BUILT_IN)}"),
        ("", f"no scenario '': expected a file, or one of {', '.join(BUILT_IN)}"),
    ],
)
def test_a_scenario_that_is_not_there(name: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(name)
    assert str(caught.value) == error


def test_yaml_json_and_lines_give_the_same_plan(tmp_path: Path) -> None:
    fill = {"account": "alice", "market": "M", "side": "yes", "action": "buy", "count": "1.50", "price": "0.56"}
    whole = {**HEADER, "history": [{"after": "5s", "fill": fill}, {"settle": {"market": "M", "result": "no"}}]}
    (tmp_path / "a.json").write_text(json.dumps(whole, indent=1))
    lines = [HEADER, *whole["history"]]
    (tmp_path / "b.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    plans = [load_file(tmp_path / "a.json"), load_file(tmp_path / "b.jsonl"), load_located(locate(whole, ""), "digest")]
    assert len({repr([timed.command for timed in plan.setup]) for plan in plans}) == 1
    assert len({repr([(timed.at, timed.command) for timed in plan.steps]) for plan in plans}) == 1
    assert len({repr(opened(plan).exchange.state.subaccounts.keys()) for plan in plans}) == 1


@each_row("name", ["a.yaml", "a.jsonl"])
def test_the_digest_is_that_of_the_file(name: str, tmp_path: Path) -> None:
    content = b'{"scenario": "digest"}'
    (tmp_path / name).write_bytes(content)
    assert load_file(tmp_path / name).digest == hashlib.sha256(content).hexdigest()


def test_a_byte_order_mark_is_not_seen(tmp_path: Path) -> None:
    for name in ("a.yaml", "a.jsonl"):
        (tmp_path / name).write_bytes(b'\xef\xbb\xbf{"scenario": "marked"}')
        assert load_file(tmp_path / name).name == "marked"


def test_lines_are_read_again_each_time_and_never_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(HEADER) + '\n{"close": {"market": "M"}}\n')
    plan = load_file(path)
    assert len(list(plan.steps)) == len(list(plan.steps)) == 1
    assert [timed.node.line for timed in plan.steps if timed.node] == [2]
    path.unlink()
    with pytest.raises(ScenarioError, match="cannot be read: No such file or directory"):
        list(plan.steps)


def test_what_is_given_again_is_not_read_again(tmp_path: Path) -> None:
    text = "scenario: again\n"
    assert load_text(text) is load_text(text)
    assert load_text(text, "a.yaml") is not load_text(text, "b.yaml")
    (tmp_path / "a.yaml").write_text(text)
    first = load_file(tmp_path / "a.yaml")
    assert load_file(tmp_path / "a.yaml") is first
    (tmp_path / "a.yaml").write_text("scenario: another\n")
    assert load_file(tmp_path / "a.yaml").name == "another"
    objects = [locate({"scenario": name}, "") for name in ("one", "one", "two")]
    plans = [load_object(node) for node in objects]
    assert plans[0] is plans[1]
    assert plans[2].name == "two"
    assert plans[0].digest != plans[2].digest


def test_what_is_long_is_not_kept() -> None:
    text = "scenario: long\ntitle: " + "x" * CHARS_CACHED_MAX
    assert load_text(text) is not load_text(text)
    node = locate({"scenario": "long", "title": "x" * CHARS_CACHED_MAX}, "")
    assert load_object(node) is not load_object(node)


def test_the_lines_of_a_built_in_one_are_held() -> None:
    assert load_builtin("pages").is_in_memory
    assert load_scenario("pages") is load_builtin("pages")


# What is below `scenario: broken`, which is line 1, and the error.
BROKEN = [
    ("accont: {}", "2: unknown key 'accont': did you mean 'accounts'?"),
    (
        "scripts: []",
        "2: unknown key 'scripts': did you mean 'script'?",
    ),
    (
        "zebras: []",
        "2: unknown key 'zebras': known are scenario, title, seed, start, fees, auth, fcm, strict_cursors, rate_limits",
    ),
    ("seed: -1", "2: seed: expected a whole number from 0 to 9007199254740992, got '-1'"),
    (
        "start: 2025-11-04 23:00",
        "2: start: expected an instant such as 2025-11-04T23:00:00Z, from 1970 to 2200, or now or now-30d, or {real:",
    ),
    ("fees: {rounding: 2024}", "2: fees.rounding: expected 2025 or 2026, got '2024'"),
    ("auth:\n  mode: of", "3: auth.mode: expected on or off, got 'of': did you mean 'off'?"),
    ("fcm: {plain_member: 500}", "2: fcm.plain_member: expected 403, 404 or empty, got '500'"),
    ("accounts: [alice]", "2: accounts: expected a mapping of names, got a list"),
    ("accounts:\n  a/b: {}", "3: accounts: expected a name without a slash, of 1 to 200 characters, got 'a/b'"),
    ("accounts:\n  a: {}\n  b: {}\n  a: {}", "5: the key 'a' is there twice, first on line 3"),
    (
        "accounts:\n  a:\n    cash: 1e3",
        "4: accounts.a.cash: expected dollars such as 12.34, of at most 6 decimals, got '1e",
    ),
    ("accounts:\n  a: {kind: fmc}", "3: accounts.a.kind: expected member or fcm, got 'fmc': did you mean 'fcm'?"),
    (
        "accounts:\n  a:\n    subtraders: {s: {}}",
        "4: accounts.a: expected subaccounts, got subtraders: this account is of",
    ),
    (
        "accounts:\n  a:\n    kind: fcm\n    subaccounts: {1: {}}",
        "5: accounts.a: expected subtraders, got subaccounts: thi",
    ),
    (
        "accounts:\n  a: {subaccounts: {64: {}}}",
        "3: accounts.a.subaccounts: expected a whole number from 1 to 63, got '64'",
    ),
    (
        "accounts:\n  a:\n    kind: fcm\n    subtraders: {0: {}}",
        "5: accounts.a: expected another name than '0', which is the account's own book: its cash is `cash`",
    ),
    (
        "accounts:\n  a:\n    kind: fcm\n    subtraders:\n      s:\n        subtrader_id: x_s",
        "7: accounts.a.subtraders.s.subtrader_id: expected an id that begins with 'a_', got 'x_s'",
    ),
    (
        "accounts:\n  a:\n    kind: fcm\n    account_id: f\n    subtraders:\n      s: {}\n      t: {subtrader_id: f_s}",
        "8: accounts.a.subtraders.t.subtrader_id: expected an id of its own, got 'f_s', which is that of 's'",
    ),
    (
        "accounts:\n  a: {keys: {k: {scopes: [raed]}}}",
        "3: accounts.a.keys.k.scopes[0]: expected a scope such as read or trade:read",
    ),
    (
        "accounts:\n  a: {keys: {k: {scopes: read}}}",
        "3: accounts.a.keys.k.scopes: expected a list of scopes such as [read, write]",
    ),
    (
        "accounts:\n  a:\n    keys:\n      k:\n        api_date: 2019-01-01",
        "6: accounts.a.keys.k.api_date: expected an API date, got '2019-01-01': API date 2019-01-01 is before",
    ),
    (
        "accounts:\n  a:\n    keys:\n      k:\n        subaccount: 5",
        "6: accounts.a.keys.k.subaccount: expected a book of the account (0), got '5'",
    ),
    (
        "accounts:\n  a:\n    kind: fcm\n    subtraders: {s: {}, t: {}}\n    keys:\n      k: {subtrader: u}",
        "7: accounts.a.keys.k.subtrader: expected a book of the account (0, s, t), got 'u'",
    ),
    (
        "accounts:\n  a:\n    keys:\n      k:\n        subaccount: 0\n        subtrader: s",
        "7: accounts.a.keys.k: expected subaccount or subtrader, got both",
    ),
    (
        "accounts:\n  a:\n    keys:\n      k:\n        public_key: a.pem\n        private_key: b.pem",
        "7: accounts.a.keys.k: expected one of public_key, private_key: the file says the rest",
    ),
    (
        "accounts:\n  a:\n    keys:\n      k:\n        algorithm: rsa\n        public_key: a.pem",
        "7: accounts.a.keys.k: expected one of algorithm, public_key: the file says the rest",
    ),
    ("markets:\n  M: {event: E}", "3: markets.M: expected the key 'series', which is missing"),
    (
        "markets:\n  M: {event: E, series: S, price: 56}",
        "3: markets.M.price: expected a price such as 0.56, above 0 and",
    ),
    ("settlements: {counts: nett}", "2: settlements.counts: expected gross or net, got 'nett': did you mean 'net'?"),
    ("historical: {cutof: 2025-11-04}", "2: historical: unknown key 'cutof': did you mean 'cutoff'?"),
    ("historical:\n  cutoff: now", "3: historical.cutoff: expected an instant such as 2025-11-04T23:00:00Z"),
    ("accounts:\n  a: {tier: gold}", "3: accounts.a.tier: expected basic, advanced, expert, premier, paragon"),
    (
        "markets: {M: {event: RAIN-25, series: S}}\nevents:\n  RIAN-25: {title: Rain}",
        "4: events: expected the event of a market, got 'RIAN-25': did you mean 'RAIN-25'?",
    ),
    ("series:\n  S:\n    tags: sun", "4: series.S.tags: expected a list, got 'sun'"),
    ("events:\n  E: {titel: Sun}", "3: events.E: unknown key 'titel': did you mean 'title'?"),
    ("events:\n  E:\n    mutually_exclusive: on", "4: events.E.mutually_exclusive: expected true or false, got 'on'"),
    (
        "markets:\n  M:\n    event: E\n    series: S\n    open: soon",
        "6: markets.M.open: expected an instant such as 2025-11-04T23:00:00Z",
    ),
    (
        "markets:\n  M:\n    event: E\n    series: S\n    book:\n      yes: [[0.55, 1]]\n      noo: []",
        "8: markets.M.book: unknown key 'noo': did you mean 'no'?",
    ),
    (
        "markets:\n  M:\n    event: E\n    series: S\n    book:\n      yes:\n        - [0.55, 1]\n        - [0.50]",
        "9: markets.M.book.yes[1]: expected a level [price, count], got a list",
    ),
    (
        "markets:\n  M:\n    event: E\n    series: S\n    book:\n      {yes: [[0.55, 1]], no: [[0.45, 1]]}",
        "7: markets.M.book: book: bids for yes and no that add up to a dollar would trade",
    ),
    ("history:\n  - fill: {}", "3: history[0].fill: expected the key 'account', which is missing"),
    (
        "history:\n  - close: {market: M}\n  - clos: {market: M}",
        "4: history[1]: unknown step 'clos': did you mean 'close'?",
    ),
    (
        "history:\n  -",
        "3: history[0]: expected a step with one of fill, open, rest, place, print, reduce, cancel",
    ),
    ("history: {}", "2: history: expected a list, got a mapping"),
]


@each_row(("below", "error"), BROKEN, ids=[error[:50] for _, error in BROKEN])
def test_the_error_of_a_broken_file_has_the_line(below: str, error: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(f"scenario: broken\n{below}\n")
    with pytest.raises(ScenarioError) as caught:
        load_file(path)
    assert str(caught.value).startswith(f"{path}:{error}")


# What stands in the history is true only once the exchange has seen it.
REFUSED = [
    ("  - close: {market: M}", "5: unknown_market: no market 'M'; known: KXRAIN-1"),
    (
        "  - close: {market: KXRAIN-1}\n\n  - close: {market: KXRAIN-1}",
        "7: illegal_transition: market KXRAIN-1 is closed",
    ),
    ("  - deposit: {account: bob, amount: 1}", "5: unknown_account: no account 'bob'; known: alice"),
    (
        "  - at: 2025-11-02\n    close: {market: KXRAIN-1}",
        "5: at: expected 2025-11-03T00:00:00Z or later, got 2025-11-02",
    ),
    (
        "  - withdraw:\n      account: alice\n      amount: 5",
        "5: insufficient_cash: alice has 1.000000 dollars free",
    ),
]


@each_row(("history", "error"), REFUSED, ids=[error[:40] for _, error in REFUSED])
def test_the_error_of_a_refused_step_has_the_line(history: str, error: str, tmp_path: Path) -> None:
    path = tmp_path / "refused.yaml"
    path.write_text(
        f"scenario: refused\naccounts: {{alice: {{cash: 1}}}}\nmarkets: {{{MARKET}}}\nhistory:\n{history}\n"
    )
    assert refusal(path).startswith(f"refused.yaml:{error}")


# What is in a file of lines below its header, which is line 1, and the error.
BROKEN_LINES = [
    (
        b'{"close": {"market": "M"}}\n{"close": {"market": "M"}\n',
        "3: not valid JSON: Expecting ',' delimiter at character",
    ),
    (b'\n\n{"close": {"market": "X"}}\n', "4: unknown_market: no market 'X'; known: M"),
    (b'{"clos": {"market": "M"}}\n', "2: unknown step 'clos': did you mean 'close'?"),
    (b'{"close": {"market": "M", "when": "now"}}\n', "2: close: unknown key 'when': known are market"),
    (b'{"close": {"market": "M", "market": "M"}}\n', "2: not valid JSON: the key 'market' is there twice"),
    (b'{"close": {"market": "\xff"}}\n', "2: not UTF-8 text: invalid start byte at byte 22 of the line"),
    (
        b'{"price": {"market": "M", "price": 1e-3}}\n',
        "2: price.price: expected a price such as 0.56, above 0 and below 1",
    ),
    (b'[{"close": {"market": "M"}}]\n', "2: expected a step with one of fill"),
    (b"7\n", "2: expected a step with one of fill"),
]


@each_row(("lines", "error"), BROKEN_LINES, ids=[error[:40] for _, error in BROKEN_LINES])
def test_the_error_of_a_broken_line_has_its_number(lines: bytes, error: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(json.dumps(HEADER).encode() + b"\n" + lines)
    assert refusal(path).startswith(f"broken.jsonl:{error}")


# name, content, error
def test_an_event_may_be_described_before_a_step_lists_its_market() -> None:
    listed = "{market: {market: M, event: E, series: S}}"
    plan = load_text(f"scenario: a\nevents: {{E: {{title: Sun}}}}\nhistory: [{listed}]", "f")
    assert [type(timed.command).__name__ for timed in (*plan.setup, *plan.steps)] == ["DescribeEvent", "ListMarket"]


UNREADABLE = [
    ("a.yaml", b"", "a.yaml:1: expected a scenario, got an empty file"),
    ("a.jsonl", b"\n \n", "a.jsonl:1: expected a header on line 1, got an empty file"),
    ("a.jsonl", b'{"fill": {}}', "a.jsonl: is no scenario: expected `scenario: NAME` at its beginning"),
    ("a.jsonl", b'\n{"scenario": "a", "fill": {}}', "a.jsonl:2: unknown key 'fill': known are scenario, title"),
    (
        "a.jsonl",
        b'{"history": [], "scenario": "a"}',
        "a.jsonl:1: history: expected the steps on lines of their own, after this one",
    ),
    ("a.yaml", b"scenario: a\ntitle: caf\xe9\n", "a.yaml:2: not UTF-8 text: invalid continuation byte at byte 22"),
    ("a.yaml", b"scenario: a\n\xff\xfe\n", "a.yaml:2: not UTF-8 text: invalid start byte at byte 12"),
    ("a.yaml", b"title: nameless", "a.yaml: is no scenario: expected `scenario: NAME` at its beginning"),
    ("a.yaml", b"- scenario: a", "a.yaml:1: expected a mapping with scenario, title"),
    ("a.yaml", b"scenario", "a.yaml: is no scenario: expected `scenario: NAME` at its beginning"),
]


@each_row(("name", "content", "error"), UNREADABLE)
def test_a_file_that_is_no_scenario(name: str, content: bytes, error: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / name).startswith(error)


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read: is a directory"):
        load_scenario(str(tmp_path))


def test_text_that_no_file_can_hold_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"^scenario:2: expected text, got half of a surrogate pair"):
        load_text("scenario: a\ntitle: \ud800")


def test_key_files_stand_beside_the_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = development_keys()[0]
    (tmp_path / "deep" / "keys").mkdir(parents=True)
    (tmp_path / "deep" / "keys" / "pub.pem").write_text(pair.public_pem)
    path = tmp_path / "deep" / "mine.yaml"
    path.write_text("scenario: mine\naccounts: {alice: {keys: {main: {public_key: keys/pub.pem}}}}")
    monkeypatch.chdir(tmp_path)
    for way in (path, path.relative_to(tmp_path)):
        (key,) = opened(load_file(way)).exchange.state.keys.values()
        assert key.public_key == pair.public_pem
