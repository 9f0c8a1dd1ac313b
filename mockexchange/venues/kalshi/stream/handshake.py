"""Answers the handshake of a stream: a GET of the stream's path with the three signed headers of REST.

The venue refuses with the bodies of its REST gateway as far as is known, and in plain text if its WebSocket library
answers by itself. The order of the checks: credentials, restrictions of the key, `Origin`, number of connections.
"""

from urllib.parse import urlsplit

from mockexchange.core.model.accounts import Key
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.kalshi import signatures
from mockexchange.venues.kalshi.authentication import authenticate
from mockexchange.venues.kalshi.catalogue import OPEN_STREAM, STREAM_PATH
from mockexchange.venues.kalshi.context import KalshiContext, date_of
from mockexchange.venues.kalshi.errors import Rejected, Situation, reject
from mockexchange.venues.kalshi.stream.session import Session
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.session import Handshake, OpenCount

SWITCHING_PROTOCOLS = 101
ANONYMOUS_SINCE, ANONYMOUS_UNTIL = "2026-01-30", "2026-03-24"
"""Days from (inclusive) and until (exclusive) which the documents allow public channels without a key."""
RESTRICTED_SINCE, RESTRICTED_UNTIL = "2026-07-02", "2026-07-23"
"""Days from (inclusive) and until (exclusive) which a key restricted to a subaccount could open no stream."""
TEXT_HEADERS = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"sec-websocket-version", b"13"),
    (b"x-content-type-options", b"nosniff"),
)
"""Headers of the venue's WebSocket library, as reported with a 403 of December 2024."""


def shake_hands(
    context: KalshiContext, request: Request, at: int, host_at: int, open_count: OpenCount = lambda account: 0
) -> Handshake:
    """Answer an upgrade request at exchange time `at` and host time `host_at` (microseconds). Never raises."""
    answer, api_date = _new_answer(context, request)
    try:
        key = _authenticate(context, request, at, host_at, answer, api_date)
        if _is_foreign(context, request):
            origin = "the Origin header names another host, and this scenario refuses that (stream: {origin: refuse})"
            _refuse_in_text(answer, 403, b"Forbidden\n", origin)
            return Handshake(answer)
        _require_room(context, key, open_count)
    except Rejected as rejected:
        reject(answer, rejected, api_date)
        return Handshake(answer)
    answer.status = SWITCHING_PROTOCOLS
    return Handshake(answer, Session(context, key, api_date))


def answer_plainly(context: KalshiContext, request: Request, at: int, host_at: int) -> Answer:
    """Answer a request to the stream's path that is not an upgrade to WebSocket, after checking its credentials."""
    answer, api_date = _new_answer(context, request)
    try:
        _authenticate(context, request, at, host_at, answer, api_date)
    except Rejected as rejected:
        reject(answer, rejected, api_date)
        return answer
    if request.method == "GET":
        message = f"{STREAM_PATH} is a WebSocket: send Connection: Upgrade and Upgrade: websocket, or open it as ws://"
        _refuse_in_text(answer, 400, b"Bad Request\n", message)
    else:
        _refuse_in_text(answer, 405, b"Method Not Allowed\n", f"{STREAM_PATH} is a WebSocket, opened by GET")
    return answer


def _new_answer(context: KalshiContext, request: Request) -> tuple[Answer, ApiDate]:
    claimed = signatures.read_credentials(request).key_id
    return Answer(500, b"", OPEN_STREAM), date_of(context, context.state.keys.get(claimed or ""))


def _authenticate(
    context: KalshiContext, request: Request, at: int, host_at: int, answer: Answer, api_date: ApiDate
) -> Key | None:
    """Return the key that may open a stream on that day; None for a stream without a key. Raises Rejected."""
    if _is_anonymous(request) and _accepts_anonymous(context, api_date):
        return None
    key = authenticate(context.state, context.settings, request, at, host_at, answer)
    if key.subaccount is not None and not api_date.is_compat and api_date.holds(RESTRICTED_SINCE, RESTRICTED_UNTIL):
        message = (
            f"key {key.name} of {key.account} is restricted to book {key.subaccount}: "
            f"from {RESTRICTED_SINCE} to {RESTRICTED_UNTIL} no such key could open a stream"
        )
        raise Rejected(Situation.RESTRICTED, message)
    return key


def _is_anonymous(request: Request) -> bool:
    """Return whether all three headers are missing; if only some are missing, that is a mistake."""
    credentials = signatures.read_credentials(request)
    return credentials.key_id is None and credentials.timestamp is None and credentials.signature is None


def _accepts_anonymous(context: KalshiContext, api_date: ApiDate) -> bool:
    is_documented = not api_date.is_compat and api_date.holds(ANONYMOUS_SINCE, ANONYMOUS_UNTIL)
    return is_documented or context.settings.stream_anonymous == "accept"


def _is_foreign(context: KalshiContext, request: Request) -> bool:
    """Return whether the Origin header names another host and the scenario refuses such streams."""
    origin = request.header(b"origin")
    if origin is None or context.settings.stream_origin == "accept":
        return False
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return True
    return host.lower() != (request.header(b"host") or "").lower()


def _require_room(context: KalshiContext, key: Key | None, open_count: OpenCount) -> None:
    limit = context.settings.stream_connections
    if key is not None and open_count(key.account) >= limit:
        message = f"{key.account} has {limit} streams open, as many as it may (stream: {{connections: {limit}}})"
        raise Rejected(Situation.TOO_MANY_STREAMS, message)


def _refuse_in_text(answer: Answer, status: int, body: bytes, message: str) -> None:
    answer.status, answer.body, answer.headers, answer.diagnosis = status, body, TEXT_HEADERS, message
