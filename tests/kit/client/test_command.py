"""Running commands: their end, their output, and that no process of them is left."""

import os
import socket
import sys
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import IO

import pytest

from mockexchange.kit.client import processes as module
from mockexchange.kit.client.processes import (
    OUTPUT_BYTES_KEPT_MAX,
    CommandFailed,
    CommandResult,
    has_unread_bytes,
    run_command,
    shown_command,
)
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row

HANG = "import threading; threading.Event().wait(60); print('ended by itself', flush=True)"
CHILD = """
import socket, sys, threading
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
threading.Event().wait(60)
print("ended by itself", file=sys.stderr, flush=True)
"""
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdout=subprocess.PIPE)
print(child.stdout.readline().decode(), flush=True)
"""
"""Prints the port that its child listens on; the child says on the command's output if nobody ended it."""


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def run(text: str, seconds_max: float = PATIENCE_S, stop: str = "") -> CommandResult:
    return run_command(program(text), os.environ, seconds_max, lambda: stop)


def test_a_command_that_ends_has_its_exit_code_and_its_last_words() -> None:
    ran = run("import sys; print('one'); print('two', file=sys.stderr); sys.exit(3)")
    assert (ran.exit_code, ran.why, ran.last_line) == (3, "", "two")
    assert run("").last_line == "nothing"


def test_a_command_that_reads_finds_nothing_to_read() -> None:
    """Standard input is empty, not the terminal."""
    kept, (reading, writing) = os.dup(0), os.pipe()
    os.dup2(reading, 0)
    try:
        assert run("import sys; print(repr(sys.stdin.read()))").output == "''\n"
    finally:
        os.dup2(kept, 0)
        for number in (kept, reading, writing):
            os.close(number)


def run_out_of_time(text: str, marker: Path, monkeypatch: pytest.MonkeyPatch) -> CommandResult:
    """Run a program whose time is over, by a clock of the test, as soon as it has written the file."""
    ends = f"import pathlib; pathlib.Path({str(marker)!r}).touch()\n{HANG}"
    now_s = SimpleNamespace(monotonic=lambda: 2.0 * PATIENCE_S if marker.exists() else 0.0)
    monkeypatch.setattr("mockexchange.kit.client.processes.time", now_s)
    return run(f"{text}\n{ends}")


def test_a_command_whose_time_is_over_is_stopped_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run_out_of_time(PARENT, tmp_path / "marker", monkeypatch)
    assert (ran.exit_code, ran.why) == (None, "its time was over")
    assert not is_listening(int(ran.output))


def test_what_a_command_leaves_behind_is_stopped() -> None:
    ran = run(PARENT)
    assert ran.exit_code == 0
    assert not is_listening(int(ran.output))


def test_a_command_that_ignores_sigterm_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND_EXIT_WAIT_S", 0.01)
    ignoring = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('x', flush=True)"
    ran = run_out_of_time(ignoring, tmp_path / "marker", monkeypatch)
    assert (ran.exit_code, ran.output) == (None, "x\n")


def test_a_command_is_stopped_when_it_is_to_be() -> None:
    assert run(HANG, stop="enough").why == "enough"


def test_what_watches_may_end_the_run() -> None:
    def refuse() -> str:
        raise CommandFailed("too much")

    with pytest.raises(CommandFailed, match="too much"):
        run_command(program(HANG), os.environ, PATIENCE_S, refuse)


def test_of_much_output_the_end_is_kept() -> None:
    ran = run("print('x' * 300_000); print('the end')")
    assert len(ran.output) == OUTPUT_BYTES_KEPT_MAX
    assert ran.last_line == "the end"


def test_output_is_kept_that_its_thread_reads_late(monkeypatch: pytest.MonkeyPatch) -> None:
    read, waited = module._Tail._read, Event()

    def read_late(tail: module._Tail) -> None:
        assert waited.wait(PATIENCE_S)
        read(tail)

    def look(stream: IO[bytes]) -> bool:
        waited.set()
        return has_unread_bytes(stream)

    monkeypatch.setattr(module, "COMMAND_EXIT_WAIT_S", 0.0)
    monkeypatch.setattr(module, "has_unread_bytes", look)
    monkeypatch.setattr(module._Tail, "_read", read_late)
    assert run("print('late')").output == "late\n"


@each_row("command", [["/no/such/program"], ["a\0b"]], ids=["missing", "no name"])
def test_a_command_that_cannot_be_started_is_one_line(command: list[str]) -> None:
    with pytest.raises(CommandFailed, match="cannot be started") as caught:
        run_command(command, os.environ, 1.0, str)
    assert "\n" not in str(caught.value)


def test_a_command_is_called_as_a_shell_would_take_it() -> None:
    assert shown_command(["echo", "a b"]) == "echo 'a b'"
    assert shown_command(["x" * 500]).endswith("...")
