"""Writes the audit file: a line of JSON for each request to the control API that changes something, or tries to."""

import os
from datetime import UTC, datetime
from pathlib import Path

from starlette.requests import Request

from mockexchange.sandbox.interface import LOGGER
from mockexchange.server.control.access import Grant
from mockexchange.server.control.answers import encode


class AuditFile:
    """An open audit file, to which lines are only appended. Its owner alone may read it."""

    def __init__(self, path: Path) -> None:
        """Open the file, or create it. Raises OSError."""
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._has_failed = False

    def note(self, request: Request, grant: Grant | None, status: int) -> None:
        """Append a line about a request and its outcome. A failure to write is logged, but only the first one."""
        line = {
            "time": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "token": grant.name if grant else None,
            "role": grant.role.value if grant else None,
            "client": request.client.host if request.client else None,
            "method": request.method,
            "path": request.scope["path"],
            "status": status,
        }
        try:
            os.write(self._descriptor, encode(line) + b"\n")
        except OSError as error:
            if not self._has_failed:
                LOGGER.error("%s: the audit cannot be written: %s", self.path, error.strerror or error)
            self._has_failed = True

    def close(self) -> None:
        os.close(self._descriptor)
