"""How many connections the operating system lets this process have."""

import sys

FILES_WANTED = 16_384
"""Thousands of streams, and as many clients of them in the same process; many systems grant 256 or 1,024 at first."""


def allow_many_files() -> int:
    """Raise the limit of open files as far as wanted and allowed; return what it is then (0: unknown)."""
    if sys.platform == "win32":
        return 0
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= FILES_WANTED:
        return soft
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(FILES_WANTED, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
