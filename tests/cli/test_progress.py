"""The progress bar: quick work shows none, long work shows one and removes it."""

import sys

import pytest

from mockexchange.cli import terminal
from tests.cli.conftest import Terminal
from tests.helpers.rows import each_row


def shown_by_work(monkeypatch: pytest.MonkeyPatch, delay_s: float) -> str:
    """Return what a terminal gets from work with a progress bar that is shown after `delay_s`."""
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(terminal, "PROGRESS_DELAY_S", delay_s)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", screen)
        with terminal.progress_bar("{task.fields[done]} steps", is_shown=True) as bar:
            bar.update(done=3)
            bar.stop()
    return screen.getvalue()


def test_quick_work_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_by_work(monkeypatch, 3_600) == ""


def test_long_work_shows_a_bar_and_removes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = shown_by_work(monkeypatch, 0)
    assert "3 steps" in shown
    assert shown.endswith("\x1b[2K")


@each_row("is_shown", [True, False])
def test_nothing_is_shown_without_a_terminal(capsys: pytest.CaptureFixture[str], is_shown: bool) -> None:
    with terminal.progress_bar("{task.fields[done]} steps", is_shown=is_shown) as bar:
        bar.update(done=3)
        bar.stop()
    assert capsys.readouterr().err == ""
