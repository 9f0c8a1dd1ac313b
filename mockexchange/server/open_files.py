"""Raises the operating system's limit of open files, which also limits connections."""

import os
import sys

FILES_WANTED = 16_384
"""The limit that a server sets: enough for thousands of streams and their clients in one process."""


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
