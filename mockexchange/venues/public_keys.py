"""Public keys of clients, as PEM texts."""

from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

RSA_BITS_MIN = 2048
RSA_BITS_MAX = 4096
PUBLIC_KEYS_MAX = 4096

PublicKey = RSAPublicKey | Ed25519PublicKey


class UnusableKey(ValueError):
    """The PEM is no public key that venues accept; the message gives the reason."""


@lru_cache(maxsize=PUBLIC_KEYS_MAX)
def load_public_key(pem: str) -> PublicKey:
    """Parse a PEM public key: RSA of 2048 to 4096 bits, or Ed25519. Raises UnusableKey."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKey(f"expected a PEM public key (-----BEGIN PUBLIC KEY-----): {error}") from None
    if isinstance(key, RSAPublicKey):
        if not RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX:
            raise UnusableKey(f"expected an RSA key of {RSA_BITS_MIN} to {RSA_BITS_MAX} bits, got {key.key_size}")
        return key
    if isinstance(key, Ed25519PublicKey):
        return key
    raise UnusableKey(f"expected an RSA or Ed25519 key, got {type(key).__name__}")
