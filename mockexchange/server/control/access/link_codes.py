"""Keeps the one-time codes of links to the console. A code stands for a token, and is exchanged for it once."""

import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

from mockexchange.runtime.redaction import sha256_of
from mockexchange.server.control.access.roles import Grant
from mockexchange.server.control.errors import ControlError

CODE_S = 300
"""The seconds in which a code is exchanged: time enough to carry a printed link to another machine."""
CODES_MAX = 1_000
"""The most codes that are remembered. The oldest are forgotten first, and not accepted any more."""
CODE_BYTES = 32
OPEN_ANOTHER = "`mockexchange console` opens another one, and `mockexchange console --print` prints it"


class Credential(NamedTuple):
    """A token with the grant that it has."""

    token: str
    grant: Grant


class _Issued(NamedTuple):
    """What is known of a code: the end of its time, and what it stands for; None once it was exchanged."""

    until_s: float
    credential: Credential | None


class LinkCodes:
    """The codes that were issued, by their SHA-256.

    They are of one process: of the one that answers the control API, to which other workers and servers of the same
    store hand all requests to it over.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        """`now_s` returns the present in seconds."""
        self._now_s = now_s
        self._issued: dict[str, _Issued] = {}

    def issue(self, credential: Credential) -> str:
        """Return a new code that stands for a token, for CODE_S seconds."""
        code = secrets.token_urlsafe(CODE_BYTES)
        self._issued[sha256_of(code)] = _Issued(self._now_s() + CODE_S, credential)
        while len(self._issued) > CODES_MAX:
            del self._issued[next(iter(self._issued))]
        return code

    def exchange(self, code: str) -> Credential:
        """Return what a code stands for, which is then spent. Raises ControlError with what to do instead."""
        issued = self._issued.get(sha256_of(code))
        if issued is None:
            raise _spent("this server made no such link, or was started anew since")
        if issued.credential is None:
            raise _spent("this link was opened before: it opens the console once")
        if self._now_s() >= issued.until_s:
            raise _spent(f"this link is older than {CODE_S // 60} minutes")
        self._issued[sha256_of(code)] = issued._replace(credential=None)
        return issued.credential


def _spent(why: str) -> ControlError:
    return ControlError(410, "spent_link", f"{why}: {OPEN_ANOTHER}")
