"""Our signals: kept while a run is made ready, so that nothing of it stays, and then handed on to the program."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from mockexchange.emulation.child_process import BY_SIGNAL, CannotStart, Program

FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


class SignalForwarder:
    """Takes them from the first file of a run to the last one that is removed; what comes after the program is late."""

    def __init__(self) -> None:
        self._program: Program | None = None
        self._early: list[int] = []

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Take signals. Those that whoever started us had us ignore (nohup) stay ignored, by the program too."""
        loop = asyncio.get_running_loop()
        found = [number for name in FORWARDED if (number := getattr(signal, name, None)) is not None]
        numbers = [number for number in found if signal.getsignal(number) is not signal.SIG_IGN]
        try:
            for number in numbers:
                loop.add_signal_handler(number, self._take, number)
        except (NotImplementedError, RuntimeError):  # Windows, and threads but the main one: the system tells the child
            numbers = []
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    async def start_none_if_told(self) -> None:
        """Raises CannotStart where a signal has come by now."""
        await asyncio.sleep(0)  # the loop takes what came while it was busy
        if self._early:
            number = self._early[0]
            raise CannotStart(BY_SIGNAL + number, f"{signal.Signals(number).name} came before the program was started")

    def hand_to(self, program: Program) -> None:
        """From now on they are the program's, those first that came while it was started."""
        self._program = program
        for number in self._early:
            program.send(number)

    def _take(self, number: int) -> None:
        if self._program is None:
            self._early.append(number)
        else:
            self._program.forward(number)
