"""The diagnosis of a signature by its length alone."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mockexchange.venues.kalshi.diagnosis.signature_contents import RIGHT_SCHEME
from mockexchange.venues.keys.public_keys import PublicKey
from mockexchange.venues.quoting import plural

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
