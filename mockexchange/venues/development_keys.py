"""Key pairs that the package makes: the pool of development keys, and pairs that are derived from names.

The keys are public and protect nothing. Making an RSA key takes 20 to 50 ms and differs from run to run, so keys are
drawn from the pool; Ed25519 keys are derived.
"""

import hashlib
import re
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from mockexchange.venues.public_keys import PublicKey

_PAIR = re.compile(
    r"(-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----\n)"
    r"(-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\n)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair as PEM texts. `private_pem` is None if the scenario gives only the public half."""

    public_pem: str
    private_pem: str | None


@cache
def development_keys() -> list[KeyPair]:
    """Return the pool shipped with the package."""
    text = (files("mockexchange.venues") / "development_keys.pem").read_text(encoding="ascii")
    return [KeyPair(public, private) for private, public in _PAIR.findall(text)]


def first_place(name: str) -> int:
    """Return the place in the pool at which the search for a free pair begins; it depends on the name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % len(development_keys())


def free_rsa_pair(name: str, used: Container[str]) -> KeyPair | None:
    """Return a pair of the pool whose public key is not used; None if all are used."""
    pool = development_keys()
    first = first_place(name)
    return next((pair for pair in [*pool[first:], *pool[:first]] if pair.public_pem not in used), None)


def derive_ed25519(name: str) -> KeyPair:
    """Return the development pair that is derived from a name."""
    return pair_of(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"development {name}".encode()).digest()))


def pair_of(key: RSAPrivateKey | Ed25519PrivateKey) -> KeyPair:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(public_pem(key.public_key()), private.decode())


def public_pem(key: PublicKey) -> str:
    """Return a public key in canonical form, so that equal keys are equal texts."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def pkcs1(private_pem: str) -> str:
    """Return a private RSA key in the form of PKCS#1 (BEGIN RSA PRIVATE KEY)."""
    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
