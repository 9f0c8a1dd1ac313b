"""Several processes of an adapter at the same time: verdicts in order, and nothing left, however it ends."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mockexchange.kit.client import adapter_mode
from mockexchange.kit.client.adapter_mode import PROCESSES_MAX, process_count
from mockexchange.kit.client.cards import Card, load_cards, select_cards
from mockexchange.kit.client.run import INTERRUPTED, CannotJudge, ClientRun, ClientRunSettings
from mockexchange.kit.kalshi import KALSHI
from tests.helpers.rows import each_row
from tests.kit.client.client_runs import ProgressDisplay
from tests.kit.client.fake_adapters import answering

pytestmark = pytest.mark.untraced

FOREVER_S = 3600.0


def cards(*numbers: str) -> list[Card]:
    return select_cards(load_cards(), numbers)


def writing_down(folder: Path, body: str = "") -> list[str]:
    """Return the command of an adapter whose processes record their start; `body` may reply first."""
    folder.mkdir()
    return answering(f"""
    import pathlib, os
    (pathlib.Path({str(folder)!r}) / str(os.getpid())).touch()
    {body or "tell(task, rows=[])"}
    """)


def are_gone(folder: Path) -> bool:
    for file in folder.iterdir():
        try:
            os.kill(int(file.name), 0)
        except ProcessLookupError:
            continue
        return False
    return True


def run(
    command: list[str], chosen: list[Card], every: list[Card] | None = None, watcher: ProgressDisplay | None = None
) -> ClientRun:
    settings = ClientRunSettings(venue=KALSHI, command=command, cards=chosen, every=every or chosen, is_adapter=True)
    made = ClientRun(settings, watcher or ProgressDisplay())
    made.judge()
    return made


@each_row(("cards_count", "processes"), [(1, 1), (11, 1), (12, 2), (24, 3), (200, PROCESSES_MAX)])
def test_few_cards_are_not_worth_many_processes(cards_count: int, processes: int) -> None:
    assert process_count(cards("R10") * cards_count) == processes
    assert process_count(cards("R10") * cards_count, is_fast=True) >= processes


def test_verdicts_come_in_the_order_of_the_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_mode, "CARDS_EACH", 2)
    chosen = cards("R01", "R1*", "R26", "R70")
    watcher = ProgressDisplay()
    made = run(writing_down(tmp_path / "seen"), chosen, watcher=watcher)

    assert [verdict.rule for verdict in made.report.verdicts] == [card.number for card in chosen]
    told = [words.partition(" ")[0] for words in watcher.words[2:]]
    assert told == [card.number for card in chosen for _ in ("at", "take")]
    assert len(list((tmp_path / "seen").iterdir())) == PROCESSES_MAX
    assert are_gone(tmp_path / "seen")


def test_one_process_that_dies_ends_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_mode, "CARDS_EACH", 1)
    body = 'task["task"] == "orders" and sys.exit(9); tell(task, rows=[])'
    chosen = cards("R10", "R12", "R13")
    made = run(writing_down(tmp_path / "seen", body), chosen, every=chosen[:1])

    assert [(one.rule, len(one.findings)) for one in made.report.verdicts] == [("R10", 0), ("R12", 1), ("R13", 0)]
    assert 'ended with exit code 9 at task "orders"' in made.report.verdicts[1].findings[0].seen
    assert are_gone(tmp_path / "seen")


def test_an_interruption_ends_tasks_that_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_mode, "CARDS_EACH", 1)
    body = 'import threading; task["task"] in ("hello", "positions") or threading.Event().wait(); tell(task, rows=[])'
    patient = [replace(card, seconds=FOREVER_S) for card in cards("R10", "R12", "R13")]
    made = run(writing_down(tmp_path / "seen", body), patient, every=patient[:1], watcher=ProgressDisplay("R12"))

    assert [verdict.rule for verdict in made.report.verdicts] == ["R10"]
    assert made.report.cut_short == INTERRUPTED
    assert are_gone(tmp_path / "seen")


def test_an_adapter_that_is_broken_from_the_start_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter_mode, "CARDS_EACH", 1)
    with pytest.raises(CannotJudge, match="ended with exit code 3"):
        run(answering("sys.exit(3)"), cards("R10", "R12", "R13"))
