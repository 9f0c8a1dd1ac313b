"""What a server needs of the operating system: an event loop, signals that ask it to stop, and open files."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

ACCEPT_TURNS = 3
"""The turns of the loop from an accepted socket to its handler: the task that accepts it, its protocol, its handler."""
STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)
FILES_WANTED = 16_384
"""The limit that a server sets: enough for thousands of streams and their clients in one process."""


# --- event loops


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the factory of uvloop's event loop, which is faster, if uvloop is installed; None: of the standard one."""
    if sys.platform == "win32":
        return None
    try:
        import uvloop  # optional
    except ImportError:
        return None
    return uvloop.new_event_loop


async def close_server(server: asyncio.Server) -> None:
    """Accept no more connections, and close the listening sockets.

    Connections that are being accepted get their protocols first: the standard library's loop accepts a connection in
    a task, which fails and leaves the connection open if the server is closed before the task has run.
    """
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):  # Windows
        for sock in server.sockets:
            loop.remove_reader(sock.fileno())
    for _ in range(ACCEPT_TURNS):
        await asyncio.sleep(0)
    server.close()


# --- signals


@contextmanager
def signals_set(stopping: asyncio.Event) -> Iterator[None]:
    """Set the event `stopping` when a signal asks to stop, inside the `with` block.

    The old handlers are restored after it.
    """
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    loop = asyncio.get_running_loop()
    for number, handler in before.items():
        if handler is signal.SIG_IGN:  # as SIGHUP below `nohup`
            continue
        try:
            loop.add_signal_handler(number, stopping.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(NotImplementedError):  # Windows
                loop.remove_signal_handler(number)
            if handler is not None:  # None: set by a library that is not written in Python
                signal.signal(number, handler)


# --- open files


def allow_many_files() -> int:
    """Raise the limit of open files to FILES_WANTED, or as far as the system allows.

    Return the new limit, or 0 if it is unknown.
    """
    if sys.platform == "win32":
        return 0
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= FILES_WANTED:
        return soft
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(FILES_WANTED, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def can_open_files() -> bool:
    """Return whether this process can open another file.

    If not, it has to close the next connection without an answer.
    """
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return False
    return True
