"""Forwards httpx requests to a remote server, regardless of the host in their URLs.

Each gets a connection of its own.
"""

import http.client
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx

from mockexchange.api.transport.httpx_asgi import incomplete_body_error, no_response_error, read_timeout_s
from mockexchange.api.transport.loop_bridge import CallEnd
from mockexchange.runtime.trust import client_context

PART_BYTES_MAX = 65_536
FRAMING_HEADERS = frozenset({b"transfer-encoding", b"content-length"})
"""Headers that delimit a body; they are replaced, since the forwarder sends the whole body with its length."""


class HttpxForwarder:
    """Sends httpx requests to the origin of `base_url`, regardless of the host in their URLs."""

    def __init__(self, base_url: str, ca_cert: str | None) -> None:
        url = urlsplit(base_url)
        self._host, self._port = url.hostname or "", url.port
        self._context = client_context(ca_cert) if url.scheme == "https" else None

    def send(self, connection: http.client.HTTPConnection, request: httpx.Request, body: bytes) -> "ForwardedResponse":
        """Send a request with its own Host header, and return the answer, whose body is not read yet.

        Raises httpx.TransportError.
        """
        self._connect(connection, request)
        try:
            target = request.url.raw_path.decode("ascii")
            connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.raw:
                if name.lower() not in FRAMING_HEADERS:
                    connection.putheader(name, value)
            if body or FRAMING_HEADERS & {name.lower() for name, _ in request.headers.raw}:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            return ForwardedResponse(request, connection, connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            _raise_as_httpx(error, request)
        except BaseException:
            connection.close()
            raise

    def connection_for(self, request: httpx.Request) -> http.client.HTTPConnection:
        """Return a connection for one request; it is opened when that is sent."""
        timeout_s = request.extensions.get("timeout", {}).get("connect")
        if self._context is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout_s, context=self._context)

    def _connect(self, connection: http.client.HTTPConnection, request: httpx.Request) -> None:
        try:
            connection.connect()
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error), request=request) from error
        except OSError as error:
            raise httpx.ConnectError(f"{self._host}:{self._port}: {error}", request=request) from error
        connection.sock.settimeout(read_timeout_s(request))


class ForwardedResponse:
    """An answer of the remote server whose body is not read yet."""

    def __init__(
        self, request: httpx.Request, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> None:
        self._request, self._connection, self._answer = request, connection, answer
        self._declared = answer.length
        self._size = 0

    def response(self, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> httpx.Response:
        return httpx.Response(
            self._answer.status,
            headers=self._answer.getheaders(),
            stream=stream,
            request=self._request,
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": self._answer.reason.encode("ascii", "ignore")},
        )

    def read(self) -> bytes:
        """Return the next part of the body, b"" at its end. Raises httpx.TransportError."""
        try:
            part = self._answer.read1(PART_BYTES_MAX)
        except (OSError, http.client.HTTPException) as error:
            _raise_as_httpx(error, self._request)
        self._size += len(part)
        if not part and self._declared is not None and self._size < self._declared:
            raise incomplete_body_error(CallEnd("closed"), self._size, str(self._declared), self._request)
        return part

    def close(self) -> None:
        self._answer.close()
        self._connection.close()


def _raise_as_httpx(error: Exception, request: httpx.Request) -> NoReturn:
    """Raise httpx's exception for an error of http.client."""
    if isinstance(error, http.client.RemoteDisconnected):  # which is a ConnectionResetError as well
        raise no_response_error(CallEnd("closed"), request) from error
    kind: Any = httpx.RemoteProtocolError if isinstance(error, http.client.HTTPException) else httpx.ReadError
    raise (httpx.ReadTimeout if isinstance(error, TimeoutError) else kind)(str(error), request=request) from error
