"""Diagnoses refused credentials: says what was wrong and what to change, outside the answer's body."""

import re
from collections.abc import Iterator, Sequence
from functools import partial

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
from mockexchange.venues.diagnosis.hmac_signatures import Case, KnownSecret, Secret, explain
from mockexchange.venues.diagnosis.search import VERIFIES, Attempt, Edit, Fields, attempts, no_pause
from mockexchange.venues.keys import secrets
from mockexchange.venues.quoting import quote
from mockexchange.venues.request import Request
from mockexchange.venues.signalplus.context import NAME
from mockexchange.venues.signalplus.signatures import (
    HEADERS,
    QUERY,
    SCHEME,
    Credentials,
    check_secret,
    secret_bytes,
    signature_of,
)
from mockexchange.venues.timestamps import explain_digits

# Texts and secrets that a client may have signed with by mistake


ALONE = "sign the timestamp, a line feed and the nonce alone"
BODY_CHARS_MAX = 32_768
KNOWN_MAX = 1_000
HEX = re.compile("(?:[0-9a-fA-F]{2})+")
SEPARATORS = {
    "": "nothing",
    "\\n": "a backslash and an n",
    "\r\n": "a carriage return and a line feed",
    "|": "a bar",
    ":": "a colon",
    ",": "a comma",
    "&": "an ampersand",
    " ": "a space",
    ".": "a dot",
}
"""Mistaken separators between timestamp and nonce, instead of a line feed, each with its description."""


def case_of(state: State, request: Request, credentials: Credentials, key: Key) -> Case:
    """Return the texts and secrets to try for the wrong signature of a request, including secrets of other venues."""
    others = [known for known in list(state.secret_keys.values())[:KNOWN_MAX] if known.key_id != key.key_id]
    labels = [_known(state, other) for other in others]
    return case_of_key(request, credentials, key.secret, _known(state, key), labels)


def case_of_key(
    request: Request, credentials: Credentials, secret: str, claimed: KnownSecret, others: Sequence[KnownSecret] = ()
) -> Case:
    """Return the texts and secrets to try for a wrong signature of the key `claimed`, whose secret is given."""
    return Case(
        signature=credentials.signature or "",
        spelling="base64",
        attempts=partial(_attempts, request, credentials),
        secrets=list(_secrets(secret)),
        claimed=claimed,
        others=others,
    )


def _known(state: State, key: Key) -> KnownSecret:
    is_here = state.accounts[key.account].venue == NAME
    return KnownSecret(key.key_id, key.account, key.name, secret_bytes(key.secret) if is_here else key.secret.encode())


def _attempts(request: Request, credentials: Credentials) -> Iterator[Attempt]:
    right = {
        "timestamp": credentials.timestamp or "",
        "separator": "\n",
        "nonce": credentials.nonce or "",
        "order": "tn",
        "before": "",
        "after": "",
    }
    return attempts(right, _edits(request, credentials, right), _render)


def _render(fields: Fields) -> bytes:
    parts = {"t": fields["timestamp"], "n": fields["nonce"]}
    core = fields["separator"].join(parts[part] for part in fields["order"])
    return f"{fields['before']}{core}{fields['after']}".encode("latin-1", "replace")


def _edits(request: Request, credentials: Credentials, right: Fields) -> Iterator[Edit]:
    for separator, description in SEPARATORS.items():
        yield Edit({"separator": separator}, f"put one line feed between timestamp and nonce, not {description}")
    yield Edit({"order": "nt"}, "sign the timestamp first, then the nonce")
    yield Edit({"after": "\n"}, "leave out the line feed at the end")
    yield from _requests_signed(request)
    yield Edit({"order": "t"}, "sign the nonce too, after a line feed")
    yield Edit({"order": "n"}, "sign the timestamp too, before the nonce and a line feed")
    yield Edit({"before": f"{credentials.key_id}\n"}, f"{ALONE}, without the API key")
    yield from _timestamps(right["timestamp"])


def _requests_signed(request: Request) -> Iterator[Edit]:
    """Yield mistakes that also sign parts of the request, including the text that Deribit requires."""
    body = request.body[:BODY_CHARS_MAX].decode("latin-1")
    for target in dict.fromkeys((request.path, request.target)):
        head = f"\n{request.method}\n{target}"
        yield Edit({"after": f"{head}\n{body}\n"}, f"{ALONE}: what you signed is how Deribit has it")
        yield Edit({"after": f"{head}\n{body}"}, f"{ALONE}, without method, path and body")
        yield Edit({"after": head}, f"{ALONE}, without method and path")
        yield Edit({"after": f"\n{target}"}, f"{ALONE}, without the path")
    if body:
        yield Edit({"after": f"\n{body}"}, f"{ALONE}, without the body")
        yield Edit({"after": body}, f"{ALONE}, without the body")


def _timestamps(timestamp: str) -> Iterator[Edit]:
    """Yield mistakes with another timestamp. The sent one is a number: anything else is refused before."""
    same = f"sign the timestamp that you send, {quote(timestamp)}"
    yield Edit({"timestamp": timestamp[:-3]}, f"{same}, not the seconds of it")
    for number in (int(timestamp) - 1, int(timestamp) + 1):
        yield Edit({"timestamp": str(number)}, f"{same}: read the clock once")


def _secrets(secret: str) -> Iterator[Secret]:
    yield Secret(secret_bytes(secret))
    yield Secret(secret.encode(), "the key of the HMAC is what the secret is the base64 of: decode it first")
    yield Secret(f"{secret}\n".encode(), "there is a line feed behind the secret, and it has to be decoded from base64")
    yield Secret(secret_bytes(secret).hex().encode(), "decode the secret from base64 into bytes, not into hex digits")
    if HEX.fullmatch(secret):
        yield Secret(bytes.fromhex(secret), "the secret is base64, not hex")


# Missing headers and unknown API keys


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


# For a user who has the secret, without a server


UNUSABLE = "the key cannot be used"


def explain_offline(timestamp: str, nonce: str, signature: str, secret: str) -> str:
    """Return an explanation of a signature: "verifies" if it is right. The clock is not checked. Never raises."""
    try:
        check_secret(secret)
    except ValueError as error:
        return f"{UNUSABLE}: {error}"
    sent = Credentials(None, timestamp, nonce, signature)
    right = signature_of(secret_bytes(secret), sent.text).decode()
    if secrets.are_equal(right.encode(), signature.encode("latin-1", "replace")):
        doubt = explain_digits(timestamp)
        return f"the signature fits, and {doubt}" if doubt else VERIFIES
    known = KnownSecret("", "", "", secret_bytes(secret))
    return explain(case_of_key(Request("POST", "/", ""), sent, secret, known), no_pause)
