"""Ways to sign wrongly, as a table; each is refused, and the bodies of some were recorded."""

import hmac
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mockexchange.kit.kalshi.signing import SCHEME, Signer

KEY, SIGNATURE, TIMESTAMP = (f"KALSHI-ACCESS-{name}" for name in ("KEY", "SIGNATURE", "TIMESTAMP"))
QUERY = {"limit": "2"}
"""What is sent beside the path, so that it can be signed by mistake."""
Headers = dict[str, str]


class SignedRequest(NamedTuple):
    """A request to be signed: by whom, and the headers that would be right."""

    signer: Signer
    method: str
    url: str
    right: Headers

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def signing(self, text: str) -> Headers:
        """The headers with the signature of another text."""
        return self.with_bytes(self.signer.key.sign(text.encode(), SCHEME, hashes.SHA256()))

    def with_bytes(self, signature: bytes) -> Headers:
        return {**self.right, SIGNATURE: b64encode(signature).decode()}

    @property
    def at(self) -> str:
        return self.right[TIMESTAMP]

    @property
    def text(self) -> str:
        return f"{self.at}{self.method}{self.path}"


class Mistake(NamedTuple):
    """`says` are members of the error that were recorded for it; empty where any documented 401 will do."""

    words: str
    make: Callable[[SignedRequest], Headers]
    says: Mapping[str, str] = {}
    age_ms: int = 0


class MistakenSigner(NamedTuple):
    """A signer who makes a mistake."""

    signer: Signer
    mistake: Mistake

    @property
    def key_id(self) -> str:
        return self.signer.key_id

    def headers(self, method: str, url: str, age_ms: int = 0, body: bytes = b"") -> Headers:
        right = self.signer.headers(method, url, age_ms + self.mistake.age_ms, body)
        return self.mistake.make(SignedRequest(self.signer, method, url, right))


def _without(name: str) -> Callable[[SignedRequest], Headers]:
    return lambda sent: {key: value for key, value in sent.right.items() if key != name}


def _with(name: str, value: str) -> Callable[[SignedRequest], Headers]:
    return lambda sent: {**sent.right, name: value}


def _signing(change: Callable[[SignedRequest], str]) -> Callable[[SignedRequest], Headers]:
    return lambda sent: sent.signing(change(sent))


def _respelt(change: Callable[[bytes], str]) -> Callable[[SignedRequest], Headers]:
    return lambda sent: {**sent.right, SIGNATURE: change(b64decode(sent.right[SIGNATURE]))}


def _at_seconds(sent: SignedRequest) -> Headers:
    seconds = sent.at[:-3]
    return {**sent.signing(f"{seconds}{sent.method}{sent.path}"), TIMESTAMP: seconds}


def _at(text: str) -> Callable[[SignedRequest], Headers]:
    return lambda sent: {**sent.signing(f"{text}{sent.method}{sent.path}"), TIMESTAMP: text}


def _hmac(sent: SignedRequest) -> Headers:
    secret = sent.signer.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sent.with_bytes(hmac.new(secret, sent.text.encode(), sha256).digest())


def _pkcs1(sent: SignedRequest) -> Headers:
    return sent.with_bytes(sent.signer.key.sign(sent.text.encode(), PKCS1v15(), hashes.SHA256()))


def _sha512(sent: SignedRequest) -> Headers:
    return sent.with_bytes(sent.signer.key.sign(sent.text.encode(), SCHEME, hashes.SHA512()))


def _query_signed(sent: SignedRequest) -> str:
    return f"{sent.text}?{'&'.join(f'{name}={value}' for name, value in QUERY.items())}"


NOTHING = Mistake("no headers", lambda sent: {}, {"code": "token_authentication_failure"})
MISTAKES: tuple[Mistake, ...] = (
    NOTHING,
    Mistake("no key", _without(KEY)),
    Mistake("an empty key", _with(KEY, "")),
    Mistake("a key of nobody", _with(KEY, "6c5cb9a2-8d9f-4d0f-9d4e-000000000000"), {"details": "NOT_FOUND"}),
    Mistake("a key that is none", _with(KEY, "not-a-key")),
    Mistake("no signature", _without(SIGNATURE), {"code": "signature_is_missing_from_headers"}),
    Mistake("an empty signature", _with(SIGNATURE, "")),
    Mistake("a signature that is none", _with(SIGNATURE, "AAAA")),
    Mistake("a signature that is no base64", _with(SIGNATURE, "%%%")),
    Mistake("no timestamp", _without(TIMESTAMP)),
    Mistake("a timestamp in words", _at("now")),
    Mistake("a timestamp of RFC 3339", _at("2026-10-31T12:00:00Z")),
    Mistake("a timestamp in seconds", _at_seconds),
    Mistake("a minute ago", lambda sent: sent.right, {"code": "header_timestamp_expired"}, 60_000),
    Mistake("in five minutes", lambda sent: sent.right, {"code": "header_timestamp_expired"}, -300_000),
    Mistake("a timestamp other than the signed one", lambda sent: {**sent.right, TIMESTAMP: str(int(sent.at) + 1)}),
    Mistake("the query signed", _signing(_query_signed)),
    Mistake("the prefix left out", _signing(lambda sent: sent.text.replace("/trade-api/v2", ""))),
    Mistake("the host signed", _signing(lambda sent: f"{sent.at}{sent.method}{sent.url}")),
    Mistake("a slash at the end", _signing(lambda sent: f"{sent.text}/")),
    Mistake("the method in lower case", _signing(lambda sent: f"{sent.at}{sent.method.lower()}{sent.path}")),
    Mistake("another method", _signing(lambda sent: f"{sent.at}POST{sent.path}")),
    Mistake("a body appended", _signing(lambda sent: f"{sent.text}{{}}")),
    Mistake("newlines between", _signing(lambda sent: f"{sent.at}\n{sent.method}\n{sent.path}")),
    Mistake("another order", _signing(lambda sent: f"{sent.method}{sent.path}{sent.at}")),
    Mistake("nothing signed", _signing(lambda sent: "")),
    Mistake("PKCS #1 v1.5", _pkcs1),
    Mistake("SHA-512", _sha512),
    Mistake("an HMAC", _hmac),
    Mistake("hexadecimal digits", _respelt(bytes.hex)),
    Mistake("base64 for URLs", _respelt(lambda signature: urlsafe_b64encode(b"\xff" + signature[1:]).decode())),
    Mistake(
        "a byte turned over", _respelt(lambda signature: b64encode(bytes([signature[0] ^ 1]) + signature[1:]).decode())
    ),
    Mistake("half of it", _respelt(lambda signature: b64encode(signature[:128]).decode())),
)
