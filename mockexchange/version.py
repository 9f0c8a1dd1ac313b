"""Holds the version of this package, and makes the `pip` command that installs an optional part of it."""

import sys
from shlex import quote

__version__ = "0.1.0"


def install_command(requirement: str) -> str:
    """Return the `pip install` command for a requirement and the running interpreter, quoted for a shell."""
    return f"{quote(sys.executable or 'python')} -m pip install {quote(requirement)}"
