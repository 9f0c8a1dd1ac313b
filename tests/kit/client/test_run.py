"""Whole runs: commands and adapters that behave, that misbehave, and that cannot be judged at all."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mockexchange.kit.client import adapter_mode, command_mode
from mockexchange.kit.client.adapter import AdapterTimeout
from mockexchange.kit.client.adapter_checks import read_reference_account
from mockexchange.kit.client.api_documents import documents_of
from mockexchange.kit.client.cards import Card, load_cards, select_cards
from mockexchange.kit.client.command_mode import environment_of
from mockexchange.kit.client.run import INTERRUPTED, CannotJudge, ClientRun, ClientRunSettings
from mockexchange.kit.client.sandboxes import CardSandboxes, load_plan
from mockexchange.kit.client.session import CONNECTIONS_MAX, NoSuchAccount, open_session
from mockexchange.kit.findings import EXIT_BROKEN, EXIT_KEPT, EXIT_NOT_JUDGED, Finding, Outcome, Verdict
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.local_exchange import exchange
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_text
from tests.kit.client.fake_adapters import answering

HANG = "import threading; threading.Event().wait(60)"
BOT = Path(__file__).parent / "bot.py"


class ProgressDisplay:
    """Records its calls, and raises KeyboardInterrupt at a given one."""

    def __init__(self, interrupts_at: str = "") -> None:
        self.words: list[str] = []
        self._interrupts_at = interrupts_at

    def stage(self, name: str, total: int | None = None) -> None:
        self.words.append(f"{name} {total}")

    def at(self, words: str) -> None:
        self.words.append(words)
        if self._interrupts_at and words.startswith(self._interrupts_at):
            raise KeyboardInterrupt

    def take(self, verdict: Verdict) -> None:
        self.words.append(f"{verdict.rule} {verdict.outcome}")


def bot(*deeds: str) -> list[str]:
    return [sys.executable, str(BOT), *deeds]


def run(command: Sequence[str], *cards: str, watcher: ProgressDisplay | None = None, **more: Any) -> ClientRun:
    every = load_cards()
    settings = ClientRunSettings(venue=KALSHI, command=command, cards=select_cards(every, cards), every=every, **more)
    made = ClientRun(settings, watcher or ProgressDisplay())
    made.judge()
    return made


def verdicts(made: ClientRun) -> dict[str, Verdict]:
    return {verdict.rule: verdict for verdict in made.report.verdicts}


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


def test_a_command_in_a_loop_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_mode, "CALLS_MAX", 20)
    assert run(bot("poll"), "R01", timeout_s=60).report.exit_code == EXIT_KEPT


def test_a_command_that_never_ends_is_judged_by_what_it_did() -> None:
    made = run(bot("poll"), "R01", "R09", timeout_s=5)
    assert [str(one.outcome) for one in verdicts(made).values()] == ["kept", "kept"]
    assert made.tables[0].rows[0][0] == "GET /portfolio/balance"


@pytest.mark.parametrize(
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


# --- adapters


def test_an_adapter_that_supports_nothing_is_not_judged() -> None:
    made = run(answering("tell(task, unsupported=True)"), "R01", "R10", "R20", "R73", is_adapter=True)
    found = {number: (str(one.outcome), one.why) for number, one in verdicts(made).items()}
    assert found["R10"] == ("not judged", "the adapter does not support the task positions")
    assert found["R20"] == ("not judged", "the adapter does not support the task positions")
    assert found["R01"] == ("not judged", "no request crossed the wire")
    assert found["R73"][0] == "not judged"
    assert made.report.exit_code == EXIT_NOT_JUDGED


def test_cards_about_pages_are_not_for_clients_whose_user_walks_them() -> None:
    hello = """
        if task["task"] == "hello":
            tell(task, rows=[{"client": "x", "version": "1", "pages": "by hand"}])
        else:
            tell(task, rows=[])
    """
    made = run(answering(hello), "R20", "R21", is_adapter=True)
    assert {one.why for one in made.report.verdicts} == {
        "the client leaves pages to its user: the adapter walks them (by hand)"
    }


TODAYS = """
    import time, urllib.request
    if task["task"] == "hello":
        tell(task, rows=[{"client": "x", "api_dates": DATES}])
    elif task["task"] != "positions":
        tell(task, unsupported=True)
    else:
        names = ("KALSHI-ACCESS-KEY", "KALSHI-ACCESS-TIMESTAMP", "KALSHI-ACCESS-SIGNATURE")
        request = urllib.request.Request(task["base_url"] + "/exchange/status")
        date = urllib.request.urlopen(request).read()
        is_old = b"exchange_index_statuses" not in date
        tell(task, **({"error": "KeyError: position_fp"} if is_old else {"rows": ROWS}))
"""
"""An adapter whose client does not support earlier dates."""


def todays(dates: object) -> list[str]:
    rows = [{"ticker": row["ticker"]} for row in read_reference_account().truth["positions"]]
    return answering(TODAYS.replace("DATES", repr(dates)).replace("ROWS", repr(rows)))


def test_an_adapter_says_which_dates_its_client_supports() -> None:
    made = run(todays(["2026-10"]), "R71", is_adapter=True)
    assert [str(one.outcome) for one in made.report.verdicts] == ["kept"], made.report.findings
    broken = run(todays([]), "R71", is_adapter=True).report.findings
    assert {one.rule for one in broken} == {"R71 understanding.raised"}


@pytest.mark.parametrize("dates", ["2026-10", ["2026-99"], [7], None], ids=["text", "unknown", "number", "null"])
def test_dates_that_there_are_not_are_one_line(dates: object) -> None:
    with pytest.raises(CannotJudge, match=r"hello has the api_dates .*: expected a list of 2025-11, .*, compat"):
        run(todays(dates), "R71", is_adapter=True)


def test_a_task_that_fails_undisturbed_excuses_the_cards_about_disturbances() -> None:
    made = run(answering("tell(task, error='KeyError: x', status=None)"), "R10", "R26", "R40", is_adapter=True)
    found = {number: (str(one.outcome), one.why) for number, one in verdicts(made).items()}
    assert found["R10"] == ("broken", "")
    assert (
        found["R26"]
        == found["R40"]
        == (
            "not judged",
            "its task positions fails where nothing is disturbed too: KeyError: x",
        )
    )


def test_an_adapter_that_invents_rows_is_found() -> None:
    made = run(
        answering("tell(task, rows=[{'ticker': 'X', 'cost': 0.5}] * 2)"), "R20", "R26", "R30", "R65", is_adapter=True
    )
    found = {finding.rule for finding in made.report.findings}
    assert found == {"R20 rows", "R20 once", "R26 rows", "R30 answer", "R65 exact"}


def test_an_adapter_that_falls_silent_breaks_the_card_and_is_started_anew() -> None:
    body = """
        import threading, time, urllib.error, urllib.request
        names = ("KALSHI-ACCESS-KEY", "KALSHI-ACCESS-TIMESTAMP", "KALSHI-ACCESS-SIGNATURE")
        headers = dict(zip(names, (task["key_id"], str(int(time.time() * 1000)), "eA==")))
        try:
            request = urllib.request.Request(task["base_url"] + "/portfolio/positions", headers=headers)
            raw = urllib.request.urlopen(request).read()
        except urllib.error.HTTPError:
            raw = b""
        if b'"cursor":null' in raw:
            threading.Event().wait(60)
        tell(task, rows=[{"ticker": "KXKIT-A"}])
    """
    made = run(answering(body), "R22", "R23", is_adapter=True)
    (finding,) = made.report.findings
    assert (finding.rule, "within 3 s" in finding.seen) == ("R22 ends", True)
    assert [str(one.outcome) for one in made.report.verdicts] == ["broken", "kept"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit(4)", "ended with exit code 4"),
        ("print('hello', flush=True)", "a line that is not JSON: hello"),
    ],
    ids=["crash", "garbage"],
)
def test_an_adapter_that_cannot_be_worked_with_is_one_line(body: str, words: str) -> None:
    with pytest.raises(CannotJudge) as caught:
        run(answering(body), "R10", is_adapter=True)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_adapter_that_hangs_from_the_start_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_mode, "START_S_MAX", 0.5)
    with pytest.raises(CannotJudge, match="gave no answer to task"):
        run(answering(HANG), "R10", is_adapter=True)


def test_an_adapter_that_hangs_on_one_task_loses_the_cards_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_mode, "SURVEY_S_MAX", 3)
    monkeypatch.setattr(adapter_mode, "UNDISTURBED_S_MAX", 3)
    body = "import threading; threading.Event().wait(60 if task['task'] == 'positions' else 0); tell(task, rows=[])"
    made = run(answering(body), "R20", "R66", is_adapter=True)
    assert verdicts(made)["R20"].why == "its task positions is not answered where nothing is disturbed either"
    assert verdicts(made)["R66"].outcome is Outcome.BROKEN


def test_a_judge_of_many_tasks_may_find_and_may_be_left_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> Iterator[Finding]:
        yield Finding("understanding.sign", "positions", "9", "-9", "docs/adapters.md")
        raise AdapterTimeout("it gave no answer")

    monkeypatch.setattr(adapter_mode, "judges", lambda *_, **more: {"fuzz": silent})
    made = run(answering("tell(task, rows=[])"), "R74", is_adapter=True)
    assert [finding.rule for finding in made.report.findings] == ["R74 understanding.sign", "R74 ends"]
    assert all("--cards R74 --" in finding.reproduction for finding in made.report.findings)


@pytest.mark.parametrize(
    ("api_date", "whys"),
    [
        (
            "2026-01-15",
            ("no document is of 2026-01-15 itself: choose one of 2025-11, 2025-12, 2026-02, 2026-04, ",) * 2,
        ),
        ("compat", ("", "positions: it raised: of compat")),
    ],
)
def test_what_was_understood_is_judged_as_of_the_date_of_the_run(api_date: str, whys: tuple[str, str]) -> None:
    body = """
        import urllib.request
        http = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        keys = http.open(task["base_url"] + "/markets").read()
        is_compat = b"open_interest_fp" in keys and b'"open_interest"' in keys
        is_told = task["task"] == "positions"
        tell(task, **({"error": "of compat" if is_compat else "of a day"} if is_told else {"unsupported": True}))
    """
    made = run(answering(body), "R70", "R73", "R74", is_adapter=True, api_date=api_date)
    account, floats, fuzz = made.report.verdicts
    assert account.why.startswith(whys[0])
    assert floats.why.startswith(whys[1])
    assert fuzz.why.startswith(whys[1])
    assert [one.seen for one in account.findings] == (["it raised: of compat"] if api_date == "compat" else [])


def test_an_adapter_that_opens_a_thousand_connections_is_one_line() -> None:
    body = """
        import socket, urllib.parse
        parts = urllib.parse.urlsplit(task["base_url"])
        kept = [socket.create_connection((parts.hostname, parts.port)) for _ in range(300)]
        tell(task, rows=[])
    """
    with pytest.raises(CannotJudge, match="it opened more than 256 connections at once"):
        run(answering(body), "R10", is_adapter=True)


def test_adapters_have_no_task_for_writes() -> None:
    (verdict,) = run(answering("tell(task, rows=[])"), "R45", is_adapter=True).report.verdicts
    assert verdict.why == "there is no such task for adapters: judge a command that does it"


def test_an_adapter_that_crashes_later_leaves_a_report_that_says_so() -> None:
    body = """
        import json, urllib.request, urllib.error
        if task["task"] == "positions":
            try:
                urllib.request.urlopen(task["base_url"] + "/portfolio/positions")
            except urllib.error.HTTPError as error:
                if error.code == 403:
                    sys.exit(9)
        tell(task, rows=[])
    """
    made = run(answering(body), "R01", "R33", "R34", is_adapter=True)
    assert list(verdicts(made)) == ["R01"]
    assert "ended with exit code 9" in made.report.cut_short
    assert made.report.exit_code == EXIT_NOT_JUDGED


def test_an_interruption_leaves_a_report_that_says_so() -> None:
    made = run(bot("positions"), "R01", "R10", watcher=ProgressDisplay("R10"))
    assert (made.report.cut_short, made.report.exit_code) == (INTERRUPTED, EXIT_NOT_JUDGED)
    assert made.tables


def test_a_card_is_not_played_where_it_makes_no_sense() -> None:
    made = run(answering("tell(task, rows=[])"), "S11", is_adapter=True, api_date="2025-11")
    assert [one.why for one in made.report.verdicts] == ["it is about what there is from 2026-06 on"]


@pytest.mark.parametrize(("api_date", "is_excused"), [("2025-11", False), ("2026-02", True), ("compat", False)])
def test_a_card_about_the_past_is_excused_later(api_date: str, is_excused: bool) -> None:
    (card,) = select_cards(load_cards(), ["R10"])
    with exchange() as running:
        why = CardSandboxes(KALSHI, running, api_date).reason_to_skip(replace(card, until="2026-02"))
    assert why == ("it is about what there was before 2026-02" if is_excused else "")


@pytest.mark.parametrize(
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
    )
    assert settings.reproduction(card) == (
        "mockexchange verify client --adapter --api-date 2026-06 --scenario golden --client kyro"
        " --cards R07 -- node 'my bot.js'"
    )


# --- sandboxes


def test_the_environment_points_here_and_nowhere_else() -> None:
    users = {"PATH": "/bin", "KALSHI_API_KEY_ID": "mine", "kalshi_secret": "x", "KALSHI_DEMO": "1", "HTTP_PROXY": "p"}
    with exchange() as running, open_session(running, load_plan("golden"), "latest") as session:
        variables = environment_of(session, "generic", "long_no", users, "KALSHI_")
        where = session.connection_details("long_no")
        assert where == session.connection_details("long_no")
        assert Path(where.private_key_path).read_text(encoding="ascii").startswith("-----BEGIN PRIVATE KEY")
        with pytest.raises(NoSuchAccount, match="no account 'nobody' with a private key; known: long_yes, long_no"):
            session.connection_details("nobody")
    assert variables["KALSHI_API_BASE_URL"] == where.base_url
    assert variables["KALSHI_API_KEY_ID"] == where.key_id
    assert (variables["PATH"], "127.0.0.1" in variables["NO_PROXY"]) == ("/bin", True)
    assert not {"kalshi_secret", "KALSHI_DEMO"} & set(variables)
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


@pytest.mark.parametrize("card", [one for one in load_cards() if one.api_date], ids=lambda card: card.number)
def test_cards_at_a_date_of_their_own_say_which(card: Card) -> None:
    assert card.api_date in ("compat", "2026-10")
