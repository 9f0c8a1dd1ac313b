"""Locks a folder for a process; the operating system releases the lock when the process ends, however it ends.

A process id would be ambiguous: it is used again, and means another process in a container that shares the folder.
"""

import os
import sys
from pathlib import Path

if sys.platform != "win32":
    import fcntl

LOCK = "mockexchange.lock"
"""The name of the file that is locked; a folder without it was not made by mockexchange."""


def take_lock(folder: Path) -> int | None:
    """Lock a new folder and return the descriptor of the lock file, which has to stay open.

    None if the file system has no locks.
    """
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    if _is_locked(lock):
        return lock
    os.close(lock)
    (folder / LOCK).unlink(missing_ok=True)
    return None


def is_abandoned(folder: Path) -> bool:
    """Return whether a folder has a lock file that no process holds: the server that made the folder has ended."""
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        return _is_locked(lock)
    finally:
        os.close(lock)


def _is_locked(lock: int) -> bool:
    """Try to lock an open file for this process; return whether it is."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
