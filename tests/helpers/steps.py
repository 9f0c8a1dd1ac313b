"""Counts what Python does: a measure of work, and a clock, that are the same on a slow machine and on a quick one."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

STEP_S = 1e-7
"""The seconds of a step by the clock of steps: some three times what one takes on a quick machine."""


class Steps:
    """Lines that Python executed, calls and returns, in the thread that counts.

    A loop or a comprehension takes a step for each of its rounds. What a function in C does is one step, however much
    that is: only the size of what it is given bounds it.
    """

    def __init__(self) -> None:
        self.taken = 0

    def start(self) -> None:
        """Begin to count, in frames that are entered or resumed from now on."""

        def trace(frame: FrameType, event: str, argument: Any) -> Any:
            self.taken += 1
            return trace

        sys.settrace(trace)

    def stop(self) -> None:
        sys.settrace(None)

    def drive(self, patch: pytest.MonkeyPatch) -> None:
        """Let `time.perf_counter` tell how many steps were taken, for code that gives its turn up after a while."""
        patch.setattr(time, "perf_counter", lambda: self.taken * STEP_S)


class Calls:
    """The functions that were called, in Python and in C."""

    def __init__(self) -> None:
        self.count = 0


@contextmanager
def calls_counted() -> Iterator[Calls]:
    """Count calls in this thread and in those that it starts, until the end of the block."""
    calls = Calls()

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        calls.count += event in {"call", "c_call"}

    threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
