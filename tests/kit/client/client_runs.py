"""Whole runs of a command or an adapter, and a display that records its calls."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mockexchange.kit.client.cards import load_cards, select_cards
from mockexchange.kit.client.run import ClientRun, ClientRunSettings
from mockexchange.kit.findings import Verdict
from mockexchange.kit.kalshi import KALSHI

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

    def add_verdict(self, verdict: Verdict) -> None:
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
