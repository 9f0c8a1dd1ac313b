"""Defines the roles of the control API, which determine the requests that a token allows.

The role `admin` allows everything, `sandbox` reading and changing one sandbox; `viewer` allows no changes and no
private keys, for one sandbox or for all.
"""

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from starlette.requests import Request

SANDBOXES = "/_mock/sandboxes"
SCENARIOS = "/_mock/scenarios"
SHARED = frozenset((SANDBOXES, SCENARIOS, "/_mock/info", "/_mock/schema", "/_mock/events"))
"""Paths outside a sandbox that a token for one sandbox may read; lists then contain only that sandbox."""
READS = frozenset(("GET", "HEAD", "OPTIONS"))
READING_POSTS = ("/wait", "/scenarios/check")
"""Ends of paths at which POST changes nothing."""
SECRET_READS = ("/log",)
"""Ends of paths whose answers contain the secrets of keys."""
GRANT = "mockexchange.grant"
"""The key in a request's ASGI scope under which the grant of its token is."""


class Role(Enum):
    """What a token allows: everything (admin), one sandbox (sandbox), or only reading (viewer)."""

    ADMIN = "admin"
    SANDBOX = "sandbox"
    VIEWER = "viewer"


class Grant(NamedTuple):
    """The name and the role of a token.

    The token is valid for the one sandbox `sandbox`, or for all if that is None.
    """

    name: str
    role: Role
    sandbox: str | None = None

    @property
    def is_viewer(self) -> bool:
        return self.role is Role.VIEWER

    def sees(self, sandbox: str) -> bool:
        """Return whether the token allows reading a sandbox."""
        return self.sandbox is None or self.sandbox == sandbox

    def refusal(self, method: str, path: str) -> str | None:
        """Return the reason why a request is not allowed; None if it is allowed."""
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


def grant_of(request: "Request") -> Grant:
    """Return the name and the role of a request's token. `ControlAccess` has checked the token before."""
    grant: Grant = request.scope[GRANT]
    return grant


def is_read(method: str, path: str) -> bool:
    """Return whether a request only reads and changes nothing."""
    return method in READS or path.endswith(READING_POSTS)


def _is_shared(method: str, path: str) -> bool:
    return is_read(method, path) and (path in SHARED or path.startswith(f"{SCENARIOS}/"))
