"""Handles the signals that ask a server to stop."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)


@contextmanager
def signals_set(stopping: asyncio.Event) -> Iterator[None]:
    """Set the event `stopping` when a signal asks to stop, inside the `with` block.

    The old handlers are restored after it.
    """
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number in STOP_SIGNALS:
        _on_signal(number, stopping)
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(NotImplementedError):  # Windows
                asyncio.get_running_loop().remove_signal_handler(number)
            if handler is not None:  # None: set by a library that is not written in Python
                signal.signal(number, handler)


def _on_signal(number: int, stopping: asyncio.Event) -> None:
    """Stop at a signal, unless it is ignored, as SIGHUP below `nohup`."""
    if signal.getsignal(number) is signal.SIG_IGN:
        return
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(number, stopping.set)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))
