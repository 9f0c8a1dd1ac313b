"""Finds which libraries of the extra `kit` are missing."""

import importlib.util

from mockexchange.version import install_command

LIBRARIES = ("httpx", "hypothesis", "jsonschema_rs", "schemathesis")


def missing_kit() -> str:
    """Return which libraries of the extra `kit` are missing, with the install command; "" if all are installed."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    return f"{', '.join(missing)} not installed: {install_command('mockexchange[kit]')}" if missing else ""
