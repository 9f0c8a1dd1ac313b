"""Who sends a request, whatever it is for: asked where something else than the venue's own methods answers."""

from collections.abc import Mapping

from mockexchange.venues.jsonrpc.envelope import texts_of
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.signalplus.authentication import authenticate
from mockexchange.venues.signalplus.context import Desk, date_of, key_of
from mockexchange.venues.signalplus.errors import Rejected, reject
from mockexchange.venues.signalplus.rest import operation_of
from mockexchange.venues.signalplus.routes import Unread, read, result_body, rid_of
from mockexchange.venues.signalplus.signing import claimed_key


def admit(desk: Desk, request: Request, now: int, host_now: int, must_sign: bool) -> Answer:
    """Return an answer without a body, or the refusal where a request does not prove whose it is: each has to."""
    reply = Answer(0, b"", operation=operation_of(desk, request))
    try:
        authenticate(desk, request, now, host_now, reply)
    except Rejected as rejected:
        api_date = date_of(desk, key_of(desk.state, claimed_key(request) or ""))
        reject(reply, rejected, rid_of(request.body), api_date)
    return reply


def asked_of(request: Request) -> tuple[str, Mapping[str, str]] | None:
    """The method that a request names, and its params as text; None where it cannot be read."""
    try:
        envelope = read(request.body)
    except Unread:
        return None
    return envelope.method or "", texts_of(envelope.params)


def wrap_result(desk: Desk, request: Request, result: str, now: int, host_now: int) -> bytes:
    """The envelope around the JSON of a result, with the rid of the request."""
    return result_body(rid_of(request.body), result.encode())
