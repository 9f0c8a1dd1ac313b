"""The diagnosis of a signature for a user who has the key, without a server."""

import binascii
import re
from base64 import b64decode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
)

from mockexchange.venues.diagnosis.search import VERIFIES
from mockexchange.venues.kalshi.diagnosis.signature_search import explain_salt, explain_signature
from mockexchange.venues.kalshi.signatures import Credentials, KnownKey, decode_signature, signed_message, verify
from mockexchange.venues.keys.public_keys import UnusableKey, load_public_key
from mockexchange.venues.request import Request
from mockexchange.venues.timestamps import explain_digits

_URL = re.compile(r"[A-Za-z]+://([^/?#]*)", re.ASCII)


def explain_offline(method: str, path: str, query: str, timestamp: str, signature_b64: str, pem_text: str) -> str:
    """Return an explanation of a signature: a text that begins with "verifies" if it is right. Never raises.

    `path` may contain the query or be a whole URL; `pem_text` is the public or the private key.
    """
    try:
        pem = read_public_pem(pem_text)
        load_public_key(pem)
    except UnusableKey as unusable:
        return f"the key cannot be used: {unusable}"
    request, host = _read_target(method.strip().upper(), path.strip(), query)
    credentials = Credentials(None, _wire(timestamp.strip()) or None, _wire(signature_b64.strip()) or None)
    message = _verify(request, credentials, pem) or explain_signature(
        request, credentials, KnownKey("", "", "", pem), (), host
    )
    doubt = explain_digits(_wire(timestamp.strip()))
    return f"{message}; {doubt}" if doubt else message


def _verify(request: Request, credentials: Credentials, pem: str) -> str | None:
    signature = decode_signature(credentials.signature or "")
    message = signed_message(credentials.timestamp or "", request)
    key = load_public_key(pem)
    verdict = verify(key, signature, message) if signature else "bad"
    if signature is None or verdict == "bad":
        return None
    return VERIFIES if verdict == "good" else f"{VERIFIES}; {explain_salt(key, signature, message)}"


def _read_target(method: str, path: str, query: str) -> tuple[Request, str]:
    url = _URL.match(path)
    if url:
        path = path[url.end() :]
    path, _, own_query = path.partition("#")[0].partition("?")
    chosen = query.strip().removeprefix("?") or own_query
    return Request(_wire(method), _wire(path), _wire(chosen)), _wire(url[1]) if url else ""


def _wire(text: str) -> str:
    """Return the bytes that a client would send, as latin-1."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def read_public_pem(text: str) -> str:
    """Return the public key of a PEM text, which may be a private key, as PEM. Raises UnusableKey with the reason.

    Escaped newlines and a missing armour are accepted: both are common in environment variables.
    """
    plain = text.strip().strip("\"'").replace("\\r", "").replace("\\n", "\n").strip()
    try:
        key = _load(plain.encode())
    except TypeError:
        raise UnusableKey("it is encrypted: give it without a password, or its public key") from None
    except (ValueError, UnsupportedAlgorithm, binascii.Error) as error:
        raise UnusableKey(f"expected a PEM with a public or private key: {error}") from None
    return key.decode()


def _load(data: bytes) -> bytes:
    if b"-----BEGIN" not in data:
        return _load_bare(b64decode(b"".join(data.split()), validate=True))
    if b"OPENSSH PRIVATE KEY" in data:
        return _spell(load_ssh_private_key(data, None).public_key())
    if b"PRIVATE KEY" in data:
        return _spell(load_pem_private_key(data, None).public_key())
    return _spell(load_pem_public_key(data))


def _load_bare(data: bytes) -> bytes:
    try:
        return _spell(load_der_private_key(data, None).public_key())
    except ValueError:
        return _spell(load_der_public_key(data))


def _spell(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
