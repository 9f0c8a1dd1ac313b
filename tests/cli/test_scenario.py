"""`mockexchange scenario`: list, schema, check, generate."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.scenario.schema import json_schema
from tests.helpers.rows import each_row


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["scenario", *arguments], prog_name="mockexchange")
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def complaint(*arguments: str, code: int) -> str:
    """The one line that says what is wrong."""
    result = run(*arguments, code=code)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line.removeprefix(f"mockexchange scenario {arguments[0]}: ")


def test_without_a_command_it_says_what_there_is() -> None:
    assert all(command in run().output for command in ("check", "generate", "list", "schema"))


def test_list_names_the_built_in_scenarios() -> None:
    lines = [line.split("\t") for line in run("list").stdout.splitlines()]
    assert [name for name, _ in lines] == ["demo", "deribit", "empty", "fcm", "golden", "lively", "pages", "signalplus"]
    assert all(title for _, title in lines)


def test_schema_prints_the_schema() -> None:
    assert json.loads(run("schema").stdout) == json_schema()


SCRIPTED = """
scenario: a
markets: {M: {event: E, series: S}}
faults: [{then: {status: 503}}]
script: [{every: 1us, price: {market: M, price: 0.5}}, {after: 1h, close: {market: M}}]
"""
# name or content of a file, what is said
CHECKED = [
    ("golden", "ok: 14 accounts, 24 markets, 81 steps\n"),
    ("empty", "ok: 2 accounts, 0 markets, 0 steps\n"),
    (
        "scenario: a\nindexes: {btc_usd: 1}\ninstruments: {BTC-PERPETUAL: {kind: future, base: BTC, mark: 1}}",
        "ok: 0 accounts, 0 markets, 0 steps, 1 instrument\n",
    ),
    (
        "scenario: a\naccounts: {a: {}}\nmarkets: {M: {event: E, series: S}}\nhistory: [{close: {market: M}}]",
        "ok: 1 account, 1 market, 1 step\n",
    ),
    (
        SCRIPTED,
        "ok: 0 accounts, 1 market, 0 steps, 2 script steps, 1 fault rule\n",
    ),
]


@each_row(("scenario_or_text", "said"), CHECKED)
def test_check_says_what_a_scenario_holds(scenario_or_text: str, said: str, tmp_path: Path) -> None:
    file = scenario_or_text
    if "\n" in file:
        (tmp_path / "a.yaml").write_text(file)
        file = str(tmp_path / "a.yaml")
    assert run("check", file).stdout == said


def test_a_check_counts_dates_from_now(tmp_path: Path) -> None:
    path = tmp_path / "dates.yaml"
    path.write_text(
        "scenario: dates\nstart: now-30d\nmarkets: {M: {event: E, series: S, close: +7d}}\n"
        "history: [{at: -2d, price: {market: M, price: 0.5}}, {price: {market: M, price: 0.6}}]\n"
        "script: [{at: +1h, price: {market: M, price: 0.7}}]\n"
    )
    assert run("check", "--run", str(path)).output == "ok: 0 accounts, 1 market, 2 steps, 1 script step, 1 run\n"


def test_check_says_where_a_scenario_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("scenario: a\nacounts: {}\n")
    assert complaint("check", str(path), code=1) == f"{path}:2: unknown key 'acounts': did you mean 'accounts'?"


def test_check_carries_the_history_out(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("scenario: a\nhistory:\n  - close: {market: M}\n")
    assert complaint("check", str(path), code=1) == f"{path}:3: unknown_market: no market 'M'; known: none"


def test_check_says_which_market_a_script_misspells(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("scenario: a\nscript:\n  - price: {market: Q, price: 0.5}\n")
    said = f"{path}:3: script[0].price.market: expected a market, got 'Q': known are none"
    assert complaint("check", str(path), code=1) == said


def test_check_says_which_step_of_a_script_is_refused_when_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("scenario: a\naccounts: {a: {}}\nscript:\n  - account: {account: a}\n")
    said = complaint("check", str(path), code=1)
    assert said.startswith(f"{path}:4: script[0] is refused: already_exists: ")
    assert said.count(str(path)) == 1


MANY = """\
scenario: bad
accounts:
  alice: {cash: 10, kind: membr, kees: 1, keyz: 2}
  bob: {cash: ten}
markets:
  M-1: {event: M, series: M, price: 1.7}
history:
  - fill: {account: alice, market: M-1, side: yes, action: buy, count: 0, price: 0.5}
  - fill: {account: alice, market: M-1, side: maybe, action: buy, count: 1}
"""


def test_check_reports_all_errors_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(MANY)
    result = CliRunner().invoke(main, ["scenario", "check", str(path)], prog_name="mockexchange")
    first, *lines = result.stderr.splitlines()
    assert (result.exit_code, first) == (1, "mockexchange scenario check: 8 errors")
    assert [line.split(": ")[:2] for line in lines] == [
        [f"  {path}:3", "accounts.alice"],
        [f"  {path}:3", "accounts.alice"],
        [f"  {path}:3", "accounts.alice.kind"],
        [f"  {path}:4", "accounts.bob.cash"],
        [f"  {path}:6", "markets.M-1.price"],
        [f"  {path}:8", "history[0].fill.count"],
        [f"  {path}:9", "history[1].fill.side"],
        [f"  {path}:9", "history[1].fill"],
    ]
    told = CliRunner().invoke(main, ["scenario", "check", str(path), "--json"], prog_name="mockexchange")
    assert (told.exit_code, len(json.loads(told.stdout)["errors"])) == (1, 8)


def test_check_goes_on_after_a_name_that_is_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    steps = "".join(f"  - {{name: a, after: 1m, deposit: {{account: {name}, amount: 1}}}}\n" for name in ("x", "alic"))
    path.write_text(f"scenario: a\naccounts: {{alice: {{}}}}\nscript:\n{steps}history:\n  - cancel: {{order: none}}\n")
    lines = CliRunner().invoke(main, ["scenario", "check", str(path)], prog_name="mockexchange").stderr.splitlines()
    assert [line.split(": ")[0] for line in lines[1:]] == [f"  {path}:{number}" for number in (4, 5, 5, 7)]


def test_check_of_lines_and_of_commands_says_all_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    steps = ['{"close": {"market": "X"}}', '{"clos": {}}', '{"close": {"market": "Y"}}']
    path.write_text("\n".join(['{"scenario": "a"}', *steps]))
    lines = CliRunner().invoke(main, ["scenario", "check", str(path)]).stderr.splitlines()
    assert [line.split(":")[1] for line in lines[1:]] == ["2", "3", "4"]


SCRIPT = """\
scenario: plays
start: 2025-11-04T12:00:00Z
accounts: {alice: {cash: 10}}
markets: {M-1: {event: M, series: M, price: 0.5}}
history:
  - rest: {account: alice, market: M-1, side: yes, action: buy, count: 2, price: 0.5, order: o1}
script:
  - {after: 5s, fill: {account: alice, market: M-1, side: yes, action: buy, count: 3, price: 0.5, order: o1}}
  - {after: 1h, cancel: {order: o2}}
  - {at: 2025-11-04T11:00:00Z, price: {market: M-1, price: 0.6}}
  - {after: 8s, withdraw: {account: alice, amount: 1000}}
  - {every: 24h, price: {market: M-1, price: 0.55}}
  - {when: {subscribed: {account: alice, channel: fill}}, cancel: {order: o3}}
"""


def test_check_plays_the_script_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(SCRIPT)
    assert run("check", str(path)).stdout == "ok: 1 account, 1 market, 1 step, 6 script steps\n"
    lines = CliRunner().invoke(main, ["scenario", "check", "--run", str(path)]).stderr.splitlines()
    assert [line.strip().removeprefix(f"{path}:")[:40] for line in lines[1:]] == [
        "10: at: 2025-11-04T11:00:00Z is in the p",
        "8: script[0] is refused: order_mismatch:",
        "9: script[1] is refused: unknown_order: ",
        "11: script[3] is refused: insufficient_c",
    ]
    assert run("check", "--run", "demo").stdout.startswith("ok: 3 accounts")


def test_check_of_nothing() -> None:
    assert complaint("check", "goldn", code=1) == "no scenario 'goldn': did you mean 'golden'?"
    assert complaint("check", code=2) == "Missing argument 'FILE'."


SIZE = ("--accounts", "2", "--markets", "6", "--fills", "30", "--seed", "5")


def test_generate_prints_the_same_bytes_as_it_writes(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    written = run("generate", *SIZE, "--out", str(path))
    assert (written.stdout, written.stderr) == ("", "")
    assert path.read_bytes() == run("generate", *SIZE).stdout_bytes
    assert run("check", str(path)).stdout.startswith("ok: 2 accounts, 6 markets, ")
    assert [each.name for each in tmp_path.iterdir()] == ["made.jsonl"]


def test_generate_overwrites_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "made.jsonl"
    path.write_text("old")
    run("generate", *SIZE, "--out", str(path))
    assert path.read_bytes().startswith(b'{"scenario":"generated-2-6-30-5"')


# arguments, what is said
MISUSED = [
    (("--accounts", "0"), "Invalid value for '--accounts': 0 is not in the range 1<=x<=10000."),
    (("--markets", "none"), "Invalid value for '--markets': 'none' is not a whole number."),
    (("--fills", "-1"), "Invalid value for '--fills': -1 is not in the range 0<=x<=100000000."),
    (
        ("--out", "a.yaml"),
        "Invalid value for '--out': expected a name that ends in .jsonl, by which JSON lines are known, got 'a.yaml'",
    ),
    (("--out", "nowhere/made.jsonl"), "Invalid value for '--out': no folder 'nowhere'"),
]


@each_row(("arguments", "said"), MISUSED)
def test_generate_with_bad_arguments(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert complaint("generate", *arguments, code=2) == said
    assert list(tmp_path.iterdir()) == []


def test_generate_without_faker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "faker", None)
    said = complaint("generate", "--out", str(tmp_path / "a.jsonl"), code=1)
    assert said == f"generating needs Faker: {sys.executable} -m pip install 'mockexchange[generate]'"
    assert list(tmp_path.iterdir()) == []


def test_generate_that_breaks_off_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object) -> Iterator[dict[str, str]]:
        yield {"scenario": "half"}
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mockexchange.scenario.generator._ScenarioWriter.lines", broken)
    path = tmp_path / "a.jsonl"
    path.write_text("old")
    assert complaint("generate", "--out", str(path), code=1) == f"{path} cannot be written: No space left on device"
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"]
