"""The operating system's limit of open files, and thus of connections."""

import os
import sys

FILES_WANTED = 16_384
"""The limit that a server sets: enough for thousands of streams and their clients in one process."""


def allow_many_files() -> int:
    """Raise the limit of open files to FILES_WANTED, or as far as allowed; return the new limit (0: unknown)."""
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
    """Return whether another file can be opened. If not, the next connection will be closed without an answer."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return False
    return True
