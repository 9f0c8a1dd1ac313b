"""The two example clients: one keeps every card it supports, the other breaks those that are about its mistakes."""

import sys
from pathlib import Path

import pytest

from mockexchange.kit.client.cards import load_cards
from mockexchange.kit.client.run import ClientRun, ClientRunSettings
from mockexchange.kit.findings import Outcome, Verdict
from mockexchange.kit.kalshi import KALSHI
from tests.helpers.effort import examples
from tests.house.checkout import ROOT

pytestmark = pytest.mark.untraced

EXAMPLES = examples(16)
"""Made-up bodies of R74 for each task."""
FOR_COMMANDS = ["R45"]
"""Cards that no task is about."""
MISTAKES = {
    "R02": "it signs the query",
    "R21": "it follows a cursor that does not move on",
    "R47": "it sends its signature wherever a redirect leads",
    "R52": "it needs `position`, which is gone",
    "R63": "its money is a float",
    "R65": "its money is a float",
    "R71": "it needs `position`, and `position_fp`, which each are not there at some date",
    "R72": "it needs `position` where it is left out",
    "R73": "its money is a float",
    "S04": "it answers no ping",
}
"""Why careless.py breaks which card."""


class Quiet:
    def stage(self, name: str, total: int | None = None) -> None: ...
    def at(self, words: str) -> None: ...
    def add_verdict(self, verdict: Verdict) -> None: ...


def played(name: str, api_date: str, fixtures: Path) -> dict[str, Verdict]:
    cards = load_cards()
    settings = ClientRunSettings(
        venue=KALSHI,
        command=[sys.executable, "-m", f"contracts.clients.examples.{name}"],
        cards=cards,
        every=cards,
        is_adapter=True,
        api_date=api_date,
        fixtures=fixtures,
        examples=EXAMPLES,
    )
    run = ClientRun(settings, Quiet())
    run.judge()
    assert not run.report.cut_short
    return {verdict.rule: verdict for verdict in run.report.verdicts}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_the_careful_client_keeps_every_card(tmp_path: Path) -> None:
    verdicts = played("careful", "latest", tmp_path)
    assert {number: one.findings for number, one in verdicts.items()} == {card.number: () for card in load_cards()}
    assert [number for number, one in verdicts.items() if one.outcome is Outcome.NOT_JUDGED] == FOR_COMMANDS
    assert not [note for one in verdicts.values() for note in one.notes]


def test_the_careless_client_breaks_the_cards_about_its_mistakes_and_no_other(tmp_path: Path) -> None:
    verdicts = played("careless", "compat", tmp_path)
    broken = {number for number, one in verdicts.items() if one.outcome is Outcome.BROKEN}
    assert broken == set(MISTAKES)
    assert all(finding.rule.startswith(number) for number in broken for finding in verdicts[number].findings)
    excused = {one.why for one in verdicts.values() if one.outcome is Outcome.NOT_JUDGED}
    assert all(
        why.startswith(
            ("the adapter does not support", "there is no such task", "no ", "its task", "positions:", "2 requests")
        )
        for why in excused
    )
