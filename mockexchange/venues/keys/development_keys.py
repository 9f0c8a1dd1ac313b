"""Provides key pairs for tests: from a pool in the package, by combining keys of the pool, or derived from a name.

The keys are public and protect nothing. Making an RSA key takes 20 to 50 ms and differs from run to run, so keys are
taken from the pool. When the pool is used up, the primes of two of its keys make another key in a fraction of a
millisecond: 128 pairs give 32,512 more. Ed25519 keys are derived from names.
"""

import hashlib
import re
from collections.abc import Callable, Container
from functools import cache
from importlib.resources import files
from math import lcm

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import Struct

from mockexchange.venues.keys.public_keys import PublicKey

_PAIR = re.compile(
    r"(-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----\n)"
    r"(-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\n)",
    re.DOTALL,
)

EXPONENT = 65537


class KeyPair(Struct, frozen=True):
    """A key pair as PEM texts. `private_pem` is None if the scenario provides only the public half."""

    public_pem: str
    private_pem: str | None


@cache
def development_keys() -> list[KeyPair]:
    """Return the pool of key pairs that is shipped with the package."""
    text = (files("mockexchange.venues.keys") / "development_keys.pem").read_text(encoding="ascii")
    return [KeyPair(public, private) for private, public in _PAIR.findall(text)]


def free_place(name: str, is_taken: Callable[[int], bool]) -> int | None:
    """Return the index of a key pair that is not taken, in the pool or among combined pairs; None if all are taken.

    The search begins at an index that depends only on the name.
    """
    pool = len(development_keys())
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    for first, count in ((0, pool), (pool, rsa_pair_count() - pool)):
        for step in range(count):
            place = first + (number + step) % count
            if not is_taken(place):
                return place
    return None


def rsa_pair(place: int) -> KeyPair:
    """Return the key pair with an index, of the pool or combined.

    An index beyond the pool stands for a pair that is made of primes of two pairs of the pool.
    """
    pool = development_keys()
    return pool[place] if place < len(pool) else _combined(place - len(pool))


def rsa_pair_count() -> int:
    """Return the number of pairs of the pool, and of combinations of two primes of different pairs."""
    count = len(development_keys())
    return count + 2 * count * (count - 1)


@cache
def _primes() -> list[tuple[int, int]]:
    """Return both primes of each pair of the pool."""
    pems = [(pair.private_pem or "").encode() for pair in development_keys()]
    keys = [serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True) for pem in pems]
    numbers = [key.private_numbers() for key in keys if isinstance(key, RSAPrivateKey)]
    return [(one.p, one.q) for one in numbers]


def _combined(index: int) -> KeyPair:
    pairs, which = divmod(index, 4)
    # the pair of pairs (small, large) with small < large, counted by large
    large = 1
    while pairs >= large:
        pairs, large = pairs - large, large + 1
    p, q = _primes()[large][which // 2], _primes()[pairs][which % 2]
    d = pow(EXPONENT, -1, lcm(p - 1, q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(EXPONENT, p * q)
    )
    return pair_of(numbers.private_key(unsafe_skip_rsa_key_validation=True))


def free_rsa_pair(name: str, used: Container[str]) -> KeyPair | None:
    """Return a pair whose public key is not in `used`, chosen by the name; None if all are used."""
    place = free_place(name, lambda place: rsa_pair(place).public_pem in used)
    return None if place is None else rsa_pair(place)


def derive_ed25519(name: str) -> KeyPair:
    """Return the Ed25519 development pair that is derived from a name."""
    return pair_of(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"development {name}".encode()).digest()))


def pair_of(key: RSAPrivateKey | Ed25519PrivateKey) -> KeyPair:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(public_pem(key.public_key()), private.decode())


def public_pem(key: PublicKey) -> str:
    """Return a public key as PEM in one canonical form, so that equal keys have equal texts."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def pkcs1(private_pem: str) -> str:
    """Return a private RSA key as PEM in the form of PKCS#1 (BEGIN RSA PRIVATE KEY)."""
    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
