"""Runs test cards with a client behind an adapter: each card gets a new sandbox; its reply and traffic are examined."""

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from mockexchange.kit.client.accounts import AccountPositions
from mockexchange.kit.client.adapter import Adapter, AdapterReply, AskedAdapter, ConnectionDetails, one_line
from mockexchange.kit.client.card_verdicts import CardRun, is_cut_short, judge, not_judged, with_more_time
from mockexchange.kit.client.cards import Card, Task
from mockexchange.kit.client.fuzzing import FUZZ_DEFAULTS, LEFT_OUT, FuzzSettings, judge_fuzz
from mockexchange.kit.client.order_tasks import PlayedTasks, TaskResult, play_tasks
from mockexchange.kit.client.processes import AdapterBroken, AdapterTimeout
from mockexchange.kit.client.read_tasks import COMPAT, LATEST, aliases_of
from mockexchange.kit.client.sandboxes import CONNECTIONS_MAX, TOO_MANY, CardSandboxes, Session
from mockexchange.kit.client.traffic import Traffic
from mockexchange.kit.client.whole_account_judges import judge_account, judge_dates, judge_floats, judge_poison
from mockexchange.kit.findings import Finding, Verdict
from mockexchange.kit.local_exchange import Exchange
from mockexchange.kit.target import NotJudged
from mockexchange.kit.venue import VenueKit

UNDISTURBED_S_MAX = 5.0
NOTHING = Traffic((), ())
SURVEY_S_MAX = 5.0
LISTEN, BOOK = "listen", "book"
NO_TASK = "there is no such task for adapters: judge a command that does it"
UNSUPPORTED = "the adapter does not support the task {}"
HELLO = "hello"
LEFT_TO_USER = {
    "pages": "the client leaves pages to its user: the adapter walks them",
    "reconciling": "the client leaves it to its user to read what its stream has missed",
    "sequence": "the client leaves sequence numbers to its user",
}
"""Keys of the reply to `hello` that name what the client leaves to its user; some test cards do not apply then."""
API_DATES = "api_dates"
"""Key of the reply to `hello`: the API dates that the client supports."""
LOG_LAG_S = 0.05
"""The time in seconds that a task's log lines may arrive after its reply, since they come on another pipe."""
START_S_MAX = 60.0
"""The longest time in seconds for the reply to `hello`: some adapters compile first or import much."""


Judge = Callable[[AskedAdapter, Exchange, VenueKit], Iterator[Finding]]
"""A function that yields findings about an adapter.

Raises NotJudged if the adapter supports no task, AdapterBroken if it cannot be used any more.
"""


def judges(
    api_date: str = LATEST, fuzzing: FuzzSettings = FUZZ_DEFAULTS, dates: Sequence[str] = ()
) -> Mapping[str, Judge]:
    """Return the checks that send an adapter several tasks, by the names that test cards use for them.

    `api_date` must have documents; the checks "dates" and "poison" do not use it. `dates` are the API dates that the
    client supports, all if empty.
    """
    return {
        "account": partial(judge_account, api_date=api_date),
        "dates": partial(judge_dates, dates=dates),
        "poison": judge_poison,
        "floats": partial(judge_floats, api_date=api_date),
        "fuzz": partial(judge_fuzz, api_date=api_date, settings=fuzzing),
    }


class AdapterWorker:
    """Starts an adapter, and starts it again after a task without a reply. To be used in a `with` statement."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command, self._environment = command, environment
        self._stack = ExitStack()
        self._adapter: Adapter | None = None
        self._last: Adapter | None = None
        self._is_stopped = False
        self.hello: Mapping[str, object] | None = None
        """The adapter's reply to `hello`, None before its first start."""

    def __enter__(self) -> "AdapterWorker":
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(AdapterBroken):  # a line that it prints after its last task breaks no card
            self._stack.__exit__(*error)  # type: ignore[arg-type]  # what `with` gives

    def ready(self, connection: ConnectionDetails) -> Adapter:
        """Return the running adapter.

        If it does not run, start it first, so that its start does not count as time of a task.

        Raises AdapterBroken if it cannot be started or does not answer the task `hello`.
        """
        if self._is_stopped:
            raise AdapterBroken("the adapter was stopped")
        if self._adapter is None:
            self._adapter = self._stack.enter_context(Adapter(self._command, environment=self._environment))
            self._last = self._adapter
            hello = self._adapter.ask(HELLO, connection, task_s_max=START_S_MAX)
            self.hello = hello.rows[0] if hello.rows else {}
        return self._adapter

    def log(self) -> str:
        """Return the last part of the log of the process that had the last task. Waits a moment for the last line."""
        time.sleep(LOG_LAG_S)
        return self._last.log if self._last else ""

    def drop_process(self) -> None:
        """End the adapter's process. The next task starts another one."""
        if self._adapter is not None:
            self._adapter.stop()
        self._adapter = None

    def stop(self) -> None:
        """End the process at once and for good, from any thread."""
        self._is_stopped = True
        if self._adapter is not None:
            self._adapter.stop()

    def ask(self, task: Task, session: Session, account: str, seconds: float) -> TaskResult:
        """Send a task with the URLs of a sandbox and the key of an account, and return the result.

        If the adapter ends or gives no reply, it is started again for the next task. Raises NoSuchAccount, and
        AdapterBroken if it has never answered `hello`, or has too many connections.
        """
        try:
            adapter = self.ready(session.connection_details())
            reply = adapter.ask(task.name, session.connection_details(account), task_s_max=seconds, **task.arguments)
        except AdapterBroken as broken:
            if self.hello is None:
                raise
            self.drop_process()
            return TaskResult(None, str(broken), is_late=isinstance(broken, AdapterTimeout))
        if session.connection_count > CONNECTIONS_MAX:
            raise AdapterBroken(TOO_MANY)
        return TaskResult(reply, "")


class RestartingAdapter:
    """An adapter for checks that send several tasks. After a task without a reply it is started again."""

    def __init__(self, worker: AdapterWorker) -> None:
        self._worker = worker

    def ask(
        self, task: str, connection: ConnectionDetails, *, task_s_max: float | None = None, **arguments: Any
    ) -> AdapterReply:
        """Send a task and return its reply. Raises AdapterBroken if the adapter gives no reply."""
        try:
            return self._worker.ready(connection).ask(task, connection, task_s_max=task_s_max, **arguments)
        except AdapterBroken:
            self._worker.drop_process()
            raise


@dataclass
class AdapterCardRunner:
    """Runs test cards with one or more adapter workers.

    `reproduction` returns the command that runs a card again.
    """

    sandboxes: CardSandboxes
    reproduction: Callable[[Card], str]
    fuzzing: FuzzSettings = FUZZ_DEFAULTS
    probes: Mapping[str, Card] = field(default_factory=dict)
    """For each order task, the test card that shows that the task works without faults."""
    traffic: Traffic = NOTHING
    """The traffic of the tasks that were run without faults."""
    _probed: dict[tuple[str, str], str] = field(default_factory=dict)
    _undisturbed: dict[tuple[str, str, str], TaskResult] = field(default_factory=dict)

    def survey(self, worker: AdapterWorker, cards: Sequence[Card]) -> None:
        """Run every task once, without faults but with small pages, and keep the traffic.

        Cards that need no run of their own are decided by this traffic. Raises AdapterBroken, also if the adapter does
        not answer at all.
        """
        with self.sandboxes.survey() as session:
            worker.ready(session.connection_details())
            for task in _distinct(cards):
                if worker.ask(task, session, "", SURVEY_S_MAX).is_late:
                    break
            self.traffic = session.traffic()
        for card in self.probes.values():
            self.traffic = self.traffic.joined(self._survey_orders(worker, card))

    def _survey_orders(self, worker: AdapterWorker, card: Card) -> Traffic:
        """Play the tasks of a probe with signatures checked, and return the traffic."""
        if self.sandboxes.reason_to_skip(card):
            return NOTHING
        with self.sandboxes.play_checked(card) as session:
            self._play_tasks(worker, card, session, SURVEY_S_MAX)
            return session.traffic()

    def play(self, worker: AdapterWorker, card: Card) -> Verdict:
        """Run one test card with a worker that runs no other card meanwhile, and return its verdict.

        If a card fails because messages came too late, it is run again with more time to listen, since the machine may
        be busy. Raises AdapterBroken if the adapter cannot be used.
        """
        began_s = time.perf_counter()
        skipped = self.sandboxes.reason_to_skip(card)
        if skipped or (card.task is None and not card.judge):
            return not_judged(card, skipped or NO_TASK)
        if card.judge or card.task is None:
            return self._play_whole(card, worker, began_s)
        problem = self._problem(card, card.task, worker)
        if problem:
            return not_judged(card, problem)
        verdict, came_late = self._play_once(worker, card, began_s)
        if verdict.findings and came_late:
            verdict, _ = self._play_once(worker, with_more_time(card), began_s)
        return verdict

    def _play_once(self, worker: AdapterWorker, card: Card, began_s: float) -> tuple[Verdict, bool]:
        """Return the verdict of one run of a card, and whether messages may have come too late for it."""
        with self.sandboxes.play(card) as session:
            before = session.positions(card.account)
            played = self._play_tasks(worker, card, session, card.seconds)
            traffic, after = session.traffic(), session.positions(card.account)
            secrets = session.private_text(card.account)
        output = worker.log() if card.see.private else ""
        if played.unsupported:
            return not_judged(card, UNSUPPORTED.format(played.unsupported)), False
        trial = CardRun(
            traffic,
            played.last.reply,
            played.last.no_reply,
            played=played,
            positions=AccountPositions(before.listed & after.listed, before.known | after.known),
            output=output,
            private_pem=secrets,
        )
        verdict = judge(card, trial, self.sandboxes.documents(card.api_date), self.reproduction(card), began_s)
        return verdict, is_cut_short(card, traffic)

    def _play_whole(self, card: Card, worker: AdapterWorker, began_s: float) -> Verdict:
        """Play a card whose judge needs more than one task."""
        findings: list[Finding] = []
        why = ""
        dates = supported_dates(self._hello(worker), self.sandboxes.kit.name)
        try:
            judge_all = judges(self.sandboxes.documented_date, self.fuzzing, dates)[card.judge]
            findings += judge_all(RestartingAdapter(worker), self.sandboxes.exchange, self.sandboxes.kit)
        except AdapterBroken as broken:
            findings.append(Finding("ends", card.title, str(broken), "rows, or an error", card.place))
        except NotJudged as reason:
            why = str(reason)
        judged = [
            replace(one, rule=f"{card.number} {one.rule}", reproduction=one.reproduction or self.reproduction(card))
            for one in findings
        ]
        notes = tuple(one for one in judged if one.rule.endswith(LEFT_OUT))
        unmet = tuple(one for one in judged if one not in notes)
        return Verdict(card.number, card.title, unmet, why, notes, card.description, time.perf_counter() - began_s)

    def _play_tasks(self, worker: AdapterWorker, card: Card, session: Session, seconds: float) -> PlayedTasks:
        return play_tasks(
            card.tasks, session, card.account, lambda task: worker.ask(task, session, card.account, seconds)
        )

    def _problem(self, card: Card, task: Task, worker: AdapterWorker) -> str:
        """Return why a card cannot be judged by its task: unsupported, or failing without any fault; "" if it can."""
        for name, left in LEFT_TO_USER.items():
            by_hand = getattr(card, name)
            if by_hand and self._hello(worker).get(name) == by_hand:
                return f"{left} ({by_hand})"
        if card.changes_orders:
            return self._problem_of_orders(card, worker)
        if card.expects_only_success:
            return ""
        answer = self._ask_undisturbed(card, task, worker)
        if answer.no_reply:
            return f"its task {task.name} is not answered where nothing is disturbed either"
        if answer.reply and answer.reply.is_unsupported:
            return UNSUPPORTED.format(task.name)
        if answer.reply and answer.reply.error:
            return f"its task {task.name} fails where nothing is disturbed too: {one_line(answer.reply.error)}"
        return ""

    def _problem_of_orders(self, card: Card, worker: AdapterWorker) -> str:
        """Return why a card about orders cannot be judged: a task of it fails in the card that shows it."""
        if card.probe:
            return ""
        probes = (self.probes.get(task.name) for task in card.tasks if task.changes_orders)
        problems = (self._problem_of_probe(probe, card.api_date, worker) for probe in probes if probe)
        return next((problem for problem in problems if problem), "")

    def _problem_of_probe(self, probe: Card, api_date: str, worker: AdapterWorker) -> str:
        key = (probe.number, api_date)
        if key not in self._probed:
            with self.sandboxes.play(replace(probe, api_date=api_date)) as session:
                played = self._play_tasks(worker, probe, session, UNDISTURBED_S_MAX)
            fails = f"the tasks of {probe.number} fail where nothing is disturbed: {one_line(played.failure)}"
            self._probed[key] = (
                UNSUPPORTED.format(played.unsupported) if played.unsupported else fails * bool(played.failure)
            )
        return self._probed[key]

    def _hello(self, worker: AdapterWorker) -> Mapping[str, object]:
        if worker.hello is None:
            with self.sandboxes.survey() as session:
                worker.ready(session.connection_details())
        return worker.hello or {}

    def _ask_undisturbed(self, card: Card, task: Task, worker: AdapterWorker) -> TaskResult:
        key = (task.name, str(task.arguments.get("channel", "")), card.api_date)
        if key not in self._undisturbed:
            quick = Task(task.name, {**task.arguments, **({"count": 1} if task.name == LISTEN else {})})
            with self.sandboxes.play_undisturbed(card) as session:
                self._undisturbed[key] = worker.ask(quick, session, "", UNDISTURBED_S_MAX)
        return self._undisturbed[key]


def supported_dates(hello: Mapping[str, object], venue: str) -> list[str]:
    """Return the API dates that an adapter's reply to the task `hello` names; an empty list if it names none.

    Raises AdapterBroken if a date is unknown.
    """
    known = (*aliases_of(venue), COMPAT)
    dates = hello.get(API_DATES, [])
    if not isinstance(dates, list) or not all(date in known for date in dates):
        listed = one_line(json.dumps(dates))
        raise AdapterBroken(f"the adapter's hello has the {API_DATES} {listed}: expected a list of {', '.join(known)}")
    return dates


def probes_of(cards: Sequence[Card]) -> dict[str, Card]:
    """Return, for each task that trades, the first test card that shows that the task works without faults."""
    return {card.probe: card for card in reversed(cards) if card.probe}


def _distinct(cards: Sequence[Card]) -> list[Task]:
    """Return the distinct reading tasks of cards; a `listen` task is cut to one message or one second."""
    tasks: dict[tuple[str, str], Task] = {}
    for card in cards:
        for task in card.tasks if not card.changes_orders else ():
            short = {LISTEN: {"count": 1, "seconds": 1}, BOOK: {"seconds": 1}}.get(task.name, {})
            channel = str(task.arguments.get("channel", ""))
            tasks.setdefault((task.name, channel), Task(task.name, {**task.arguments, **short}))
    return list(tasks.values())


# Several adapter processes in parallel, since a card mostly waits


PROCESSES_MAX = 3
"""The most processes: more are no faster on two cores, and some clients take 200 MB and seconds to start."""
PROCESSES_FAST_MAX = 6
"""The most processes with `--fast`: a fast adapter starts soon, and its test cards mostly wait."""
CARDS_EACH = 12
"""The number of test cards for each process; fewer are done before another process has started."""
TICK_S = 0.1

T = TypeVar("T")
R = TypeVar("R")


def process_count(cards: Sequence[Card], is_fast: bool = False) -> int:
    """Return how many adapter processes to start for these test cards."""
    return min(PROCESSES_FAST_MAX if is_fast else PROCESSES_MAX, 1 + len(cards) // CARDS_EACH)


def play_with_adapter(
    runner: AdapterCardRunner,
    workers: Sequence[AdapterWorker],
    cards: Sequence[Card],
    every: Sequence[Card],
    at: Callable[[str], None],
) -> Generator[Verdict]:
    """Run test cards in parallel and yield their verdicts in order; `at` is called with the title of the awaited card.

    Before that, the tasks of the cards in `every` run once without faults. Raises AdapterBroken if a process fails. At
    the end, also after an exception, no task is running.
    """
    idle = SimpleQueue[AdapterWorker]()
    for worker in workers:
        idle.put(worker)

    def run_with_worker(job: Callable[[AdapterWorker, T], R], what: T) -> R:
        worker = idle.get()
        try:
            return job(worker, what)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(len(workers)) as pool:
        survey = pool.submit(run_with_worker, runner.survey, every)
        own = [card for card in sorted(cards, key=_is_short) if not card.is_survey_only]
        played = {card.number: pool.submit(run_with_worker, runner.play, card) for card in own}
        try:
            at("the tasks as they are")
            survey.result()
            for card in cards:
                at(f"{card.number} {card.title}")
                yield _of_survey(runner, card) if card.is_survey_only else played[card.number].result()
        finally:
            _end(pool, [survey, *played.values()], workers)


def _is_short(card: Card) -> bool:
    """Sort key that starts the cards with many tasks first, so that none of them runs alone at the end."""
    return not card.judge


def _of_survey(runner: AdapterCardRunner, card: Card) -> Verdict:
    return judge(
        card, CardRun(runner.traffic), runner.sandboxes.documents(), runner.reproduction(card), time.perf_counter()
    )


def _end(pool: ThreadPoolExecutor, jobs: Sequence[Future[Any]], workers: Sequence[AdapterWorker]) -> None:
    """Cancel waiting jobs, and stop the processes until the running jobs have ended."""
    pool.shutdown(wait=False, cancel_futures=True)
    while running := [job for job in jobs if not job.done()]:
        for worker in workers:
            worker.stop()
        wait(running, TICK_S)
