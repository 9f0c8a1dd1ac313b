"""Waits until a condition is met in a sandbox. It does not poll: each new journal entry wakes it."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from mockexchange.sandbox.journal import JournalItem
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.waits.wait_conditions import Found, WaitCondition

WAITS_MAX = 100
"""The most waits that may run in a sandbox at the same time."""
Gone = Callable[[], Awaitable[object]]


async def wait_for(sandbox: Sandbox, awaited: WaitCondition, timeout_us: int, gone: Gone) -> Found:
    """Wait until the condition is met, and return the matching entries.

    The wait ends without result when the awaitable of `gone` completes, since then the client has disconnected. Raises
    ControlError if the time is over or the sandbox ends.
    """
    awaited.look_back()
    if awaited.is_met():
        return awaited.found()
    _require_room(sandbox)
    ending = await _attend(sandbox, awaited, timeout_us / 1_000_000, asyncio.ensure_future(gone()))
    if awaited.is_met():
        return awaited.found()
    if ending is not None:
        raise ControlError(409, "sandbox_ended", f"{awaited.what}: the sandbox was {ending} before that")
    message = f"{awaited.what}: {awaited.progress()} within {timeout_us / 1_000_000:g} s{awaited.misses()}"
    raise ControlError(408, "timed_out", message)


class Waiter:
    """A running wait, called with each new journal entry.

    The result of its future is None if the condition is met, or the reason why the sandbox ended.
    """

    def __init__(self, awaited: WaitCondition) -> None:
        self.awaited = awaited
        self.future: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    def __call__(self, item: JournalItem) -> None:
        if self.awaited.observe(item):
            self.finish(None)

    def finish(self, ending: str | None) -> None:
        if not self.future.done():
            self.future.set_result(ending)


def _require_room(sandbox: Sandbox) -> None:
    waiting = sum(isinstance(observer, Waiter) for observer in sandbox.journal.observers)
    if waiting >= WAITS_MAX:
        raise ControlError(409, "too_many_waits", f"at most {WAITS_MAX} can wait for something in one sandbox")


async def _attend(
    sandbox: Sandbox, awaited: WaitCondition, timeout_s: float, gone: asyncio.Future[object]
) -> str | None:
    waiter = Waiter(awaited)
    end = partial(Waiter.finish, waiter)
    sandbox.journal.observers.append(waiter)
    sandbox.closing.append(end)
    try:
        await asyncio.wait((waiter.future, gone), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        return waiter.future.result() if waiter.future.done() else None
    finally:
        gone.cancel()
        sandbox.journal.observers.remove(waiter)
        if end in sandbox.closing:
            sandbox.closing.remove(end)
