"""Checks the tokens of the control API: the one in the ready file, and those in a file with names and roles."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.runtime.redaction import WholeSecrets, sha256_of
from mockexchange.sandbox.sandboxes import NAME
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.files import read_bytes
from mockexchange.scenario.located_text import Located, read_yaml
from mockexchange.scenario.value_types import MapOf, Record, Scalar, choice, matching, may, must
from mockexchange.server.control.access.roles import ADMIN, Grant, Role

TOKEN_CHARS_MIN = 16
"""The shortest token that is accepted; a shorter one could be guessed."""
TOKEN = re.compile(rf"[\x21-\x7e]{{{TOKEN_CHARS_MIN},512}}")
FILE_BYTES_MAX = 1024 * 1024
SOURCES = ("token", "token_file", "token_sha256")


def _any_text(text: str) -> str:
    return text


SECRET = Scalar("a text", _any_text, {"type": "string"})
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
    found: dict[str, NamedToken] = {}
    for name, row in FILE.read(_mappings(read_yaml(_text_of(path), str(path))), "").items():
        one = NamedToken(Grant(name, row["role"], _sandbox_of(name, row)), *_digest_in(row, path.parent, name))
        if one.digest in found:
            raise _wrong(row, name, f"expected a token of its own: {found[one.digest].grant.name!r} has it too")
        found[one.digest] = one
    return tuple(found.values())


def _mappings(file: Located) -> Located:
    """Return a file that is a mapping of mappings. Raises ScenarioError, since the error of any other quotes it."""
    if not isinstance(file.value, dict):
        raise ScenarioError("expected a mapping of names", file.file, file.line)
    for name, row in file.value.items():
        if not isinstance(row.value, dict):
            raise ScenarioError("expected a mapping with role and a token", row.file, row.line, str(name))
    return file


def _text_of(path: Path) -> str:
    try:
        return read_bytes(path, FILE_BYTES_MAX).decode()
    except UnicodeDecodeError:
        raise ScenarioError("expected UTF-8 text", str(path)) from None


def _sandbox_of(name: str, row: dict[str, Any]) -> str | None:
    sandbox: str | None = row["sandbox"]
    if row["role"] is Role.SANDBOX and sandbox is None:
        raise _wrong(row, name, "expected the key 'sandbox': the role is for one")
    if row["role"] is Role.ADMIN and sandbox is not None:
        raise _wrong(row, name, "expected no key 'sandbox': an admin has all of them")
    return sandbox


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
