"""Compares shared secrets, finds keys that have a secret, and derives secrets from a seed."""

import hashlib
import hmac
from base64 import b64decode, urlsafe_b64encode
from binascii import Error
from functools import lru_cache

from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State

SECRETS_KEPT_MAX = 1_024


def hmac_sha256(key: bytes, text: bytes) -> bytes:
    keyed = _keyed(key).copy()
    keyed.update(text)
    return keyed.digest()


@lru_cache(maxsize=SECRETS_KEPT_MAX)
def _keyed(key: bytes) -> hmac.HMAC:
    """Return the HMAC of a key before any text, which takes as long to begin as a short text to add."""
    return hmac.new(key, digestmod="sha256")


def are_equal(left: bytes, right: bytes) -> bool:
    """Return whether two secrets are equal, in constant time."""
    return hmac.compare_digest(left, right)


def derive_bytes(seed: str, purpose: str, size_bytes: int) -> bytes:
    """Return bytes that depend only on a seed and a purpose, so that a run can be repeated."""
    return hashlib.shake_256(f"{purpose}:{seed}".encode()).digest(size_bytes)


def find_secret_key(state: State, venue: str, key_id: str) -> Key | None:
    """Return the key with this id that has a secret; None if there is none, or its account belongs to another venue."""
    key = state.secret_keys.get(key_id)
    return key if key and state.accounts[key.account].venue == venue else None


def encode_url_safe(data: bytes) -> str:
    """Return base64 with "-" and "_", without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_url_safe(text: str) -> bytes | None:
    """Return the bytes that `encode_url_safe` wrote as this text; None for other texts."""
    try:
        data = b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (Error, ValueError):
        return None
    return data if encode_url_safe(data) == text else None
