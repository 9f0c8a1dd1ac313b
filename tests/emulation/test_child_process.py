"""A child in our place: its exit code, its signals, and what a shell would say of one that cannot be started."""

import asyncio
import os
import pty
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from unittest.mock import Mock, patch

import pytest

from mockexchange.emulation import child_process as programs
from mockexchange.emulation.child_process import CannotStart, Program
from mockexchange.emulation.signals import SignalForwarder
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

PYTHON = sys.executable


def run(*command: str, environment: dict[str, str] | None = None) -> int:
    async def start() -> int:
        started = await Program.start(command, dict(os.environ) if environment is None else environment)
        return await started.wait()

    return asyncio.run(start())


@each_row(
    ("source", "code"),
    [("", 0), ("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)],
)
def test_the_exit_code_is_that_of_a_shell(source: str, code: int) -> None:
    assert run(PYTHON, "-c", source) == code


def make_file(text: str, mode: int) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        path = folder / "bot"
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    return make


CANNOT: list[tuple[Callable[[Path], str], int, str]] = [
    (lambda folder: "no-such-bot", 127, "no-such-bot: command not found: it is not on PATH"),
    (lambda folder: f"{folder}/bot", 127, "bot: command not found: there is no such file"),
    (make_file("", 0o644), 126, "bot is not executable: chmod \\+x it, or name its interpreter"),
    (make_file("#!/no/such/interpreter\n", 0o755), 126, "its interpreter \\(the line after #!\\) is missing"),
    (make_file("hello", 0o755), 126, "bot is no program: does it lack its first line, such as #!/bin/sh\\?"),
    (str, 126, " is a directory: expected a program"),
    (lambda folder: "a\0b", 126, "cannot be started: embedded null byte"),
]


@each_row(("make", "code", "problem"), CANNOT)
def test_what_cannot_be_started_is_told_as_a_shell_would(
    make: Callable[[Path], str], code: int, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(CannotStart, match=problem) as caught:
        run(make(tmp_path))
    assert caught.value.exit_code == code


def test_a_program_is_looked_for_on_the_path_of_its_own_environment(tmp_path: Path) -> None:
    make_file("#!/bin/sh\nexit 5\n", 0o755)(tmp_path)
    assert run("bot", environment={"PATH": str(tmp_path)}) == 5


STUBBORN = """
    import signal, subprocess, sys
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    open(sys.argv[1], "w").write(str(child.pid))
    signal.pause()
"""


def has_ended(process: int) -> bool:
    """Whether a process, named by a file descriptor, ends within 10 s."""
    return bool(select.select([process], [], [], 10)[0])


def test_one_that_does_not_end_is_killed_with_what_it_has_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(programs, "KILL_S", 0.1)
    said = tmp_path / "said"
    os.mkfifo(said)

    async def start() -> int:
        started = await Program.start([PYTHON, "-c", textwrap.dedent(STUBBORN), str(said)], dict(os.environ))
        grandchild = os.pidfd_open(int(await asyncio.to_thread(said.read_text)))
        await started.end()
        await started.end()  # twice does no harm
        assert has_ended(grandchild)
        os.close(grandchild)
        return await started.wait()

    assert asyncio.run(start()) == 128 + signal.SIGKILL


def test_in_a_terminal_those_that_it_has_started_are_ended_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There it shares our group, which is whose terminal it is: npm, make and shells have the bot as their child."""
    monkeypatch.setattr(programs, "_is_in_foreground", lambda: True)
    said = tmp_path / "said"
    os.mkfifo(said)

    async def start() -> int:
        source = (
            f"{PYTHON} -c 'import os, signal; os.write(1, str(os.getpid()).encode()); signal.pause()' > {said}; exit 1"
        )
        started = await Program.start(["sh", "-c", source], dict(os.environ))
        grandchild = os.pidfd_open(int(await asyncio.to_thread(_first_word, said)))
        await started.end()
        assert has_ended(grandchild)
        os.close(grandchild)
        return await started.wait()

    assert asyncio.run(start()) in {1, 128 + signal.SIGTERM}


def _first_word(path: Path) -> str:
    with path.open() as file:
        return os.read(file.fileno(), 100).decode()


def test_a_process_that_has_ended_has_started_nobody(tmp_path: Path) -> None:
    (tmp_path / "7" / "stat").mkdir(parents=True)  # which cannot be read
    for process, parent in ((8, 5), (9, 8), (10, 1)):
        (tmp_path / str(process)).mkdir()
        (tmp_path / str(process) / "stat").write_text(f"{process} (a ) b) S {parent} 1 1 0")
    assert programs._started_by(5, tmp_path) == [8, 9]
    assert programs._started_by(5, tmp_path / "none") == []


DRIVER = """
    import asyncio, os, sys
    from mockexchange.emulation.child_process import Program
    from mockexchange.emulation.signals import SignalForwarder

    async def main():
        relay = SignalForwarder()
        with relay.taking():
            started = await Program.start(sys.argv[1:], dict(os.environ))
            relay.hand_to(started)
            return await started.wait()

    sys.exit(asyncio.run(main()))
"""
CHILD = """
    import os, signal, sys
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1]
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    print("ready", os.getpgrp() == os.getppid() or os.getpgrp() == os.getpgid(os.getppid()), flush=True)
    got = signal.sigwait(numbers)
    print(signal.Signals(got).name, signal.sigtimedwait(numbers, 0.2), flush=True)
    sys.exit(40)
"""


OWN_TERMINAL = "import fcntl, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
"""What standard input is, is the terminal of this new session from now on, whose Ctrl-C is for it."""


def driver(*arguments: str, before: str = "") -> list[str]:
    return [PYTHON, "-c", before + textwrap.dedent(DRIVER), *arguments]


@each_row("name", ["SIGINT", "SIGTERM", "SIGUSR1"])
def test_signals_are_handed_on_once(name: str) -> None:
    command = driver(PYTHON, "-c", textwrap.dedent(CHILD))
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready False\n"
        process.send_signal(getattr(signal, name))
        assert process.stdout.readline() == f"{name} None\n"
        assert process.wait(PATIENCE_S) == 40


def test_a_signal_to_the_run_and_to_its_group_is_handed_on_once() -> None:
    """`timeout` sends two, and a program would take the second for a user's impatience."""

    async def received() -> tuple[list[int], bool]:
        sent, relay = asyncio.Queue[int](), SignalForwarder()
        program = Program(Mock(), is_group=True)
        with patch.object(program, "send", sent.put_nowait):
            relay._take(signal.SIGINT)
            relay._take(signal.SIGINT)
            relay.hand_to(program)
            for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
                relay._take(number)
            found = [await sent.get() for _ in range(3)]
            relay._take(signal.SIGINT)
            return [*found, await sent.get()], sent.empty()

    assert asyncio.run(received()) == ([signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGINT], True)


def test_the_terminals_interrupt_reaches_the_child_once() -> None:
    """Ctrl-C of a terminal goes to everybody in the foreground: it is not handed on a second time."""
    command = driver(PYTHON, "-c", textwrap.dedent(CHILD), before=OWN_TERMINAL)
    assert in_terminal(command) == (["ready True", "^CSIGINT None"], 40)


@each_row(
    ("is_group", "name", "is_sent"),
    [
        # in a terminal's foreground, signal, handed on
        (False, "SIGINT", False),
        (False, "SIGQUIT", False),
        (False, "SIGTERM", True),
        (True, "SIGINT", True),
    ],
)
def test_what_a_terminal_sends_is_not_handed_on(is_group: bool, name: str, is_sent: bool) -> None:
    started, sent = Program(Mock(), is_group=is_group), Mock()
    with patch.object(started, "send", sent):
        started.forward(getattr(signal, name))
    assert sent.called is is_sent


def in_terminal(command: Sequence[str]) -> tuple[list[str], int]:
    """Run a command at a terminal of its own, and press Ctrl-C once it says that it is ready."""
    terminal, its_side = pty.openpty()
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=its_side, stdout=its_side, stderr=its_side, start_new_session=True
    )
    os.close(its_side)
    said = b""
    while b"ready" not in said or not said.endswith(b"\n"):
        said += os.read(terminal, 1_000)
    os.write(terminal, b"\x03")
    with suppress(OSError):  # Linux says so that nobody is at the other side any more
        while piece := os.read(terminal, 1_000):
            said += piece
    os.close(terminal)
    return said.decode().split("\r\n")[:2], process.wait(PATIENCE_S)
