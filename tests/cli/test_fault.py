"""`fault` and `serve --chaos`: faults from the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from mockexchange.cli import main
from mockexchange.cli.serve.banner import banner
from mockexchange.cli.server_connection import Server
from mockexchange.faults.preset_rules import with_presets
from mockexchange.scenario.loader import load_builtin
from mockexchange.venues.kalshi.named_days import api_date
from tests.cli.conftest import COLOUR, Cli

RULE = "{name: third, match: {operation: GetPositions, nth: 3}, times: 2, then: {status: 503}}"


def names(server: Server, sandbox: str) -> list[str]:
    return [one["name"] for one in server.ask_sandbox("GET", sandbox, "/faults")]


def test_a_rule_is_installed_and_printed(cli: Cli, server: Server, sandbox: str) -> None:
    lines = cli("fault", "add", RULE, "then: {drop}", "--sandbox", sandbox).stdout.splitlines()
    assert lines == [
        "third  matched 0, fired 0 of 2 times",
        "  operation=GetPositions  nth=3 -> status=503",
        "fault-2  matched 0, fired 0",
        "  anything -> drop",
    ]
    assert names(server, sandbox) == ["third", "fault-2"]
    assert cli("fault", "list", "--sandbox", sandbox).stdout.splitlines() == lines


def test_effects_of_several_words_are_printed_whole(cli: Cli, sandbox: str) -> None:
    rule = "{match: {host_time: {until: 5s}}, then: {rate_limit: {requests: 3, per: 1s}}}"
    line = cli("fault", "add", rule, "--sandbox", sandbox).stdout.splitlines()[1]
    assert line == '  host_time={"until": "5s"} -> rate_limit={"requests": "3", "per": "1s"}'


def test_rules_are_removed_by_name_or_all(cli: Cli, server: Server, sandbox: str) -> None:
    cli("fault", "add", RULE, "{name: a/b, then: {drop}}", "then: {gap}", "then: {abort}", "--sandbox", sandbox)
    assert cli("fault", "clear", "third", "a/b", "--sandbox", sandbox).stdout == "cleared third\ncleared a/b\n"
    assert names(server, sandbox) == ["fault-3", "fault-4"]
    assert cli("fault", "clear", "--sandbox", sandbox).stdout == "cleared fault-3\ncleared fault-4\n"
    assert names(server, sandbox) == []
    assert "no fault 'third'; known: none" in cli("fault", "clear", "third", "--sandbox", sandbox, code=1).stderr


def test_a_preset_is_installed(cli: Cli, server: Server, sandbox: str) -> None:
    assert "lossy-gap  matched 0" in cli("fault", "preset", "lossy-stream", "--sandbox", sandbox).stdout
    assert len(names(server, sandbox)) == 6
    result = cli("fault", "preset", "lossy", "--sandbox", sandbox, code=1)
    assert "no preset 'lossy'" in result.stderr


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (("then: {drop}", "then: {dorp}"), "rule 2: then: unknown effect 'dorp': did you mean 'drop'?"),
        (("{",), "rule 1: not valid YAML: "),
        (("",), "rule 1: expected a rule, got nothing"),
        (("[1]",), "rule 1: expected a mapping with name, match, times, then"),
    ],
)
def test_one_rule_that_cannot_be_read_stops_all(
    cli: Cli, server: Server, sandbox: str, rules: tuple[str, ...], message: str
) -> None:
    assert message in cli("fault", "add", *rules, "--sandbox", sandbox, code=2).stderr
    assert names(server, sandbox) == []


def test_what_the_server_refuses_is_told(cli: Cli, sandbox: str) -> None:
    rule = "{match: {account: alcie}, then: {drop}}"
    line = cli("fault", "add", rule, "--sandbox", sandbox, code=1).stderr
    assert "[0].match.account: expected an account, got 'alcie': did you mean 'alice'?" in line


def test_chaos_adds_presets_to_the_scenarios_faults() -> None:
    plan = load_builtin("demo")
    assert with_presets(plan, ()) is plan
    rules = with_presets(plan, ("flaky", "429-storm")).faults
    assert [rule.name for rule in rules if rule.name][:1] == ["flaky-delay"]
    assert rules[-1].name == "storm-gusts"


def test_unknown_chaos_is_misuse(tmp_path: Path) -> None:
    given = ["serve", "--chaos", "flacky", "--ready-file", str(tmp_path / "ready.json"), "--port", "0"]
    result = CliRunner().invoke(main, given)
    assert result.exit_code == 2
    assert "no preset 'flacky': did you mean 'flaky'?" in result.output


def test_a_server_that_is_disturbed_says_so(tmp_path: Path) -> None:
    urls = {"base_url": "http://127.0.0.1:1/trade-api/v2", "ws_url": "ws://127.0.0.1:1/trade-api/ws/v2"}
    ready = {"venues": {"kalshi": urls}, "accounts": []}
    date = api_date("latest")
    line = "  7 faults disturb it on purpose: mockexchange fault list"
    assert line in COLOUR.sub("", banner(ready, date, tmp_path, 7)).splitlines()
    assert "  1 fault disturbs it on purpose: mockexchange fault list" in banner(ready, date, tmp_path, 1)
    assert "disturb" not in banner(ready, date, tmp_path)
