"""Answers 503 if a server cannot know the current state of its sandboxes, so that no client reads an old state."""

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
    """Return the bytes of a 503 answer with a reason. The server closes the connection after it."""
    body, headers = _parts(reason)
    lines = [b"%s: %s\r\n" % header for header in [*headers, (b"connection", b"close")]]
    return b"HTTP/1.1 503 Service Unavailable\r\n" + b"".join(lines) + b"\r\n" + body


async def send_refusal(scope: Scope, send: Send, reason: str) -> None:
    """Answer 503 to an ASGI request, which is an HTTP request or the handshake of a stream."""
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    body, headers = _parts(reason)
    await send({"type": f"{kind}.start", "status": STATUS, "headers": headers})
    await send({"type": f"{kind}.body", "body": b"" if scope.get("method") == "HEAD" else body})
