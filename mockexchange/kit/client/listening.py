"""Decides whether a client listened too briefly for all messages to come, and gives its test card more time.

On a busy machine messages may come after the client's time to listen is over.
"""

from dataclasses import replace

from mockexchange.kit.client.card_tasks import Task
from mockexchange.kit.client.cards import Card
from mockexchange.kit.client.traffic import Frame, Traffic

SECONDS = "seconds"
"""The argument of a task that is the time for which it listens."""
LONGER = 5
"""How many times as long a card listens that is played again."""
ALL = 0.9
"""The part of its time after which a client has listened until the end: its clock starts before the first request."""
EARLY = 0.25
"""The part of the time in which all messages come on a machine that is not busy."""
FAREWELL = "unsubscribed"


def listening_s(card: Card) -> float:
    """Return the longest time in seconds for which a task of a test card listens to a stream; 0 if none does."""
    return max((float(task.arguments.get(SECONDS, 0)) for task in card.tasks), default=0.0)


def with_more_time(card: Card) -> Card:
    """Return the test card with tasks that listen longer."""
    more_s = (LONGER - 1) * listening_s(card)
    return replace(card, tasks=tuple(map(_longer, card.tasks)), seconds=card.seconds + more_s)


def _longer(task: Task) -> Task:
    if SECONDS not in task.arguments:
        return task
    return replace(task, arguments={**task.arguments, SECONDS: LONGER * task.arguments[SECONDS]})


def is_cut_short(card: Card, traffic: Traffic) -> bool:
    """Return whether a client listened until its time was over, and may have missed messages that came too late.

    That may be if a message came after the early part of the time, or if none came although the client sent a command.
    """
    began_s = min((call.began_s for call in traffic.calls), default=traffic.ended_s)
    wanted_s = listening_s(card)
    if not wanted_s or not traffic.commands or traffic.ended_s - began_s < ALL * wanted_s:
        return False
    last_s = max((one.at_s for one in traffic.frames if one.direction == "out" and _is_message(one)), default=None)
    return last_s is None or last_s - began_s > EARLY * wanted_s


def _is_message(frame: Frame) -> bool:
    return bool(frame.channel) and frame.kind != FAREWELL
