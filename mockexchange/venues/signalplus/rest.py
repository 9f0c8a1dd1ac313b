"""Answers one HTTP request: checks path and credentials, finds the method, decodes its params, and writes the result.

Every method is a POST [doc]. The page leaves open whether to the base URL or to the method's own path below it: both
are answered, and the body has to name the method either way.
"""

from collections.abc import Mapping
from urllib.parse import unquote

from msgspec import Struct

from mockexchange.core.model.accounts import Key
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.jsonrpc.envelope import Envelope, texts_of
from mockexchange.venues.request import Answer, Page, Request
from mockexchange.venues.signalplus.authentication import authenticate
from mockexchange.venues.signalplus.catalogue import CONNECT_PATH, OPEN_STREAM, PREFIX, PRIVATE_PATH, STREAM_PATHS
from mockexchange.venues.signalplus.context import SignalPlusContext, date_of, key_of
from mockexchange.venues.signalplus.errors import Rejected, Situation, body_of, reject
from mockexchange.venues.signalplus.routes import (
    BODY_BYTES_MAX,
    BY_NAME,
    call_of,
    find,
    read,
    result_body,
    rid_of,
)
from mockexchange.venues.signalplus.signatures import claimed_key
from mockexchange.venues.signalplus.stream.session import answer_plainly


class SignalPlusRequest(Struct):
    """One request at exchange time `at` and host time `host_at` (microseconds), with the answer under construction."""

    context: SignalPlusContext
    request: Request
    at: int
    host_at: int
    reply: Answer
    envelope: Envelope | Rejected

    @property
    def rid(self) -> str | None:
        return self.envelope.request_id if isinstance(self.envelope, Rejected) else self.envelope.id


def answer(context: SignalPlusContext, request: Request, at: int, host_at: int) -> Answer:
    """Answer one request at exchange time `at` and host time `host_at` (both microseconds). Never raises."""
    if request.path in STREAM_PATHS:
        return answer_plainly(context, request, at, host_at)
    received = SignalPlusRequest(context, request, at, host_at, Answer(500, b""), _read(request.body))
    try:
        received.reply.body = _answer(received)
        received.reply.status = 200
    except Rejected as rejected:
        api_date = date_of(context, key_of(context.state, claimed_key(request) or ""))
        reject(received.reply, rejected, received.rid, api_date)
    return received.reply


def operation_of(context: SignalPlusContext, request: Request) -> str | None:
    """Return the method that a request's body names, or the method in its path if the body is unreadable."""
    return OPEN_STREAM if request.path in STREAM_PATHS else _operation_in(request, _read(request.body))


def _operation_in(request: Request, envelope: Envelope | Rejected) -> str | None:
    name = _method_in(request) if isinstance(envelope, Rejected) else envelope.method
    return name if name in BY_NAME else None


def _answer(received: SignalPlusRequest) -> bytes:
    request, envelope = received.request, received.envelope
    received.reply.operation = _operation_in(request, envelope)
    if request.method != "POST":
        raise _wrong_verb(received)
    if len(request.body) > BODY_BYTES_MAX and isinstance(envelope, Rejected):
        raise envelope  # before the credentials are checked
    key = authenticate(received.context, request, received.at, received.host_at, received.reply)
    if isinstance(envelope, Rejected):
        raise envelope
    if request.path != PREFIX:
        _require_one_method(request, envelope)
    return _carry_out(received, envelope, key, date_of(received.context, key))


def _carry_out(received: SignalPlusRequest, envelope: Envelope, key: Key, api_date: ApiDate) -> bytes:
    operation = find(envelope.method or "")
    if operation.answer is None:
        message = f"{operation.name} is for streams: send it over a WebSocket at {CONNECT_PATH} or {PRIVATE_PATH}"
        raise Rejected(Situation.STREAM_ONLY, message)
    call = call_of(received.context, operation, envelope, key, api_date, received.reply.findings)
    result = operation.answer(call)
    body = result_body(envelope.id, result)
    received.reply.page = Page(body.rindex(b"}") - len(result), result)
    return body


def _wrong_verb(received: SignalPlusRequest) -> Rejected:
    received.reply.headers = ((b"allow", b"POST"),)
    message = f"every method is a POST, not {received.request.method}, of {{rid, method, params}}"
    return Rejected(Situation.WRONG_VERB, message)


def _require_one_method(request: Request, envelope: Envelope) -> None:
    in_path = _method_in(request)
    if in_path and in_path != envelope.method:
        message = f"the path says {in_path[:200]!r} and the body's method {(envelope.method or '')[:200]!r}: send one"
        raise Rejected(Situation.NO_METHOD, message)


def _method_in(request: Request) -> str:
    """Return the method in a path; "" for the base URL."""
    path = request.path.removeprefix(PREFIX)
    return (unquote(path) if "%" in path else path).strip("/")


def _read(body: bytes) -> Envelope | Rejected:
    try:
        return read(body)
    except Rejected as rejected:
        return rejected


def authenticate_only(context: SignalPlusContext, request: Request, at: int, host_at: int, must_sign: bool) -> Answer:
    """Verify the credentials of a request for any method; return an answer without a body, or the refusal.

    Every method needs credentials.
    """
    reply = Answer(0, b"", operation=operation_of(context, request))
    try:
        authenticate(context, request, at, host_at, reply)
    except Rejected as rejected:
        api_date = date_of(context, key_of(context.state, claimed_key(request) or ""))
        reject(reply, rejected, rid_of(request.body), api_date)
    return reply


def rpc_call_of(request: Request) -> tuple[str, Mapping[str, str]] | None:
    """Return the method that a request names and its params as text; None if it cannot be read."""
    try:
        envelope = read(request.body)
    except Rejected:
        return None
    return envelope.method or "", texts_of(envelope.params)


def wrap_result(context: SignalPlusContext, request: Request, result: str, at: int, host_at: int) -> bytes:
    """Return the envelope around the JSON of a result, with the rid of the request."""
    return result_body(rid_of(request.body), result.encode())


def malformed_body(diagnosis: str, date: ApiDate) -> bytes:
    """Return the body of the answer to bytes that are not HTTP."""
    return body_of(Rejected(Situation.NOT_HTTP, diagnosis), None, date)
