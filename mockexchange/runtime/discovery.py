"""Discovery of a server by its ready file."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from mockexchange.venues.registry import NAMES

START_ONE = "start one with `mockexchange serve`"
ACCOUNT_NAMES = ("name", "key_id", "private_key_path")


class NoServer(Exception):
    """There is no ready file, or it cannot be read; the message is one line.

    `is_missing`: there is no file, so no server runs, and starting one would help.
    """

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


def read_ready(file: Path) -> dict[str, Any]:
    """Return the content of a ready file. Raises NoServer."""
    try:
        return _checked(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NoServer(f"no server is running: there is no {file}", is_missing=True) from None
    except OSError as error:
        raise NoServer(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise NoServer(f"{file} is no ready file: expected what `mockexchange serve` writes") from None


def _checked(text: str) -> dict[str, Any]:
    """Parse a ready file and require the fields that are read later. Raises ValueError, KeyError or TypeError."""
    ready: dict[str, Any] = json.loads(text)
    _ = ready["pid"], ready["control_url"], ready["control_token"], ready["venues"][NAMES[0]]["base_url"]
    _ = [account[name] for account in ready["accounts"] for name in ACCOUNT_NAMES]
    return ready


def is_running(pid: Any) -> bool:
    """Return whether a process has this id; always true on Windows, where the check could harm the process."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError, TypeError):
        return False
    except PermissionError:
        return True
    return True
