"""Signs requests to Deribit as a client does: by the documents, independently of the server's verification."""

import hashlib
import hmac

from mockexchange.venues.client_setup import Credential, RequestSigner, UnsignedRequest

NANOSECONDS_PER_MS = 1_000_000


def _headers_of(credential: Credential, request: UnsignedRequest, at_ns: int) -> dict[str, str]:
    """Sign with `deri-hmac-sha256`: time, nonce, method, target and body, each followed by a newline [doc]."""
    timestamp, nonce = str(at_ns // NANOSECONDS_PER_MS), str(at_ns)
    lines = "".join(f"{part}\n" for part in (timestamp, nonce, request.method, request.target))
    text = lines.encode() + request.body + b"\n"
    signature = hmac.new(credential["secret"].encode(), text, hashlib.sha256).hexdigest()
    parts = f"id={credential['key_id']},ts={timestamp},nonce={nonce},sig={signature}"
    return {"Authorization": f"deri-hmac-sha256 {parts}", "Content-Type": "application/json"}


REQUEST_SIGNER = RequestSigner("/api/v2", _headers_of, "id")
