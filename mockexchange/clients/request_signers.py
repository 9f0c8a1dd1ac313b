"""How a request is written and signed, venue by venue: as a client does, and from the documents alone."""

import hashlib
import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

REQUEST_ID = 1


class UnsignedRequest(NamedTuple):
    """A request before it is signed; `target` is as sent, with the query."""

    method: str
    target: str
    body: bytes = b""


Credential = Mapping[str, Any]
"""An account's entry of the control API: key id, and private key or secret."""


class RequestSigner(NamedTuple):
    """`id_name` is what JSON-RPC requests are numbered by; None where requests are plain REST."""

    prefix: str
    sign: Callable[[Credential, UnsignedRequest], dict[str, str]]
    id_name: str | None = None


def signed_headers(
    key_id: str, private_pem: str, method: str, path: str, timestamp_ms: int | None = None
) -> dict[str, str]:
    """Return Kalshi's three headers. `path` is as sent, without the query; the time is now if not given.

    Raises ValueError when the PEM holds no usable private key.
    """
    timestamp = str(_now_ms() if timestamp_ms is None else timestamp_ms)
    signature = sign(private_pem, f"{timestamp}{method}{path}".encode())
    return {
        "KALSHI-ACCESS-KEY": key_id,
        "KALSHI-ACCESS-TIMESTAMP": timestamp,
        "KALSHI-ACCESS-SIGNATURE": b64encode(signature).decode(),
    }


def sign(private_pem: str, message: bytes) -> bytes:
    """Sign as Kalshi wants it: PSS with SHA-256 and a salt of 32 bytes for RSA keys, plainly for Ed25519 keys."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    key = serialization.load_pem_private_key(private_pem.encode(), password=None)
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, RSAPrivateKey):
        digest = hashes.SHA256()
        return key.sign(message, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    raise ValueError(f"expected an RSA or Ed25519 key, got {type(key).__name__}")


def envelope(id_name: str, method: str, params: Mapping[str, Any]) -> bytes:
    """A JSON-RPC request. `method` is a path, as it stands in the URL."""
    return json.dumps({id_name: REQUEST_ID, "method": method, "params": params}).encode()


def _sign_kalshi(credential: Credential, request: UnsignedRequest) -> dict[str, str]:
    path = request.target.partition("?")[0]
    return signed_headers(credential["key_id"], credential["private_key_pem"], request.method, path)


def _sign_deribit(credential: Credential, request: UnsignedRequest) -> dict[str, str]:
    """`deri-hmac-sha256`: time, nonce, method, target and body, each with a newline behind it [doc]."""
    timestamp, nonce = str(_now_ms()), _nonce()
    lines = "".join(f"{part}\n" for part in (timestamp, nonce, request.method, request.target))
    text = lines.encode() + request.body + b"\n"
    signature = hmac.new(credential["secret"].encode(), text, hashlib.sha256).hexdigest()
    parts = f"id={credential['key_id']},ts={timestamp},nonce={nonce},sig={signature}"
    return {"Authorization": f"deri-hmac-sha256 {parts}", "Content-Type": "application/json"}


def _sign_signalplus(credential: Credential, request: UnsignedRequest) -> dict[str, str]:
    """Time and nonce alone, under the decoded secret; nothing of the request is covered [doc]."""
    timestamp, nonce = str(_now_ms()), _nonce()
    mac = hmac.new(b64decode(credential["secret"]), f"{timestamp}\n{nonce}".encode(), hashlib.sha256)
    return {
        "Authorization": f"Bearer {credential['key_id']}",
        "Signalplus-API-Timestamp": timestamp,
        "Signalplus-API-Nonce": nonce,
        "Signalplus-API-Signature": b64encode(mac.digest()).decode(),
        "Content-Type": "application/json",
    }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _nonce() -> str:
    return str(time.time_ns())


REQUEST_SIGNERS = {
    "kalshi": RequestSigner("/trade-api/v2", _sign_kalshi),
    "deribit": RequestSigner("/api/v2", _sign_deribit, "id"),
    "signalplus": RequestSigner("/signalplus/api", _sign_signalplus, "rid"),
}
"""By venue. The prefixes stand here too, because a command is faster without the venues."""
