"""Keys made once per run, the ways in which clients sign with them, and an ordinary request to sign."""

from base64 import b64encode
from collections.abc import Sequence
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    generate_private_key,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from mockexchange.venues.kalshi.diagnosis import KnownKey, explain_signature
from mockexchange.venues.kalshi.signatures import Credentials
from mockexchange.venues.request import Request

EXPONENT = 65_537
SHA256 = hashes.SHA256()
Signer = RSAPrivateKey | Ed25519PrivateKey

TS = "1762300000123"
API = "/trade-api/v2"
PATH = f"{API}/portfolio/positions"
TEXT = f"{TS}GET{PATH}"
HOST = "127.0.0.1:8600"
GET = Request("GET", PATH, "limit=2", ((b"host", HOST.encode()),))


@cache
def rsa_key(owner: str, bits: int = 2048) -> RSAPrivateKey:
    """A key of its own for each name and size."""
    assert owner
    return generate_private_key(EXPONENT, bits)


@cache
def odd_rsa_key() -> RSAPrivateKey:
    """A key of 2049 bits, whose PSS block is a byte shorter than its signatures; the library makes none itself."""
    first, second = rsa_key("odd", 2048).private_numbers().p, rsa_key("odd", 2050).private_numbers().q
    public = RSAPublicNumbers(EXPONENT, first * second)
    secret = pow(EXPONENT, -1, (first - 1) * (second - 1))
    parts = rsa_crt_dmp1(secret, first), rsa_crt_dmq1(secret, second), rsa_crt_iqmp(first, second)
    return RSAPrivateNumbers(first, second, secret, *parts, public).private_key()


@cache
def ed25519_key(owner: str) -> Ed25519PrivateKey:
    assert owner
    return Ed25519PrivateKey.generate()


ALGORITHMS = ("rsa", "ed25519")


def signer(algorithm: str) -> Signer:
    return rsa_key("alice") if algorithm == "rsa" else ed25519_key("alice")


def public_pem(key: PrivateKeyTypes) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key: PrivateKeyTypes, spelling: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, spelling, NoEncryption()).decode()


def known(account: str, key: PrivateKeyTypes, name: str = "main") -> KnownKey:
    return KnownKey(f"id-of-{account}-{name}", account, name, public_pem(key))


def sign(
    key: Signer,
    text: str | bytes,
    algorithm: hashes.HashAlgorithm = SHA256,
    mask: hashes.HashAlgorithm | None = None,
    salt: int = 32,
) -> bytes:
    """Sign as the venue wants it, or with what is told otherwise."""
    data = text.encode() if isinstance(text, str) else text
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, PSS(MGF1(mask or algorithm), salt), algorithm)


def sign_pkcs1(key: RSAPrivateKey, text: str, algorithm: hashes.HashAlgorithm = SHA256) -> bytes:
    return key.sign(text.encode(), PKCS1v15(), algorithm)


def spell(signature: bytes) -> str:
    return b64encode(signature).decode()


def explain(request: Request, signature: str, others: Sequence[KnownKey] = (), key: KnownKey | None = None) -> str:
    """Diagnose what alice sent at TS."""
    mine = key or known("alice", rsa_key("alice"))
    return explain_signature(request, Credentials(mine.key_id, TS, signature), mine, others, HOST)
