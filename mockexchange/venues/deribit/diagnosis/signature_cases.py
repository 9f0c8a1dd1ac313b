"""Lists the texts that a client may have signed by mistake, and the ways in which it may have decoded its secret.

Texts are wire bytes decoded as latin-1.
"""

from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from mockexchange.venues.deribit.diagnosis.mistakes import OF_REQUESTS, OF_STREAMS, Mistake, SignedParts
from mockexchange.venues.deribit.signatures import Credentials
from mockexchange.venues.diagnosis.hmac_signatures import Case, KnownSecret, Secret
from mockexchange.venues.diagnosis.search import Attempt, Edit, Fields, attempts
from mockexchange.venues.request import Request

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
