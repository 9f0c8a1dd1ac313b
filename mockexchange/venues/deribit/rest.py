"""Answers one HTTP request: finds the method, decodes its parameters, identifies the caller, and writes the result.

An answer depends only on the request, the state and the two times, so a journal replays byte for byte.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.deribit.authentication import claimed_key, identify
from mockexchange.venues.deribit.catalogue import OPEN_STREAM, PREFIX, STREAM_PATH
from mockexchange.venues.deribit.context import DeribitContext, clock_of
from mockexchange.venues.deribit.enumerations import ERRORS
from mockexchange.venues.deribit.errors import (
    BAD_REQUEST,
    BODY_BYTES_MAX,
    NOT_ALLOWED_STATUS,
    UNAUTHORIZED,
    Rejected,
    bare_error,
    too_large,
)
from mockexchange.venues.deribit.parameter_decoding import CappedRequest, cap_count, read_query
from mockexchange.venues.deribit.resources.call import Write
from mockexchange.venues.deribit.resources.envelope import error_text, result_page, result_text
from mockexchange.venues.deribit.routes import ROUTES, carry_out, find, read_body
from mockexchange.venues.deribit.stream.session import answer_plainly
from mockexchange.venues.jsonrpc.envelope import SHOWN_CHARS_MAX, texts_of
from mockexchange.venues.request import Answer, Pending, Request

READ_METHODS = ("GET", "HEAD")
# Without the placeholder that some messages of the documents end with, as a refusal is one word.
REFUSALS = {code: message.removesuffix(" <Limit>").lower().replace(" ", "_") for code, message in ERRORS.items()}
PRIVATE = "private/"
ALLOW = ((b"allow", b"GET, HEAD, POST"),)


class ParsedRequest(NamedTuple):
    """The id, the method and the params of a request; the method may be unknown."""

    id: str | None
    method: str
    params: Mapping[str, Any]
    in_path: str = ""
    """Method that the path of a POST names, besides the method in its body; "" if the path names none."""


def answer(context: DeribitContext, request: Request, at: int, host_at: int) -> Answer:
    """Answer one request at exchange time `at` and host time `host_at` (both microseconds). Never raises."""
    if request.path == STREAM_PATH:
        return answer_plainly(context, request, at, host_at)
    reply, us_in = Answer(200, b""), clock_of(context.settings, at, host_at)
    id_text = None
    try:
        parsed = read(request)
        id_text = parsed.id
        result = _answer(context, request, parsed, at, host_at, reply)
        if isinstance(result, str):
            reply.body = result_text(context, id_text, result, us_in)
        elif isinstance(result, bytes):
            reply.body, reply.page = result_page(context, id_text, result, us_in)
        else:
            reply.pending = _complete(context, reply, result, id_text, us_in)
    except Rejected as rejected:
        # A body that cannot be read as a request may still have an id.
        reject(context, reply, rejected, id_text or rejected.request_id, us_in)
    return reply


def _complete(context: DeribitContext, reply: Answer, write: Write, id_text: str | None, us_in: int) -> Pending:
    """Carry out a write and complete its reply."""
    try:
        reply.body = result_text(context, id_text, (yield from write), us_in)
    except Rejected as rejected:
        reject(context, reply, rejected, id_text, us_in)
    reply.pending = None
    return reply


def _answer(
    context: DeribitContext, request: Request, parsed: ParsedRequest, at: int, host_at: int, reply: Answer
) -> str | bytes | Write:
    """Return the result of a request. Raises Rejected.

    `reply` is given the operation, the key and the findings, which it has also if the request is rejected.
    """
    if parsed.in_path not in ("", parsed.method):
        path, body = parsed.in_path[:SHOWN_CHARS_MAX], parsed.method[:SHOWN_CHARS_MAX]
        message = f"the path says {path!r} and the body {body!r}: send both alike, or post to {PREFIX}"
        raise Rejected(BAD_REQUEST, message)
    operation = find(parsed.method)
    reply.operation = operation.name
    reply.key_id = claimed_key(request)
    needs_caller = operation.is_private and not operation.is_for_streams
    caller = identify(context, request, parsed.params, at, host_at, reply) if needs_caller else None
    params = cap_count(parsed.params, request.rows_max) if isinstance(request, CappedRequest) else parsed.params
    return carry_out(context, operation, params, caller, at, host_at, findings=reply.findings)


def reject(context: DeribitContext, reply: Answer, rejected: Rejected, id_text: str | None, us_in: int) -> None:
    """Change an answer under construction into the error of a rejection."""
    reply.status, reply.body = rejected.status, error_text(context, id_text, rejected, us_in)
    reply.refusal = REFUSALS[rejected.code]
    if rejected.status == NOT_ALLOWED_STATUS:
        reply.headers = ALLOW
    rejected.report(reply)


def read(request: Request) -> ParsedRequest:
    """Parse a request: a GET by its path and query, a POST by its body. Raises Rejected for a malformed request."""
    if len(request.target) > BODY_BYTES_MAX:
        raise too_large()
    if request.method in READ_METHODS:
        return _read_get(request)
    if request.method == "POST":
        return _read_post(request)
    message = f"{request.method} is not answered: send GET with a query, or POST with a JSON-RPC body"
    raise Rejected(BAD_REQUEST, message, status=NOT_ALLOWED_STATUS)


def method_in(path: str) -> str:
    """Return the JSON-RPC method that a raw path names; "" if the path names none."""
    method = path.removeprefix(PREFIX)
    return (unquote(method) if "%" in method else method).removeprefix("/")


def _read_get(request: Request) -> ParsedRequest:
    method = method_in(request.path)
    if not method:
        message = f"no method: expected one in the path, such as {PREFIX}/public/get_time"
        raise Rejected(BAD_REQUEST, message)
    return ParsedRequest(None, method, read_query(request.query))


def _read_post(request: Request) -> ParsedRequest:
    envelope = read_body(request.body)
    return ParsedRequest(envelope.id, envelope.method or "", envelope.params, method_in(request.path))


def authenticate_only(context: DeribitContext, request: Request, at: int, host_at: int, must_sign: bool) -> Answer:
    """Verify the credentials of a request for any method; return an answer without a body, or the refusal.

    Private methods, emulated or not, need credentials; public ones do not.
    """
    parsed = _read_leniently(request)
    reply = Answer(0, b"", operation=parsed.method if parsed.method in ROUTES else None, key_id=claimed_key(request))
    if must_sign or parsed.method.startswith(PRIVATE):
        try:
            if identify(context, request, parsed.params, at, host_at, reply) is None:
                message = "the request has no credentials: sign it, or send the access_token of public/auth"
                raise Rejected(UNAUTHORIZED, message, "invalid_token")
        except Rejected as rejected:
            reject(context, reply, rejected, parsed.id, clock_of(context.settings, at, host_at))
    return reply


def rpc_call_of(request: Request) -> tuple[str, Mapping[str, str]] | None:
    """Return the method that a request names and its params as text; None if it cannot be read."""
    parsed = _parsed_or_none(request)
    return None if parsed is None else (parsed.method, texts_of(parsed.params))


def wrap_result(context: DeribitContext, request: Request, result: str, at: int, host_at: int) -> bytes:
    """Return the JSON-RPC envelope around the JSON of a result, with the id of the request."""
    return result_text(context, _read_leniently(request).id, result, clock_of(context.settings, at, host_at))


def _read_leniently(request: Request) -> ParsedRequest:
    """Read a request; if it is unreadable, return only the method in its path."""
    return _parsed_or_none(request) or ParsedRequest(None, method_in(request.path), {})


def _parsed_or_none(request: Request) -> ParsedRequest | None:
    """Return the parsed request; None if it is unreadable."""
    try:
        return read(request)
    except Rejected:
        return None


def operation_of(context: DeribitContext, request: Request) -> str | None:
    """Return the name of the method or handshake that a request is for; None if it is unknown."""
    if request.path == STREAM_PATH:
        return OPEN_STREAM
    parsed = _parsed_or_none(request)
    return parsed.method if parsed is not None and parsed.method in ROUTES else None


def malformed_body(diagnosis: str, date: ApiDate) -> bytes:
    """Return the body of the answer to bytes that are not HTTP.

    The parameters are those of the interface in venue.py; this venue's body depends on neither.
    """
    return bare_error(BAD_REQUEST)
