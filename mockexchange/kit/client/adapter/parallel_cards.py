"""Runs test cards with several adapter processes in parallel, since a card mostly waits.

Each card has its own sandbox, so cards do not disturb each other. Verdicts come in the order of the cards.
"""

import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Any, TypeVar

from mockexchange.kit.client.adapter.adapter_mode import AdapterCardRunner, AdapterWorker
from mockexchange.kit.client.card_verdicts import CardRun, judge
from mockexchange.kit.client.cards import Card
from mockexchange.kit.findings import Verdict

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
