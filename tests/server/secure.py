"""One authority for all tests that speak TLS, who a server of theirs is, and whom its clients trust."""

import ssl
from functools import cache
from typing import NamedTuple

from mockexchange.server.tls.acceptor import Identity
from mockexchange.server.tls.certificates import Authority

NAMES = ("localhost", "127.0.0.1", "::1", "mock.test")


class Secured(NamedTuple):
    """Both sides of TLS."""

    authority: Authority
    identity: Identity
    trust: ssl.SSLContext


@cache
def secured() -> Secured:
    authority = Authority.make()
    trust = ssl.create_default_context(cadata=authority.certificate_pem)
    return Secured(authority, authority.identity(NAMES), trust)
