"""Forwards the requests of schemathesis to the server under verification, as an ASGI application.

Each request is sent by the kit's own client, in process or over a socket, at the allowed rate. schemathesis sends one
request at a time, so the application may block. It is called directly (`calling_directly`); in an event loop it answers
the same and takes longer.
"""

import io
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import requests
import urllib3
from requests.adapters import HTTPAdapter
from schemathesis.python import asgi
from starlette.types import Message, Receive, Scope, Send

from mockexchange.kit.signing_again import Signing, note_signing
from mockexchange.kit.target import Target

NOT_ANSWERED = 599
"""The status given to schemathesis for a request without an answer; the run ends there."""
WHOLE = re.compile(rb'"(?:[^"\\]|\\.)*"|(-?[0-9]+)\.0+(?![0-9eE])')
"""A pattern for JSON texts, and for whole numbers with decimals, which schemas count as integers and few servers do."""
DECODED = {"content-encoding", "content-length", "transfer-encoding"}
"""Headers that describe the encoded body, which is decoded here."""


class Relay:
    """An ASGI application that forwards requests to the server under verification.

    `failure` is the reason why it stopped, "" while the server answers.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(target.base_url))
        self.failure = ""
        self.stopped = threading.Event()
        self._signings: dict[str, tuple[dict[str, str], Signing]] = {}
        """Signed headers and how they are made, by the longest of them, which is the signature."""

    def note_signing(self, headers: Mapping[str, str], sign: Callable[[], Mapping[str, str]]) -> None:
        """Keep how a generated request is signed, so that it can be signed again if it is sent much later."""
        lowered = {name.lower(): value for name, value in headers.items()}
        self._signings[max(lowered.values(), key=len)] = (lowered, Signing(sign))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        response = self.answer(scope, await _body(receive))
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers_of(response)]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": response.content})

    @staticmethod
    def headers_of(response: httpx.Response) -> list[tuple[str, str]]:
        """Return the headers of an answer, without those about its compression and length."""
        raw = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw]
        return [(name, value) for name, value in raw if name not in DECODED]

    def answer(self, scope: Scope, body: bytes) -> httpx.Response:
        """Forward one request. Raises AssertionError for a write in a read-only run."""
        venue = self._target.venue
        path = scope["raw_path"].decode("latin-1").partition(venue.prefix)[2]
        if not self._target.may_write and not venue.is_read(scope["method"], path, body):
            raise AssertionError(f"a read-only run must not send {scope['method']} {scope['path']}")
        if self.stopped.is_set():
            return httpx.Response(NOT_ANSWERED)
        request = self._request(scope, body)
        try:
            return self._target.http.send(request)
        except httpx.HTTPError as error:
            self.failure = f"{request.method} {scope['path']}: no answer: {str(error) or type(error).__name__}"
            self.stopped.set()
            return httpx.Response(NOT_ANSWERED)

    def _request(self, scope: Scope, body: bytes) -> httpx.Request:
        """Return the same request for the target; a Host header is kept only if schemathesis generated it."""
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        own_host = (b"host", scope["server"][0].encode())
        content = integers_as_such(body)
        changed = {b"content-length"} if content != body else set()
        headers = [one for one in scope["headers"] if one != own_host and one[0].lower() not in changed]
        url = f"{self._origin}{scope['raw_path'].decode('latin-1')}{query}"
        request = self._target.http.build_request(scope["method"], url, headers=headers, content=content)
        signing = self._signing_of(request)
        if signing is not None:
            note_signing(request, signing)
        return request

    def _signing_of(self, request: httpx.Request) -> Signing | None:
        """Return how a request was signed; None if it is not, or if the headers were changed on purpose."""
        for value in request.headers.values():
            signed, signing = self._signings.get(value, (None, None))
            if signed is not None and all(request.headers.get(name) == one for name, one in signed.items()):
                return signing
        return None


def integers_as_such(body: bytes) -> bytes:
    """Return a JSON body with its whole numbers (2.0) written as integers (2). Any other body stays unchanged."""
    return WHOLE.sub(lambda found: found[1] or found[0], body) if b".0" in body else body


async def _body(receive: Receive) -> bytes:
    message: Message = {"more_body": True}
    parts = []
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


# Called by schemathesis directly, without an event loop: a third of the time of a small request


NETWORK_SCHEMES = ("http://", "https://")
PLAIN = frozenset({"headers", "params", "data", "json", "files", "cookies", "auth"})
"""The keyword arguments that describe a request itself."""
OF_NETWORK = frozenset({"timeout", "verify", "stream", "allow_redirects", "proxies", "cert"})
"""Keyword arguments that matter only on a network, besides `allow_redirects`."""


class RelayAdapter(HTTPAdapter):
    """A `requests` adapter that sends a session's requests through a `transport.Relay`."""

    def __init__(self, relay: Relay) -> None:
        super().__init__()
        self._relay = relay

    def send(self, request: requests.PreparedRequest, *given: Any, **more: Any) -> requests.Response:
        """Forward a request, and return its answer."""
        parts = urlsplit(str(request.url))
        headers = [(name.lower().encode("latin-1"), _bytes(value)) for name, value in request.headers.items()]
        scope = {
            "method": request.method,
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": headers,
            "server": [parts.hostname or "", parts.port],
        }
        body = request.body or b""
        assert isinstance(body, str | bytes), "bodies are generated whole"
        answer = self._relay.answer(scope, _bytes(body, "utf-8"))
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(answer.content),
            headers=urllib3.HTTPHeaderDict(self._relay.headers_of(answer)),
            status=answer.status_code,
            reason=answer.reason_phrase,
            version=11,
            request_method=request.method,
            preload_content=False,
        )
        return self.build_response(request, raw)


def _bytes(value: str | bytes, encoding: str = "latin-1") -> bytes:
    return value if isinstance(value, bytes) else value.encode(encoding)


class RelayClient(asgi.ASGIClient):
    """A `requests` session that sends through a `transport.Relay`.

    It ignores environment variables, such as proxies.
    """

    def __init__(self, relay: Relay) -> None:
        application: Any = relay
        super().__init__(application)
        self.trust_env = False
        self._relay_adapter = RelayAdapter(relay)
        for scheme in NETWORK_SCHEMES:
            self.mount(scheme, self._relay_adapter)

    def request(self, method: str | bytes, url: str | bytes, *given: Any, **more: Any) -> requests.Response:
        """Send a request. A session is used only if the request needs one, as redirected requests do."""
        if given or not more.keys() <= PLAIN | OF_NETWORK or self.auth is not None or self.headers:
            return super().request(method, url, *given, **more)
        plain = {name: value for name, value in more.items() if name in PLAIN}
        response = self._relay_adapter.send(requests.Request(str(method).upper(), str(url), **plain).prepare())
        if response.is_redirect and more.get("allow_redirects", True):
            return super().request(method, url, **more)
        return response

    def __enter__(self) -> "RelayClient":
        self.cookies.clear()
        return self

    def __exit__(self, *error: object) -> None:
        """Keep the session open for the next request."""


@contextmanager
def calling_directly(relay: Relay) -> Iterator[None]:
    """Make schemathesis call this relay directly inside a `with` block. Other applications are called as before."""
    get_client = asgi.get_client
    client = RelayClient(relay)

    def get(app: Any, **given: Any) -> asgi.ASGIClient:
        return client if app is relay else get_client(app, **given)

    asgi.get_client = get
    try:
        yield
    finally:
        asgi.get_client = get_client
        client.close()
