"""Reads the four headers of a signed request, verifies signatures, and generates keys.

The signed text is "{timestamp}\\n{nonce}" and nothing else of the request [doc]; the signature is the base64 of its
HMAC-SHA256, keyed with the base64-decoded secret [doc of a sister section with the same headers]. A handshake may carry
the four values in its query instead [doc of the same section]. Nonces should be unique; a repeated one is accepted,
since no request depends on earlier ones.
"""

from base64 import b64decode, b64encode
from binascii import b2a_base64
from functools import lru_cache
from typing import NamedTuple

from mockexchange.venues.keys import secrets
from mockexchange.venues.query import query_pairs
from mockexchange.venues.request import Request

KEY_HEADER = b"authorization"
TIMESTAMP_HEADER = b"signalplus-api-timestamp"
NONCE_HEADER = b"signalplus-api-nonce"
SIGNATURE_HEADER = b"signalplus-api-signature"
HEADERS = (KEY_HEADER, TIMESTAMP_HEADER, NONCE_HEADER, SIGNATURE_HEADER)
QUERY = ("apiKey", "timestamp", "nonce", "signature")
"""Query parameters that may carry the same four values, in the order of the headers."""
HEADERS_KEPT_MAX = 64
"""Size of the cache of parsed headers; hardly more requests are answered at the same time."""
SECRETS_KEPT_MAX = 1_024
SCHEME = "bearer "
SECRET_BYTES = 32
KEY_ID_BYTES = 16


class Credentials(NamedTuple):
    """The four values that authenticate a request, as sent; each is None where it is missing or empty."""

    key_id: str | None
    timestamp: str | None
    nonce: str | None
    signature: str | None

    @property
    def text(self) -> bytes:
        """The bytes that the client has to sign."""
        return f"{self.timestamp or ''}\n{self.nonce or ''}".encode("latin-1", "replace")


NO_CREDENTIALS = Credentials(None, None, None, None)


def read_credentials(request: Request, *, with_query: bool = False) -> Credentials:
    """Return the four headers' values, or if all are missing and `with_query` is true, those in the query."""
    found = _credentials_in(request.headers)
    if found is None and with_query:
        given = dict(query_pairs(request.query, encoding="latin-1", keep_blank_values=False))
        return Credentials(*(given.get(name) or None for name in QUERY))
    return found or NO_CREDENTIALS


def claimed_key(request: Request) -> str | None:
    """Return the id of the key that a request claims, unverified."""
    return read_credentials(request, with_query=True).key_id


def secret_bytes(secret: str) -> bytes:
    """Return the bytes of a base64 secret; for any other text, which `check_secret` refuses, the text's own bytes."""
    return _decoded(secret) or secret.encode()


def signature_of(secret: bytes, text: bytes) -> bytes:
    return b2a_base64(secrets.hmac_sha256(secret, text), newline=False)


def key_id_of(seed: str) -> str:
    """Return a key id derived from `seed`, for a scenario that gives none."""
    return secrets.derive_bytes(seed, "signalplus key", KEY_ID_BYTES).hex()


def secret_of(seed: str) -> str:
    """Return a secret derived from `seed`, for a scenario that gives none."""
    return b64encode(secrets.derive_bytes(seed, "signalplus secret", SECRET_BYTES)).decode()


def check_secret(secret: str) -> None:
    """Raise ValueError for a secret that is empty or not base64."""
    if not _decoded(secret):
        raise ValueError("expected standard base64 with its padding, such as c2VjcmV0")


@lru_cache(maxsize=SECRETS_KEPT_MAX)
def _decoded(secret: str) -> bytes:
    if len(secret) % 4:  # Python forgives padding beyond what the length needs
        return b""
    try:
        return b64decode(secret, validate=True)
    except ValueError:
        return b""


@lru_cache(maxsize=HEADERS_KEPT_MAX)
def _credentials_in(headers: tuple[tuple[bytes, bytes], ...]) -> Credentials | None:
    """Return the values of the four headers, the first of each; None if all are missing.

    The result is cached, because several steps of a request read it.
    """
    first = dict(reversed(headers))
    found = [first.get(name, b"").decode("latin-1").strip() or None for name in HEADERS]
    if not any(found):
        return None
    authorization = found[0] or ""
    is_bearer = authorization[: len(SCHEME)].lower() == SCHEME
    key_id = (authorization[len(SCHEME) :].strip() or None) if is_bearer else None
    return Credentials(key_id, *found[1:])
