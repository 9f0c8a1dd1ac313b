"""Cards of an adapter, played by a few of its processes at the same time: most of a card is waiting.

Each has its own sandbox anyway, so they see nothing of each other. Verdicts come in the order of the cards.
"""

import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Any, TypeVar

from mockexchange.kit.client.adapter_mode import AdapterCardRunner, AdapterWorker
from mockexchange.kit.client.card_verdicts import CardRun, judge
from mockexchange.kit.client.cards import Card
from mockexchange.kit.findings import Verdict

PROCESSES_MAX = 3
"""More wait no better on two cores, and some clients take 200 MB and seconds to start."""
CARDS_EACH = 12
"""Fewer are played sooner than another process has started."""
TICK_S = 0.1

T = TypeVar("T")
R = TypeVar("R")


def process_count(cards: Sequence[Card]) -> int:
    """Return how many processes so many cards are worth."""
    return min(PROCESSES_MAX, 1 + len(cards) // CARDS_EACH)


def play_with_adapter(
    play: AdapterCardRunner,
    workers: Sequence[AdapterWorker],
    cards: Sequence[Card],
    every: Sequence[Card],
    at: Callable[[str], None],
) -> Generator[Verdict]:
    """Yield the verdicts of cards in their order; `at` is told which is waited for.

    The tasks of `every` card are surveyed once, undisturbed. Raises AdapterBroken, whichever of the processes it was.
    However it ends, no task goes on.
    """
    idle = SimpleQueue[AdapterWorker]()
    for worker in workers:
        idle.put(worker)

    def acted(job: Callable[[AdapterWorker, T], R], what: T) -> R:
        worker = idle.get()
        try:
            return job(worker, what)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(len(workers)) as pool:
        survey = pool.submit(acted, play.survey, every)
        own = [card for card in sorted(cards, key=_is_short) if not card.is_survey_only]
        played = {card.number: pool.submit(acted, play.play, card) for card in own}
        try:
            at("the tasks as they are")
            survey.result()
            for card in cards:
                at(f"{card.number} {card.title}")
                yield _of_survey(play, card) if card.is_survey_only else played[card.number].result()
        finally:
            _end(pool, [survey, *played.values()], workers)


def _is_short(card: Card) -> bool:
    """Those of many tasks begin first, so that nobody waits for them alone at the end."""
    return not card.judge


def _of_survey(play: AdapterCardRunner, card: Card) -> Verdict:
    return judge(card, CardRun(play.traffic), play.sandboxes.documents(), play.reproduction(card), time.perf_counter())


def _end(pool: ThreadPoolExecutor, jobs: Sequence[Future[Any]], workers: Sequence[AdapterWorker]) -> None:
    """End what still goes on: its process is ended, again and again, until whoever waits for it has noticed."""
    pool.shutdown(wait=False, cancel_futures=True)
    while running := [job for job in jobs if not job.done()]:
        for worker in workers:
            worker.stop()
        wait(running, TICK_S)
