"""Signs requests to SignalPlus as a client does: by the documents, independently of the server's verification."""

import hashlib
import hmac
from base64 import b64decode, b64encode

from mockexchange.venues.client_setup import Credential, RequestSigner, UnsignedRequest

NANOSECONDS_PER_MS = 1_000_000


def _headers_of(credential: Credential, request: UnsignedRequest, at_ns: int) -> dict[str, str]:
    """Sign time and nonce alone with the decoded secret; nothing of the request is covered [doc]."""
    timestamp, nonce = str(at_ns // NANOSECONDS_PER_MS), str(at_ns)
    mac = hmac.new(b64decode(credential["secret"]), f"{timestamp}\n{nonce}".encode(), hashlib.sha256)
    return {
        "Authorization": f"Bearer {credential['key_id']}",
        "Signalplus-API-Timestamp": timestamp,
        "Signalplus-API-Nonce": nonce,
        "Signalplus-API-Signature": b64encode(mac.digest()).decode(),
        "Content-Type": "application/json",
    }


REQUEST_SIGNER = RequestSigner("/signalplus/api", _headers_of, "rid")
