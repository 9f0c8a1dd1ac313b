"""Answers the handshake of a stream, whose headers or query have the four values of a signed request [doc, sister].

The page has two paths: one to connect to, one for private subscriptions. It leaves open which methods each answers.
"""

from mockexchange.core.model.accounts import Key
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.session import Handshake, OpenCount
from mockexchange.venues.signalplus.authentication import authenticate
from mockexchange.venues.signalplus.catalogue import OPEN_STREAM, PRIVATE_PATH
from mockexchange.venues.signalplus.context import SignalPlusContext, date_of, key_of
from mockexchange.venues.signalplus.errors import Rejected, Situation, reject
from mockexchange.venues.signalplus.signatures import claimed_key
from mockexchange.venues.signalplus.stream.session import Session

SWITCHING_PROTOCOLS = 101


def shake_hands(
    context: SignalPlusContext, request: Request, at: int, host_at: int, open_count: OpenCount
) -> Handshake:
    """Answer an upgrade request at exchange time `at` and host time `host_at` (microseconds). Never raises.

    The venue's limit of open streams is unknown; the mock has none.
    """
    answer, api_date = _new_answer(context, request)
    try:
        key = _authenticate(context, request, at, host_at, answer)
    except Rejected as rejected:
        reject(answer, rejected, None, api_date)
        return Handshake(answer)
    answer.status = SWITCHING_PROTOCOLS
    is_for_subscriptions = context.settings.stream_paths == "alike" or request.path.startswith(PRIVATE_PATH)
    session = Session(context, key, api_date, path=request.path, is_for_subscriptions=is_for_subscriptions)
    return Handshake(answer, session)


def answer_plainly(context: SignalPlusContext, request: Request, at: int, host_at: int) -> Answer:
    """Answer a request to a stream's path that is not an upgrade to WebSocket, after checking its credentials."""
    answer, api_date = _new_answer(context, request)
    try:
        _authenticate(context, request, at, host_at, answer)
        message = f"{request.path} is a WebSocket: open it as ws://, or send Upgrade: websocket and Connection: Upgrade"
        raise Rejected(Situation.NO_STREAM, message)
    except Rejected as rejected:
        reject(answer, rejected, None, api_date)
    return answer


def _new_answer(context: SignalPlusContext, request: Request) -> tuple[Answer, ApiDate]:
    return Answer(500, b"", OPEN_STREAM), date_of(context, key_of(context.state, claimed_key(request) or ""))


def _authenticate(context: SignalPlusContext, request: Request, at: int, host_at: int, answer: Answer) -> Key:
    return authenticate(context, request, at, host_at, answer, with_query=True)
