"""Finds a running server by its ready file: the JSON file with its URLs and token that a server writes at its start."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from mockexchange.named_files import read_file
from mockexchange.venues.registry import NAMES

START_ONE = "start one with `mockexchange serve`"
READY = "ready.json"
"""The file name of the ready file, if the user gives no other path."""
SPARE = "serve.json"
"""The name of a copy of the ready file, which each server keeps in its own run directory."""
ACCOUNT_NAMES = ("name", "key_id", "private_key_path")


class NoServer(Exception):
    """Raised if no server is found: there is no ready file, or it cannot be read; the message is one line.

    `is_missing` is true if there is no file: then no server runs, and starting one helps.
    """

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


def read_ready(file: Path) -> dict[str, Any]:
    """Return the content of a ready file. Raises NoServer.

    If the server that wrote the default ready file was killed, the newest server that still runs is returned instead.
    """
    text = running_spare(file.parent) if file.name == READY and _is_left_behind(file) else None
    try:
        return _checked(text or read_file(file).decode())
    except FileNotFoundError:
        raise NoServer(f"no server is running: there is no {file}", is_missing=True) from None
    except OSError as error:
        raise NoServer(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise NoServer(f"{file} is no ready file: expected what `mockexchange serve` writes") from None


def running_spare(folder: Path) -> str | None:
    """Return the ready file's text of the newest other server that still runs; None if none runs.

    `folder` is the folder with the servers' run directories. The server in this process is left out.
    """
    for spare in sorted(folder.glob(f"run-*/{SPARE}"), key=_written_at, reverse=True):
        try:
            text = read_file(spare).decode()
            pid = json.loads(text)["pid"]
            if pid != os.getpid() and is_running(pid):
                return text
        except (OSError, ValueError, KeyError, TypeError):
            continue  # that server is ending, or ended without removing its files
    return None


def _is_left_behind(file: Path) -> bool:
    try:
        return not is_running(json.loads(read_file(file).decode())["pid"])
    except FileNotFoundError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _checked(text: str) -> dict[str, Any]:
    """Parse a ready file and require the fields that are read later. Raises ValueError, KeyError or TypeError."""
    ready: dict[str, Any] = json.loads(text)
    _ = ready["pid"], ready["control_url"], ready["control_token"], ready["venues"][NAMES[0]]["base_url"]
    _ = [account[name] for account in ready["accounts"] for name in ACCOUNT_NAMES]
    return ready


def is_running(pid: Any) -> bool:
    """Return whether a process with this id runs; always true on Windows, where the check could harm the process."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError, TypeError):
        return False
    except PermissionError:
        return True
    return True
