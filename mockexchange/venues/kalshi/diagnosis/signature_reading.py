"""Reads a signature: decodes its header leniently, explains a wrong length, and finds what is inside it.

The venue accepts standard base64 only. With a public key, an RSA signature gives its scheme, hash, salt and digest.
"""

import hashlib
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from mockexchange.venues.kalshi.signatures import SALT_LENGTH_BYTES, decode_signature, verifies_ed25519
from mockexchange.venues.keys.public_keys import PublicKey
from mockexchange.venues.quoting import plural, quote

# --- the header: a lenient decoder, which explains wrong encodings


STANDARD = "send standard base64 on one line, padded with ="
SIGNATURE_CHARS_MAX = 16_384
"""Longest signature header that is decoded. An RSA-4096 signature has 684 characters."""
HEX_CHARS_MIN = 40
"""Length of the shortest digest in hex (SHA-1). Real base64 has so many hex digits in a row once in 10**18."""
LINE_CHARS_MIN = 60

_HEX = re.compile(r"(0x)?((?:[0-9a-fA-F]{2})+)")


class DecodedSignature(NamedTuple):
    """The bytes of a signature (None if unreadable), and the advice on its encoding (None if it is right)."""

    data: bytes | None
    advice: str | None


class Repair(NamedTuple):
    is_needed: Callable[[str], bool]
    repair: Callable[[str], str]
    description: str


def _is_wrapped(text: str) -> bool:
    """Return whether white space stands for line breaks, between lines of one length, not for lost plus signs."""
    *full, last = re.split(r"[ \r\n]+", text)
    is_whole = "\n" in text or len("".join([*full, last])) % 4 == 0
    return is_whole and len(set(map(len, full))) == 1 and len(full[0]) >= LINE_CHARS_MIN


def _pad(text: str) -> str:
    bare = text.rstrip("=")
    return bare + "=" * (-len(bare) % 4)


REPAIRS = (
    Repair(
        lambda text: re.search(r"\\[rn]", text) is not None,
        lambda text: re.sub(r"\\[rn]", "\n", text),
        "escaped newlines",
    ),
    Repair(lambda text: text != text.strip("\r\n\t "), str.strip, "white space around it"),
    Repair(
        lambda text: re.fullmatch(r"b'.*'", text, re.DOTALL) is not None,
        lambda text: text[2:-1],
        "Python's b'...' around it",
    ),
    Repair(lambda text: text != text.strip("\"'"), lambda text: text.strip("\"'"), "quotes around it"),
    Repair(lambda text: re.search("%[0-9a-fA-F]{2}", text) is not None, unquote, "percent-encoding"),
    Repair(_is_wrapped, lambda text: re.sub(r"[ \r\n]+", "", text), "line breaks"),
    Repair(lambda text: " " in text, lambda text: text.replace(" ", "+"), "spaces in place of +"),
    Repair(
        lambda text: "-" in text or "_" in text,
        lambda text: text.replace("-", "+").replace("_", "/"),
        'the url-safe alphabet ("-" and "_" for "+" and "/")',
    ),
    Repair(lambda text: text != _pad(text), _pad, "missing or wrong padding"),
)


def read_signature(text: str) -> DecodedSignature:
    """Decode a signature header. Never raises."""
    if not text:
        return DecodedSignature(None, f"the signature is empty: {STANDARD}")
    if len(text) > SIGNATURE_CHARS_MAX:
        return DecodedSignature(
            None, f"the signature has {len(text):,} characters: even an RSA-4096 key makes only 684"
        )
    hexadecimal = _HEX.fullmatch(text)
    if hexadecimal and len(text) >= HEX_CHARS_MIN:
        return DecodedSignature(bytes.fromhex(hexadecimal[2]), f"the signature is in hex: {STANDARD}")
    data = decode_signature(text)
    if data is not None:
        return _read_twice_encoded(data)
    return _read_repaired(text)


def _read_twice_encoded(data: bytes) -> DecodedSignature:
    try:
        inner = b64decode(data, validate=True) if len(data) >= HEX_CHARS_MIN else b""
    except (Error, ValueError):
        inner = b""
    return (
        DecodedSignature(inner, "the signature is in base64 twice: encode it once")
        if inner
        else DecodedSignature(data, None)
    )


def _read_repaired(text: str) -> DecodedSignature:
    wrong, repaired = [], text
    for is_needed, repair, description in REPAIRS:
        if is_needed(repaired):
            wrong.append(description)
            repaired = repair(repaired)
    data = decode_signature(repaired)
    if data is None or not wrong:
        return DecodedSignature(None, f"the signature is no base64, {_unreadable(text, repaired)}: {STANDARD}")
    return DecodedSignature(data, f"the signature is base64 with {' and '.join(wrong)}: {STANDARD}")


def _unreadable(text: str, repaired: str) -> str:
    stray = re.search("[^A-Za-z0-9+/=]", repaired)
    if stray and stray[0] in text:
        return f"{quote(stray[0])} at character {text.index(stray[0]) + 1}"
    return f"its {len(text)} characters cannot be decoded (cut off?)"


# --- what is inside
#
# An RSA signature is its padded digest raised to the private exponent, so one public operation gives the padding back
# (RFC 8017, 9.1.2 and 9.2). Any other key gives noise, so the right key is known even if the text is not, and texts are
# compared by hashing alone. An Ed25519 signature does not give its digest back: each text needs a verification.


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


# --- its length


ED25519_BYTES = 64
RSA_BYTES = range(128, 1_025)
BITS_STEP = 8
DIGESTS = {16: "MD5", 20: "SHA1", 28: "SHA224", 32: "SHA256", 48: "SHA384", 64: "SHA512"}
DER_SEQUENCE = b"\x30"


def signature_bytes(key: PublicKey) -> int:
    return ED25519_BYTES if isinstance(key, Ed25519PublicKey) else (key.key_size + 7) // 8


def describe_key(key: PublicKey) -> str:
    return "an Ed25519 key" if isinstance(key, Ed25519PublicKey) else f"an RSA key of {key.key_size} bits"


def right_way(key: PublicKey) -> str:
    return "Ed25519" if isinstance(key, Ed25519PublicKey) else RIGHT_SCHEME


def explain_length(signature: bytes, key: PublicKey) -> str | None:
    """Return why a signature has the wrong length for a key; None if the length is right."""
    length, wanted = len(signature), signature_bytes(key)
    if length == wanted:
        return None
    made = f"the signature has {plural(length, 'byte')}, {_look(signature)}"
    return f"{made}; this key id has {describe_key(key)}, whose signatures have {wanted}: sign with {right_way(key)}"


def _look(signature: bytes) -> str:
    length = len(signature)
    if length == ED25519_BYTES:
        return "as an Ed25519 signature or an HMAC-SHA512 has"
    if length in DIGESTS:
        return f"as an HMAC-{DIGESTS[length]} has (there is no shared secret here)"
    if length > ED25519_BYTES and signature.startswith(DER_SEQUENCE) and length == signature[1] + 2:
        return "made with ECDSA (an EC key)"
    if length in RSA_BYTES and length % 32 == 0:
        return f"made with a {length * BITS_STEP}-bit RSA key"
    return "which no signature has (cut off?)"
