"""The version of this package, and the command that installs more of it."""

import sys
from shlex import quote

__version__ = "0.1.0"


def install_command(requirement: str) -> str:
    """Return the command that installs a requirement for the interpreter that runs, to paste into a shell."""
    return f"{quote(sys.executable or 'python')} -m pip install {quote(requirement)}"
