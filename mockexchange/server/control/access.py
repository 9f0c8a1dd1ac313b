"""Decides which callers may use the control API: the roles, what each route needs, and the tokens.

The role `admin` allows everything, `sandbox` reading and changing one sandbox; `viewer` allows no changes and no
private keys, for one sandbox or for all.
"""

import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mockexchange.runtime.redaction import WholeSecrets, sha256_of
from mockexchange.sandbox.sandboxes import NAME
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located, read_yaml
from mockexchange.scenario.requested_files import read_bytes
from mockexchange.scenario.value_types import MapOf, Record, Scalar, choice, matching, may, must

if TYPE_CHECKING:
    from starlette.requests import Request

SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
"""The methods with which nobody asks for a change (RFC 9110, 9.2.1)."""
GRANT = "mockexchange.grant"
"""The key in a request's ASGI scope under which the grant of its token is."""
IN_PROCESS = "mockexchange.in_process"
"""The ASGI extension that marks requests which this process makes without a socket."""


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
    """Return the name and the role of a request's token. `ControlApp` has checked the token before."""
    grant: Grant = request.scope[GRANT]
    return grant


def is_in_process(request: "Request") -> bool:
    """Return whether this process made the request itself, without a socket. No client can pretend this."""
    return IN_PROCESS in request.scope.get("extensions", {})


# --- the tokens of a server

TOKEN_CHARS_MIN = 16
"""The shortest token that is accepted; a shorter one could be guessed."""
TOKEN = re.compile(rf"[\x21-\x7e]{{{TOKEN_CHARS_MIN},512}}")
FILE_BYTES_MAX = 1024 * 1024
SOURCES = ("token", "token_file", "token_sha256")
SECRET = Scalar("a text", str, {"type": "string"})
"""The type of a text that no error message may quote, so its content is checked only after it is read."""
ROW = Record(
    {
        "role": must(choice({role.value: role for role in Role})),
        "sandbox": may(matching("the name of a sandbox", NAME)),
        **dict.fromkeys(SOURCES, may(SECRET)),
    },
    where=True,
)
FILE = MapOf(ROW)


class NamedToken(NamedTuple):
    """A token of the token file: its name and role, its SHA-256, and its text if the file gives it."""

    grant: Grant
    digest: str
    text: str | None = None
    """The text, which is known so that it is hidden wherever a client sends it."""


class Tokens:
    """All tokens of a server.

    Looking up a wrong token takes as long as a right one, so that the time reveals nothing.
    """

    def __init__(self, admin: str, others: tuple[NamedToken, ...] = (), hidden: WholeSecrets | None = None) -> None:
        """`hidden` gets all tokens, so that views hide them."""
        self._by_digest = {sha256_of(admin): ADMIN, **{one.digest: one.grant for one in others}}
        self.hidden = hidden or WholeSecrets()
        self.hidden.add(admin)
        for one in others:
            if one.text is None:
                self.hidden.add_digest(one.digest)
            else:
                self.hidden.add(one.text)
        self._unread = {one.digest for one in others if one.text is None}
        """The digests of tokens whose texts are not known, because no client has sent them yet."""

    def grant_of(self, authorization: str) -> Grant | None:
        """Return the name and role of the token in an `Authorization` header; None if the token is unknown."""
        kind, _, token = authorization.partition(" ")
        digest = sha256_of(token)
        if kind != "Bearer" or digest not in self._by_digest:
            return None
        if digest in self._unread:
            self._unread.remove(digest)
            self.hidden.add(token)
        return self._by_digest[digest]


def read_tokens(path: Path) -> tuple[NamedToken, ...]:
    """Parse a token file, which is YAML: each name has a `role`, a `sandbox`, and the token in one of three forms.

    Raises ScenarioError with file and line; its message quotes no token.
    """
    file = read_yaml(_text_of(path), str(path))
    if not isinstance(file.value, dict):  # checked here, since the readers' errors quote what they read
        raise ScenarioError("expected a mapping of names", file.file, file.line)
    for name, node in file.value.items():
        if not isinstance(node.value, dict):
            raise ScenarioError("expected a mapping with role and a token", node.file, node.line, str(name))
    found: dict[str, NamedToken] = {}
    for name, row in FILE.read(file, "").items():
        role, sandbox = row["role"], row["sandbox"]
        if role is Role.SANDBOX and sandbox is None:
            raise _wrong(row, name, "expected the key 'sandbox': the role is for one")
        if role is Role.ADMIN and sandbox is not None:
            raise _wrong(row, name, "expected no key 'sandbox': an admin has all of them")
        one = NamedToken(Grant(name, role, sandbox), *_digest_in(row, path.parent, name))
        if one.digest in found:
            raise _wrong(row, name, f"expected a token of its own: {found[one.digest].grant.name!r} has it too")
        found[one.digest] = one
    return tuple(found.values())


def _text_of(path: Path) -> str:
    try:
        return read_bytes(path, FILE_BYTES_MAX).decode()
    except UnicodeDecodeError:
        raise ScenarioError("expected UTF-8 text", str(path)) from None


def _digest_in(row: dict[str, Any], folder: Path, name: str) -> tuple[str, str | None]:
    """Return the digest of the token of a row, and its text if the row has it. Raises ScenarioError."""
    given = [source for source in SOURCES if row[source] is not None]
    if len(given) != 1:
        raise _wrong(row, name, f"expected one of {', '.join(SOURCES)}, got {' and '.join(given) or 'none'}")
    [source] = given
    value: str = row[source]
    if source == "token_sha256":
        if not re.fullmatch("[0-9a-f]{64}", value):
            raise _wrong(row, name, "token_sha256: expected 64 hexadecimal digits")
        return value, None
    token = value if source == "token" else _text_of(folder / value).strip()
    if not TOKEN.fullmatch(token):
        message = f"expected at least {TOKEN_CHARS_MIN} letters, digits and signs, without spaces"
        raise _wrong(row, name, f"{source}: {message}")
    return sha256_of(token), token


def _wrong(row: dict[str, Any], name: str, message: str) -> ScenarioError:
    node: Located = row["_node"]
    return ScenarioError(message, node.file, node.line, name)
