"""Runs the programs of a client, adapters and commands, and ends them together with their process groups."""

import os
import select
import shlex
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from threading import Lock, Thread
from typing import IO

from mockexchange.runtime.redaction import redact_command

# Adapters: lines in both directions, as long as a run


LINE_BYTES_MAX = 16 * 1024 * 1024
"""The longest line in bytes, enough for a hundred thousand rows; endless output must not fill the memory."""
LINES_WAITING_MAX = 2
"""The most unread lines, one answer and an unexpected line; after them the program blocks."""
LOG_LINES_KEPT_MAX = 20
LOG_LINES_SHOWN_MAX = 3
"""The number of log lines in an error; the last alone is often "Node.js v22" or a piece of a body."""
LOG_BYTES_KEPT_MAX = 256 * 1024
"""The number of bytes kept of the whole log, in which secrets are searched."""
LOG_LINE_BYTES_MAX = 500
"""The number of bytes kept of each log line, enough for the message of an exception."""
EXIT_WAIT_S = 2.0
"""The time in seconds that a program gets to end by itself after its input has ended."""
READ_WAIT_S = 5.0
"""The longest wait for the thread that reads the log, which a busy machine may keep from running."""
READ_POLL_S = 0.01
READ_BYTES = 16 * 1024
COMMAND_CHARS_SHOWN_MAX = 100
TEXT_CHARS_SHOWN_MAX = 200


class AdapterBroken(Exception):
    """Raised if an adapter cannot be used. The message has its name, the failure and the end of its log."""


class AdapterTimeout(AdapterBroken):
    """Raised if an adapter does not answer a task in time."""


class LineProcess:
    """A running program that reads and writes lines of text. Raises AdapterBroken if it cannot be started.

    `environment` is its whole environment; with None it inherits that of this process.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None, directory: Path | None) -> None:
        self.name = f"adapter `{printable_line(shlex.join(redact_command(command)).encode(), COMMAND_CHARS_SHOWN_MAX)}`"
        self._process = self._start(command, environment, directory)
        self._lines: Queue[bytes | None] = Queue(LINES_WAITING_MAX)
        self._log: deque[bytes] = deque(maxlen=LOG_LINES_KEPT_MAX)
        self._whole_log = bytearray()
        self._log_lock = Lock()
        self._has_ended_output = False
        self._is_gone = False
        streams = ((self._process.stdout, self._read_lines), (self._process.stderr, self._read_log))
        self._readers = [Thread(target=read, args=(stream,), daemon=True) for stream, read in streams]
        for reader in self._readers:
            reader.start()

    def send(self, line: str, task: str) -> None:
        """Write a line to the program. Raises AdapterBroken if it has printed an unexpected line or has ended."""
        if not self._lines.empty():
            self._require_no_line(self._next(0))
        try:
            self._input.write(line.encode() + b"\n")
            self._input.flush()
        except (OSError, ValueError):  # ValueError: the pipe is closed
            raise self.broken(f'{self._ending("input")} before task "{task}"') from None

    def receive(self, task: str, seconds_max: float) -> bytes:
        """Return the next output line. Raises AdapterTimeout if none comes in time, AdapterBroken if it is too long."""
        try:
            line = self._next(seconds_max)
        except Empty:
            raise self._broken(AdapterTimeout, f'gave no answer to task "{task}" within {seconds_max:g} s') from None
        if line is None:
            raise self.broken(f'{self._ending("output")} at task "{task}"')
        if len(line) > LINE_BYTES_MAX:
            raise self.broken(f'answered task "{task}" with a line of more than {LINE_BYTES_MAX // 1024**2} MiB')
        return line

    def broken(self, what: str) -> AdapterBroken:
        """End the program, and return an AdapterBroken with the text `what` and the end of its log."""
        return self._broken(AdapterBroken, what)

    @property
    def log_tail(self) -> list[str]:
        """Return the last lines of the program's log (standard error)."""
        return [printable_line(line) for line in self._log]

    @property
    def log(self) -> str:
        """Return the last part of the program's log, long enough to search it for secrets.

        Waits until all that the program has written is read, for READ_WAIT_S at most: its reader may be late.
        """
        until_s = time.monotonic() + READ_WAIT_S
        while self._has_unread_log() and time.monotonic() < until_s:
            time.sleep(READ_POLL_S)
        return bytes(self._whole_log).decode("utf-8", "replace")

    def _has_unread_log(self) -> bool:
        """Return whether the program has written bytes of its log that are not kept yet."""
        assert self._process.stderr is not None, "a pipe since the start"
        with self._log_lock:
            return has_unread_bytes(self._process.stderr) and self._readers[1].is_alive()

    def stop(self) -> None:
        """Kill the whole process group, from any thread; `end` must still be called afterwards."""
        with suppress(OSError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Close the program's input, wait, and kill its group.

        Raises AdapterBroken if the program has printed an unexpected line.
        """
        with suppress(OSError):
            self._input.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(EXIT_WAIT_S)
        self._require_no_line(self._kill())

    def _start(
        self, command: Sequence[str], environment: Mapping[str, str] | None, directory: Path | None
    ) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(  # noqa: S603  # running it is what the user asked for
                command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=directory, start_new_session=True
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise AdapterBroken(f"{self.name} cannot be started: {why}") from None

    @property
    def _input(self) -> IO[bytes]:
        assert self._process.stdin is not None, "a pipe since the start"
        return self._process.stdin

    def _broken(self, kind: type[AdapterBroken], what: str) -> AdapterBroken:
        self._kill()
        log = " | ".join(self.log_tail[-LOG_LINES_SHOWN_MAX:])
        last = f"; its log ends: {log}" if log else "; it logged nothing"
        return kind(f"{self.name} {what}{last}")

    def _next(self, seconds_max: float) -> bytes | None:
        """Return the next line, None at the end of the output. Raises Empty if none comes in time."""
        if self._has_ended_output:
            return None
        line = self._lines.get(timeout=seconds_max)
        self._has_ended_output = line is None
        return line

    def _require_no_line(self, line: bytes | None) -> None:
        if line is not None:
            raise self.broken(
                f"printed a line that belongs to no task (logs belong on standard error): {printable_line(line)}"
            )

    def _ending(self, closed: str) -> str:
        """Describe how the program ended, given that it closed its standard input or output."""
        try:
            code = self._process.wait(EXIT_WAIT_S)
        except subprocess.TimeoutExpired:
            return f"closed its standard {closed}"
        return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def _kill(self) -> bytes | None:
        """Kill the whole group, children included, and return the first unread line."""
        if self._is_gone:
            return None
        self._is_gone = True
        self.stop()
        self._process.wait()
        unread = self._drain()
        self._close_pipes()
        return unread

    def _drain(self) -> bytes | None:
        """Read the output to its end, so that the reading thread is not blocked; return the first line."""
        unread = None
        with suppress(Empty):
            while line := self._next(EXIT_WAIT_S):
                unread = unread or line
        return unread

    def _close_pipes(self) -> None:
        """Wait for the reading threads and close the pipes."""
        for reader in self._readers:
            reader.join(EXIT_WAIT_S)
        for stream in filter(None, (self._process.stdin, self._process.stdout, self._process.stderr)):
            with suppress(OSError):
                stream.close()

    def _read_lines(self, stream: IO[bytes]) -> None:
        while line := stream.readline(LINE_BYTES_MAX + 1):
            self._lines.put(line)
            if len(line) > LINE_BYTES_MAX:
                break
        self._lines.put(None)

    def _read_log(self, stream: IO[bytes]) -> None:
        rest = b""
        with suppress(OSError, ValueError):  # the pipe is closed while a stray child holds its other end
            while piece := self._keep_piece(stream):
                *lines, rest = _log_lines(rest + piece)
                self._log.extend(line for line in lines if line.strip())
        if rest.strip():
            self._log.append(rest)

    def _keep_piece(self, stream: IO[bytes]) -> bytes:
        """Return the next bytes of the log. Under the lock each byte is either in the pipe or kept."""
        if sys.platform == "win32":
            return self._keep(os.read(stream.fileno(), READ_BYTES))
        _poll(stream, None)
        with self._log_lock:
            return self._keep(os.read(stream.fileno(), READ_BYTES))

    def _keep(self, piece: bytes) -> bytes:
        self._whole_log += piece
        del self._whole_log[:-LOG_BYTES_KEPT_MAX]
        return piece


def has_unread_bytes(stream: IO[bytes]) -> bool:
    """Return whether a pipe has bytes or an end that nothing has read; False where a pipe cannot be asked."""
    if sys.platform == "win32":
        return False
    try:
        return _poll(stream, 0)
    except (OSError, ValueError):  # the pipe is closed
        return False


if sys.platform != "win32":

    def _poll(stream: IO[bytes], timeout_ms: int | None) -> bool:
        """Wait until a pipe has bytes or has ended; return False when the time is over."""
        poller = select.poll()
        poller.register(stream.fileno(), select.POLLIN)
        return bool(poller.poll(timeout_ms))


def _log_lines(text: bytes) -> list[bytes]:
    """Return the lines of a log, cut to the bytes that are kept of each; the last one may go on."""
    return [
        line[start : start + LOG_LINE_BYTES_MAX]
        for line in text.split(b"\n")
        for start in range(0, len(line) or 1, LOG_LINE_BYTES_MAX)
    ]


def printable_line(line: bytes, chars_max: int = TEXT_CHARS_SHOWN_MAX) -> str:
    """Return a program's output as one short line without control characters."""
    line_text = " ".join(line.decode("utf-8", "replace").split())
    text = "".join(char if char.isprintable() else "?" for char in line_text)
    return text if len(text) <= chars_max else f"{text[:chars_max]}..."


# Commands, which run once for each card


POLL_S = 0.01
COMMAND_EXIT_WAIT_S = 0.5
"""The time in seconds that a command gets to end by itself after SIGTERM."""
OUTPUT_BYTES_KEPT_MAX = 64 * 1024
"""The number of bytes kept of the output's end; a command may print for ever."""

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
        process.wait(COMMAND_EXIT_WAIT_S)
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
        self._reader.join(COMMAND_EXIT_WAIT_S)
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
