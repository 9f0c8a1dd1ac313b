"""Answers one REST request: finds the operation, authenticates, decodes the parameters, and writes the body.

The answer depends only on the request, the state and the two times, so a journal can be replayed byte for byte.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import unquote

from msgspec import Struct

from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import AccountKind
from mockexchange.venues.dated import FOREVER, ApiDate
from mockexchange.venues.deferred import functions_of
from mockexchange.venues.kalshi import signatures
from mockexchange.venues.kalshi.authentication import authenticate, verifies_key
from mockexchange.venues.kalshi.body_decoding import decode_body
from mockexchange.venues.kalshi.catalogue import (
    OPEN_STREAM,
    PREFIX,
    STREAM_PATH,
    explain_no_route,
    explain_not_emulated,
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
    RefusedOperation,
    Write,
    WriteOperation,
)
from mockexchange.venues.kalshi.resources.fcm import answer_plain_member
from mockexchange.venues.kalshi.resources.refusals import is_exchange_down
from mockexchange.venues.kalshi.routes import PATH_CHARS_MAX, Match, match, methods_of
from mockexchange.venues.kalshi.signatures import Credentials
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
NO_CREDENTIALS = Credentials(None, None, None)
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
    credentials = signatures.read_credentials(request)
    incoming = KalshiRequest(context, request, at, host_at, Answer(0, b""), credentials)
    api_date = date_of(context, context.state.keys.get(credentials.key_id or ""))
    try:
        _answer(incoming, api_date)
    except Rejected as rejected:
        reject(incoming.reply, rejected, api_date)
    return incoming.reply


def _answer(incoming: KalshiRequest, api_date: ApiDate) -> None:
    """Complete the reply to a read; make the reply to a write pending."""
    operation, path_params = _route(incoming, api_date)
    incoming.reply.operation = operation.name
    if operation.retired_since != FOREVER and operation.is_retired(api_date):
        message = f"{operation.name} is retired since {operation.retired_since}: {_successor(operation)}"
        raise Rejected(Situation.RETIRED, message)
    if isinstance(operation, RefusedOperation):
        _refuse(incoming, operation, api_date)
    if isinstance(operation, WriteOperation):
        incoming.reply.pending = _write(incoming, operation, path_params, api_date)
        return
    if isinstance(operation, PublicOperation):
        incoming.reply.body = _answer_public(incoming, operation, path_params, api_date)
    else:
        assert isinstance(operation, AccountOperation), "an operation is public or about an account"
        incoming.reply.body = _answer_account(incoming, operation, path_params, api_date)
    incoming.reply.status = 200


def _refuse(incoming: KalshiRequest, operation: RefusedOperation, api_date: ApiDate) -> NoReturn:
    """Refuse an operation that is never carried out, with keys of all scopes. Raises Rejected."""
    _charge(incoming, operation, api_date, _authenticate(incoming))
    message = explain_not_emulated(operation.method, unquote(incoming.request.path))
    raise Rejected(Situation.NOT_EMULATED, message)


def _answer_public(
    incoming: KalshiRequest, operation: PublicOperation, path_params: dict[str, str], api_date: ApiDate
) -> bytes:
    if operation.needs_key(api_date):
        key = _authenticate(incoming)
        _require_scope(key, operation)
        _charge(incoming, operation, api_date, key)
    elif incoming.credentials.key_id is not None and verifies_key(incoming.context.settings, operation.name, api_date):
        _authenticate(incoming)
    context, query = incoming.context, incoming.request.query
    params = _decode(incoming, operation, api_date)
    call = Call(
        operation,
        context.state,
        context.settings,
        context.caches,
        api_date,
        query,
        params,
        path_params,
        incoming.at,
        incoming.reply.findings,
        context.data,
    )
    body = operation.answer(call)
    incoming.reply.headers = operation.headers
    return body


def _answer_account(
    incoming: KalshiRequest, operation: AccountOperation, path_params: dict[str, str], api_date: ApiDate
) -> bytes:
    key = _authenticate(incoming)
    account, settings = incoming.context.state.accounts[key.account], incoming.context.settings
    _require_scope(key, operation)
    _require_unrestricted(key, operation, is_allowed=operation.is_per_subaccount)
    _charge(incoming, operation, api_date, key)
    if operation.is_fcm_only and account.kind is not AccountKind.FCM:
        return answer_plain_member(operation, settings, account.name, incoming.reply.findings)
    return operation.answer(_account_call(incoming, operation, path_params, api_date, key))


def _write(
    incoming: KalshiRequest, operation: WriteOperation, path_params: dict[str, str], api_date: ApiDate
) -> Pending:
    """Return the pending answer to a write whose caller, parameters and body are valid."""
    key = _authenticate(incoming)
    account, since = incoming.context.state.accounts[key.account], operation.per_subaccount_since
    _require_scope(key, operation)
    _require_unrestricted(key, operation, is_allowed=since is not None and api_date.holds(since))
    _charge(incoming, operation, api_date, key)
    if operation.is_fcm_only and account.kind is not AccountKind.FCM:
        message = f"{account.name} is a plain member: {operation.path} needs an account of kind fcm"
        raise Rejected(Situation.FORBIDDEN, message)
    call = _account_call(incoming, operation, path_params, api_date, key)
    body = decode_body(operation.name, incoming.request, api_date)
    call.body = body.params
    incoming.reply.findings += body.findings
    return _carry_out(incoming.reply, operation.carry_out(call), call)


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


def _account_call(
    incoming: KalshiRequest, operation: Operation, path_params: dict[str, str], api_date: ApiDate, key: Key
) -> AccountCall:
    context = incoming.context
    params = _decode(incoming, operation, api_date)
    return AccountCall(
        operation,
        context.state,
        context.settings,
        context.caches,
        api_date,
        incoming.request.query,
        params,
        path_params,
        incoming.at,
        incoming.reply.findings,
        context.data,
        context.state.accounts[key.account],
        key,
        NO_BODY,
    )


def _route(incoming: KalshiRequest, api_date: ApiDate) -> Match:
    request = incoming.request
    if len(request.path) + len(request.query) > TARGET_CHARS_MAX:
        message = f"the request target (path and query) has more than {TARGET_CHARS_MAX:,} characters"
        raise Rejected(Situation.TARGET_TOO_LONG, message)
    found = match(request.method, request.path, api_date)
    if found is None:
        raise _no_operation(incoming, api_date)
    return found


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


def _authenticate(incoming: KalshiRequest) -> Key:
    context = incoming.context
    return authenticate(
        context.state,
        context.settings,
        incoming.request,
        incoming.at,
        incoming.host_at,
        incoming.reply,
        credentials=incoming.credentials,
    )


def _charge(incoming: KalshiRequest, operation: Operation, api_date: ApiDate, key: Key) -> None:
    """Take the request's tokens out of its account's bucket. Raises Rejected if the limits are enforced."""
    context, request = incoming.context, incoming.request
    if context.settings.rate_limits == "off" or (context.is_lagging and operation.is_write):
        return
    account = context.state.accounts[key.account]
    excess = context.rate_limits.take(account, operation.method, operation.path, request, api_date, incoming.host_at)
    if excess is None:
        return
    if context.settings.rate_limits == "enforce":
        raise Rejected(Situation.RATE_LIMITED, excess)
    incoming.reply.findings.append(_unenforced(excess))


@lru_cache(maxsize=1_024)
def _unenforced(excess: str) -> str:
    return f"{excess}: with rate_limits: enforce this is a 429"


def _decode(incoming: KalshiRequest, operation: Operation, api_date: ApiDate) -> dict[str, Any]:
    settings = incoming.context.settings
    decoded = read_query(operation.name, incoming.request.query, api_date, settings.unknown_status)
    incoming.reply.findings += decoded.findings
    return decoded.params


def _require_scope(key: Key, operation: Operation) -> None:
    if operation.scopes[0] not in key.scopes and set(operation.scopes).isdisjoint(key.scopes):
        held, needed = ", ".join(key.scopes) or "none", " or ".join(operation.scopes)
        message = f"key {key.name} of {key.account} has scopes {held}: {operation.name} needs {needed}"
        raise Rejected(Situation.FORBIDDEN, message)


def _require_unrestricted(key: Key, operation: Operation, *, is_allowed: bool) -> None:
    """Raise Rejected for a key restricted to a subaccount, unless such keys are allowed."""
    if key.subaccount is not None and not is_allowed:
        message = (
            f"key {key.name} of {key.account} is restricted to book {key.subaccount}:"
            f" {operation.name} spans the account"
        )
        raise Rejected(Situation.RESTRICTED, message)


def authenticate_only(context: KalshiContext, request: Request, at: int, host_at: int, must_sign: bool) -> Answer:
    """Verify the credentials of a request for any operation; return an answer without a body, or the refusal."""
    credentials = signatures.read_credentials(request)
    api_date = date_of(context, context.state.keys.get(credentials.key_id or ""))
    found = match(request.method, request.path, api_date)
    operation = found.operation if found else None
    reply = Answer(0, b"", operation=operation.name if operation else None)
    if must_sign or _needs_key(request, credentials, operation, api_date):
        try:
            authenticate(context.state, context.settings, request, at, host_at, reply)
        except Rejected as rejected:
            reject(reply, rejected, api_date)
    return reply


def _needs_key(request: Request, credentials: Credentials, operation: Operation | None, api_date: ApiDate) -> bool:
    if isinstance(operation, PublicOperation):
        return operation.needs_key(api_date)
    return operation is not None or credentials != NO_CREDENTIALS or request.path.startswith(ACCOUNT_PATHS)


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
