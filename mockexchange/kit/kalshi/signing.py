"""Signs requests as Kalshi's clients do, and decides which of the given keys signs an operation.

It is written from the venue's documentation, not from the server.
"""

import time
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mockexchange.kit.target import FCM, MEMBER
from mockexchange.kit.venue import ClientSigning

FCM_ONLY = "/portfolio/summary/total_resting_order_value"


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    """Return the role (such as member or fcm) whose key an operation requires; None if the operation is public.

    `operation` is its node in the API document.
    """
    if operation.get("security") == []:
        return None
    return FCM if path.startswith("/fcm/") or path == FCM_ONLY else MEMBER


CLIENT_SIGNING = ClientSigning(
    key_header="KALSHI-ACCESS-KEY",
    timestamp_header="KALSHI-ACCESS-TIMESTAMP",
    signature_header="KALSHI-ACCESS-SIGNATURE",
    key_variable="KALSHI_API_KEY_ID",
)
SCHEME = PSS(MGF1(hashes.SHA256()), 32)


class Signer(NamedTuple):
    """A key of an account with which the kit signs requests."""

    key_id: str
    key: RSAPrivateKey

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        """Return the headers that sign a request as if it had been made `age_ms` ago.

        Of the URL, the path is signed.
        """
        timestamp_ms = str(time.time_ns() // 1_000_000 - age_ms)
        text = f"{timestamp_ms}{method}{urlsplit(url).path}"
        signature = self.key.sign(text.encode(), SCHEME, hashes.SHA256())
        return {
            "KALSHI-ACCESS-KEY": self.key_id,
            "KALSHI-ACCESS-TIMESTAMP": timestamp_ms,
            "KALSHI-ACCESS-SIGNATURE": b64encode(signature).decode(),
        }


@lru_cache(256)
def load_signer(key_id: str, private_pem: str) -> Signer:
    """Return the signer of a key; keys are cached, since checking one takes long.

    Raises ValueError if the text is not an RSA private key.
    """
    key = load_pem_private_key(private_pem.encode(), None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"the key {key_id} is no RSA key: {type(key).__name__}")  # noqa: TRY004  # what was given is text
    return Signer(key_id, key)
