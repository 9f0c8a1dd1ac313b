"""Playing a card with an adapter: it is given a task in a fresh sandbox, and judged by what it told and did."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from mockexchange.kit.checks import NotJudged
from mockexchange.kit.client.adapter import Adapter, AdapterBroken, AdapterSilent, Told, one_line
from mockexchange.kit.client.card_verdicts import Trial, judge, unjudged
from mockexchange.kit.client.cards import Card, Task
from mockexchange.kit.client.checks import judges
from mockexchange.kit.client.limits import CONNECTIONS_MAX, TOO_MANY
from mockexchange.kit.client.sandboxes import Stage
from mockexchange.kit.client.session import Session
from mockexchange.kit.client.task_fields import COMPAT, aliases_of
from mockexchange.kit.client.traffic import Traffic
from mockexchange.kit.findings import Finding, Verdict

UNDISTURBED_S_MAX = 5.0
NOTHING = Traffic((), ())
SURVEY_S_MAX = 5.0
LISTEN = "listen"
NO_TASK = "there is no such task for adapters: judge a command that does it"
HELLO = "hello"
API_DATES = "api_dates"
"""What hello says of the dates that the client supports."""
START_S_MAX = 60.0
"""Until an adapter says hello: what compiles first, or imports much, takes its time."""


class Answer(NamedTuple):
    """What an adapter told, or `silence`: that it told nothing in time, in words."""

    told: Told | None
    silence: str


class Actor:
    """The adapter, its process made anew where it had to be ended for its silence; use it in a `with`."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command, self._environment = command, environment
        self._stack = ExitStack()
        self._adapter: Adapter | None = None
        self.hello: Mapping[str, object] | None = None
        """What the adapter says of its client, once it has been ready."""

    def __enter__(self) -> "Actor":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]  # what `with` gives

    def ready(self, session: Session) -> Adapter:
        """Return the running adapter, started if need be: what it takes to start is no task's time.

        Raises AdapterBroken where it cannot be started, or does not say hello.
        """
        if self._adapter is None:
            self._adapter = self._stack.enter_context(Adapter(self._command, environment=self._environment))
            hello = self._adapter.ask(HELLO, session.where(), task_s_max=START_S_MAX)
            self.hello = hello.rows[0] if hello.rows else {}
        return self._adapter

    def forget(self) -> None:
        """What was silent has been ended: the next task is for a new process."""
        self._adapter = None

    def stop(self) -> None:
        """End the process at once: whoever waits for its answer gets AdapterBroken. For any thread."""
        if self._adapter is not None:
            self._adapter.stop()

    def ask(self, task: Task, session: Session, account: str, seconds: float) -> Answer:
        """Have a task carried out in a sandbox. Raises AdapterBroken, or NoSuchAccount."""
        adapter = self.ready(session)
        try:
            told = adapter.ask(task.name, session.where(account), task_s_max=seconds, **task.arguments)
        except AdapterSilent as silence:
            self.forget()
            return Answer(None, str(silence))
        if session.connection_count > CONNECTIONS_MAX:
            raise AdapterBroken(TOO_MANY)
        return Answer(told, "")


@dataclass
class AdapterPlay:
    """A run of cards, with one or more actors. `reproduction` says how one card alone is run again."""

    stage: Stage
    reproduction: Callable[[Card], str]
    fixtures: Path | None = None
    """Where bodies are kept that the client cannot take."""
    traffic: Traffic = NOTHING
    """What its tasks brought about, undisturbed."""
    _undisturbed: dict[tuple[str, str, str], Answer] = field(default_factory=dict)

    def survey(self, actor: Actor, cards: Sequence[Card]) -> None:
        """Have every task carried out once, where nothing is disturbed but pages are small.

        Raises AdapterBroken, also where the adapter does not answer at all.
        """
        with self.stage.survey() as session:
            actor.ready(session)
            for task in _distinct(cards):
                if actor.ask(task, session, "", SURVEY_S_MAX).silence:
                    break
            self.traffic = session.traffic()

    def play(self, actor: Actor, card: Card) -> Verdict:
        """Play one card, with an actor that nobody else uses meanwhile.

        Raises AdapterBroken where the adapter cannot be worked with.
        """
        began_s = time.perf_counter()
        if card.judge:
            return self._play_whole(card, actor, began_s)
        if card.task is None:
            return unjudged(card, NO_TASK)
        problem = self.stage.excuse(card) or self._problem(card, card.task, actor)
        if problem:
            return unjudged(card, problem)
        with self.stage.play(card) as session:
            answer = actor.ask(card.task, session, card.account, card.seconds)
            traffic = session.traffic()
        if answer.told and answer.told.is_unsupported:
            return unjudged(card, f"the adapter does not support the task {card.task.name}")
        trial = Trial(traffic, answer.told, answer.silence)
        return judge(card, trial, self.stage.contract(card.api_date), self.reproduction(card), began_s)

    def _play_whole(self, card: Card, actor: Actor, began_s: float) -> Verdict:
        """Play a card that takes more than one task to judge."""
        findings: list[Finding] = []
        why = ""
        try:
            documented = self.stage.documented_date
            with self.stage.play_undisturbed(card) as session:
                adapter = actor.ready(session)
            dates = dates_told(actor.hello or {}, self.stage.kit.name)
            judge_all = judges(documented, self.fixtures, dates=dates)[card.judge]
            findings += judge_all(adapter, self.stage.exchange, self.stage.kit)
        except AdapterSilent as silence:
            actor.forget()
            findings.append(Finding("ends", card.title, str(silence), "rows, or an error", card.place))
        except NotJudged as reason:
            why = str(reason)
        told = [
            replace(one, rule=f"{card.number} {one.rule}", reproduction=one.reproduction or self.reproduction(card))
            for one in findings
        ]
        return Verdict(card.number, card.title, tuple(told), why, (), card.says, time.perf_counter() - began_s)

    def _problem(self, card: Card, task: Task, actor: Actor) -> str:
        """Say why a card cannot be judged by its task: it is not supported, or fails when nothing is disturbed."""
        if card.pages and self._hello(actor).get("pages") == card.pages:
            return f"the client leaves pages to its user: the adapter walks them ({card.pages})"
        if card.is_plain:
            return ""
        answer = self._ask_undisturbed(card, task, actor)
        if answer.silence:
            return f"its task {task.name} is not answered where nothing is disturbed either"
        if answer.told and answer.told.is_unsupported:
            return f"the adapter does not support the task {task.name}"
        if answer.told and answer.told.error:
            return f"its task {task.name} fails where nothing is disturbed too: {one_line(answer.told.error)}"
        return ""

    def _hello(self, actor: Actor) -> Mapping[str, object]:
        if actor.hello is None:
            with self.stage.survey() as session:
                actor.ready(session)
        return actor.hello or {}

    def _ask_undisturbed(self, card: Card, task: Task, actor: Actor) -> Answer:
        key = (task.name, str(task.arguments.get("channel", "")), card.api_date)
        if key not in self._undisturbed:
            quick = Task(task.name, {**task.arguments, **({"count": 1} if task.name == LISTEN else {})})
            with self.stage.play_undisturbed(card) as session:
                self._undisturbed[key] = actor.ask(quick, session, "", UNDISTURBED_S_MAX)
        return self._undisturbed[key]


def dates_told(hello: Mapping[str, object], venue: str) -> list[str]:
    """Return the API dates that a client supports as its adapter says, none where it says nothing of them.

    Raises AdapterBroken where there is no such date.
    """
    known = (*aliases_of(venue), COMPAT)
    dates = hello.get(API_DATES, [])
    if not isinstance(dates, list) or not all(date in known for date in dates):
        told = one_line(json.dumps(dates))
        raise AdapterBroken(f"the adapter's hello has the {API_DATES} {told}: expected a list of {', '.join(known)}")
    return dates


def _distinct(cards: Sequence[Card]) -> list[Task]:
    """Return the tasks of cards, each once, and streams for no longer than until something comes."""
    tasks: dict[tuple[str, str], Task] = {}
    for card in cards:
        if card.task:
            short = {"count": 1, "seconds": 1} if card.task.name == LISTEN else {}
            channel = str(card.task.arguments.get("channel", ""))
            tasks.setdefault((card.task.name, channel), Task(card.task.name, {**card.task.arguments, **short}))
    return list(tasks.values())
