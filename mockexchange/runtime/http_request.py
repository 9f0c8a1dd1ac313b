"""Sends HTTP and HTTPS requests to a server, for the commands and the Python API; no proxy is used."""

import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from mockexchange.runtime.trust import client_context

TIMEOUT_S = 60.0
"""The default timeout of a request, far above the time of any answer.

Only a server stopped in a debugger exceeds it.
"""


class Reply(NamedTuple):
    status: int
    reason: str
    headers: Message
    body: bytes


class Unreachable(Exception):
    """Raised if a request got no HTTP answer; the message gives the reason."""


class NotControlApi(Exception):
    """Raised if an answer is not in the format of the control API, so the URL belongs to another server."""

    def __init__(self, status: int) -> None:
        super().__init__(f"got status {status}")
        self.status = status


class ControlRefused(Exception):
    """Raised if the control API answered with an error. `where` is the path of the wrong value in the body, or ""."""

    def __init__(self, status: int, code: str, message: str, where: str) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.status, self.code, self.message, self.where = status, code, message, where


def connection_to(url: str, patience_s: float = TIMEOUT_S, ca_cert: str | Path | None = None) -> HTTPConnection:
    """Return a connection to the host of a URL; it opens with the first request.

    `patience_s` is its timeout; `ca_cert` is a file with a certificate that is trusted beside the system's. Raises
    OSError if that file cannot be read, ValueError for an invalid port.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        return HTTPConnection(parts.hostname or "", parts.port, timeout=patience_s)
    return HTTPSConnection(parts.hostname or "", parts.port, timeout=patience_s, context=client_context(ca_cert))


def shut_down(connection: HTTPConnection) -> None:
    """End a connection while another thread reads from it: that read fails at once, as it would not by a close."""
    if connection.sock is not None:
        with suppress(OSError):  # the connection has just ended
            connection.sock.shutdown(socket.SHUT_RDWR)


def send(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    patience_s: float = TIMEOUT_S,
    ca_cert: str | Path | None = None,
) -> Reply:
    """Send one request and return the reply. Raises Unreachable if there is no HTTP answer."""
    try:
        connection = connection_to(url, patience_s, ca_cert)
    except (OSError, ValueError) as error:
        raise Unreachable(reason_of(error)) from None
    return carry(connection, method, url, headers, body)


def carry(
    connection: HTTPConnection, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
) -> Reply:
    """Send one request over a connection that is not open yet, close the connection, and return the reply.

    Closing the connection from another thread ends the request. Raises Unreachable.
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
    """Return a sentence about a connection error, with advice for the most common one, an untrusted certificate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}): the ready file's ca_cert is for this"
    return str(error) or type(error).__name__


def require_url(text: str) -> str:
    """Return `text` unchanged if it is a URL of http or https. Raises ValueError for other text."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"expected a URL such as https://mock.example.org, got {text[:80]!r}")
    return text


@dataclass(frozen=True, slots=True)
class ControlApi:
    """The control API of a running server: its URL, its token, and the certificate of its authority, if it has one."""

    url: str
    """The URL, up to and including /_mock."""
    token: str
    ca_cert: str | None = None

    def send(self, method: str, path: str, body: Any = None, patience_s: float = TIMEOUT_S) -> Reply:
        """Send a request for a path below /_mock and return the reply. Raises Unreachable.

        `body` is encoded as JSON, except bytes, which are sent unchanged.
        """
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        return send(method, f"{self.url}/{path}", self.headers, raw, patience_s, self.ca_cert)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that each request needs: the token and the content type."""
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request for a path below /_mock and return the answer's JSON.

        Raises Unreachable, ControlRefused or NotControlApi.
        """
        return answer_of(self.send(method, path, body))


def with_query(path: str, query: Mapping[str, object] | None) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def answer_of(reply: Reply) -> Any:
    """Return the JSON of a reply of the control API.

    Raises ControlRefused for an error of the control API, NotControlApi for any other content.
    """
    try:
        answer = json.loads(reply.body or b"null")
        if reply.status < 300:
            return answer
        error = answer["error"]
        refused = ControlRefused(reply.status, str(error.get("code", "")), error["message"], error.get("where") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotControlApi(reply.status) from None
    raise refused
