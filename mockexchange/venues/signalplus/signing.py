"""Who sent a request: four headers and their verification.

The signed text is "{timestamp}\\n{nonce}" and nothing else of the request [doc]; the signature is the base64 of its
HMAC-SHA256, keyed with the bytes that the secret is the base64 of [doc of a sister section with the same headers]. A
handshake may carry the four values in its query instead [doc of the same section]. Nonces are said to be unique; one
that comes twice is accepted, as nothing here is remembered from request to request.
"""

from base64 import b64decode, b64encode
from binascii import Error
from typing import NamedTuple
from urllib.parse import parse_qsl

from mockexchange.venues import secrets
from mockexchange.venues.request import Request

KEY_HEADER = b"authorization"
TIMESTAMP_HEADER = b"signalplus-api-timestamp"
NONCE_HEADER = b"signalplus-api-nonce"
SIGNATURE_HEADER = b"signalplus-api-signature"
HEADERS = (KEY_HEADER, TIMESTAMP_HEADER, NONCE_HEADER, SIGNATURE_HEADER)
QUERY = ("apiKey", "timestamp", "nonce", "signature")
"""In the order of the headers."""
SCHEME = "bearer "
SECRET_BYTES = 32
KEY_ID_BYTES = 16


class Credentials(NamedTuple):
    """The four values as sent, each None where it is missing or empty."""

    key_id: str | None
    timestamp: str | None
    nonce: str | None
    signature: str | None

    @property
    def text(self) -> bytes:
        """What a client has to sign."""
        return f"{self.timestamp or ''}\n{self.nonce or ''}".encode("latin-1", "replace")


def read_credentials(request: Request, *, with_query: bool = False) -> Credentials:
    """Read the four headers, or where there is none of them and `with_query` allows it, the query."""
    found = [_header(request, name) for name in HEADERS]
    if with_query and not any(found):
        given = dict(parse_qsl(request.query, encoding="latin-1"))
        return Credentials(*(given.get(name) or None for name in QUERY))
    return Credentials(_token(found[0] or ""), *found[1:])


def claimed_key(request: Request) -> str | None:
    """The id of the key that a request claims to be of."""
    return read_credentials(request, with_query=True).key_id


def secret_bytes(secret: str) -> bytes:
    """The bytes that a secret is the base64 of; those of its text where it is none, which `check_secret` refuses."""
    return _decoded(secret) or secret.encode()


def signature_of(secret: bytes, text: bytes) -> str:
    return b64encode(secrets.hmac_sha256(secret, text)).decode()


def key_id_of(seed: str) -> str:
    """An id for a key that a scenario gives none."""
    return secrets.derived(seed, "signalplus key", KEY_ID_BYTES).hex()


def secret_of(seed: str) -> str:
    """A secret for a key that a scenario gives none."""
    return b64encode(secrets.derived(seed, "signalplus secret", SECRET_BYTES)).decode()


def check_secret(secret: str) -> None:
    """Raises ValueError where a secret is no base64, or empty."""
    if not _decoded(secret):
        raise ValueError("expected standard base64 with its padding, such as c2VjcmV0")


def _decoded(secret: str) -> bytes:
    if len(secret) % 4:  # Python forgives padding beyond what the length needs
        return b""
    try:
        return b64decode(secret, validate=True)
    except (Error, ValueError):
        return b""


def _header(request: Request, name: bytes) -> str | None:
    value = request.header(name)
    return value.strip() or None if value is not None else None


def _token(authorization: str) -> str | None:
    is_bearer = authorization[: len(SCHEME)].lower() == SCHEME
    return authorization[len(SCHEME) :].strip() or None if is_bearer else None
