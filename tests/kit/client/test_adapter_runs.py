"""Whole runs of adapters that behave, that misbehave, and that cannot be judged at all."""

from collections.abc import Iterator

import pytest

from mockexchange.kit.client import adapter_mode
from mockexchange.kit.client.processes import AdapterTimeout
from mockexchange.kit.client.run import CannotJudge
from mockexchange.kit.client.whole_account_judges import read_reference_account
from mockexchange.kit.findings import EXIT_BROKEN, EXIT_NOT_JUDGED, Finding, Outcome
from tests.helpers.rows import each_row
from tests.kit.client.client_runs import run, verdicts
from tests.kit.client.fake_adapters import answering

HANG = "import threading; threading.Event().wait(60)"


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


@each_row("dates", ["2026-10", ["2026-99"], [7], None], ids=["text", "unknown", "number", "null"])
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


@each_row(
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


@each_row(
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


DEATHS = {
    "crash": ("sys.exit(9)", "ended with exit code 9"),
    "killed": ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL"),
    "garbage": ("print('Traceback', flush=True)", "with a line that is not JSON: Traceback"),
    "another id": ("task['id'] += 1", "with the id"),
    "no rows": ("print('{}', flush=True)", "with the id null"),
}


@each_row("death", DEATHS)
def test_an_adapter_that_dies_breaks_the_card_it_died_on_and_no_other(death: str) -> None:
    what, words = DEATHS[death]
    body = f"""
        import urllib.request, urllib.error
        if task["task"] == "positions":
            try:
                urllib.request.urlopen(task["base_url"] + "/portfolio/positions")
            except urllib.error.HTTPError as error:
                if error.code == 403:
                    {what}
        tell(task, rows=[])
    """
    made = run(answering(body), "R01", "R33", "R44", is_adapter=True)
    found = verdicts(made)
    assert list(found) == ["R01", "R33", "R44"]
    assert words in found["R33"].findings[0].seen
    assert found["R33"].findings[0].rule == "R33 ends"
    assert not found["R44"].why
    assert (made.report.cut_short, made.report.exit_code) == ("", EXIT_BROKEN)


def test_an_adapter_that_dies_on_every_task_breaks_the_cards_about_tasks() -> None:
    made = run(
        answering("tell(task, rows=[]) if task['task'] == 'hello' else sys.exit(3)"),
        "R10",
        "R20",
        "R70",
        is_adapter=True,
    )
    found = {number: (str(one.outcome), one.why) for number, one in verdicts(made).items()}
    assert found["R10"][0] == found["R70"][0] == "broken"
    assert found["R20"] == ("not judged", "its task positions is not answered where nothing is disturbed either")
