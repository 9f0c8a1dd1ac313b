"""Signs requests as SignalPlus documents it, and decides which of the given keys signs a call.

It is written from that documentation, not from the server.
"""

import hmac
import time
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from hashlib import sha256
from itertools import count
from typing import Any, NamedTuple

from mockexchange.kit.target import MEMBER
from mockexchange.kit.venue import ClientSigning


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    """Return the role (such as member) whose key an operation requires; every call requires one.

    `operation` is its node in the API document.
    """
    return MEMBER


KEY, TIMESTAMP, NONCE, SIGNATURE = (
    "Authorization",
    "Signalplus-API-Timestamp",
    "Signalplus-API-Nonce",
    "Signalplus-API-Signature",
)
CLIENT_SIGNING = ClientSigning(
    key_header=KEY, timestamp_header=TIMESTAMP, signature_header=SIGNATURE, key_variable="SIGNALPLUS_API_KEY"
)
NONCES = count(1)
"""Numbers for nonces; each is used once in a run, as documented."""


class Signer(NamedTuple):
    """A key of an account with which the kit signs requests."""

    key_id: str
    secret: str

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        """Return the headers that sign a request as if it had been made `age_ms` ago. Path and body are not signed."""
        now_ms = time.time_ns() // 1_000_000
        return self.signed(str(now_ms - age_ms), f"{now_ms}-{next(NONCES)}")

    def signed(self, timestamp: str, nonce: str) -> dict[str, str]:
        signature = self.signature(f"{timestamp}\n{nonce}".encode())
        return {KEY: f"Bearer {self.key_id}", TIMESTAMP: timestamp, NONCE: nonce, SIGNATURE: signature}

    def signature(self, text: bytes) -> str:
        return b64encode(hmac.new(b64decode(self.secret), text, sha256).digest()).decode()


def load_signer(key_id: str, secret: str) -> Signer:
    """Return the signer of a key. Raises ValueError if the secret is not Base64."""
    try:
        b64decode(secret.strip(), validate=True)
    except NotBase64:
        raise ValueError(f"the secret of {key_id} is no Base64") from None
    return Signer(key_id, secret.strip())
