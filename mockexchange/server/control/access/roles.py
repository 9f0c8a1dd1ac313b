"""The roles of the control API: what the bearer of a token may ask for.

An admin may ask for everything. A token of role `sandbox` sees and changes one sandbox; a viewer changes nothing and
sees no private keys, of one sandbox or of all.
"""

from enum import Enum
from typing import NamedTuple

from starlette.requests import Request

SANDBOXES = "/_mock/sandboxes"
SCENARIOS = "/_mock/scenarios"
SHARED = frozenset((SANDBOXES, SCENARIOS, "/_mock/info", "/_mock/schema", "/_mock/events"))
"""Paths outside a sandbox that a token for one sandbox reads; lists have that sandbox alone."""
READS = frozenset(("GET", "HEAD", "OPTIONS"))
READING_POSTS = ("/wait", "/scenarios/check")
"""Ends of paths whose POST changes nothing."""
SECRET_READS = ("/log",)
"""Ends of paths whose answers have the secrets of keys."""
GRANT = "mockexchange.grant"
"""The key of a request's scope with the grant of its token."""


class Role(Enum):
    """What a token allows: everything, one sandbox, or to look."""

    ADMIN = "admin"
    SANDBOX = "sandbox"
    VIEWER = "viewer"


class Grant(NamedTuple):
    """The role of a token; `sandbox` is the only one it is for, None for all."""

    name: str
    role: Role
    sandbox: str | None = None

    @property
    def is_viewer(self) -> bool:
        return self.role is Role.VIEWER

    def sees(self, sandbox: str) -> bool:
        """Whether the bearer may read a sandbox."""
        return self.sandbox is None or self.sandbox == sandbox

    def refusal(self, method: str, path: str) -> str | None:
        """Return why a request is not allowed; None if it is."""
        if self.role is Role.ADMIN:
            return None
        whose = f"the token {self.name!r} is for the sandbox {self.sandbox!r} alone"
        if self.sandbox is not None and not self._is_own(path) and not _is_shared(method, path):
            return f"{whose}: expected a path below {SANDBOXES}/{self.sandbox}"
        if not self.is_viewer:
            return None
        if not is_read(method, path):
            return f"the token {self.name!r} is for looking: it changes nothing, and {method} {path} does"
        if path.startswith(SANDBOXES) and path.endswith(SECRET_READS):
            return f"the token {self.name!r} is for looking: the log has the secrets of keys"
        return None

    def _is_own(self, path: str) -> bool:
        own = f"{SANDBOXES}/{self.sandbox}"
        return path == own or path.startswith(f"{own}/")


ADMIN = Grant("admin", Role.ADMIN)
"""The grant of the token in the ready file."""


def grant_of(request: Request) -> Grant:
    """Return the grant of a request that has passed the check of its token."""
    grant: Grant = request.scope[GRANT]
    return grant


def is_read(method: str, path: str) -> bool:
    """Return whether a request changes nothing."""
    return method in READS or path.endswith(READING_POSTS)


def _is_shared(method: str, path: str) -> bool:
    return is_read(method, path) and (path in SHARED or path.startswith(f"{SCENARIOS}/"))
