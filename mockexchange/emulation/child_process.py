"""Runs a program as a child process, with this process's standard streams and signals, and returns its exit code."""

import asyncio
import errno
import os
import shutil
import signal
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""The exit codes with which shells report a missing program, and a program that is not executable."""
BY_SIGNAL = 128
FROM_TERMINAL = ("SIGINT", "SIGQUIT")
"""Signals that a terminal sends to all foreground processes, including the child."""
PROCESSES = Path("/proc")
KILL_S = 5.0
"""The seconds that a program has to end after SIGTERM, until it is killed."""


class CannotStart(Exception):
    """Raised if a program is missing or not executable; `exit_code` is the one that a shell returns in this case."""

    def __init__(self, exit_code: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Program:
    """A running child process. On a terminal it shares this process's group, so that it may read from the terminal."""

    def __init__(self, process: asyncio.subprocess.Process, *, is_group: bool) -> None:
        self._process, self._is_group = process, is_group

    @classmethod
    async def start(cls, command: Sequence[str], environment: Mapping[str, str]) -> "Program":
        """Start a program. Raises CannotStart."""
        is_group = sys.platform != "win32" and not _is_in_foreground()
        group = {"process_group": 0} if is_group else {}
        try:
            process = await asyncio.create_subprocess_exec(*command, env=dict(environment), **group)  # type: ignore[arg-type]  # mypy takes it for any of the options
        except (OSError, ValueError) as error:
            raise _why_not(command[0], environment, error) from None
        return cls(process, is_group=is_group)

    async def wait(self) -> int:
        """Wait for the program's end; return its exit code, or 128 plus the number of the signal that ended it."""
        code = await self._process.wait()
        return BY_SIGNAL - code if code < 0 else code

    def send(self, number: int) -> None:
        """Send a signal to the program, or to its process group if it has its own."""
        with suppress(ProcessLookupError):
            if self._is_group:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)

    async def end(self) -> None:
        """Terminate the program, and kill it if that does not help. Processes that it left behind are ended too."""
        self._send_to_all(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), KILL_S)
        except TimeoutError:
            self._send_to_all(getattr(signal, "SIGKILL", signal.SIGTERM))
            await self._process.wait()

    def _send_to_all(self, number: int) -> None:
        """Send a signal to the program and its descendants one by one: our process group may include our parent."""
        family = [] if self._is_group else _started_by(self._process.pid)
        self.send(number)
        for process in family:
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def forward(self, number: int) -> None:
        """Forward a signal to the program, unless the terminal has sent the signal to the program too."""
        if self._is_group or signal.Signals(number).name not in FROM_TERMINAL:
            self.send(number)


def _started_by(process: int, root: Path = PROCESSES) -> list[int]:
    """Return the descendants of a process; none if the system has no /proc."""
    children = defaultdict(list)
    for path in root.glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parent = path.read_text(errors="replace").rpartition(")")[2].split()[1]
            children[int(parent)].append(int(path.parent.name))
    found = children[process]
    for one in found:  # it grows while it is read
        found.extend(children[one])
    return found


def _is_in_foreground() -> bool:
    """Return whether a terminal sends its signals to this process, and so to a child in its group."""
    try:
        return os.tcgetpgrp(sys.__stdin__.fileno() if sys.__stdin__ else 0) == os.getpgrp()
    except (OSError, ValueError):
        return False


def _why_not(name: str, environment: Mapping[str, str], error: OSError | ValueError) -> CannotStart:
    found = shutil.which(name, mode=os.F_OK, path=environment.get("PATH"))
    number = getattr(error, "errno", None)
    if number == errno.ENOENT and found is None:
        where = "there is no such file" if "/" in name else "it is not on PATH"
        return CannotStart(NOT_FOUND, f"{name}: command not found: {where}")
    if number == errno.ENOENT:
        return CannotStart(NOT_EXECUTABLE, f"{found} cannot be run: its interpreter (the line after #!) is missing")
    if number is not None and Path(name).is_dir():
        return CannotStart(NOT_EXECUTABLE, f"{name} is a directory: expected a program")
    if number == errno.EACCES:
        return CannotStart(NOT_EXECUTABLE, f"{found or name} is not executable: chmod +x it, or name its interpreter")
    if number == errno.ENOEXEC:
        return CannotStart(
            NOT_EXECUTABLE, f"{found or name} is no program: does it lack its first line, such as #!/bin/sh?"
        )
    return CannotStart(NOT_EXECUTABLE, f"{name} cannot be started: {getattr(error, 'strerror', None) or error}")
