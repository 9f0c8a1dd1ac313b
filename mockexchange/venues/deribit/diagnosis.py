"""Diagnoses refused credentials: says what was wrong and what to change, outside the answer's body.

A mistake in a signed text is found by a search: a table of mistakes gives the texts that a client may have signed
instead, likeliest first, and `venues.diagnosis` tries them.
"""

import json
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.state import State
from mockexchange.venues.deribit.signatures import (
    AUTHORIZATION,
    SCHEME,
    Credentials,
    read_authorization,
    read_credentials,
    request_text,
    verifies,
)
from mockexchange.venues.diagnosis.hmac_signatures import Case, KnownSecret, Secret, explain
from mockexchange.venues.diagnosis.search import VERIFIES, Attempt, Edit, Fields, attempts, no_pause
from mockexchange.venues.quoting import plural, quote
from mockexchange.venues.request import Request
from mockexchange.venues.timestamps import explain_digits, format_duration

# Mistakes in a text that a client signs, likeliest first
#
# A mistake is a function of the request's parts. It returns edits: the fields of the signed text that the mistake
# changes, and the advice for the user.


PREFIX = "/api/v2"
METHODS = ("GET", "POST")
JSON_BYTES_MAX = 8_192
"""Largest body that is also tried in other JSON spellings."""
QUERY_CHARS_MAX = 4_096
TIMESTAMP_DIGITS_MAX = 18
PART_CHARS_MAX = 120


class SignedParts(NamedTuple):
    """The parts of a request that may have been signed.

    A signature for a stream covers only `data`, timestamp and nonce.
    """

    timestamp: str
    nonce: str
    key_id: str
    method: str = ""
    path: str = ""
    query: str = ""
    body: str = ""
    host: str = ""
    data: str = ""

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


def end_wrong(_: SignedParts) -> Iterator[Edit]:
    yield Edit({"end": ""}, "end the text with a newline, after the body too")
    yield Edit({"end": "\n\n"}, "end the text with one newline, not with two")
    yield Edit({"end": "\r\n"}, "end the text with a newline, without a carriage return")


def target_wrong(sent: SignedParts) -> Iterator[Edit]:
    if sent.query:
        yield Edit({"target": sent.path}, f"sign the query too: {_shown(sent.target)}")
    yield Edit({"target": sent.target.removeprefix(PREFIX)}, f'put "{PREFIX}" in front of the path')
    yield Edit({"target": sent.target.removeprefix(PREFIX + "/")}, f'put "{PREFIX}/" in front of the path')
    yield Edit({"target": sent.path.removeprefix(PREFIX)}, f"sign the whole of {_shown(sent.target)}")
    yield Edit({"target": sent.target + "?"}, 'sign the path without "?" where there is no query')
    for scheme in ("https://", "http://", ""):
        yield Edit(
            {"target": scheme + sent.host + sent.target},
            f"sign path and query alone, without {_shown(scheme + sent.host)}",
        )
    for host in ("www.deribit.com", "test.deribit.com"):
        yield Edit({"target": f"https://{host}{sent.target}"}, f"sign path and query alone, without https://{host}")


def query_spelled(sent: SignedParts) -> Iterator[Edit]:
    if not sent.query or len(sent.query) > QUERY_CHARS_MAX:
        return
    pairs = parse_qsl(sent.query, keep_blank_values=True)
    spellings = {
        "percent-decoded": unquote(sent.query),
        "percent-encoded anew": urlencode(pairs),
        "in another order": urlencode(sorted(pairs)),
        "without percent-encoding, in another order": "&".join(sorted(sent.query.split("&"))),
    }
    for description, query in spellings.items():
        yield Edit(
            {"target": f"{sent.path}?{query}"}, f"sign the query as sent, {_shown(sent.query)}, not {description}"
        )


def method_wrong(sent: SignedParts) -> Iterator[Edit]:
    yield Edit({"method": sent.method.lower()}, f"write the method in upper case, {sent.method}")
    for method in METHODS:
        yield Edit({"method": method}, f"sign the method you send, {sent.method}, not {method}")
    yield Edit({"method": sent.path.removeprefix(PREFIX + "/")}, f"sign the HTTP method, {sent.method}, not the API's")


def body_wrong(sent: SignedParts) -> Iterator[Edit]:
    if not sent.body:
        for text in ("{}", "null", "None", "undefined", '""'):
            yield Edit({"body": text}, f"sign no body where none is sent: not {text}")
        if sent.query:
            yield Edit({"target": sent.path, "body": sent.query}, "sign the query behind the path, and no body")
        return
    yield Edit({"body": ""}, "sign the body too, exactly as sent")
    for description, body in _json_spellings(sent.body):
        yield Edit({"body": body}, f"sign the bytes of the body that you send, not the same JSON {description}")


def _json_spellings(body: str) -> Iterator[tuple[str, str]]:
    try:
        document = json.loads(body) if len(body) <= JSON_BYTES_MAX else None
    except (ValueError, RecursionError):
        return
    if isinstance(document, dict):
        yield "without spaces", json.dumps(document, separators=(",", ":"))
        yield "with spaces", json.dumps(document)
        yield "with its keys sorted", json.dumps(document, separators=(",", ":"), sort_keys=True)
        yield "with spaces and its keys sorted", json.dumps(document, sort_keys=True)
        yield "of its params alone", json.dumps(document.get("params"), separators=(",", ":"))
        yield "of its params alone, with spaces", json.dumps(document.get("params"))


def time_wrong(sent: SignedParts) -> Iterator[Edit]:
    text = sent.timestamp
    if not (text.isascii() and text.isdigit() and len(text) <= TIMESTAMP_DIGITS_MAX):
        return
    number, same = int(text), f"sign exactly the timestamp that you send, {text}"
    spellings = {
        "seconds": str(number // 1_000),
        "microseconds": f"{number}000",
        "nanoseconds": f"{number}000000",
        "one with a fraction": f"{number}.0",
    }
    for description, spelling in spellings.items():
        yield Edit({"timestamp": spelling}, f"{same}, not {description}")
    for distance in range(1, 6):
        for other in (number - distance, number + distance):
            yield Edit({"timestamp": str(other)}, f"{same}, not one read {distance} ms apart: read the clock once")


def nonce_wrong(sent: SignedParts) -> Iterator[Edit]:
    if sent.nonce != sent.timestamp:
        yield Edit({"order": "nt"}, "sign the timestamp first, then the nonce")
        yield Edit({"nonce": sent.timestamp}, f"sign the nonce that you send, {_shown(sent.nonce)}")
    yield Edit({"nonce": ""}, f"sign the nonce that you send, {_shown(sent.nonce)}, not an empty one")
    yield Edit({"order": "t"}, "sign the nonce too, between the timestamp and the method")
    yield Edit({"order": "n"}, "sign the timestamp too, in front of the nonce")


def separated(_: SignedParts) -> Iterator[Edit]:
    for separator, description in SEPARATORS.items():
        for end in (separator, "", "\n"):
            yield Edit({"separator": separator, "end": end}, f"put a newline behind each part, not {description}")


SEPARATORS = {"": "nothing", "\\n": "a backslash and an n", "\r\n": "carriage return and newline", ",": "a comma"}


def stream_signed(_: SignedParts) -> Iterator[Edit]:
    description = "add METHOD, path and query, and body: without them it is the signature of a stream's public/auth"
    yield Edit({"layout": "stream", "end": ""}, description)
    yield Edit({"layout": "stream", "end": "\n"}, description)
    yield Edit({"layout": "bare", "end": ""}, description)


def data_wrong(sent: SignedParts) -> Iterator[Edit]:
    yield Edit({"end": "\n"}, "end the text with the data: no newline comes after it")
    if sent.data:
        yield Edit({"data": ""}, f"sign the data that you send, {_shown(sent.data)}, not an empty one")
    else:
        yield Edit({"layout": "bare"}, "put a newline behind the nonce too, where the data is empty")
        yield Edit({"data": sent.key_id}, "sign no data where you send none: not the client id")
        yield Edit({"data": "null"}, "sign no data where you send none: not null")
    for method in METHODS:
        text = f"{method}\n{PREFIX}/public/auth\n\n"
        yield Edit({"data": text}, "sign the data alone: METHOD, path and body belong into HTTP's header")


def _shown(text: str) -> str:
    return quote(text, PART_CHARS_MAX)


Mistake = Callable[[SignedParts], Iterator[Edit]]
OF_REQUESTS: tuple[Mistake, ...] = (
    end_wrong,
    target_wrong,
    body_wrong,
    nonce_wrong,
    stream_signed,
    separated,
    method_wrong,
    query_spelled,
    time_wrong,
)
OF_STREAMS: tuple[Mistake, ...] = (data_wrong, nonce_wrong, separated, time_wrong)


# Cases: the texts that a client may have signed, and the ways in which it may have decoded its secret
#
# Texts are wire bytes decoded as latin-1.


COMBINED = 2
"""Number of spellings of each mistake that are also tried together with another mistake."""
MakeCase = Callable[[KnownSecret, Sequence[KnownSecret]], Case]
"""A function (claimed key, other keys) that returns the case of a wrong signature for the diagnosis."""


def request_case(request: Request, sent: Credentials) -> MakeCase:
    """Return a function that lists the texts and secrets which may be behind the wrong signature of a request."""
    parts = SignedParts(
        sent.timestamp,
        sent.nonce,
        sent.key_id,
        request.method,
        request.path,
        request.query,
        request.body.decode("latin-1"),
        request.header(b"host") or "",
    )
    return _case(parts, sent.signature, "request", OF_REQUESTS)


def stream_case(sent: Credentials, data: str) -> MakeCase:
    """Return a function that lists the texts and secrets which may be behind a wrong client_signature.

    A client sends client_signature to public/auth.
    """
    encoded = data.encode(errors="replace").decode("latin-1")
    parts = SignedParts(sent.timestamp, sent.nonce, sent.key_id, data=encoded)
    return _case(parts, sent.signature, "stream", OF_STREAMS)


def _case(
    sent: SignedParts, signature: str, layout: Literal["request", "stream"], mistakes: Sequence[Mistake]
) -> MakeCase:
    right = {
        "timestamp": sent.timestamp,
        "nonce": sent.nonce,
        "order": "tn",
        "method": sent.method,
        "target": sent.target,
        "body": sent.body,
        "data": sent.data,
        "layout": layout,
        "separator": "\n",
        "end": "\n" if layout == "request" else "",
    }

    def tries() -> Iterator[Attempt]:
        return attempts(right, _edits(sent, mistakes), render)

    def make_case(claimed: KnownSecret, others: Sequence[KnownSecret]) -> Case:
        return Case(signature, "hex", tries, tuple(_secrets(claimed)), claimed, others)

    return make_case


def _edits(sent: SignedParts, mistakes: Sequence[Mistake]) -> Iterator[Edit]:
    for make in mistakes:
        for number, edit in enumerate(make(sent)):
            yield edit._replace(combines=number < COMBINED)


def render(fields: Fields) -> bytes:
    """Return the bytes that a client would have signed, given these fields of the signed text."""
    head = [fields[{"t": "timestamp", "n": "nonce"}[letter]] for letter in fields["order"]]
    tails = {"request": ("method", "target", "body"), "stream": ("data",), "bare": ()}
    parts = [*head, *(fields[name] for name in tails[fields["layout"]])]
    return (fields["separator"].join(parts) + fields["end"]).encode("latin-1", "backslashreplace")


def _secrets(claimed: KnownSecret) -> Iterator[Secret]:
    secret = claimed.key
    yield Secret(secret)
    as_text = f"take the secret of {claimed.label} as text"
    yield Secret(claimed.key_id.encode(), f"sign with the secret of {claimed.label}, not with its id")
    for description, key in _misread(secret):
        if key and key != secret:
            yield Secret(key, f"{as_text}, {description}")


def _misread(secret: bytes) -> Iterator[tuple[str, bytes]]:
    padded = secret + b"=" * (-len(secret) % 4)
    for alphabet in (b"+/", b"-_"):
        try:
            yield "not decoded from base64", b64decode(padded, altchars=alphabet, validate=True)
        except (Error, ValueError):
            continue
    yield "not in lower case", secret.lower()
    yield "not in upper case", secret.upper()
    yield "without a newline behind it", secret + b"\n"


# Credentials that are wrong without regard to a signature: schemes, client ids, timestamps, secrets and tokens


NEEDED = f"send Authorization: {SCHEME} id=<client id>,ts=<Unix milliseconds>,sig=<hex>,nonce=<any text>"
LOGIN = "send Authorization: Bearer <access_token of public/auth>, or access_token among the parameters"
SHOWN_CHARS_MAX = 100
PARTS = ("id", "ts", "sig", "nonce")


def explain_scheme(scheme: str) -> str:
    return f"the Authorization header begins with {quote(scheme, SHOWN_CHARS_MAX)}: expected {SCHEME}, Bearer or Basic"


def explain_missing(sent: Credentials) -> str:
    absent = [name for name, value in zip(PARTS, sent, strict=True) if not value]
    return f"missing in the Authorization header: {', '.join(absent)}; {NEEDED}"


def explain_unknown_key(key_id: str, state: State) -> str:
    """Return an explanation of an unknown client id: it is a key of another venue, or a misspelling."""
    shown = quote(key_id, SHOWN_CHARS_MAX)
    key = state.secret_keys.get(key_id) or state.keys.get(key_id)
    if key is not None:
        venue = state.accounts[key.account].venue or "another venue"
        return (
            f'{shown} is the id of {key.account}\'s key "{key.name}", which is of {venue}: send a client id of deribit'
        )
    for known in state.secret_keys.values():
        label = f'{known.account}\'s key "{known.name}"'
        if key_id == known.secret:
            return f"this is the secret of {label}, not its id: send {quote(known.key_id)}"
        if _bare(key_id) == _bare(known.key_id):
            return f"{shown} is spelt otherwise than the id of {label}: send {quote(known.key_id)}"
    return f"there is no client id {shown} in this sandbox, which has {plural(_count(state), 'key')} of deribit"


def _count(state: State) -> int:
    return sum(state.accounts[key.account].venue == "deribit" for key in state.secret_keys.values())


def _bare(text: str) -> str:
    return text.strip(" \t\r\n\"'").lower()


def explain_secret(secret: str, claimed: KnownSecret, all_known: Sequence[KnownSecret]) -> str:
    """Return why a secret is wrong: another key's secret or id, a misspelling of the right secret, or unknown."""
    given, right = secret.encode(errors="replace"), claimed.key
    if not given:
        return f"the secret is empty: send that of {claimed.label}"
    for other in all_known:
        if given == other.key:
            return f"this is the secret of {other.label}; you sent the id of {claimed.label}"
        if secret == other.key_id:
            return f"this is the id of {other.label}, not its secret"
    text = right.decode("latin-1")
    if _bare(secret) == text.lower():
        wrong = "letters of the other case" if secret.lower() == text.lower() else "something around it"
        return f"the secret of {claimed.label} with {wrong}: send it as it is"
    if text.startswith(secret) or secret.startswith(text):
        sizes = f"{plural(len(secret), 'character')}, that of {claimed.label} {len(text)}"
        return f"the secret is cut off, or too long: it has {sizes}"
    return f"this is not the secret of {claimed.label}, nor of any other key of this sandbox"


def explain_no_token(text: object, reads: Callable[[str], object]) -> str:
    """Return an explanation of an invalid access token.

    The function `reads` returns a true value for a text that is a token.
    """
    if not isinstance(text, str):
        return f"access_token: expected a string; {LOGIN}"
    if not text:
        return f"the access token is empty: {LOGIN}"
    bare = text.strip(" \t\r\n\"'").removeprefix("Bearer ").removeprefix("bearer ").strip("<> ")
    if bare != text and reads(bare):
        return f"the access token has something around it: send {quote(bare, SHOWN_CHARS_MAX)} alone"
    return f"{quote(text, SHOWN_CHARS_MAX)} is no token of this server: {LOGIN}"


def explain_foreign_token(key_id: str, is_known: bool) -> str:
    shown = quote(key_id, SHOWN_CHARS_MAX)
    if is_known:
        return (
            f"the token of client id {shown} was changed, or made with a secret that the key no longer has: log in anew"
        )
    return f"the token is of client id {shown}, which this sandbox does not know: log in here"


def explain_expired(late_us: int, lifetime_s: int) -> str:
    late = format_duration(late_us // 1_000)
    lifetime = format_duration(lifetime_s * MICROSECONDS_PER_SECOND // 1_000)
    return f"the token expired {late} ago, after {lifetime}: call public/auth with grant_type refresh_token"


# For a user who has the secret, without a server


def explain_offline(method: str, target: str, body: bytes, authorization: str, secret: str) -> str:
    """Return an explanation of a signed request: "verifies" if its signature is right. Never raises.

    `target` may be a whole URL. The clock and the client id are not checked.
    """
    host, target = _split(target)
    path, _, query = target.partition("?")
    headers = (
        (AUTHORIZATION, authorization.encode("latin-1", "replace")),
        (b"host", host.encode("latin-1", "replace")),
    )
    request = Request(method, path, query, headers, body)
    scheme, rest = read_authorization(request) or ("", "")
    if scheme != SCHEME:
        return f"the header begins with {quote(scheme, SHOWN_CHARS_MAX)}: {SCHEME} alone is signed, expected that"
    sent = read_credentials(rest)
    if not all(sent):
        return explain_missing(sent)
    if verifies(secret, request_text(sent.timestamp, sent.nonce, request), sent.signature):
        doubt = explain_digits(sent.timestamp)
        return f"the signature fits, and {doubt}" if doubt else VERIFIES
    given = KnownSecret(sent.key_id, "", "", secret.encode(errors="replace"))
    return explain(request_case(request, sent)(given, ()), no_pause)


def _split(target: str) -> tuple[str, str]:
    """Return the host of a URL ("" without one) and its signed target."""
    _, scheme, rest = target.partition("://")
    host, _, target_of_url = rest.partition("/")
    return (host, f"/{target_of_url}") if scheme and "?" not in target.partition("://")[0] else ("", target)
