"""Whole runs of commands that behave, that misbehave, and that cannot be judged at all."""

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from mockexchange.kit.client import command_mode, processes
from mockexchange.kit.client.api_documents import documents_of
from mockexchange.kit.client.cards import Card, load_cards, select_cards
from mockexchange.kit.client.command_mode import environment_of
from mockexchange.kit.client.run import INTERRUPTED, CannotJudge, ClientRunSettings
from mockexchange.kit.client.sandboxes import (
    CONNECTIONS_MAX,
    LEFT_OUT,
    CardSandboxes,
    NoSuchAccount,
    load_plan,
    open_session,
)
from mockexchange.kit.findings import EXIT_BROKEN, EXIT_KEPT, EXIT_NOT_JUDGED, Outcome
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.local_exchange import exchange
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_text
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.kit.client.client_runs import ProgressDisplay, bot, run, verdicts
from tests.kit.client.fake_adapters import answering

# --- commands


def test_a_command_is_judged_by_what_it_does() -> None:
    watcher = ProgressDisplay()
    made = run(bot("positions"), "R01", "R11", "R20", "R40", "S05", watcher=watcher)
    outcomes = {number: (str(one.outcome), one.why) for number, one in verdicts(made).items()}
    assert outcomes == {
        "R01": ("kept", ""),
        "R11": ("not judged", "the command never called GetFills"),
        "R20": ("kept", ""),
        "R40": ("kept", ""),
        "S05": ("not judged", "the command never opened a stream"),
    }
    assert made.report.exit_code == EXIT_KEPT
    assert watcher.words[:3] == ["cards 5", "the command as it is", "R01 Requests are signed"]
    assert "R20 A list of several pages" in watcher.words


def test_a_command_that_reads_the_first_page_alone_is_found_out() -> None:
    made = run(bot("first_page"), "R20")
    (finding,) = made.report.findings
    assert (finding.rule, made.report.exit_code) == ("R20 pages.followed", EXIT_BROKEN)
    assert finding.reproduction.startswith("mockexchange verify client --cards R20 -- ")
    assert finding.place.endswith("openapi.yaml#/paths/~1portfolio~1positions/get")


def test_a_command_that_stumbles_where_it_need_not_is_found_out() -> None:
    made = run(bot("brittle"), "R10", "R50")
    assert {number: one.outcome for number, one in verdicts(made).items()} == {"R10": Outcome.KEPT, "R50": Outcome.KEPT}
    (finding,) = run(bot("fussy"), "R50").report.findings
    assert finding.rule == "R50 answer"
    assert finding.seen == "exit code 7; its last output: a novelty!"


def test_a_command_that_listens_is_judged_on_its_streams() -> None:
    made = run(bot("listen_on"), "S01", "S05", "S13")
    outcomes = {number: (str(one.outcome), one.why) for number, one in verdicts(made).items()}
    assert outcomes["S01"] == outcomes["S05"] == ("kept", "")
    assert outcomes["S13"] == ("not judged", "the command never subscribed to orderbook_delta")
    operations, channels = made.tables
    assert operations.title.startswith("0 of ")
    assert channels.rows[0][:2] == ("market_positions", "1")


def test_a_command_that_is_done_when_its_stream_is_cut_need_not_come_back() -> None:
    (verdict,) = run(bot("listen"), "S05").report.verdicts
    assert verdict.why == "the client ended before it could have connected again"


def test_what_a_command_understood_cannot_be_seen() -> None:
    made = run(bot("positions"), "R54", "R60", "R70")
    assert {one.why for one in made.report.verdicts} == {command_mode.ONLY_ADAPTERS}


def test_a_card_about_what_never_came_says_that_requests_are_refused() -> None:
    (verdict,) = run(bot("unsigned"), "R11").report.verdicts
    assert verdict.why == "the command never called GetFills; its requests are refused: see R01 to R04"
    assert [one.rule for one in run(bot("unsigned"), "R01").report.findings] == ["R01 signing.present"]


def test_a_command_that_writes_twice_is_found_out() -> None:
    made = run(bot("order"), "R45")
    assert [finding.rule for finding in made.report.findings] == ["R45 retries.writes"]
    (verdict,) = run(bot("positions"), "R45").report.verdicts
    assert verdict.why == "the command never sent a POST"


def test_a_command_is_judged_by_how_it_sends_an_order_again() -> None:
    made = run(bot("order_blindly"), "W10", "W13", "W20", "W60")
    assert [finding.rule for finding in made.report.findings] == ["W10 retries.writes", "W13 retries.writes"]
    assert verdicts(made)["W20"].why == command_mode.ONLY_ADAPTERS
    outcomes = {one.outcome for one in run(bot("order_again"), "W10", "W12").report.verdicts}
    assert outcomes == {Outcome.KEPT}


def test_a_command_in_a_loop_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_mode, "CALLS_MAX", 20)
    assert run(bot("poll"), "R01", timeout_s=PATIENCE_S).report.exit_code == EXIT_KEPT


def test_a_command_that_never_ends_is_judged_by_what_it_did(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told, now_s = tmp_path / "told", 0.0

    def time_is_over_when_it_has_asked() -> float:
        nonlocal now_s
        if told.exists():
            told.unlink()
            now_s += PATIENCE_S
        return now_s

    monkeypatch.setenv("KIT_TOLD", str(told))
    monkeypatch.setattr(processes, "time", SimpleNamespace(monotonic=time_is_over_when_it_has_asked))
    made = run(bot("poll_and_tell"), "R01", "R09", timeout_s=PATIENCE_S)
    assert [str(one.outcome) for one in verdicts(made).values()] == ["kept", "kept"]
    assert made.tables[0].rows[0][0] == "GET /portfolio/balance"


@each_row(
    ("command", "words"),
    [
        (["/no/such/program"], "`/no/such/program` cannot be started: No such file or directory"),
        (bot("silent"), "ended with exit code 3 and sent nothing to the sandbox"),
        (bot("crowd"), f"was stopped: it opened more than {CONNECTIONS_MAX} connections at once"),
    ],
    ids=["not found", "silent", "a thousand connections"],
)
def test_a_command_that_cannot_be_judged_is_one_line(command: list[str], words: str) -> None:
    with pytest.raises(CannotJudge) as caught:
        run(command, "R01")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_last_output_of_a_command_without_requests_is_reported() -> None:
    with pytest.raises(CannotJudge, match=r"Its last output: nothing to do$"):
        run(bot("silent"), "R01")


def test_a_scenario_of_ones_own_is_played(tmp_path: Path) -> None:
    scenario = tmp_path / "own.yaml"
    scenario.write_text("scenario: own\naccounts: {me: {cash: 5}}\n", encoding="utf-8")
    assert run(bot("positions"), "R01", scenario=str(scenario)).report.exit_code == EXIT_KEPT
    scenario.write_text("scenario: own\n", encoding="utf-8")
    with pytest.raises(CannotJudge, match="expected an account"):
        run(bot("positions"), "R01", scenario=str(scenario))
    with pytest.raises(CannotJudge, match="no scenario 'gollden': did you mean 'golden'"):
        run(bot("positions"), "R01", scenario="gollden")


def test_an_interruption_leaves_a_report_that_says_so() -> None:
    made = run(bot("positions"), "R01", "R10", watcher=ProgressDisplay("R10"))
    assert (made.report.cut_short, made.report.exit_code) == (INTERRUPTED, EXIT_NOT_JUDGED)
    assert made.tables


# --- cards and documents


def test_a_card_is_not_played_where_it_makes_no_sense() -> None:
    made = run(answering("tell(task, rows=[])"), "S11", is_adapter=True, api_date="2025-11")
    assert [one.why for one in made.report.verdicts] == ["it is about what there is from 2026-06 on"]


@each_row(("api_date", "is_excused"), [("2025-11", False), ("2026-02", True), ("compat", False)])
def test_a_card_about_the_past_is_excused_later(api_date: str, is_excused: bool) -> None:
    (card,) = select_cards(load_cards(), ["R10"])
    with exchange() as running:
        why = CardSandboxes(KALSHI, running, api_date).reason_to_skip(replace(card, until="2026-02"))
    assert why == ("it is about what there was before 2026-02" if is_excused else "")


def test_slow_cards_are_left_out_of_a_fast_run() -> None:
    with exchange() as running:
        sandboxes = CardSandboxes(KALSHI, running, "latest", is_fast=True)
        left_out = [card.number for card in load_cards() if sandboxes.reason_to_skip(card) == LEFT_OUT]
    assert left_out == ["R48", "R74"]
    (fuzzed,) = run(answering("tell(task, rows=[])"), "R74", is_adapter=True, is_fast=True).report.verdicts
    assert fuzzed.why == "--fast leaves it out"


@each_row(
    ("day", "alias"),
    [("2025-11-03", "2025-11"), ("2026-01-15", "2025-12"), ("2027-01-01", "2026-10"), (None, "compat")],
)
def test_the_documents_of_a_day_are_those_of_the_last_date(day: str | None, alias: str) -> None:
    assert documents_of(KALSHI, day).alias == alias


def test_a_reproduction_says_all_that_differs_from_the_usual() -> None:
    (card,) = select_cards(load_cards(), ["R07"])
    settings = ClientRunSettings(
        venue=KALSHI,
        command=["node", "my bot.js"],
        cards=[card],
        every=[card],
        is_adapter=True,
        api_date="2026-06",
        scenario="golden",
        client="kyro",
        examples=9,
        seed=7,
    )
    assert settings.reproduction(card) == (
        "mockexchange verify client --adapter --api-date 2026-06 --scenario golden --client kyro --examples 9 --seed 7"
        " --cards R07 -- node 'my bot.js'"
    )


# --- sandboxes


def test_the_environment_points_here_and_nowhere_else() -> None:
    users = {"PATH": "/bin", "KALSHI_API_KEY_ID": "mine", "kalshi_secret": "x", "KALSHI_DEMO": "1", "HTTP_PROXY": "p"}
    with exchange() as running, open_session(running, load_plan("golden"), "latest") as session:
        variables = environment_of(session, "generic", "long_no", users)
        where = session.connection_details("long_no")
        assert where == session.connection_details("long_no")
        assert Path(where.private_key_path).read_text(encoding="ascii").startswith("-----BEGIN PRIVATE KEY")
        with pytest.raises(NoSuchAccount, match="no account 'nobody' with a private key; known: long_yes, long_no"):
            session.connection_details("nobody")
    assert variables["KALSHI_API_BASE_URL"] == where.base_url
    assert variables["KALSHI_API_KEY_ID"] == where.key_id
    assert (variables["PATH"], "127.0.0.1" in variables["NO_PROXY"]) == ("/bin", True)
    assert "KALSHI_DEMO" not in variables
    assert variables["kalshi_secret"].startswith("-----BEGIN PRIVATE KEY")
    assert not Path(where.private_key_path).exists()


def test_a_scenario_without_an_account_leaves_nothing_behind() -> None:
    with exchange() as running:
        with (
            pytest.raises(ScenarioError, match="expected an account"),
            open_session(running, load_text("scenario: x"), "latest"),
        ):
            pass
        assert not running.server_state.ports


def test_own_variables_stay_out_of_commands() -> None:
    assert os.environ.get("KALSHI_API_BASE_URL") is None


@each_row("card", [one for one in load_cards() if one.api_date], ids=lambda card: card.number)
def test_cards_at_a_date_of_their_own_say_which(card: Card) -> None:
    assert card.api_date in ("compat", "2026-10")
