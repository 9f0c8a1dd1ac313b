"""Defines the roles of the control API, and what a caller needs for a request, which each route declares.

The role `admin` allows everything, `sandbox` reading and changing one sandbox; `viewer` allows no changes and no
private keys, for one sandbox or for all.
"""

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from starlette.requests import Request

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
"""The methods with which nobody asks for a change (RFC 9110, 9.2.1)."""
GRANT = "mockexchange.grant"
"""The key in a request's ASGI scope under which the grant of its token is."""


class Access(Enum):
    """What a caller needs for a method of a path, beside a token that is for the sandbox in the path, if it has one."""

    OPEN = "no token"
    LOOK = "any token"
    LOOK_AT_ALL = "a token for all sandboxes, if the path names none; else any token"
    LOOK_AT_SECRETS = "a token that may see the secrets of keys"
    CHANGE = "a token that may change something, for all sandboxes if the path names none; it is audited"
    EXCHANGE = "no token, but a code that stands for one; it is audited"


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

    def refusal(self, access: Access, method: str, path: str, sandbox: str | None) -> str | None:
        """Return the reason why a request is not allowed; None if it is. `sandbox` is the name in its path, if any."""
        if self.role is Role.ADMIN:
            return None
        is_of_all = sandbox is None and access in (Access.LOOK_AT_ALL, Access.CHANGE)
        if self.sandbox is not None and (is_of_all or sandbox not in (None, self.sandbox)):
            whose = f"the token {self.name!r} is for the sandbox {self.sandbox!r} alone"
            return f"{whose}: expected a path below /_mock/sandboxes/{self.sandbox}"
        if self.is_viewer and access is Access.CHANGE:
            return f"the token {self.name!r} is for looking: it changes nothing, and {method} {path} does"
        if self.is_viewer and access is Access.LOOK_AT_SECRETS:
            return f"the token {self.name!r} is for looking: the log has the secrets of keys"
        return None


ADMIN = Grant("admin", Role.ADMIN)
"""The grant of the token in the ready file."""


def grant_of(request: "Request") -> Grant:
    """Return the name and the role of a request's token. `ControlAccess` has checked the token before."""
    grant: Grant = request.scope[GRANT]
    return grant
