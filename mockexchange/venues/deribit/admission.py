"""Who sends a request, whatever it is for: asked where something else than the venue's own methods answers."""

from collections.abc import Mapping

from mockexchange.venues.deribit.authentication import claimed_key, identify
from mockexchange.venues.deribit.context import Desk, clock_of
from mockexchange.venues.deribit.errors import UNAUTHORIZED, Rejected
from mockexchange.venues.deribit.objects.envelope import result_text
from mockexchange.venues.deribit.rest import Asked, method_in, read, reject
from mockexchange.venues.deribit.routes import ROUTES
from mockexchange.venues.jsonrpc.envelope import Malformed, texts_of
from mockexchange.venues.request import Answer, Request

PRIVATE = "private/"


def admit(desk: Desk, request: Request, at: int, host_at: int, must_sign: bool) -> Answer:
    """Return an answer without a body, or the refusal where a request does not prove whose it is.

    A private method has to, emulated or not; a public one does not.
    """
    asked = _asked(request)
    reply = Answer(0, b"", operation=asked.method if asked.method in ROUTES else None, key_id=claimed_key(request))
    if must_sign or asked.method.startswith(PRIVATE):
        try:
            if identify(desk, request, asked.params, at, host_at, reply) is None:
                words = "nobody signed this: sign the request, or send the access_token of public/auth"
                raise Rejected(UNAUTHORIZED, words, "invalid_token")
        except Rejected as rejected:
            reject(desk, reply, rejected, asked.id, clock_of(desk.settings, at, host_at))
    return reply


def asked_of(request: Request) -> tuple[str, Mapping[str, str]] | None:
    """The method that a request names, and its params as text; None where it cannot be read."""
    try:
        asked = read(request)
    except (Rejected, Malformed):
        return None
    return asked.method, texts_of(asked.params)


def wrap_result(desk: Desk, request: Request, result: str, at: int, host_at: int) -> bytes:
    """The envelope around the JSON of a result, with the id of the request."""
    return result_text(desk, _asked(request).id, result, clock_of(desk.settings, at, host_at))


def _asked(request: Request) -> Asked:
    """What a request asks for; by its path alone where it cannot be read."""
    try:
        return read(request)
    except (Rejected, Malformed):
        return Asked(None, method_in(request.path), {})
