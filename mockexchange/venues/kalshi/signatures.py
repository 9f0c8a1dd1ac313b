"""Verifies the signature of a request, which three headers carry.

The signed text is timestamp + METHOD + path as sent, percent-encoding and all, without host, query string or body. RSA
keys sign it with PSS, SHA-256 and MGF1-SHA-256, salt length 32; Ed25519 keys sign it directly (venue docs; every
published client does so). Any PSS salt verifies here, since the venue's own strictness is unknown; a length other than
32 is reported as a finding. A signature may be used twice: real clients do that when they retry.
"""

import binascii
from functools import lru_cache
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from mockexchange.venues.diagnosis import credentials
from mockexchange.venues.keys.public_keys import PublicKey
from mockexchange.venues.request import Request

KnownKey = credentials.KnownKey[str]
"""A sandbox's key in the diagnosis of signatures: its `key` is the PEM of a public key."""
KEY_HEADER = b"kalshi-access-key"
SIGNATURE_HEADER = b"kalshi-access-signature"
TIMESTAMP_HEADER = b"kalshi-access-timestamp"

HEADERS_KEPT_MAX = 64
"""Size of the cache of parsed headers; hardly more requests are answered at the same time."""
SALT_LENGTH_BYTES = 32

Verdict = Literal["good", "other_salt", "bad"]

_SHA256 = hashes.SHA256()
_SCHEMES: tuple[tuple[Verdict, padding.PSS], ...] = (
    ("good", padding.PSS(mgf=padding.MGF1(_SHA256), salt_length=SALT_LENGTH_BYTES)),
    ("other_salt", padding.PSS(mgf=padding.MGF1(_SHA256), salt_length=padding.PSS.AUTO)),
)


class Credentials(Struct, frozen=True):
    """The three authentication headers as sent, each None if it is missing or empty."""

    key_id: str | None
    timestamp: str | None
    signature: str | None


NO_CREDENTIALS = Credentials(None, None, None)


@lru_cache(maxsize=HEADERS_KEPT_MAX)
def read_credentials(headers: tuple[tuple[bytes, bytes], ...]) -> Credentials:
    """Return the first value of each header that is not empty; several steps of a request read them."""
    found = dict.fromkeys((KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER), "")
    for name, value in headers:
        if found.get(name) == "":
            found[name] = value.decode("latin-1").strip()
    key_id, timestamp, signature = found.values()
    return Credentials(key_id or None, timestamp or None, signature or None)


def claimed_key(request: Request) -> str | None:
    """Return the key id that a request names, unverified; None without one."""
    return read_credentials(request.headers).key_id


def signed_message(timestamp: str, request: Request) -> bytes:
    """Return the bytes that a client has to sign for a request with this timestamp."""
    return f"{timestamp}{request.method}{request.path}".encode("latin-1")


def decode_signature(text: str) -> bytes | None:
    """Decode standard padded base64, the only encoding that the venue accepts; return None for other texts."""
    if len(text) % 4 or text.count("=") > 2:  # Python forgives padding beyond what the length needs
        return None
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None


def verify(key: PublicKey, signature: bytes, message: bytes) -> Verdict:
    """Return the verdict on a signature; "other_salt" means valid, but with a PSS salt that is not 32 bytes long."""
    known: Any = key  # of the class that is looked up
    if _is_ed25519(type(key)):
        return "good" if verifies_ed25519(known, signature, message) else "bad"
    for verdict, scheme in _SCHEMES:
        try:
            known.verify(signature, message, scheme, _SHA256)
        except InvalidSignature:
            continue
        return verdict
    return "bad"


@lru_cache
def _is_ed25519(kind: type[PublicKey]) -> bool:
    """Return whether keys of a class are Ed25519 keys. Their class is abstract, so asking takes longer than hashing."""
    return issubclass(kind, Ed25519PublicKey)


def verifies_ed25519(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
