"""Finds with a public key what is inside a signature: the scheme, the hash, the salt and the digest of the signed text.

An RSA signature is its padded digest raised to the private exponent, so one public operation gives the padding back
(RFC 8017, 9.1.2 and 9.2). Any other key gives noise, so the right key is known even if the text is not, and texts are
compared by hashing alone. An Ed25519 signature does not give its digest back: each text needs a verification.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from mockexchange.venues.kalshi.signatures import SALT_LENGTH_BYTES, verifies_ed25519

HASHES: dict[str, Callable[[bytes], bytes]] = {
    "SHA-256": lambda data: hashlib.sha256(data).digest(),
    "SHA-1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "SHA-512": lambda data: hashlib.sha512(data).digest(),
    "SHA-384": lambda data: hashlib.sha384(data).digest(),
    "SHA-224": lambda data: hashlib.sha224(data).digest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
}
"""Hash functions that a signature may have used. Old ones are only recognised, which a FIPS build of Python allows."""
DIGEST_SIZES = {name: len(digest(b"")) for name, digest in HASHES.items()}
DIGEST_INFOS = {
    "SHA-256": "3031300d060960864801650304020105000420",
    "SHA-1": "3021300906052b0e03021a05000414",
    "SHA-512": "3051300d060960864801650304020305000440",
    "SHA-384": "3041300d060960864801650304020205000430",
    "SHA-224": "302d300d06096086480165030402040500041c",
    "MD5": "3020300c06082a864886f70d020505000410",
}
"""Prefixes in PKCS #1 v1.5 that name the hash of a digest (RFC 8017, 9.2, note 1)."""

PSS_TRAILER = 0xBC
ZERO_BYTES_CERTAIN = 8
"""Number of zero bytes before the salt that prove the key: they are chance once in 2**64.

A salt of the maximum length leaves none.
"""
RIGHT_SCHEME = f"RSA-PSS with SHA-256, MGF1-SHA-256 and a salt of {SALT_LENGTH_BYTES} bytes"


class Reading(Protocol):
    """A signature opened with one public key: its padding scheme, hash function and salt length."""

    @property
    def is_certain(self) -> bool:
        """Whether the key certainly made the signature, even if the signed text is unknown."""

    def fits(self, text: bytes) -> bool:
        """Return whether the signature is that of this text."""

    def advice(self) -> str | None:
        """Return the change that the client has to make in its signature scheme; None if the scheme is right."""


class PssReading(Struct, frozen=True):
    hash_name: str
    mask_hash_name: str
    salt: bytes
    salt_bytes_max: int
    digest: bytes
    is_certain: bool

    def fits(self, text: bytes) -> bool:
        digest = HASHES[self.hash_name]
        return digest(bytes(8) + digest(text) + self.salt) == self.digest

    def advice(self) -> str | None:
        wrong = [*self._wrong_hashes(), *([] if len(self.salt) == SALT_LENGTH_BYTES else [self.describe_salt()])]
        return f"the signature is RSA-PSS with {', '.join(wrong)}: use {RIGHT_SCHEME}" if wrong else None

    def _wrong_hashes(self) -> Iterator[str]:
        if self.hash_name != "SHA-256":
            yield self.hash_name
        if self.mask_hash_name != "SHA-256":
            yield f"MGF1-{self.mask_hash_name}"

    def describe_salt(self) -> str:
        length = len(self.salt)
        known = {size: f" (the digest of {name})" for name, size in DIGEST_SIZES.items()}
        known |= {0: " (none)", self.salt_bytes_max: " (the maximum, MAX_LENGTH)"}
        return f"a salt of {length} bytes{known.get(length, '')}"


class Pkcs1Reading(Struct, frozen=True):
    """An interpretation as PKCS #1 v1.5; `hash_name` is None if the padding names no hash."""

    hash_name: str | None
    content: bytes
    is_certain: bool = True

    def fits(self, text: bytes) -> bool:
        if self.hash_name is not None:
            return HASHES[self.hash_name](text) == self.content
        return text == self.content or any(digest(text) == self.content for digest in HASHES.values())

    def advice(self) -> str:
        hashed = f" and {self.hash_name}" if self.hash_name else ", and the padding names no hash"
        return f"the signature has PKCS#1 v1.5 padding{hashed}: use {RIGHT_SCHEME}"


class Ed25519Reading(Struct, frozen=True):
    key: Ed25519PublicKey
    signature: bytes
    is_certain: bool = False

    def fits(self, text: bytes) -> bool:
        return verifies_ed25519(self.key, self.signature, text)

    def advice(self) -> None:
        return None


def open_signature(key: RSAPublicKey, signature: bytes) -> list[PssReading | Pkcs1Reading]:
    """Return the possible interpretations of a signature with a key.

    If one of them is certain it is the only one; the list is empty if the key did not make the signature.
    """
    numbers, width = key.public_numbers(), (key.key_size + 7) // 8
    value = int.from_bytes(signature)
    if len(signature) != width or value >= numbers.n:
        return []
    padded = pow(value, numbers.e, numbers.n).to_bytes(width)
    pkcs1 = _read_pkcs1(padded)
    if pkcs1 is not None:
        return [pkcs1]
    found: list[PssReading | Pkcs1Reading] = []
    for reading in _read_pss(padded, key.key_size - 1):
        if reading.is_certain:
            return [reading]  # the likeliest hashes are tried first, and 35 more pairs of hashes would find nothing
        found.append(reading)
    return found


def _read_pkcs1(padded: bytes) -> Pkcs1Reading | None:
    filling, zero, content = padded[2:].partition(b"\x00")
    if padded[:2] != b"\x00\x01" or not zero or len(filling) < ZERO_BYTES_CERTAIN or filling.strip(b"\xff"):
        return None
    for name, prefix in DIGEST_INFOS.items():
        if content.startswith(bytes.fromhex(prefix)):
            return Pkcs1Reading(name, content[len(prefix) // 2 :])
    return Pkcs1Reading(None, content)


def _read_pss(padded: bytes, bits: int) -> Iterator[PssReading]:
    padded = padded[-((bits + 7) // 8) :]
    if padded[-1] != PSS_TRAILER:
        return
    for name, size in DIGEST_SIZES.items():
        masked, digest = padded[: -size - 1], padded[-size - 1 : -1]
        for mask_name in HASHES:
            block = _unmask(masked, digest, mask_name, bits % 8)
            zeros = len(block) - len(block.lstrip(b"\x00"))
            if block[zeros : zeros + 1] == b"\x01":
                certain = zeros >= ZERO_BYTES_CERTAIN
                yield PssReading(name, mask_name, block[zeros + 1 :], len(block) - 1, digest, certain)


def _unmask(masked: bytes, digest: bytes, hash_name: str, odd_bits: int) -> bytes:
    """Remove the MGF1 mask (RFC 8017, B.2.1) and clear the bits above the modulus."""
    rounds = range(-(-len(masked) // DIGEST_SIZES[hash_name]))
    mask = b"".join(HASHES[hash_name](digest + counter.to_bytes(4)) for counter in rounds)
    block = int.from_bytes(masked) ^ int.from_bytes(mask[: len(masked)])
    spare_bits = (8 - odd_bits) % 8
    return (block & ((1 << (8 * len(masked) - spare_bits)) - 1)).to_bytes(len(masked))
