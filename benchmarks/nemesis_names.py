"""Checks the names of nemeses that a command line has: what is done to servers and databases in a history."""

from collections.abc import Iterable


def require_known(names: Iterable[str], known: Iterable[str]) -> None:
    """End the program with a message if a name is of no nemesis."""
    unknown = set(names) - set(known)
    if unknown:
        raise SystemExit(f"no nemesis {', '.join(sorted(unknown))} here: expected one of {', '.join(sorted(known))}")
