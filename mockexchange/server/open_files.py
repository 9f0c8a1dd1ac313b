"""The operating system's limit of open files, and so of connections."""

import os
import sys

FILES_WANTED = 16_384
"""A limit for thousands of streams and their clients in the same process; many systems start with 256 or 1,024."""


def allow_many_files() -> int:
    """Raise the limit of open files as far as wanted and allowed; return the new limit (0: unknown)."""
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
    """Return whether another file can be opened. If not, the next connection is closed without a word."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return False
    return True
