"""The answer of a server that cannot know the state of its sandboxes now: a 503 with the reason, and nothing old."""

import json

from starlette.types import Scope, Send

STATUS = 503
NO_HOME = "no server of this database has become its home yet: ask again in a few seconds"


def _parts(reason: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    body = json.dumps({"error": {"code": "store_unavailable", "message": reason}}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-mock-exchange", b"1"),
        (b"x-mock-diagnosis", reason.encode("ascii", "replace")),
        (b"retry-after", b"1"),
    ]
    return body, headers


def refusal(reason: str) -> bytes:
    """Return the answer as bytes for a connection that ends after it."""
    body, headers = _parts(reason)
    lines = [b"%s: %s\r\n" % header for header in [*headers, (b"connection", b"close")]]
    return b"HTTP/1.1 503 Service Unavailable\r\n" + b"".join(lines) + b"\r\n" + body


async def send_refusal(scope: Scope, send: Send, reason: str) -> None:
    """Refuse a request, or the handshake of a stream."""
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    body, headers = _parts(reason)
    await send({"type": f"{kind}.start", "status": STATUS, "headers": headers})
    await send({"type": f"{kind}.body", "body": b"" if scope.get("method") == "HEAD" else body})
