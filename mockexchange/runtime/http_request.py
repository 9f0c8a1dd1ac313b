"""HTTP and HTTPS requests of the commands and the Python API to a server; they use no proxy."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from mockexchange.runtime.trust import client_context

TIMEOUT_S = 60.0
"""The timeout of a request, far above the time of any answer; a server that is stopped in a debugger exceeds it."""


class Reply(NamedTuple):
    status: int
    reason: str
    headers: Message
    body: bytes


class Unreachable(Exception):
    """There was no HTTP answer; the message gives the reason."""


class NotControlApi(Exception):
    """The answer is not in the format of the control API."""

    def __init__(self, status: int) -> None:
        super().__init__(f"got status {status}")
        self.status = status


class ControlRefused(Exception):
    """An error that the control API answered with. `where` is the place in the body that is wrong, or ""."""

    def __init__(self, status: int, code: str, message: str, where: str) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.status, self.code, self.message, self.where = status, code, message, where


def connection_to(url: str, patience_s: float = TIMEOUT_S, ca_cert: str | Path | None = None) -> HTTPConnection:
    """Return a connection that is not open yet; `ca_cert` is trusted beside the system's authorities.

    Raises OSError if that file cannot be read, ValueError for an invalid port.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        return HTTPConnection(parts.hostname or "", parts.port, timeout=patience_s)
    return HTTPSConnection(parts.hostname or "", parts.port, timeout=patience_s, context=client_context(ca_cert))


def send(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    patience_s: float = TIMEOUT_S,
    ca_cert: str | Path | None = None,
) -> Reply:
    """Send one request. Raises Unreachable."""
    try:
        connection = connection_to(url, patience_s, ca_cert)
    except (OSError, ValueError) as error:
        raise Unreachable(reason_of(error)) from None
    return carry(connection, method, url, headers, body)


def carry(
    connection: HTTPConnection, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
) -> Reply:
    """Send one request over a connection that is not open yet, and close it. Raises Unreachable.

    Closing the connection from another thread ends the request.
    """
    target = urlsplit(url)._replace(scheme="", netloc="", fragment="").geturl()
    try:
        try:
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            return Reply(answer.status, answer.reason, answer.headers, answer.read())
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(reason_of(error)) from None


def reason_of(error: Exception) -> str:
    """Return a description of a connection error; the likeliest is a certificate that is not trusted."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}): the ready file's ca_cert is for this"
    return str(error) or type(error).__name__


def require_url(text: str) -> str:
    """Return a URL of http or https unchanged. Raises ValueError for other text."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"expected a URL such as https://mock.example.org, got {text[:80]!r}")
    return text


@dataclass(frozen=True, slots=True)
class ControlApi:
    """A server's control API: its URL and its token."""

    url: str
    """The URL, including /_mock."""
    token: str
    ca_cert: str | None = None

    def send(self, method: str, path: str, body: Any = None, patience_s: float = TIMEOUT_S) -> Reply:
        """Send a request for a path below /_mock; a body of bytes is JSON already. Raises Unreachable."""
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return send(method, f"{self.url}/{path}", self.headers, raw, patience_s, self.ca_cert)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of each request."""
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and return the answer's JSON. Raises Unreachable, ControlRefused or NotControlApi."""
        return answer_of(self.send(method, path, body))


def with_query(path: str, query: Mapping[str, object] | None) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def answer_of(reply: Reply) -> Any:
    """Return the JSON of an answer of the control API. Raises ControlRefused, or NotControlApi for other answers."""
    try:
        answer = json.loads(reply.body or b"null")
        if reply.status < 300:
            return answer
        error = answer["error"]
        refused = ControlRefused(reply.status, str(error.get("code", "")), error["message"], error.get("where") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotControlApi(reply.status) from None
    raise refused
