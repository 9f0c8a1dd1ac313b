"""Signs requests as Deribit's clients do, and decides which of the given keys signs a call.

It is written from the venue's documentation, not from the server.
"""

import hmac
import time
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mockexchange.kit.target import MEMBER
from mockexchange.kit.venue import ClientSigning

BASIC = "basic"
"""The role of the member's key when it is sent as id and secret (`signing.Basic`)."""


def role_of(operation: Mapping[str, Any], path: str) -> str | None:
    """Return the role (such as member) whose key an operation requires; None if the operation is public.

    `operation` is its node in the API document.
    """
    return MEMBER if path.startswith("/private/") else None


SCHEME = "deri-hmac-sha256"
HEADER = "Authorization"

CLIENT_SIGNING = ClientSigning(
    key_header=HEADER, timestamp_header=HEADER, signature_header=HEADER, key_variable="DERIBIT_CLIENT_ID"
)


def now_ms() -> int:
    """Return the host's time in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def hexadecimal(secret: str, text: bytes) -> str:
    """Return the HMAC-SHA256 of a text in hexadecimal digits, as signatures have it."""
    return hmac.new(secret.encode(), text, sha256).hexdigest()


def text_of(timestamp: str, nonce: str, method: str, url: str, body: bytes) -> bytes:
    """Return the text to sign for a request: five lines, each with its newline."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return f"{timestamp}\n{nonce}\n{method}\n{target}\n".encode() + body + b"\n"


class Signer(NamedTuple):
    """A key of an account with which the kit signs each request."""

    key_id: str
    secret: str

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        """Return the headers that sign a request as if it had been made `age_ms` milliseconds ago."""
        timestamp = str(now_ms() - age_ms)
        return self.signed(timestamp, text_of(timestamp, timestamp, method, url, body))

    def signed(self, timestamp: str, text: bytes) -> dict[str, str]:
        """Return the header with the signature of a text; the nonce is the timestamp, as in ccxt."""
        signature = hexadecimal(self.secret, text)
        return {HEADER: f"{SCHEME} id={self.key_id},ts={timestamp},sig={signature},nonce={timestamp}"}


class Basic(NamedTuple):
    """A key that is sent as id and secret, for requests that cannot be signed beforehand."""

    key_id: str
    secret: str

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        return {HEADER: f"Basic {b64encode(f'{self.key_id}:{self.secret}'.encode()).decode()}"}


class Bearer(NamedTuple):
    """An access token that the venue granted for a key. It is sent instead of a signature."""

    key_id: str
    token: str

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> dict[str, str]:
        return {HEADER: f"Bearer {self.token}"}


def further_keys(signer: object) -> Mapping[str, Basic]:
    """Return a member's key as id and secret, by the role BASIC. Generated requests use it."""
    return {BASIC: Basic(signer.key_id, signer.secret)} if isinstance(signer, Signer) else {}


def load_signer(key_id: str, secret: str) -> Signer:
    """Return the signer of a key. Raises ValueError if the secret is empty."""
    if not secret.strip():
        raise ValueError(f"the key {key_id} has no secret")
    return Signer(key_id, secret.strip())
