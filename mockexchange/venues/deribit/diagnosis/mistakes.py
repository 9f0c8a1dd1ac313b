"""Tables of the known mistakes in a text that a client signs, likeliest first.

A mistake is a function of the request's parts. It returns edits: the fields of the signed text that the mistake
changes, and the advice for the user.
"""

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

from mockexchange.venues.diagnosis.search import Edit
from mockexchange.venues.quoting import quote

PREFIX = "/api/v2"
METHODS = ("GET", "POST")
JSON_BYTES_MAX = 8_192
"""Largest body that is also tried in other JSON spellings."""
QUERY_CHARS_MAX = 4_096
TIMESTAMP_DIGITS_MAX = 18
SHOWN_CHARS_MAX = 120


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
    return quote(text, SHOWN_CHARS_MAX)


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
