"""The parent of the workers: it replaces those that end, stops all at a signal, and gives up what cannot start."""

import mmap
import os
import signal
from collections.abc import Callable

import pytest

from mockexchange.server.workers import parent as module
from mockexchange.server.workers.parent import Parent, Worker

STOP = (signal.SIGTERM, signal.SIGHUP)


class Forks:
    """Forks processes that do nothing but what the test says, and never come back."""

    def __init__(self, *plays: Callable[[], object]) -> None:
        self.plays = list(plays)
        self.count = 0

    def __call__(self) -> int:
        play = self.plays[self.count]
        self.count += 1
        pid = os.fork()
        if pid == 0:
            try:
                play()
            finally:
                os._exit(9)
        return pid


def wait_for_signal() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)
    signal.pause()


def flags(workers: int) -> memoryview:
    return memoryview(mmap.mmap(-1, workers + 1))


def run(flagged: memoryview, forks: Forks) -> int:
    before = {number: signal.getsignal(number) for number in STOP}
    with pytest.raises(SystemExit) as ended:
        Parent(flagged, STOP, forks).run()
    assert {number: signal.getsignal(number) for number in STOP} == before
    signal.alarm(0)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_worker_that_cannot_start_ends_all_with_its_code() -> None:
    forks = Forks(lambda: os._exit(3), wait_for_signal)
    assert run(flags(2), forks) == 3
    assert forks.count == 2


def test_a_worker_that_ends_is_replaced_until_a_signal_asks_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0)
    flagged = flags(2)

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def stop_when_seen() -> None:
        os.kill(os.getppid(), signal.SIGTERM)
        wait_for_signal()

    def end_after_it_was_ready() -> None:
        flagged[1] = 1
        os._exit(0)

    forks = Forks(die, end_after_it_was_ready, wait_for_signal, stop_when_seen)
    assert run(flagged, forks) == 0
    assert forks.count == 4
    assert flagged[2] == 1, "the workers see that the server stops"


def test_a_worker_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KILL_AFTER_S", 1)

    def stay() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.kill(os.getppid(), signal.SIGTERM)
        while True:
            signal.pause()

    assert run(flags(1), Forks(stay)) == 0


def test_a_worker_knows_its_number_and_its_handlers_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    parents: list[int] = []
    monkeypatch.setattr(module, "end_with_parent", parents.append)
    before = signal.getsignal(signal.SIGTERM)
    assert Parent(flags(2), STOP, lambda: 0).run() == Worker(0)
    assert signal.getsignal(signal.SIGTERM) is before
    assert parents == [os.getpid()]


def test_a_worker_without_its_parent_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    class Library:
        def prctl(self, option: int, number: int) -> None:
            asked.append((option, number))

    monkeypatch.setattr("ctypes.CDLL", lambda name: Library())
    with pytest.raises(SystemExit):
        module.end_with_parent(os.getpid())
    module.end_with_parent(os.getppid())
    assert asked == [(1, signal.SIGTERM)] * 2


def test_the_end_of_a_worker_is_described() -> None:
    assert (
        module.describe_end(Worker(2), 77, 9) == "worker 2 (process 77) was killed by signal 9: this one has its place"
    )
    assert "ended with code 1:" in module.describe_end(Worker(2), 77, 1 << 8)
