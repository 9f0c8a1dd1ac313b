"""Signals for tests of how a server ends."""

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


@contextmanager
def none_ignored(numbers: Iterable[signal.Signals]) -> Iterator[None]:
    """Let this process and its children take signals that it ignores, as below nohup; put the handlers back after."""
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
