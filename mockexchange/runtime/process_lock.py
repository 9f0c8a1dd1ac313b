"""Locks a folder for a process; the operating system releases the lock when the process ends, however it ends.

A process id would be ambiguous: it is used again, and means another process in a container that shares the folder.
Where machines share a folder, some file systems keep each one's locks to itself. So the lock file names the machine.
"""

import os
import socket
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import fcntl

LOCK = "mockexchange.lock"
"""The name of the file that is locked; a folder without it was not made by mockexchange."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MACHINE_BYTES_MAX = 1_024


@cache
def machine() -> str:
    """Return an identifier of the running kernel, which containers on it share; where there is none, the host name."""
    with suppress(OSError):
        return BOOT_ID.read_text(encoding="ascii").strip()
    return socket.gethostname()


def take_lock(folder: Path) -> int | None:
    """Lock a new folder and return the descriptor of the lock file, which has to stay open.

    None if the file system has no locks.
    """
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    if _is_locked(lock):
        os.write(lock, machine().encode(errors="replace"))
        return lock
    os.close(lock)
    (folder / LOCK).unlink(missing_ok=True)
    return None


def is_abandoned(folder: Path) -> bool:
    """Return whether a folder has a lock file of this machine that no process holds, so that its server has ended.

    A stopped process holds its lock. A lock file without a machine is that of an older version.
    """
    try:
        lock = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        maker = os.read(lock, MACHINE_BYTES_MAX)
        return maker in (b"", machine().encode(errors="replace")) and _is_locked(lock)
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
