"""Signs requests to Kalshi as a client does: by the documents, independently of the server's verification."""

from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

from mockexchange.venues.client_setup import Credential, RequestSigner, UnsignedRequest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

NANOSECONDS_PER_MS = 1_000_000
KEYS_KEPT_MAX = 256


def signed_headers(key_id: str, private_pem: str, method: str, path: str, timestamp_ms: int) -> dict[str, str]:
    """Return the three headers of a signed request. `path` is as sent, without the query.

    Raises ValueError if the PEM holds no usable private key.
    """
    signature = sign(private_pem, f"{timestamp_ms}{method}{path}".encode())
    return {
        "KALSHI-ACCESS-KEY": key_id,
        "KALSHI-ACCESS-TIMESTAMP": str(timestamp_ms),
        "KALSHI-ACCESS-SIGNATURE": b64encode(signature).decode(),
    }


def sign(private_pem: str, message: bytes) -> bytes:
    """Return a signature: PSS, SHA-256 and a salt of 32 bytes for an RSA key, or a plain Ed25519 signature."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    key = _load_key(private_pem)
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, RSAPrivateKey):
        digest = hashes.SHA256()
        return key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    raise ValueError(f"expected an RSA or Ed25519 key, got {type(key).__name__}")


@lru_cache(KEYS_KEPT_MAX)
def _load_key(private_pem: str) -> "PrivateKeyTypes":
    """Load a key, once: the checks of an RSA key take twenty times as long as a signature. Raises ValueError."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return load_pem_private_key(private_pem.encode(), password=None)


def _headers_of(credential: Credential, request: UnsignedRequest, at_ns: int) -> dict[str, str]:
    path = request.target.partition("?")[0]
    timestamp_ms = at_ns // NANOSECONDS_PER_MS
    return signed_headers(credential["key_id"], credential["private_key_pem"], request.method, path, timestamp_ms)


REQUEST_SIGNER = RequestSigner("/trade-api/v2", _headers_of)
