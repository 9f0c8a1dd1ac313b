"""Checks and parses the public keys of clients, which are PEM texts."""

import math
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RSA_BITS_MIN = 2048
RSA_BITS_MAX = 4096
PUBLIC_KEYS_MAX = 4096
"""Number of keys that are kept in their parsed form."""
SMALL_FACTORS = math.prod(range(2, 1_000))
"""The product of all numbers below 1,000, to find a modulus with a prime factor below 1,000."""
FIELD = 2**255 - 19
CURVE_D = -121_665 * pow(121_666, -1, FIELD) % FIELD
"""The constant of the curve of Ed25519, in its prime field (RFC 8032, 5.1)."""
DOUBLINGS = 3
"""Number of doublings that turn a point of small order into the neutral one, since the cofactor of the curve is 8."""

PublicKey = RSAPublicKey | Ed25519PublicKey


class UnusableKey(ValueError):
    """The error of a PEM text that is not a public key which venues accept; the message gives the reason."""


@lru_cache(maxsize=PUBLIC_KEYS_MAX)
def load_public_key(pem: str) -> PublicKey:
    """Parse a public key in PEM: RSA of 2048 to 4096 bits, or Ed25519.

    Raises UnusableKey, also for weak keys for which anyone can make signatures.
    """
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKey(f"expected a PEM public key (-----BEGIN PUBLIC KEY-----): {error}") from None
    if isinstance(key, RSAPublicKey):
        if not RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX:
            raise UnusableKey(f"expected an RSA key of {RSA_BITS_MIN} to {RSA_BITS_MAX} bits, got {key.key_size}")
        if math.gcd(key.public_numbers().n, SMALL_FACTORS) > 1:
            raise UnusableKey("expected an RSA modulus of two large primes, got one with a factor below 1,000")
        return key
    if isinstance(key, Ed25519PublicKey):
        if _has_small_order(key):
            raise UnusableKey("expected an Ed25519 key of large order, got a point of order 8 or less")
        return key
    raise UnusableKey(f"expected an RSA or Ed25519 key, got {type(key).__name__}")


def _has_small_order(key: Ed25519PublicKey) -> bool:
    """Return whether signatures of the key prove nothing, since the point has at most eight multiples."""
    # The highest bit is the sign of x (RFC 8032, section 5.1.2).
    y = int.from_bytes(key.public_bytes(Encoding.Raw, PublicFormat.Raw), "little") % 2**255 % FIELD
    for _ in range(DOUBLINGS):
        y = _doubled(y)
    return y == 1


def _doubled(y: int) -> int:
    """Return the y coordinate of twice a point of the curve -x^2 + y^2 = 1 + d x^2 y^2, from its own."""
    yy = y * y % FIELD
    xx = (yy - 1) * pow(CURVE_D * yy + 1, -1, FIELD) % FIELD
    return (yy + xx) * pow(1 - CURVE_D * xx * yy, -1, FIELD) % FIELD
