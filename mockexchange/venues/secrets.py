"""Shared secrets: HMAC-SHA256 with them, whose they are, and how they are made where a scenario gives none."""

import hashlib
import hmac
from base64 import b64decode, urlsafe_b64encode
from binascii import Error

from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State


def hmac_sha256(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def are_equal(left: bytes, right: bytes) -> bool:
    """Whether two secrets are the same, in a time that does not tell how much of them is."""
    return hmac.compare_digest(left, right)


def derive_bytes(seed: str, purpose: str, size_bytes: int) -> bytes:
    """Bytes that follow from a seed and from what they are for, and from nothing else: so a run can be repeated."""
    return hashlib.shake_256(f"{purpose}:{seed}".encode()).digest(size_bytes)


def find_secret_key(state: State, venue: str, key_id: str) -> Key | None:
    """The key of that id with a secret, where its account is one of that venue."""
    key = state.secret_keys.get(key_id)
    return key if key and state.accounts[key.account].venue == venue else None


def encode_url_safe(data: bytes) -> str:
    """Base64 with "-" and "_", without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode_url_safe(text: str) -> bytes | None:
    """The bytes of what `spell_url_safe` wrote; None for anything else."""
    try:
        data = b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (Error, ValueError):
        return None
    return data if encode_url_safe(data) == text else None
