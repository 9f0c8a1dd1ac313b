"""Runs `verify client`: all selected test cards, each with a verdict or the reason why there is none."""

import os
import shlex
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mockexchange.clients.published import GENERIC
from mockexchange.kit.client.adapter_mode import (
    AdapterCardRunner,
    AdapterWorker,
    play_with_adapter,
    probes_of,
    process_count,
)
from mockexchange.kit.client.api_documents import coverage
from mockexchange.kit.client.baseline import Baseline
from mockexchange.kit.client.cards import Card
from mockexchange.kit.client.command_mode import CommandCardRunner, play_with_command
from mockexchange.kit.client.fuzzing import EXAMPLES, FuzzSettings
from mockexchange.kit.client.processes import AdapterBroken, CommandFailed, shown_command
from mockexchange.kit.client.sandboxes import CardSandboxes, NoSuchAccount
from mockexchange.kit.findings import Report, Table, Verdict
from mockexchange.kit.local_exchange import exchange
from mockexchange.kit.venue import VenueKit
from mockexchange.runtime.redaction import redact_command
from mockexchange.scenario.errors import ScenarioError
from mockexchange.venues.registry import DEFAULT

INTERRUPTED = "it was interrupted"
LATEST = "latest"


class CannotJudge(Exception):
    """Raised if a run can test nothing. The message is one line."""


class ProgressDisplay(Protocol):
    """The interface through which a run shows its progress."""

    def stage(self, name: str, total: int | None = None) -> None: ...
    def at(self, text: str) -> None: ...
    def add_verdict(self, verdict: Verdict) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRunSettings:
    """The options of a run of `verify client`. With an empty `scenario` the built-in one is used.

    `cards` are the selected test cards, `every` all known ones; `api_date` is the user's text.
    """

    venue: VenueKit
    command: Sequence[str]
    cards: Sequence[Card]
    every: Sequence[Card]
    is_adapter: bool = False
    api_date: str = LATEST
    scenario: str = ""
    client: str = GENERIC
    timeout_s: float = 60.0
    fixtures: Path | None = None
    """The folder for bodies that the client reads wrongly; None saves none."""
    examples: int = EXAMPLES
    seed: int = 0
    is_fast: bool = False
    """Whether test cards with generated bodies are left out, and more processes run the others."""
    more_cards: Path | None = None
    """The folder of the user's own test cards."""
    baseline: Baseline | None = None
    """The test cards that the client is known to break; None if every broken one fails the run."""

    def reproduction(self, card: Card) -> str:
        """Return the command line that runs one test card again; secrets in the command are left out."""
        arguments = ["mockexchange", "verify", "client", *(["--adapter"] if self.is_adapter else [])]
        given = (
            ("--venue", self.venue.name, DEFAULT.name),
            ("--api-date", self.api_date, LATEST),
            ("--scenario", self.scenario, ""),
            ("--client", self.client, GENERIC),
            ("--more-cards", str(self.more_cards or ""), ""),
            ("--examples", str(self.examples), str(EXAMPLES)),
            ("--seed", str(self.seed), "0"),
        )
        arguments += [part for name, value, usual in given if value != usual for part in (name, value)]
        return shlex.join([*arguments, "--cards", card.number, "--", *redact_command(self.command)])


class ClientRun:
    """One run of `verify client`. `report` and `tables` have the results so far, also if the run was cut short."""

    def __init__(self, settings: ClientRunSettings, watcher: ProgressDisplay) -> None:
        self.report = Report(f"{shown_command(settings.command)} as of {settings.api_date}")
        self.tables: list[Table] = []
        self._settings, self._watcher = settings, watcher

    def judge(self) -> None:
        """Run the test cards. Raises CannotJudge if the run fails before its first verdict."""
        try:
            self._judge()
        except (AdapterBroken, CommandFailed, ScenarioError, NoSuchAccount) as error:
            if not self.report.verdicts:
                raise CannotJudge(str(error)) from None
            self.report.cut_short = str(error)
        except KeyboardInterrupt:
            self.report.cut_short = INTERRUPTED

    def _judge(self) -> None:
        with ExitStack() as stack:
            sandboxes = CardSandboxes(
                self._settings.venue,
                stack.enter_context(exchange()),
                self._settings.api_date,
                self._settings.scenario,
                self._settings.is_fast,
            )
            self._watcher.stage("cards", total=len(self._settings.cards))
            runner = self._adapter_runner(sandboxes) if self._settings.is_adapter else self._command_runner(sandboxes)
            try:
                baseline = self._settings.baseline
                for found in stack.enter_context(closing(self._verdicts(runner, stack))):
                    verdict = baseline.applied(found) if baseline else found
                    self.report.verdicts.append(verdict)
                    self._watcher.add_verdict(verdict)
                self.tables = baseline.mended(self.report) if baseline else []
            finally:
                if not runner.traffic.is_empty:
                    self.tables += coverage(runner.traffic, sandboxes.documents())

    def _verdicts(self, runner: AdapterCardRunner | CommandCardRunner, stack: ExitStack) -> Generator[Verdict]:
        settings, at = self._settings, self._watcher.at
        if isinstance(runner, CommandCardRunner):
            return play_with_command(runner, settings.cards, at)
        processes = process_count(settings.cards, settings.is_fast)
        workers = [AdapterWorker(settings.command, os.environ) for _ in range(processes)]
        for worker in workers:
            stack.enter_context(worker)
        return play_with_adapter(runner, workers, settings.cards, settings.every, at)

    def _adapter_runner(self, sandboxes: CardSandboxes) -> AdapterCardRunner:
        return AdapterCardRunner(
            sandboxes,
            self._settings.reproduction,
            FuzzSettings(self._settings.fixtures, self._settings.seed, self._settings.examples),
            probes_of(self._settings.every),
        )

    def _command_runner(self, sandboxes: CardSandboxes) -> CommandCardRunner:
        settings = self._settings
        return CommandCardRunner(
            sandboxes, settings.command, settings.client, settings.timeout_s, settings.reproduction
        )
