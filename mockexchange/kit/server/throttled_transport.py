"""Sends HTTP requests to a server on the network: throttled, obeying Retry-After, and read-only by default.

All HTTP requests of a run use this transport, including those that schemathesis generates.
"""

import time
from collections import Counter
from collections.abc import Callable
from threading import Lock
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from mockexchange.kit.server.arguments import Address
from mockexchange.kit.signing_again import is_signed_long_ago, renew_old_signature
from mockexchange.kit.venue import VenueKit
from mockexchange.version import __version__

REFUSED = 401
TOO_MANY = 429
ATTEMPTS_MAX = 5
"""The most attempts for a request that is answered 429; the pauses double, to a quarter of a minute in all."""
PAUSE_FIRST_S = 1.0
PAUSE_S_MAX = 30.0
"""The longest pause in seconds, even if Retry-After is longer."""
SILENT_MAX = 3
"""The number of consecutive requests without an answer after which the server counts as gone."""
CONNECT_S_MAX = 5.0
ANSWER_S_MAX = 15.0
ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""The largest answer in bytes; a page of 1,000 rows has less than 1 MB."""
CONNECTIONS_MAX = 4
"""The most connections: requests are sent one after the other, beside one thread for the stream."""


class WriteForbidden(httpx.RequestError):
    """Raised in a read-only run for a request that may change something."""


class ServerGone(httpx.TransportError):
    """Raised if a server no longer answers, or answers 429 repeatedly."""


class ThrottledTransport(httpx.BaseTransport):
    """An httpx transport that throttles requests to another transport.

    `gone` is the reason why it has stopped sending, else "".
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        venue: VenueKit,
        rate_per_s: float | None,
        may_write: bool,
        now_s: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.gone = ""
        self.statuses: Counter[int] = Counter()
        self.waited_s = 0.0
        """Seconds waited because of 429."""
        self._inner, self._venue, self._may_write = inner, venue, may_write
        self._gap_s = 1 / rate_per_s if rate_per_s else 0.0
        self._now_s, self._pause = now_s, pause
        self._next_at_s, self._silent = 0.0, 0
        self._lock = Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request as soon as the rate allows it.

        Raises WriteForbidden, ServerGone and the errors of the other transport.
        """
        if not self._may_write and not self._is_read(request):
            raise WriteForbidden(f"a read-only run sends no {request.method} {request.url.path}", request=request)
        for attempt in range(ATTEMPTS_MAX):
            response = self._sent(request)
            self.statuses[response.status_code] += 1
            status = self._venue.status_of(response.status_code, response.read())
            if status == TOO_MANY:
                retry_after = response.headers.get("retry-after", "")
                wanted_s = float(retry_after) if retry_after.isdecimal() else PAUSE_FIRST_S * 2**attempt
                wait_s = min(wanted_s, PAUSE_S_MAX)
                self.waited_s += wait_s
                self._pause(wait_s)
                continue
            # On a busy machine a signature can expire on its way: the request is sent again, with a new one.
            has_expired = status == REFUSED and is_signed_long_ago(request, self._now_s())
            if not has_expired or attempt == ATTEMPTS_MAX - 1:
                return response
        self.gone = f"it answers {TOO_MANY} {ATTEMPTS_MAX} times in a row: ask for less at a time with --rate"
        raise ServerGone(self.gone, request=request)

    def _is_read(self, request: httpx.Request) -> bool:
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        return self._venue.is_read(request.method, path.partition(self._venue.prefix)[2], request.read())

    def _sent(self, request: httpx.Request) -> httpx.Response:
        """Send a request in its turn, with a signature of then; note whether the server still answers."""
        if self.gone:
            raise ServerGone(self.gone, request=request)
        with self._lock:
            wait_s = self._next_at_s - self._now_s()
            self._next_at_s = max(self._next_at_s, self._now_s()) + self._gap_s
        if wait_s > 0:
            self._pause(wait_s)
        renew_old_signature(request, self._now_s())
        try:
            response = self._answered(request)
        except httpx.TransportError as error:
            self._silent += 1
            if self._silent >= SILENT_MAX or isinstance(error, httpx.ConnectError):
                self.gone = f"it does not answer any more: {error_text(error)}"
            raise
        self._silent = 0
        return response

    def _answered(self, request: httpx.Request) -> httpx.Response:
        """Send a request now and read its whole answer; a read whose connection was closed is sent once more."""
        try:
            return self._whole(self._inner.handle_request(request), request)
        except httpx.RemoteProtocolError:
            if not self._is_read(request):
                raise
        # Most likely the server has closed an idle connection meanwhile.
        return self._whole(self._inner.handle_request(request), request)

    def _whole(self, response: httpx.Response, request: httpx.Request) -> httpx.Response:
        """Read the whole body, limited in time and size."""
        ends_at_s, parts, size = self._now_s() + ANSWER_S_MAX, [], 0
        assert isinstance(response.stream, httpx.SyncByteStream)
        try:
            for part in response.stream:
                parts.append(part)
                size += len(part)
                if size > ANSWER_BYTES_MAX:
                    raise httpx.ReadError(f"the answer has more than {ANSWER_BYTES_MAX:,} bytes", request=request)
                if self._now_s() > ends_at_s:
                    raise httpx.ReadTimeout("", request=request)
        finally:
            response.close()
        stream = httpx.ByteStream(b"".join(parts))
        return httpx.Response(
            response.status_code, headers=response.headers, stream=stream, extensions=response.extensions
        )

    def close(self) -> None:
        self._inner.close()


def error_text(error: httpx.HTTPError) -> str:
    """Return the message of an error, or the name of its type if it has no message."""
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {ANSWER_S_MAX:g} s"
    return " ".join(str(error).split()) or type(error).__name__


def throttled_client(
    address: Address, venue: VenueKit, *, rate_per_s: float | None, may_write: bool
) -> tuple[httpx.Client, ThrottledTransport]:
    """Return a client for one server, and its transport. Proxies are taken from the environment."""
    inner = httpx.HTTPTransport(
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX),
        proxy=None if address.is_loopback else _proxy_for(address.base_url),
    )
    transport = ThrottledTransport(inner, venue=venue, rate_per_s=rate_per_s, may_write=may_write)
    timeout = httpx.Timeout(ANSWER_S_MAX, connect=CONNECT_S_MAX)
    headers = {"User-Agent": f"mockexchange-verify/{__version__}"}
    return httpx.Client(transport=transport, timeout=timeout, headers=headers), transport


def _proxy_for(url: str) -> str | None:
    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
