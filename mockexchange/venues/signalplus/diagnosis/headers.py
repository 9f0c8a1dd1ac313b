"""The diagnosis of missing headers and unknown API keys."""

from collections.abc import Iterator

from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State
from mockexchange.venues.diagnosis.credentials import (
    HEADERS_MAX,
    KEY_ID_CHARS_MAX,
    KEYS_COMPARED_MAX,
    KEYS_NAMED_MAX,
    STRAY,
    similar_headers,
    similar_ids,
)
from mockexchange.venues.quoting import quote
from mockexchange.venues.request import Request
from mockexchange.venues.signalplus.context import NAME
from mockexchange.venues.signalplus.signatures import HEADERS, QUERY, SCHEME, Credentials

SPELLED = (
    "Authorization",
    "Signalplus-API-Timestamp",
    "Signalplus-API-Nonce",
    "Signalplus-API-Signature",
)
MEANT = (
    "Bearer and the API key",
    "Unix milliseconds",
    "any text that is new",
    'base64 of the HMAC-SHA256 of "{timestamp}\\n{nonce}"',
)


def explain_missing(request: Request, credentials: Credentials, with_query: bool) -> str:
    """Return a text on which of the four headers are missing, what was sent instead, and what to send. Never raises."""
    values = (credentials.key_id, credentials.timestamp, credentials.nonce, credentials.signature)
    missing = [name for name, value in zip(SPELLED, values, strict=True) if value is None]
    needed = ", ".join(f"{name} ({what})" for name, what in zip(SPELLED, MEANT, strict=True))
    instead = "".join(f"; {hint}" for hint in _sent_instead(request, with_query))
    return f"missing or empty: {', '.join(missing)}{instead}; send {needed}"


def _sent_instead(request: Request, with_query: bool) -> Iterator[str]:
    authorization = (request.header(HEADERS[0]) or "").strip()
    if authorization and authorization[: len(SCHEME)].lower() != SCHEME:
        yield f"Authorization has to begin with Bearer, not {quote(authorization.partition(' ')[0], 30)}"
    if not with_query and any(f"{name}=" in request.query for name in QUERY):
        yield "the query is read on the handshake of a stream alone"
    others = [name for name, _ in request.headers[:HEADERS_MAX] if name not in HEADERS and b"signalplus" in name]
    names = [name.decode("latin-1") for name in others]
    wanted = [name.decode() for name in HEADERS if request.header(name) is None]
    for sent, near in similar_headers(names, wanted):
        yield f"{quote(sent)} is not {near}"


def explain_unknown_key(state: State, key_id: str) -> str:
    """Return an explanation of an API key that no account of this venue has. Never raises."""
    shown, elsewhere = quote(key_id, KEY_ID_CHARS_MAX), state.secret_keys.get(key_id) or state.keys.get(key_id)
    if elsewhere:
        venue = state.accounts[elsewhere.account].venue or "the default venue"
        return f"{shown} is a key of {elsewhere.account}, an account of {venue}: each venue knows its own keys alone"
    keys = [key for key in state.secret_keys.values() if state.accounts[key.account].venue == NAME]
    if not keys:
        return f"no account of this venue has the API key {shown}: this sandbox has none, list one with venue: {NAME}"
    return f"no account has the API key {shown}: {_exact(key_id, keys) or _nearest(key_id, keys)}"


def _exact(key_id: str, keys: list[Key]) -> str | None:
    bare = key_id.strip(STRAY)
    for key in keys:
        if bare == key.key_id:
            return f"there are stray characters around the key of {key.account}: send {quote(key.key_id)}"
        if bare == key.secret:
            return f"it is the secret of {key.account}: send the key, {quote(key.key_id)}, and keep the secret"
        if bare in (key.account, f"{key.account}/{key.name}"):
            return f"it is a name: send the key of {key.account}, {quote(key.key_id)}"
        if bare.lower() == key.key_id.lower():
            return f"send the key of {key.account} as it is spelled, {quote(key.key_id)}"
    return None


def _nearest(key_id: str, keys: list[Key]) -> str:
    known = {key.key_id: key.account for key in keys[:KEYS_COMPARED_MAX]}
    near = similar_ids(key_id, known)
    named = ", ".join(f"{quote(name)} ({known[name]})" for name in near or list(known)[:KEYS_NAMED_MAX])
    return f"did you mean {named}?" if near else f"of this venue there is {named}"
