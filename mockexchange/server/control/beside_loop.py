"""Does long work in a thread, in pieces between which the event loop turns."""

import asyncio
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from mockexchange.sandbox.collector import collector_paused
from mockexchange.scenario.turns import giving_turns

TURN_S_MAX = 1.0
"""The longest wait for a turn of the loop: one that has stopped meanwhile does not keep the thread."""
Result = TypeVar("Result")


async def beside_loop(work: Callable[[], Result]) -> Result:
    """Return what a function returns, which a thread calls; the loop turns whenever it calls `take_turn`.

    The collector is paused meanwhile: it would walk all values of a long document, with the interpreter held, again and
    again, and none of them is garbage.
    """
    loop = asyncio.get_running_loop()

    def wait() -> None:
        turned = Event()
        try:
            loop.call_soon_threadsafe(turned.set)
        except RuntimeError:
            return  # the loop has ended
        turned.wait(TURN_S_MAX)

    def worked() -> Result:
        with giving_turns(wait), collector_paused():
            return work()

    return await asyncio.to_thread(worked)
