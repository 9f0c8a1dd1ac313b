"""Handles the signals of `mockexchange run`: they wait while the run is prepared, then go to the program."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from mockexchange.emulation.child_process import BY_SIGNAL, CannotStart, Program

TOGETHER_S = 0.02
"""Signals of one number within this time are one: `timeout` signals the run, and then its group with the run in it.

A kernel would merge them; but the first has often reached the program before the second arrives.
"""
FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


class SignalForwarder:
    """Handles signals from the start of a run until its files are removed.

    Signals after the program's end are ignored.
    """

    def __init__(self) -> None:
        self._program: Program | None = None
        self._early: list[int] = []
        self._due: set[int] = set()

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Handle signals inside the `with` block.

        Signals ignored at its start (nohup) stay ignored, also by the program.
        """
        loop = asyncio.get_running_loop()
        found = [number for name in FORWARDED if (number := getattr(signal, name, None)) is not None]
        numbers = [number for number in found if signal.getsignal(number) is not signal.SIG_IGN]
        try:
            for number in numbers:
                loop.add_signal_handler(number, self._take, number)
        except (
            NotImplementedError,
            RuntimeError,
        ):  # Windows and other threads than the main one: the system signals the child itself
            numbers = []
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    async def raise_if_signaled(self) -> None:
        """Raise CannotStart if a signal to stop has arrived before the program was started."""
        await asyncio.sleep(0)  # the loop handles signals that arrived while it was busy
        if self._early:
            number = self._early[0]
            raise CannotStart(BY_SIGNAL + number, f"{signal.Signals(number).name} came before the program was started")

    def hand_to(self, program: Program) -> None:
        """Forward signals to the program from now on, beginning with those that arrived before it started."""
        self._program = program
        for number in dict.fromkeys(self._early):
            program.send(number)

    def _take(self, number: int) -> None:
        if self._program is None:
            self._early.append(number)
        elif number not in self._due:
            self._due.add(number)
            asyncio.get_running_loop().call_later(TOGETHER_S, self._hand_on, self._program, number)

    def _hand_on(self, program: Program, number: int) -> None:
        self._due.discard(number)
        program.forward(number)
