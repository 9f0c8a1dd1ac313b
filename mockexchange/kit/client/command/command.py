"""Runs a client's command once, and ends it together with its process group."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import IO

from mockexchange.kit.client.adapter.adapter_process import READ_BYTES, READ_WAIT_S, has_unread_bytes, printable_line
from mockexchange.runtime.redaction import redact_command

POLL_S = 0.01
EXIT_WAIT_S = 0.5
"""The time in seconds that a command gets to end by itself after SIGTERM."""
OUTPUT_BYTES_KEPT_MAX = 64 * 1024
"""The number of bytes kept of the output's end; a command may print for ever."""
COMMAND_CHARS_SHOWN_MAX = 100

Watch = Callable[[], str]
"""A function that returns why the command has to be stopped now, or "" to let it go on. An exception ends the run."""


class CommandFailed(Exception):
    """Raised if a command cannot be tested. The message is one line."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command's run. `exit_code` is None if the run was stopped, for the reason `why`."""

    exit_code: int | None
    why: str
    output: str
    seconds: float

    @property
    def last_line(self) -> str:
        """Return the last line that the command printed, for messages."""
        lines = [line for line in self.output.splitlines() if line.strip()]
        return printable_line(lines[-1].encode()) if lines else "nothing"


def run_command(
    command: Sequence[str], environment: Mapping[str, str], seconds_max: float, watch: Watch
) -> CommandResult:
    """Run a command until it ends, its time is over or `watch` stops it. Raises CommandFailed."""
    began_s = time.monotonic()
    with _started(command, environment) as (process, tail):
        why = _wait(process, began_s + seconds_max, watch)
        exit_code = None if why else process.returncode
    return CommandResult(exit_code, why, tail.text, time.monotonic() - began_s)


def _wait(process: subprocess.Popen[bytes], ends_at_s: float, watch: Watch) -> str:
    while process.poll() is None:
        why = watch()
        if why:
            return why
        if time.monotonic() >= ends_at_s:
            return "its time was over"
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL_S)
    return ""


@contextmanager
def _started(
    command: Sequence[str], environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], "_Tail"]]:
    try:
        process = subprocess.Popen(  # noqa: S603  # running it is what the user asked for
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise CommandFailed(f"`{shown_command(command)}` cannot be started: {why}") from None
    assert process.stdout is not None, "a pipe"
    tail = _Tail(process.stdout)
    try:
        yield process, tail
    finally:
        _end(process)
        tail.finish()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole group, first with SIGTERM, then with SIGKILL, since it may have left children behind."""
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(EXIT_WAIT_S)
    _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, number)


class _Tail:
    """Reads the whole output of a command and keeps its end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._kept = stream, bytearray()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        return bytes(self._kept).decode("utf-8", "replace")

    def finish(self) -> None:
        """Wait until all output is read, for READ_WAIT_S at most, since a busy machine may keep the reader waiting.

        A stray child that holds the pipe open and writes nothing is not waited for.
        """
        until_s = time.monotonic() + READ_WAIT_S
        self._reader.join(EXIT_WAIT_S)
        while self._reader.is_alive() and has_unread_bytes(self._stream) and time.monotonic() < until_s:
            self._reader.join(POLL_S)
        self._stream.close()

    def _read(self) -> None:
        with suppress(ValueError, OSError):  # the stream is closed under it where a stray child holds it open
            while piece := os.read(self._stream.fileno(), READ_BYTES):
                self._kept += piece
                del self._kept[:-OUTPUT_BYTES_KEPT_MAX]


def shown_command(command: Sequence[str]) -> str:
    """Return a command as a line for a shell, shortened for messages."""
    return printable_line(shlex.join(redact_command(command)).encode(), COMMAND_CHARS_SHOWN_MAX)
