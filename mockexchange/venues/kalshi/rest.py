"""Answers one REST request: finds the operation, authenticates, decodes the parameters, and writes the body.

The answer depends only on the request, the state and the two times, so a journal can be replayed byte for byte.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import AccountKind
from mockexchange.venues.dated_fields import FOREVER, ApiDate
from mockexchange.venues.deferred import functions_of
from mockexchange.venues.kalshi import signatures
from mockexchange.venues.kalshi.authentication import authenticate, verifies_key
from mockexchange.venues.kalshi.body_decoding import decode_body
from mockexchange.venues.kalshi.catalogue import (
    OPEN_STREAM,
    PREFIX,
    STREAM_PATH,
    explain_no_route,
    find_entry,
)
from mockexchange.venues.kalshi.context import KalshiContext, counts_requests, date_of, share_limits
from mockexchange.venues.kalshi.errors import Rejected, Situation, error_body, reject
from mockexchange.venues.kalshi.parameter_decoding import PAGED_OPERATIONS, read_query
from mockexchange.venues.kalshi.resources import OPERATIONS
from mockexchange.venues.kalshi.resources.call import (
    AccountCall,
    AccountOperation,
    Call,
    Operation,
    PublicOperation,
    Write,
    WriteOperation,
)
from mockexchange.venues.kalshi.resources.fcm import answer_plain_member
from mockexchange.venues.kalshi.resources.refusals import is_exchange_down
from mockexchange.venues.kalshi.routes import PATH_CHARS_MAX, match, methods_of
from mockexchange.venues.kalshi.signatures import NO_CREDENTIALS, Credentials
from mockexchange.venues.request import Answer, Pending, Request
from mockexchange.venues.venue import RestApi

TARGET_CHARS_MAX = 128_000
"""Longest accepted request target: half as much again as 2,000 `ids` of 36 characters, the documented number, need."""
ACCOUNT_PATHS = tuple(f"{PREFIX}/{part}" for part in ("portfolio", "fcm", "account", "api_keys", "communications"))
"""Paths below which every request needs a key, whether or not the operation is emulated.

On other paths that are not emulated, a request without any key is accepted, since most of them are public: a choice,
which the option `signed` of a stub overrides.
"""
_function = functions_of(__package__)
_answer_plainly: Callable[[KalshiContext, Request, int, int], Answer] = _function("stream.session.answer_plainly")
_successor: Callable[[Operation], str] = _function("retired_fields.successor")
NO_BODY: dict[str, Any] = {}


class KalshiRequest(Struct):
    """One request, its exchange time and host time in microseconds, and the answer under construction."""

    context: KalshiContext
    request: Request
    at: int
    host_at: int
    reply: Answer
    credentials: Credentials


def answer(context: KalshiContext, request: Request, at: int, host_at: int) -> Answer:
    """Answer one request at exchange time `at` and host time `host_at` (both microseconds). Never raises."""
    if request.path == STREAM_PATH:
        return _answer_plainly(context, request, at, host_at)
    credentials = signatures.read_credentials(request.headers)
    incoming = KalshiRequest(context, request, at, host_at, Answer(0, b""), credentials)
    api_date = date_of(context, context.state.keys.get(credentials.key_id or ""))
    try:
        _answer(incoming, api_date)
    except Rejected as rejected:
        reject(incoming.reply, rejected, api_date)
    return incoming.reply


def _answer(incoming: KalshiRequest, api_date: ApiDate) -> None:
    """Complete the reply to a read; make the reply to a write, whose caller and parameters are valid, pending."""
    context, request, reply = incoming.context, incoming.request, incoming.reply
    if len(request.path) + len(request.query) > TARGET_CHARS_MAX:
        message = f"the request target (path and query) has more than {TARGET_CHARS_MAX:,} characters"
        raise Rejected(Situation.TARGET_TOO_LONG, message)
    found = match(request.method, request.path, api_date)
    if found is None:
        raise _no_operation(incoming, api_date)
    operation, path_params = found
    reply.operation = operation.name
    if operation.retired_since != FOREVER and operation.is_retired(api_date):
        message = f"{operation.name} is retired since {operation.retired_since}: {_successor(operation)}"
        raise Rejected(Situation.RETIRED, message)
    if isinstance(operation, PublicOperation):
        _answer_public(incoming, operation, path_params, api_date)
        return
    key = _admit(incoming, operation, api_date)
    account = context.state.accounts[key.account]
    if operation.is_fcm_only and account.kind is not AccountKind.FCM:
        reply.body = answer_plain_member(operation, context.settings, account.name, reply.findings)
        reply.status = 200
        return
    query = read_query(operation.name, request.query, api_date, context.settings.unknown_status)
    reply.findings += query.findings
    call = AccountCall(
        operation,
        context.state,
        context.settings,
        context.caches,
        api_date,
        request.query,
        query.params,
        path_params,
        incoming.at,
        reply.findings,
        context.data,
        account,
        key,
        NO_BODY,
    )
    if isinstance(operation, WriteOperation):
        body = decode_body(operation.name, request, api_date)
        call.body = body.params
        reply.findings += body.findings
        reply.ahead = call.ahead
        reply.pending = _carry_out(reply, operation.carry_out(call), call)
        return
    assert isinstance(operation, AccountOperation), "an operation is public, refused, a write or about an account"
    reply.body = operation.answer(call)
    reply.status = 200


def _no_operation(incoming: KalshiRequest, api_date: ApiDate) -> Rejected:
    method, path = incoming.request.method, unquote(incoming.request.path[:PATH_CHARS_MAX])
    allowed = methods_of(incoming.request.path, api_date)
    if allowed:
        also = ["HEAD"] if "GET" in allowed else []
        incoming.reply.headers = ((b"allow", ", ".join([*allowed, *also]).encode()),)
        if find_entry(method, path.removeprefix(PREFIX)):
            return Rejected(Situation.WRONG_METHOD, explain_no_route(method, path, api_date))
        return Rejected(Situation.WRONG_METHOD, f"{path} answers {', '.join(allowed)}, not {method}")
    return Rejected(Situation.NO_ROUTE, lambda pause: explain_no_route(method, path, api_date))


def _answer_public(
    incoming: KalshiRequest, operation: PublicOperation, path_params: dict[str, str], api_date: ApiDate
) -> None:
    context, request, reply = incoming.context, incoming.request, incoming.reply
    if operation.needs_key(api_date):
        _admit(incoming, operation, api_date)
    elif incoming.credentials.key_id is not None and verifies_key(context.settings, operation.name, api_date):
        authenticate(
            context.state, context.settings, request, incoming.credentials, incoming.at, incoming.host_at, reply
        )
    query = read_query(operation.name, request.query, api_date, context.settings.unknown_status)
    reply.findings += query.findings
    call = Call(
        operation,
        context.state,
        context.settings,
        context.caches,
        api_date,
        request.query,
        query.params,
        path_params,
        incoming.at,
        reply.findings,
        context.data,
    )
    reply.body = operation.answer(call)
    reply.headers, reply.status = operation.headers, 200


def _admit(incoming: KalshiRequest, operation: Operation, api_date: ApiDate) -> Key:
    """Return the verified key of a caller who may call an operation, and charge the request to its account.

    Raises Rejected.
    """
    context, request, reply = incoming.context, incoming.request, incoming.reply
    key = authenticate(
        context.state, context.settings, request, incoming.credentials, incoming.at, incoming.host_at, reply
    )
    if operation.scopes[0] not in key.scopes and set(operation.scopes).isdisjoint(key.scopes):
        held, needed = ", ".join(key.scopes) or "none", " or ".join(operation.scopes)
        message = f"key {key.name} of {key.account} has scopes {held}: {operation.name} needs {needed}"
        raise Rejected(Situation.FORBIDDEN, message)
    if key.subaccount is not None and not operation.admits_restricted(api_date):
        where = f"key {key.name} of {key.account} is restricted to book {key.subaccount}"
        raise Rejected(Situation.RESTRICTED, f"{where}: {operation.name} spans the account")
    limits = context.settings.rate_limits
    if limits == "off" or (context.is_lagging and operation.is_write):  # the current state charges a write again
        return key
    account, method, path = context.state.accounts[key.account], operation.method, operation.path
    excess = context.rate_limits.take(account, method, path, request, api_date, incoming.host_at)
    if excess is not None and limits == "enforce":
        raise Rejected(Situation.RATE_LIMITED, excess)
    if excess is not None:
        reply.findings.append(_unenforced(excess))
    return key


@lru_cache(maxsize=1_024)
def _unenforced(excess: str) -> str:
    return f"{excess}: with rate_limits: enforce this is a 429"


def _carry_out(reply: Answer, write: Write, call: AccountCall) -> Pending:
    """Carry out a write and complete its reply."""
    assert isinstance(call.operation, WriteOperation), "only writes are carried out"
    try:
        reply.body = yield from write
        reply.status = call.operation.status
    except Rejected as rejected:
        if is_exchange_down(call, rejected):
            rejected = Rejected(Situation.EXCHANGE_DOWN, rejected.diagnosis)
        reject(reply, rejected, call.api_date)
    reply.pending = None
    return reply


def authenticate_only(context: KalshiContext, request: Request, at: int, host_at: int, must_sign: bool) -> Answer:
    """Verify the credentials of a request for any operation; return an answer without a body, or the refusal."""
    credentials = signatures.read_credentials(request.headers)
    api_date = date_of(context, context.state.keys.get(credentials.key_id or ""))
    found = match(request.method, request.path, api_date)
    operation = found.operation if found else None
    reply = Answer(0, b"", operation=operation.name if operation else None)
    if isinstance(operation, PublicOperation):
        needs_key = operation.needs_key(api_date)
    else:
        needs_key = bool(operation) or credentials != NO_CREDENTIALS or request.path.startswith(ACCOUNT_PATHS)
    if must_sign or needs_key:
        try:
            authenticate(context.state, context.settings, request, credentials, at, host_at, reply)
        except Rejected as rejected:
            reject(reply, rejected, api_date)
    return reply


def operation_of(context: KalshiContext, request: Request) -> str | None:
    """Return the name of the operation that a request is for, at the API date of its key; None if there is none."""
    key = context.state.keys.get(signatures.claimed_key(request) or "")
    found = match(request.method, request.path, date_of(context, key))
    return found.operation.name if found else None


def _malformed_body(diagnosis: str, date: ApiDate) -> bytes:
    return error_body(Rejected(Situation.NOT_HTTP, diagnosis), date)[1]


REST = RestApi(
    headers=(
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-security-policy", b"default-src 'none';"),
        (b"x-content-type-options", b"nosniff"),
    ),
    operations=(*(operation.name for operation in OPERATIONS), OPEN_STREAM),
    paged_operations=PAGED_OPERATIONS,
    operation_of=operation_of,
    answer=answer,
    authenticate_only=authenticate_only,
    malformed_body=_malformed_body,
    counts_requests=counts_requests,
    share_limits=share_limits,
)
