"""The answer of a server that cannot know the state of its sandboxes now: a 503 with the reason, and nothing old."""

import json

from starlette.types import Scope, Send

STATUS = 503
NO_HOME = "no server of this database has become its home yet: ask again in a few seconds"
TRY_AGAIN_LATER = 1013


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
    """Refuse a request or a stream."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": reason})
        return
    body, headers = _parts(reason)
    await send({"type": "http.response.start", "status": STATUS, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
