"""Implements public/auth, which gives access tokens for a secret, a signature or a refresh token.

The server stores no tokens: each one contains an HMAC that proves it, and is valid on every connection. The scope of a
token is the key's scope, narrowed to the requested scope [doc].
"""

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT
from mockexchange.venues.deribit import diagnosis, signatures
from mockexchange.venues.deribit.authentication import (
    read_token,
    require_key,
    require_secret,
    require_signature,
    require_time,
)
from mockexchange.venues.deribit.context import clock_of
from mockexchange.venues.deribit.enumerations import SCOPES
from mockexchange.venues.deribit.errors import missing
from mockexchange.venues.deribit.resources import parameters
from mockexchange.venues.deribit.resources.call import Call, Operation
from mockexchange.venues.deribit.resources.parameters import Parameter
from mockexchange.venues.deribit.signatures import Credentials, Token
from mockexchange.venues.jsonrpc.envelope import spell

_EXPIRES = re.compile(r"expires:([0-9]{1,9})")


_SESSION = re.compile(r"session:([!-~]{1,64})")


class GrantRequest(NamedTuple):
    """A request for a token: the verified key, the scopes that it may get at most, and the requested scope."""

    key: Key
    allowed: Collection[str]
    requested: str


class Granted(NamedTuple):
    scope: str
    lifetime_s: int
    session: str | None


def grant(call: Call) -> str:
    """Return the JSON result of public/auth. Raises Rejected for wrong credentials."""
    request = VERIFIERS[call.params["grant_type"]](call)
    granted = narrow_scope(request, call.context.settings.token_lifetime_us // MICROSECONDS_PER_SECOND)
    issued_at = clock_of(call.context.settings, call.at, call.host_at)

    def write(kind: str) -> str:
        token = Token(kind, request.key.key_id, granted.scope, issued_at, granted.lifetime_s)
        return spell(signatures.write_token(token, request.key.secret))

    shown = [
        f'"access_token":{write("access")}',
        f'"expires_in":{granted.lifetime_s}',
        f'"refresh_token":{write("refresh")}',
        f'"scope":{spell(granted.scope)}',
        '"enabled_features":[]',
        '"token_type":"bearer"',
    ]
    echoed = {"sid": granted.session, "state": call.params["state"]}
    shown += [f'"{name}":{spell(text)}' for name, text in echoed.items() if text is not None]
    return "{" + ",".join(shown) + "}"


def narrow_scope(request: GrantRequest, lifetime_s: int) -> Granted:
    """Return the scope, the lifetime and the session that a token gets; unknown words in a scope are ignored."""
    words = request.requested.split()
    session = next((found[1] for word in words if (found := _SESSION.fullmatch(word))), None)
    requested_s = next((int(found[1]) for word in words if (found := _EXPIRES.fullmatch(word))), 0)
    scope = {*_access(words, request.allowed), f"session:{session}" if session else "connection"}
    if request.key.subaccount in (None, PRIMARY_SUBACCOUNT):
        scope.add("mainaccount")
    if requested_s:
        scope.add(f"expires:{requested_s}")
    return Granted(" ".join(sorted(scope)), min(requested_s or lifetime_s, lifetime_s), session)


def _access(words: list[str], allowed: Collection[str]) -> list[str]:
    """Return the allowed scopes among `words`; if these name none, all allowed but the denied ones (`trade:none`)."""
    most = [word for word in allowed if word in SCOPES]
    may = {*most, *map(_to_read, most)}
    requested = [word for word in words if word in SCOPES]
    if requested:
        return [word for word in (one if one in may else _to_read(one) for one in requested) if word in may]
    denied = {word.removesuffix(":none") for word in words if word.endswith(":none")}
    return [word for word in most if word.partition(":")[0] not in denied]


def _to_read(scope: str) -> str:
    return scope.replace(":read_write", ":read")


def _verify_secret(call: Call) -> GrantRequest:
    key = require_key(call.context, _given(call, "client_id"))
    require_secret(call.context, key, _given(call, "client_secret"))
    return GrantRequest(key, key.scopes, call.params["scope"] or "")


def _verify_signature(call: Call) -> GrantRequest:
    key_id, timestamp, signature = (_given(call, name) for name in ("client_id", "timestamp", "signature"))
    key = require_key(call.context, key_id)
    require_time(call.context, timestamp, call.at, call.host_at)
    nonce, data = call.params["nonce"] or "", call.params["data"] or ""
    case = diagnosis.stream_case(Credentials(key_id, timestamp, signature, nonce), data)
    text = signatures.stream_text(timestamp, nonce, data)
    require_signature(call.context, key, text, signature, call.findings, lambda: case)
    return GrantRequest(key, key.scopes, call.params["scope"] or "")


def _verify_token(call: Call) -> GrantRequest:
    token, key = read_token(call.context, _given(call, "refresh_token"), "refresh", call.at, call.host_at)
    return GrantRequest(key, token.scope.split(), call.params["scope"] or token.scope)


def _given(call: Call, name: str) -> str:
    value = call.params[name]
    if value is None:
        raise missing(name, f"grant_type {call.params['grant_type']}")
    return str(value)


VERIFIERS: dict[str, Callable[[Call], GrantRequest]] = {
    "client_credentials": _verify_secret,
    "client_signature": _verify_signature,
    "refresh_token": _verify_token,
}
"""Functions that verify the credentials of public/auth, by grant type."""


GRANT_TYPES = ("client_credentials", "client_signature", "refresh_token")


AUTH: tuple[Parameter, ...] = (
    Parameter(
        name="grant_type",
        kind="choice",
        choices=GRANT_TYPES,
        reason="invalid grant_type",
        required=True,
        source="openapi-2.1.1",
    ),
    *(
        parameters.text(name)
        for name in ("client_id", "client_secret", "refresh_token", "signature", "nonce", "data", "state")
    ),
    parameters.integer("timestamp"),
    parameters.text("scope"),
)
"""The parameters of public/auth; each grant type requires some of them."""


OPERATIONS: tuple[Operation, ...] = (Operation(name="public/auth", answer=grant, parameters=AUTH),)
