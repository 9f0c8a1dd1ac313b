"""Parses signed headers, verifies signatures, and makes access tokens and keys in the forms of Deribit.

A request is signed over timestamp, nonce, METHOD, the target as sent and the body, a newline after each; a stream over
timestamp, nonce and data, with newlines in between [doc]. Both are HMAC-SHA256 with the secret as text, in hex.
"""

import json
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from mockexchange.venues.jsonrpc.envelope import is_utf8
from mockexchange.venues.keys.secrets import are_equal, decode_url_safe, derive_bytes, encode_url_safe, hmac_sha256
from mockexchange.venues.request import Request

SCHEME = "deri-hmac-sha256"
AUTHORIZATION = b"authorization"
DIGEST_BYTES = 32
KEY_ID_BYTES, SECRET_BYTES = 6, 32
SECRET_CHARS_MAX = 200
TOKEN_CHARS_MAX = 2_048
HEADERS_KEPT_MAX = 64
"""Size of the cache of parsed headers; hardly more requests are answered at the same time."""
PARTS_MAX = 16
"""Largest number of parts of a header that are read; four are known."""


class Credentials(NamedTuple):
    """The parts of an Authorization header's signature as sent; "" for a missing part."""

    key_id: str
    timestamp: str
    signature: str
    nonce: str


def read_authorization(request: Request) -> tuple[str, str] | None:
    """Return the scheme of the Authorization header in lower case, and the text after it; None without the header."""
    header = request.header(AUTHORIZATION)
    return None if header is None else _split(header)


@lru_cache(maxsize=HEADERS_KEPT_MAX)
def _split(header: str) -> tuple[str, str]:
    """Return scheme and rest; the result is cached, because several steps of a request need it."""
    scheme, _, rest = header.strip().partition(" ")
    return scheme.lower(), rest.strip()


@lru_cache(maxsize=HEADERS_KEPT_MAX)
def read_credentials(text: str) -> Credentials:
    """Return the parts of an Authorization header's text after the scheme, in any order, as clients differ [code].

    If a part is repeated, the first one counts. The result is cached, because several steps of a request need it.
    """
    found: dict[str, str] = {}
    for part in text.split(",", PARTS_MAX):
        name, _, value = part.partition("=")
        found.setdefault(name.strip(), value.strip())
    return Credentials(*(found.get(name, "") for name in ("id", "ts", "sig", "nonce")))


def request_text(timestamp: str, nonce: str, request: Request) -> bytes:
    """Return the bytes that a client has to sign for a request."""
    head = f"{timestamp}\n{nonce}\n{request.method}\n{request.target}\n".encode("latin-1", "replace")
    return head + request.body + b"\n"


def stream_text(timestamp: str, nonce: str, data: str) -> bytes:
    """Return the bytes that a client has to sign for a client_signature."""
    return f"{timestamp}\n{nonce}\n{data}".encode(errors="replace")


def sign(secret: str, text: bytes) -> str:
    return hmac_sha256(secret.encode(), text).hex()


def verifies(secret: str, text: bytes, signature: str) -> bool:
    """Return whether a signature, in hex of either case, is that of `text` with this secret."""
    return are_equal(sign(secret, text).encode(), signature.lower().encode(errors="replace"))


class Token(NamedTuple):
    """The content of an access or refresh token (`kind`).

    Times are microseconds of the clock that `auth_clock` selects.
    """

    kind: str
    key_id: str
    scope: str
    issued_at: int
    lifetime_s: int


def write_token(token: Token, secret: str) -> str:
    """Return a token in the venue's form, which contains the content and an HMAC of it.

    So the server need not store tokens, and a journal can be replayed.
    """
    content = json.dumps(token, separators=(",", ":")).encode()
    proof = hmac_sha256(secret.encode(), content)
    head = f"1{encode_url_safe(proof)[:7]}"
    return f"{token.issued_at // 1_000}.{head}.{encode_url_safe(proof + content)}"


def read_token(text: str) -> tuple[Token, bytes, bytes] | None:
    """Return a token's content, the bytes that its HMAC covers, and the HMAC; None for a text that is not a token."""
    _, _, body = text.rpartition(".")
    if not body:
        return None
    data = decode_url_safe(body) if len(text) <= TOKEN_CHARS_MAX else None
    if data is None:
        return None
    proof, content = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
    try:
        fields: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, list) or list(map(type, fields)) != [str, str, str, int, int]:
        return None
    token = Token(*fields)
    return (token, content, proof) if is_utf8(token.key_id) else None


def is_authentic(secret: str, content: bytes, proof: bytes) -> bool:
    return are_equal(hmac_sha256(secret.encode(), content), proof)


def key_id_of(seed: str) -> str:
    """Return a client id, derived from `seed`, in the venue's form: 8 characters."""
    return encode_url_safe(derive_bytes(seed, "client id", KEY_ID_BYTES))


def secret_of(seed: str) -> str:
    """Return a client secret, derived from `seed`, in the venue's form: 43 characters."""
    return encode_url_safe(derive_bytes(seed, "client secret", SECRET_BYTES))


def check_secret(secret: str) -> None:
    """Raise ValueError for a text that cannot be a client secret: it has to fit into headers and queries."""
    if not secret or len(secret) > SECRET_CHARS_MAX or not secret.isascii() or not secret.isprintable():
        raise ValueError(f"expected a client secret: 1 to {SECRET_CHARS_MAX} printable ASCII characters")
    if quote(secret, safe="-_.~+/=") != secret:
        raise ValueError("expected a client secret of letters, digits and - _ . ~ + / =")
