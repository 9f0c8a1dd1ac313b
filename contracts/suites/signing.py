"""Signing what schemathesis generates, as the venue's clients do; written from the documentation, not from the server.

An auth provider's `get` has to return a true value, or its `set` is never called; `set` signs the path as it will be
sent, prefix included. Cases that leave out or spoil a credential on purpose are not signed by schemathesis.
"""

import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from schemathesis import AuthContext, AuthProvider, Case

AnyCase = Case[Any]
SCHEME = PSS(MGF1(hashes.SHA256()), 32)


class Signer(NamedTuple):
    """One key of one account."""

    key_id: str
    key: RSAPrivateKey

    def headers(self, method: str, url: str, age_ms: int = 0) -> dict[str, str]:
        """The three headers of a request that is sent now, or was made `age_ms` ago; of the URL its path is signed."""
        timestamp_ms = str(time.time_ns() // 1_000_000 - age_ms)
        text = f"{timestamp_ms}{method}{urlsplit(url).path}"
        signature = self.key.sign(text.encode(), SCHEME, hashes.SHA256())
        return {
            "KALSHI-ACCESS-KEY": self.key_id,
            "KALSHI-ACCESS-TIMESTAMP": timestamp_ms,
            "KALSHI-ACCESS-SIGNATURE": b64encode(signature).decode(),
        }


def load_signer(key_id: str, private_pem: str) -> Signer:
    key = load_pem_private_key(private_pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return Signer(key_id, key)


def signing_provider(signer_of: Callable[[AnyCase], Signer | None]) -> type[AuthProvider[str]]:
    """Return the auth provider that signs each case with the key that `signer_of` gives it, if any."""

    class Signing:
        def get(self, case: AnyCase, context: AuthContext) -> str:
            return "signed when the rest is known"

        def set(self, case: AnyCase, data: str, context: AuthContext) -> None:
            signer = signer_of(case)
            if signer is not None:
                case.headers.update(signer.headers(case.method, case.as_transport_kwargs()["url"]))

    return Signing


def token_provider(token: str) -> type[AuthProvider[str]]:
    """Return the auth provider that sends a bearer token."""

    class Bearing:
        def get(self, case: AnyCase, context: AuthContext) -> str:
            return token

        def set(self, case: AnyCase, data: str, context: AuthContext) -> None:
            case.headers["Authorization"] = f"Bearer {data}"

    return Bearing
