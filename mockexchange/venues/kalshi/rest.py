"""One REST request, from bytes to bytes: route, authenticate, decode, answer.

Everything is a function of the request, the state and the two times, so a journal can be replayed byte for byte.
The order of authentication is headers, key, timestamp, signature. A 401's body is the venue's; why it is one goes out
of band, and where that takes work the answer carries it as a function for a worker thread.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from urllib.parse import unquote

from mockexchange.core.accounts import Key
from mockexchange.core.state import State
from mockexchange.core.vocabulary import AccountKind
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.kalshi import diagnosis, signing
from mockexchange.venues.kalshi.catalogue import explain_no_route
from mockexchange.venues.kalshi.dates import api_date as parse_date
from mockexchange.venues.kalshi.diagnosis import KnownKey
from mockexchange.venues.kalshi.errors import Rejected, Situation, error_body
from mockexchange.venues.kalshi.operations import OPERATIONS, Caches, Call, Operation, answer_plain_member
from mockexchange.venues.kalshi.params import QUERY_CHARS_CACHED_MAX, decode, decode_cached
from mockexchange.venues.kalshi.settings import Settings
from mockexchange.venues.kalshi.signing import Credentials
from mockexchange.venues.request import Answer, Pause, Request

TARGET_CHARS_MAX = 64_000
"""Far above any real cursor, far below what would stall the loop; the HTTP parser's offsets end at 65,535."""
MICROSECONDS_PER_MILLISECOND = 1_000
TIMESTAMP_DIGITS_MAX = 18

ROUTES: dict[tuple[str, str], Operation] = {(operation.method, operation.path): operation for operation in OPERATIONS}
PATHS = sorted({operation.path for operation in OPERATIONS})


@dataclass(slots=True)
class Desk:
    """What the venue's front needs to know of one sandbox."""

    state: State
    api_date: ApiDate
    settings: Settings = field(default_factory=Settings)
    caches: Caches = field(default_factory=Caches)


def answer(desk: Desk, request: Request, now: int, host_now: int) -> Answer:
    """Answer one request at exchange time `now` and host time `host_now` (both microseconds). Never raises."""
    reply = Answer(500, b"")
    try:
        reply.body = _answer(desk, request, now, host_now, reply)
        reply.status = 200
    except Rejected as rejected:
        _reject(desk, reply, rejected)
    return reply


def _answer(desk: Desk, request: Request, now: int, host_now: int, reply: Answer) -> bytes:
    operation = _route(desk, request, reply)
    reply.operation = operation.name
    key = _authenticate(desk, request, now, host_now, reply)
    account = desk.state.accounts[key.account]
    _require_scope(key, operation)
    api_date = _date_of(desk, key)
    if operation.is_fcm_only and account.kind is not AccountKind.FCM:
        return answer_plain_member(account, desk.settings, reply.findings)
    is_short = len(request.query) <= QUERY_CHARS_CACHED_MAX
    params, findings = (decode_cached if is_short else decode)(operation.name, request.query, api_date)
    reply.findings += findings
    call = Call(
        operation,
        desk.state,
        desk.settings,
        desk.caches,
        api_date,
        account,
        key,
        request.query,
        params,
        now,
        reply.findings,
    )
    return operation.answer(call)


def _reject(desk: Desk, reply: Answer, rejected: Rejected) -> None:
    key = desk.state.keys.get(reply.key_id or "")
    reply.status, reply.body = error_body(rejected, _date_of(desk, key) if key else desk.api_date)
    if isinstance(rejected.diagnosis, str):
        reply.diagnosis = rejected.diagnosis
    else:
        reply.diagnose = rejected.diagnosis


def _route(desk: Desk, request: Request, reply: Answer) -> Operation:
    if len(request.path) + len(request.query) > TARGET_CHARS_MAX:
        words = f"the request target (path and query) has more than {TARGET_CHARS_MAX:,} characters"
        raise Rejected(Situation.TARGET_TOO_LONG, words)
    method = "GET" if request.method == "HEAD" else request.method
    path = request.path if "%" not in request.path else unquote(request.path)
    operation = ROUTES.get((method, path))
    if operation is None:
        raise _no_operation(desk, request, path, reply)
    return operation


def _no_operation(desk: Desk, request: Request, path: str, reply: Answer) -> Rejected:
    allowed = sorted(method for method, known in ROUTES if known == path)
    if allowed:
        reply.headers = ((b"allow", ", ".join([*allowed, "HEAD"]).encode()),)
        return Rejected(Situation.WRONG_METHOD, f"{path} answers {', '.join(allowed)}, not {request.method}")
    return Rejected(Situation.NO_ROUTE, lambda pause: explain_no_route(request.method, path, desk.api_date, PATHS))


def _authenticate(desk: Desk, request: Request, now: int, host_now: int, reply: Answer) -> Key:
    credentials = signing.read_credentials(request)
    reply.key_id = credentials.key_id
    is_off = desk.settings.auth_mode == "off"
    _require_headers(request, credentials, is_off)
    key = desk.state.keys.get(credentials.key_id or "")
    if key is None:
        key_id, known = credentials.key_id or "", known_keys(desk.state)
        raise Rejected(Situation.UNKNOWN_KEY, lambda pause: diagnosis.explain_unknown_key(key_id, known))
    reply.account = key.account
    if not is_off:
        _require_time(desk.settings, credentials, now if desk.settings.auth_clock == "exchange" else host_now)
        _require_signature(desk, request, credentials, key, reply)
    return key


def _require_headers(request: Request, credentials: Credentials, is_off: bool) -> None:
    if credentials.key_id is None:
        raise Rejected(Situation.NO_CREDENTIALS, diagnosis.explain_missing(request))
    if is_off:
        return
    if credentials.signature is None:
        situation = Situation.NO_SIGNATURE if credentials.timestamp else Situation.NO_CREDENTIALS
        raise Rejected(situation, diagnosis.explain_missing(request))
    if credentials.timestamp is None:
        raise Rejected(Situation.TIMESTAMP_EXPIRED, diagnosis.explain_missing(request))


def _require_time(settings: Settings, credentials: Credentials, now: int) -> None:
    text = credentials.timestamp or ""
    past_us, future_us = settings.window_past_us, settings.window_future_us
    if text.isascii() and text.isdigit() and len(text) <= TIMESTAMP_DIGITS_MAX:
        ahead_us = int(text) * MICROSECONDS_PER_MILLISECOND - now
        if -past_us <= ahead_us <= future_us:
            return
    window = (past_us // MICROSECONDS_PER_MILLISECOND, future_us // MICROSECONDS_PER_MILLISECOND)
    words = diagnosis.explain_timestamp(text, now // MICROSECONDS_PER_MILLISECOND, *window)
    raise Rejected(Situation.TIMESTAMP_EXPIRED, words)


def _require_signature(desk: Desk, request: Request, credentials: Credentials, key: Key, reply: Answer) -> None:
    signature = signing.decode_signature(credentials.signature or "")
    message = signing.signed_message(credentials.timestamp or "", request)
    public_key = signing.load_public_key(key.public_key)
    verdict = "bad" if signature is None else signing.verify(public_key, signature, message)
    if verdict == "good":
        return
    if verdict == "bad" or signature is None:
        others = [known for known in known_keys(desk.state) if known.key_id != key.key_id]
        steps = diagnosis.diagnose_steps(request, credentials, _known(key), others, request.header(b"host") or "")
        raise Rejected(Situation.BAD_SIGNATURE, lambda pause: _run(steps, pause))
    words = diagnosis.explain_salt(public_key, signature, message)
    if desk.settings.auth_salt == "32":
        raise Rejected(Situation.BAD_SIGNATURE, words)
    reply.findings.append(words)


def _run(steps: Generator[None, None, str], pause: Pause) -> str:
    while True:
        try:
            next(steps)
        except StopIteration as done:
            words: str = done.value
            return words
        pause()


def known_keys(state: State) -> list[KnownKey]:
    return [_known(key) for key in state.keys.values()]


def _known(key: Key) -> KnownKey:
    return KnownKey(key.key_id, key.account, key.name, key.public_key)


def _require_scope(key: Key, operation: Operation) -> None:
    if not set(operation.scopes) & set(key.scopes):
        held, needed = ", ".join(key.scopes) or "none", " or ".join(operation.scopes)
        words = f"key {key.name} of {key.account} has scopes {held}: {operation.name} needs {needed}"
        raise Rejected(Situation.FORBIDDEN, words)


def _date_of(desk: Desk, key: Key) -> ApiDate:
    return parse_date(key.api_date) if key.api_date else desk.api_date
