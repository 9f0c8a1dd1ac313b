"""Answers the handshake of a stream, which needs no credentials, because a client logs in later."""

from mockexchange.venues.deribit.catalogue import OPEN_STREAM, STREAM_PATH
from mockexchange.venues.deribit.context import DeribitContext, clock_of
from mockexchange.venues.deribit.errors import INVALID_REQUEST, NOT_ALLOWED_STATUS, Rejected
from mockexchange.venues.deribit.resources.envelope import error_text
from mockexchange.venues.deribit.stream.session import Session
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.session import Handshake, OpenCount

SWITCHING_PROTOCOLS = 101


def shake_hands(
    context: DeribitContext, request: Request, at: int, host_at: int, open_count: OpenCount = lambda account: 0
) -> Handshake:
    """Answer the upgrade request of a stream at exchange time `at` and host time `host_at` (microseconds).

    Never raises.

    Credentials in its headers have no effect: a client logs in by public/auth, or by a token in each request [doc].
    """
    return Handshake(Answer(SWITCHING_PROTOCOLS, b"", OPEN_STREAM), Session(context, context.api_date, host_at))


def answer_plainly(context: DeribitContext, request: Request, at: int, host_at: int) -> Answer:
    """Answer a request to the stream's path that is not an upgrade to WebSocket; no source shows the venue's answer."""
    is_get = request.method == "GET"
    message = f"{STREAM_PATH} is a WebSocket: open it as ws://, by GET with Connection: Upgrade and Upgrade: websocket"
    rejected = Rejected(INVALID_REQUEST, message, message="Invalid Request")
    body = error_text(context, None, rejected, clock_of(context.settings, at, host_at))
    headers = () if is_get else ((b"allow", b"GET"),)
    return Answer(400 if is_get else NOT_ALLOWED_STATUS, body, OPEN_STREAM, headers=headers, diagnosis=message)
