"""Reads the keyboard for the live display, one key at a time."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

KEY_BYTES_MAX = 32
"""The number of bytes read at once, more than any key sends; an arrow key, for example, sends several."""


@contextmanager
def key_presses(take: Callable[[str], None]) -> Iterator[bool]:
    """Call `take` with each pressed key, from a thread, until the block ends.

    Yields whether standard input is a terminal; if not, no keys are read.
    """
    if not sys.stdin.isatty():
        yield False
    elif sys.platform == "win32":
        _start(_read_console, take)
        yield True
    else:
        with _unbuffered_terminal(sys.stdin.fileno()):
            _start(_read_terminal, take)
            yield True


def _start(read: Callable[[Callable[[str], None]], None], take: Callable[[str], None]) -> None:
    Thread(target=read, args=(take,), name="keys", daemon=True).start()


def _read_terminal(take: Callable[[str], None]) -> None:
    while pressed := os.read(sys.stdin.fileno(), KEY_BYTES_MAX):
        take(pressed.decode("utf-8", "replace"))


def _read_console(take: Callable[[str], None]) -> None:
    if sys.platform == "win32":
        import msvcrt

        while True:
            take(msvcrt.getwch())


@contextmanager
def _unbuffered_terminal(number: int) -> Iterator[None]:
    """Have a terminal pass on each key without showing it; Ctrl-C still interrupts."""
    if sys.platform != "win32":
        import termios
        import tty

        before = termios.tcgetattr(number)
        try:
            tty.setcbreak(number)
            yield
        finally:
            termios.tcsetattr(number, termios.TCSADRAIN, before)
