"""Tables of the texts and secrets that a client may have signed with by mistake."""

import re
from collections.abc import Iterator, Sequence
from functools import partial

from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State
from mockexchange.venues.diagnosis.hmac_signatures import Case, KnownSecret, Secret
from mockexchange.venues.diagnosis.search import Attempt, Edit, Fields, attempts
from mockexchange.venues.quoting import quote
from mockexchange.venues.request import Request
from mockexchange.venues.signalplus.context import NAME
from mockexchange.venues.signalplus.signatures import Credentials, secret_bytes

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
