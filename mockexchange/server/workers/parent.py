"""The parent of a server's worker processes: it forks them, replaces those that end, and forwards signals.

It serves no client itself.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, NamedTuple

PAUSE_S = 0.2
"""The pause before a worker is replaced that ended within this time after its start, in seconds."""
KILL_AFTER_S = 15
"""The seconds after which a worker that was asked to stop is killed: three times what it gives its clients."""
PR_SET_PDEATHSIG = 1
Handlers = dict[int, Any]


class Worker(NamedTuple):
    """This process as one of a server's worker processes. Worker 0 is the first, the only one that writes."""

    number: int
    replaced: str = ""
    """A sentence about the end of the worker that this one replaces; "" if it replaces none."""


class Parent:
    """Starts worker processes and replaces those that end.

    `flags` has one byte for each worker, 1 while it serves, and a last byte that is 1 when all have to stop.
    """

    def __init__(self, flags: memoryview, stop_signals: tuple[int, ...], fork: Callable[[], int] = os.fork) -> None:
        self._flags, self._fork = flags, fork
        self._stop_signals = [number for number in stop_signals if signal.getsignal(number) is not signal.SIG_IGN]
        self._workers: dict[int, tuple[Worker, float]] = {}
        """The workers by process, with the time of their start."""
        self._is_stopping = False
        self._handlers: Handlers = {}

    def run(self) -> Worker:
        """Fork the worker processes, and return in each of them.

        In the parent, this raises SystemExit after the last worker has ended.
        """
        with suppress(AttributeError, OSError):
            for stream in (sys.stdout, sys.stderr):
                stream.flush()  # else every worker would write what waits there
        wanted = [*self._stop_signals, signal.SIGALRM]
        self._handlers = {number: signal.getsignal(number) for number in wanted}
        for number in self._stop_signals:
            signal.signal(number, self._stop)
        signal.signal(signal.SIGALRM, self._kill)
        try:
            return self._run()
        finally:
            self._restore_handlers()

    def _run(self) -> Worker:
        for number in range(len(self._flags) - 1):
            if (own := self._start(Worker(number))) is not None:
                return own
        code = 0
        while self._workers:
            pid, status = os.wait()
            if pid not in self._workers:
                continue
            worker, began = self._workers.pop(pid)
            was_ready, self._flags[worker.number] = self._flags[worker.number], 0
            if self._is_stopping:
                continue
            if os.WIFEXITED(status) and not was_ready:
                code = os.WEXITSTATUS(status)  # it has printed why it cannot start
                self._stop()
                continue
            time.sleep(PAUSE_S if time.monotonic() - began < PAUSE_S else 0)
            if (own := self._start(Worker(worker.number, describe_end(worker, pid, status)))) is not None:
                return own
        raise SystemExit(code)

    def _start(self, worker: Worker) -> Worker | None:
        """Start a worker; return it in its own process. A signal that arrives meanwhile reaches it too."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._stop_signals)
        own = None
        try:
            if self._is_stopping:
                return None
            parent = os.getpid()
            pid = self._fork()
            if pid == 0:
                self._restore_handlers()
                end_with_parent(parent)
                own = worker
            else:
                self._workers[pid] = worker, time.monotonic()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._stop_signals)
        return own

    def _restore_handlers(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _stop(self, number: int = signal.SIGTERM, frame: FrameType | None = None) -> None:
        self._is_stopping = True
        self._flags[-1] = 1
        self._signal(signal.SIGTERM)
        signal.alarm(KILL_AFTER_S)

    def _kill(self, number: int, frame: FrameType | None) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        for pid in self._workers:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def end_with_parent(parent: int) -> None:
    """Make the system send SIGTERM to this process when its parent process ends for any reason."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(1)


def describe_end(worker: Worker, pid: int, status: int) -> str:
    """Return a sentence for the log output about a worker process that ended and is replaced."""
    code = os.waitstatus_to_exitcode(status)
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return f"worker {worker.number} (process {pid}) {how}: this one has its place"
