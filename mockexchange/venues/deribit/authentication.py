"""Authentication of a request by its Authorization header, which has one of three schemes, or by an access token.

The body of a refusal does not contain the reason. If the reason takes work to find, the rejection carries a function
that finds it, and that a worker thread calls.
"""

from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, SubaccountRef
from mockexchange.venues.deribit import diagnosis, signatures
from mockexchange.venues.deribit.context import DeribitContext, clock_of
from mockexchange.venues.deribit.errors import BODY_BYTES_MAX, INVALID_CREDENTIALS, UNAUTHORIZED, Rejected
from mockexchange.venues.deribit.resources.call import Caller
from mockexchange.venues.deribit.signatures import SCHEME, Credentials, Token
from mockexchange.venues.diagnosis.hmac_signatures import KnownSecret, explain
from mockexchange.venues.jsonrpc.envelope import Malformed, is_utf8, read_envelope
from mockexchange.venues.keys.secrets import are_equal, find_secret_key
from mockexchange.venues.query import query_pairs
from mockexchange.venues.request import Answer, Diagnose, Request
from mockexchange.venues.timestamps import check_window

NAME = "deribit"
READ, READ_WRITE = ":read", ":read_write"
SCOPES_KEPT_MAX = 256
"""Size of the cache of scopes with those that they include; keys and tokens have few combinations."""
TOKEN_PARAMETER = "access_token"  # noqa: S105  # a name, no secret
CLIENT_PARAMETER = "client_id"


def identify(
    context: DeribitContext, request: Request, params: Mapping[str, object], at: int, host_at: int, reply: Answer
) -> Caller | None:
    """Return the caller that the credentials of a request name; None for a request without credentials.

    Raises Rejected if the credentials are wrong. Stores in `reply` the key id that the request claims. Times are
    microseconds. An Authorization header takes precedence over the parameter `access_token`.
    """
    found = signatures.read_authorization(request)
    if found is None:
        token = params.get(TOKEN_PARAMETER)
        return None if token is None else identify_token(context, token, at, host_at, reply)
    scheme, rest = found
    match scheme:
        case signatures.SCHEME:
            return _identify_signed(context, request, signatures.read_credentials(rest), at, host_at, reply)
        case "bearer":
            return identify_token(context, rest, at, host_at, reply)
        case "basic":
            return _identify_basic(context, rest, reply)
    raise Rejected(UNAUTHORIZED, diagnosis.explain_scheme(scheme), "invalid_token")


def identify_token(context: DeribitContext, text: object, at: int, host_at: int, reply: Answer | None = None) -> Caller:
    """Return the caller that an access token identifies. Raises Rejected for an invalid token."""
    token, key = read_token(context, text, "access", at, host_at, reply)
    return caller_of(key, token.scope.split())


def read_token(
    context: DeribitContext, text: object, kind: str, at: int, host_at: int, reply: Answer | None = None
) -> tuple[Token, Key]:
    """Return a verified token and its key. Raises Rejected if it is invalid, expired or not of `kind`."""
    found = signatures.read_token(text) if isinstance(text, str) else None
    if found is None:
        raise _no_token(diagnosis.explain_no_token(text, signatures.read_token))
    token, content, proof = found
    key = key_of(context.state, token.key_id)
    _set_claimed_key(reply, token.key_id, key)
    if key is None or not signatures.is_authentic(key.secret, content, proof):
        raise _no_token(diagnosis.explain_foreign_token(token.key_id, key is not None))
    if token.kind != kind:
        raise _no_token(f"this is the {token.kind}_token: send the {kind}_token of the same answer")
    late_us = clock_of(context.settings, at, host_at) - token.issued_at - token.lifetime_s * MICROSECONDS_PER_SECOND
    if kind == "access" and late_us >= 0:
        raise _no_token(diagnosis.explain_expired(late_us, token.lifetime_s))
    return token, key


def caller_of(key: Key, scopes: Iterable[str]) -> Caller:
    """Return the caller of requests that are made with a key and these scopes; a `read_write` scope includes `read`."""
    return Caller(key, _with_reads(tuple(scopes)), SubaccountRef(key.account, key.subaccount or PRIMARY_SUBACCOUNT))


@lru_cache(maxsize=SCOPES_KEPT_MAX)
def _with_reads(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Return scopes with the `read` scopes that their `read_write` scopes include."""
    read = [scope.removesuffix(READ_WRITE) + READ for scope in scopes if scope.endswith(READ_WRITE)]
    return tuple(dict.fromkeys([*scopes, *read]))


def require_key(context: DeribitContext, key_id: str, reply: Answer | None = None) -> Key:
    """Return the key with a client id. Raises Rejected if this venue has no such key."""
    key = key_of(context.state, key_id)
    _set_claimed_key(reply, key_id, key)
    if key is None:
        raise Rejected(INVALID_CREDENTIALS, diagnosis.explain_unknown_key(key_id, context.state))
    return key


def require_secret(context: DeribitContext, key: Key, secret: str) -> None:
    """Raise Rejected if `secret` is not the client secret of the key."""
    if not are_equal(secret.encode(errors="replace"), key.secret.encode()):
        raise Rejected(INVALID_CREDENTIALS, diagnosis.explain_secret(secret, known(key), known_secrets(context.state)))


def require_time(context: DeribitContext, text: str, at: int, host_at: int) -> None:
    """Raise Rejected if a timestamp (text, in milliseconds) is outside the accepted window."""
    window_us = context.settings.window_us
    problem = check_window(text, clock_of(context.settings, at, host_at), window_us, window_us)
    if problem:
        raise Rejected(INVALID_CREDENTIALS, problem)


def known_secrets(state: State) -> list[KnownSecret]:
    """Return all keys that have a secret, including those of other venues.

    The diagnosis compares a wrong secret with them.
    """
    return [known(key) for key in state.secret_keys.values()]


def known(key: Key) -> KnownSecret:
    return KnownSecret(key.key_id, key.account, key.name, key.secret.encode())


def key_of(state: State, key_id: str) -> Key | None:
    """Return the key with an id; None if no key has it, or its account belongs to another venue."""
    return find_secret_key(state, NAME, key_id)


def claimed_key(request: Request) -> str | None:
    """Return the client id that a request claims in its header or parameters, unverified."""
    scheme, rest = signatures.read_authorization(request) or ("", "")
    if scheme == SCHEME:
        return signatures.read_credentials(rest).key_id or None
    if scheme == "basic":
        return _read_basic(rest)[0] or None
    params = {} if scheme or len(request.target) > BODY_BYTES_MAX else _params_of(request)
    found = signatures.read_token(rest or params.get(TOKEN_PARAMETER, ""))
    return found[0].key_id if found else params.get(CLIENT_PARAMETER)


def _params_of(request: Request) -> dict[str, str]:
    """Return the text parameters of a request, without values that are not valid UTF-8 text.

    A query that names no client is not parsed: with thousands of parameters that takes half a millisecond.
    """
    if request.method == "GET":
        query = request.query
        if "%" not in query and TOKEN_PARAMETER not in query and CLIENT_PARAMETER not in query:
            return {}
        return dict(reversed(query_pairs(request.query, keep_blank_values=False)))
    if len(request.body) > BODY_BYTES_MAX:
        return {}
    try:
        params = read_envelope(request.body, method_required=False).params
    except Malformed:
        return {}
    return {name: value for name, value in params.items() if isinstance(value, str) and is_utf8(value)}


def _identify_signed(
    context: DeribitContext, request: Request, sent: Credentials, at: int, host_at: int, reply: Answer
) -> Caller:
    reply.key_id = sent.key_id or None
    if not all(sent):
        raise Rejected(INVALID_CREDENTIALS, diagnosis.explain_missing(sent))
    key = require_key(context, sent.key_id, reply)
    require_time(context, sent.timestamp, at, host_at)
    text = signatures.request_text(sent.timestamp, sent.nonce, request)
    case = partial(diagnosis.request_case, request, sent)
    require_signature(context, key, text, sent.signature, reply.findings, case)
    return caller_of(key, key.scopes)


def require_signature(
    context: DeribitContext,
    key: Key,
    text: bytes,
    signature: str,
    findings: list[str],
    case_maker: Callable[[], diagnosis.MakeCase],
) -> None:
    """Raise Rejected if a signature does not verify; the rejection carries a function that searches for the mistake."""
    if not signatures.verifies(key.secret, text, signature):
        others = [other for other in known_secrets(context.state) if other.key_id != key.key_id]
        raise Rejected(INVALID_CREDENTIALS, _diagnose(case_maker(), known(key), others))
    if signature != signature.lower():
        findings.append("the signature is in upper-case hex: the documents show lower case")


def _diagnose(case: diagnosis.MakeCase, claimed: KnownSecret, others: list[KnownSecret]) -> Diagnose:
    return lambda pause: explain(case(claimed, others), pause)


def _identify_basic(context: DeribitContext, text: str, reply: Answer) -> Caller:
    key_id, secret = _read_basic(text)
    if not key_id:
        raise Rejected(INVALID_CREDENTIALS, "Basic: expected base64 of client_id:client_secret")
    key = require_key(context, key_id, reply)
    require_secret(context, key, secret)
    return caller_of(key, key.scopes)


def _read_basic(text: str) -> tuple[str, str]:
    """Return client id and secret; both "" if the text is not base64 of the two."""
    try:
        key_id, colon, secret = b64decode(text, validate=True).decode("latin-1").partition(":")
    except (Error, ValueError):
        return "", ""
    return (key_id, secret) if colon else ("", "")


def _set_claimed_key(reply: Answer | None, key_id: str, key: Key | None) -> None:
    if reply is not None:
        reply.key_id = key_id
        reply.account = key.account if key else None


def _no_token(message: str) -> Rejected:
    return Rejected(UNAUTHORIZED, message, "invalid_token")
