"""The thread that writes to a store: it collects all waiting jobs and does them in one transaction."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Generic, NamedTuple, TypeVar

Connection = TypeVar("Connection")


class Job(NamedTuple, Generic[Connection]):
    """A function to call in a transaction, and the future that its caller waits for."""

    work: Callable[[Connection], object]
    is_one_statement: bool
    """Whether the work is a single statement, which needs no transaction to be all or nothing."""
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[None]"


class WritingThread(Generic[Connection]):
    """Does jobs in the order in which they come, several in one transaction.

    The function `attempt` does a list of jobs in one transaction, and returns its error. `at_end` is called in the
    thread after the last job.
    """

    def __init__(
        self,
        attempt: Callable[[Sequence[Job[Connection]]], Exception | None],
        at_end: Callable[[], object] = lambda: None,
    ) -> None:
        self._attempt, self._at_end = attempt, at_end
        self._jobs: SimpleQueue[Job[Connection] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    async def in_transaction(self, work: Callable[[Connection], object], *, is_one_statement: bool = False) -> None:
        """Call `work` in a transaction of the thread, and wait for its end.

        Raises the errors of `work` and those of `attempt`.
        """
        loop = asyncio.get_running_loop()
        job = Job(work, is_one_statement, loop, loop.create_future())
        self._jobs.put(job)
        await job.future

    def end(self, timeout_s: float | None = None) -> None:
        """Do all waiting jobs and end the thread; wait at most `timeout_s` for that, if given."""
        self._jobs.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        is_last = False
        while not is_last and (job := self._jobs.get()) is not None:
            jobs = [job]
            while not self._jobs.empty():
                more = self._jobs.get()
                if more is None:
                    is_last = True
                    break
                jobs.append(more)
            self._do([one for one in jobs if not one.future.done()])
        self._at_end()

    def _do(self, jobs: Sequence[Job[Connection]]) -> None:
        """Do jobs in one transaction; if one fails, each of them in a transaction of its own."""
        if not jobs:
            return  # their callers have gone
        errors = [self._attempt(jobs)]
        if errors[0] is not None and len(jobs) > 1:
            errors = [self._attempt([job]) for job in jobs]
        for job, error in zip(jobs, errors * len(jobs) if len(errors) == 1 else errors, strict=True):
            try:
                job.loop.call_soon_threadsafe(_settle, job.future, error)
            except RuntimeError:
                continue  # the loop has ended, and nothing waits any more


def _settle(future: "asyncio.Future[None]", error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
