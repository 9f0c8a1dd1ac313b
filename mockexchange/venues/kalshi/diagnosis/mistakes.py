"""A table of the known mistakes in the text that a client signs, likeliest first.

A mistake is a function of the request's parts. It returns edits: the fields of the signed text that the mistake
changes, and the advice for the user.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote as percent_encode
from urllib.parse import unquote_plus, unquote_to_bytes

from mockexchange.venues.diagnosis.search import Attempt, Edit, Fields, attempts
from mockexchange.venues.kalshi.catalogue import CATALOGUE, PREFIX, STREAM_PATH
from mockexchange.venues.quoting import quote

# --- the text that a client signs, as independent fields; texts are wire bytes decoded as latin-1


class SignedParts(NamedTuple):
    """The parts of a request that may have been signed."""

    timestamp: str
    method: str
    path: str
    query: str = ""
    body: bytes = b""
    host: str = ""
    key_id: str = ""

    @property
    def fields(self) -> Fields:
        """The fields of the text that should have been signed."""
        prefix = next((start for start in (PREFIX + "/", STREAM_PATH) if self.path.startswith(start)), "/")
        resource = self.path.removeprefix(prefix)
        slash = "/" if resource.endswith("/") else ""
        return {
            "timestamp": self.timestamp,
            "method": self.method,
            "host": "",
            "prefix": prefix if self.path.startswith(prefix) else "",
            "resource": resource.removesuffix("/"),
            "slash": slash,
            "query": "",
            "body": "",
            "key_id": self.key_id,
            "order": "tmp",
            "separator": "",
            "wrap": "",
        }


def plain_text(fields: Fields) -> str:
    parts = {
        "t": fields["timestamp"],
        "m": fields["method"],
        "p": path_text(fields),
        "b": fields["body"],
        "k": fields["key_id"],
    }
    return fields["separator"].join([parts[letter] for letter in fields["order"]])


def path_text(fields: Fields) -> str:
    return fields["host"] + fields["prefix"] + fields["resource"] + fields["slash"] + fields["query"]


WRAPS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "": (bytes, ""),
    "newline": (lambda text: text + b"\n", "leave out the newline at the end (echo adds one, printf does not)"),
    "sha256_hex": (lambda text: hashlib.sha256(text).hexdigest().encode(), "not its SHA-256 in hex"),
    "sha256": (lambda text: hashlib.sha256(text).digest(), "not its SHA-256 (signing hashes it once more)"),
    "sha512_hex": (lambda text: hashlib.sha512(text).hexdigest().encode(), "not its SHA-512 in hex"),
    "sha512": (lambda text: hashlib.sha512(text).digest(), "not its SHA-512 (signing hashes it once more)"),
    "base64": (b64encode, "not its base64"),
    "python": (lambda text: repr(text).encode(), "not Python's b'...' of it"),
    "quoted": (lambda text: b'"' + text + b'"', "not in quotes"),
    "utf16": (lambda text: text.decode("latin-1").encode("utf-16-le"), "as UTF-8, not as UTF-16"),
}


def render(fields: Fields) -> bytes:
    """Return the bytes that a client signs, given these fields."""
    return WRAPS[fields["wrap"]][0](plain_text(fields).encode("latin-1", "backslashreplace"))


# --- mistakes


BODY_BYTES_MAX = 65_536
"""Largest body that is tried as part of the signed text; of a longer one only the hash is tried, to save time."""
ENCODED_CHARS_MAX = 4_096
"""Longest path or query that is tried in other encodings, which takes a millisecond for every 4 kB."""
SCAN_MS_MAX = 250
"""Longest time in milliseconds between two readings of a client's clock, one for the header, one for the text."""
TIMESTAMP_DIGITS_MAX = 24
MILLISECONDS_MAX = 10**14
"""Largest number that is read as a time in milliseconds, in the year 5138; datetime fails on larger ones."""

PREFIXES: dict[str, tuple[tuple[str, str], ...]] = {
    PREFIX + "/": (
        ("/", f'put "{PREFIX}" in front of the path'),
        (PREFIX + PREFIX + "/", f'write "{PREFIX}" only once'),
        ("", f'put "{PREFIX}/" in front of the path'),
        (PREFIX + "//", f'write one slash after "{PREFIX}"'),
        (PREFIX[1:] + "/", 'begin the path with "/"'),
        ("/v2/", f'put the whole of "{PREFIX}" in front of the path'),
        ("/trade-api/", f'put the whole of "{PREFIX}" in front of the path'),
        (STREAM_PATH + "/", f'put "{PREFIX}" in front of the path, not "{STREAM_PATH}"'),
    ),
    STREAM_PATH: (
        ("/", f'sign the whole path, "{STREAM_PATH}"'),
        (PREFIX + STREAM_PATH, f'sign "{STREAM_PATH}" without "{PREFIX}" in front'),
        ("/ws/v2", f'sign the whole path, "{STREAM_PATH}"'),
        (PREFIX, f'sign the path of the stream, "{STREAM_PATH}"'),
        (PREFIX + "/ws", f'sign the path of the stream, "{STREAM_PATH}"'),
        (STREAM_PATH[1:], 'begin the path with "/"'),
    ),
    "/": (("", 'begin the path with "/"'), (PREFIX + "/", f'sign the path as sent, without "{PREFIX}"')),
}
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
SCHEMES = ("https://", "http://", "", "wss://", "ws://")
VENUE_HOSTS = ("api.elections.kalshi.com", "demo-api.kalshi.co", "trading-api.kalshi.com")
SEPARATORS = {
    "\n": "newlines",
    " ": "spaces",
    ",": "commas",
    "|": "bars",
    ":": "colons",
    ".": "dots",
    "-": "hyphens",
    "&": "ampersands",
    "_": "underscores",
    ";": "semicolons",
    "\r\n": "line breaks",
    "\t": "tabs",
}
ORDERS = {
    "mpt": "method, path, timestamp",
    "mtp": "method, timestamp, path",
    "tpm": "timestamp, path, method",
    "pmt": "path, method, timestamp",
    "ptm": "path, timestamp, method",
    "ktmp": "key id, timestamp, method, path",
    "tkmp": "timestamp, key id, method, path",
    "tmpk": "timestamp, method, path, key id",
    "tm": "timestamp, method",
    "mp": "method, path",
}


def query_signed(sent: SignedParts) -> Iterator[Edit]:
    spellings = [sent.query]
    if len(sent.query) <= ENCODED_CHARS_MAX:
        spellings += [_decoded(sent.query), _encoded(sent.query), _sorted(sent.query)]
    signed = [f"?{query}" for query in dict.fromkeys(spellings)]
    for text in [*signed, sent.query, f"/?{sent.query}"]:
        yield Edit({"query": text}, f"sign the path without {quote(text)}")


def prefix_wrong(sent: SignedParts) -> Iterator[Edit]:
    for prefix, advice in PREFIXES.get(sent.fields["prefix"], ()):
        yield Edit({"prefix": prefix}, advice)


def _number(sent: SignedParts) -> int | None:
    is_number = sent.timestamp.isascii() and sent.timestamp.isdigit() and len(sent.timestamp) <= TIMESTAMP_DIGITS_MAX
    return int(sent.timestamp) if is_number else None


def unit_wrong(sent: SignedParts) -> Iterator[Edit]:
    number = _number(sent)
    if number is None:
        return
    texts = {"a thousandth of it": str(number // 1_000), "a thousand times of it": str(number * 1_000)}
    texts |= {"a millionth of it": str(number // 1_000_000), "a million times of it": str(number * 1_000_000)}
    if number < MILLISECONDS_MAX:
        texts |= _timestamp_spellings(number)
    for unit, text in texts.items():
        yield Edit({"timestamp": text}, f"{_same_timestamp(sent)}, not {_unit_of(text, unit)}")


def _timestamp_spellings(milliseconds: int) -> Fields:
    moment = datetime.fromtimestamp(milliseconds // 1_000, UTC).replace(microsecond=milliseconds % 1_000 * 1_000)
    spelled = moment.isoformat(timespec="milliseconds")
    return {
        "seconds with a fraction": repr(milliseconds / 1_000),
        "seconds with three decimals": f"{milliseconds / 1_000:.3f}",
        "milliseconds with a fraction": f"{milliseconds}.0",
        "ISO 8601 text": spelled,
        "ISO 8601 text with Z": spelled.replace("+00:00", "Z"),
    }


def _unit_of(text: str, otherwise: str) -> str:
    """Return the unit in which a number with these digits is a present-day time; `otherwise` if there is none."""
    units = {10: "seconds", 13: "milliseconds", 16: "microseconds", 19: "nanoseconds"}
    return units.get(len(text), otherwise) if text.isdigit() else otherwise


def _same_timestamp(sent: SignedParts) -> str:
    return f"sign exactly the timestamp you send, {quote(sent.timestamp)}"


def method_spelled(sent: SignedParts) -> Iterator[Edit]:
    for spelling in (sent.method.lower(), sent.method.title(), sent.method.upper()):
        yield Edit({"method": spelling}, f"write the method as sent, {quote(sent.method)}, not {quote(spelling)}")
    yield Edit({"order": "tp"}, f"put the method, {quote(sent.method)}, between timestamp and path")


def method_other(sent: SignedParts) -> Iterator[Edit]:
    for method in METHODS:
        yield Edit({"method": method}, f"sign the method you send, {quote(sent.method)}, not {quote(method)}")


def slash_wrong(_: SignedParts) -> Iterator[Edit]:
    yield Edit({"slash": "/"}, 'sign the path as sent, without "/" at its end')
    yield Edit({"slash": ""}, 'sign the path as sent, with the "/" at its end')


def body_signed(sent: SignedParts) -> Iterator[Edit]:
    digest = hashlib.sha256(sent.body)
    tails = {"its SHA-256 in hex": digest.hexdigest(), "its SHA-256 in base64": b64encode(digest.digest()).decode()}
    if 0 < len(sent.body) <= BODY_BYTES_MAX:
        yield _tail(sent.body.decode("latin-1"), "leave the body out of the signed text")
    for description, tail in tails.items():
        yield _tail(tail, f"leave the body out of the signed text, {description} too")
    if not sent.body:
        for tail in ("{}", "null", "None", "undefined"):
            yield _tail(tail, f'sign nothing after the path: there is no body to stand for "{tail}"')


def _tail(tail: str, advice: str) -> Edit:
    return Edit({"body": tail, "order": "tmpb"}, advice)


def host_signed(sent: SignedParts) -> Iterator[Edit]:
    name = sent.host.rpartition(":")[0]
    for host in filter(None, (sent.host, name)):
        yield from _hosts(host, SCHEMES)


def venue_host_signed(_: SignedParts) -> Iterator[Edit]:
    for host in VENUE_HOSTS:
        yield from _hosts(host, SCHEMES[:3])


def _hosts(host: str, schemes: tuple[str, ...]) -> Iterator[Edit]:
    for scheme in schemes:
        yield Edit({"host": scheme + host}, f"sign the path alone, without {quote(scheme + host)}")


def path_encoded(sent: SignedParts) -> Iterator[Edit]:
    resource = sent.fields["resource"]
    if len(resource) > ENCODED_CHARS_MAX:
        return
    spellings = {
        "percent-decoded": _decoded(resource),
        "percent-decoded, + as a space": unquote_plus(resource, "latin-1"),
        "percent-encoded anew": _encoded(resource),
        "percent-encoded twice": percent_encode(resource.encode("latin-1", "replace"), safe="/"),
        "percent-encoded where it was sent bare": percent_encode(resource.encode("latin-1", "replace"), safe="/%"),
        "percent-encoded, slashes too": percent_encode(unquote_to_bytes(resource), safe=""),
        "in lower case": resource.lower(),
        "in upper case": resource.upper(),
    }
    spellings |= _hex_cases(resource)
    for description, spelling in spellings.items():
        yield Edit({"resource": spelling}, f"sign the path as sent, {quote(sent.path)}, not {description}")


def _hex_cases(resource: str) -> Fields:
    first, *rest = resource.split("%")
    lower = "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])
    upper = "%".join([first, *(part[:2].upper() + part[2:] for part in rest)])
    return {"with %xx in lower case": lower, "with %xx in upper case": upper}


def separated(_: SignedParts) -> Iterator[Edit]:
    for separator, description in SEPARATORS.items():
        yield Edit({"separator": separator}, f"put nothing between timestamp, method and path: no {description}")


def ordered_wrongly(_: SignedParts) -> Iterator[Edit]:
    for order, description in ORDERS.items():
        yield Edit({"order": order}, f"sign timestamp, method, path in this order, not {description}")


def wrapped(_: SignedParts) -> Iterator[Edit]:
    for wrap, (_make, description) in WRAPS.items():
        yield Edit({"wrap": wrap}, description if wrap == "newline" else f"sign the text itself, {description}")


def timestamp_other(sent: SignedParts) -> Iterator[Edit]:
    number = _number(sent)
    if number is None:
        return
    same = _same_timestamp(sent)
    for distance in range(1, SCAN_MS_MAX + 1):
        for other, description in ((number - distance, "earlier"), (number + distance, "later")):
            yield Edit({"timestamp": str(other)}, f"{same}, not one {distance} ms {description}: read the clock once")


def timestamp_finer(sent: SignedParts) -> Iterator[Edit]:
    if _number(sent) is None:
        return
    instead = f"{_same_timestamp(sent)}, not {_unit_of(sent.timestamp + '000', 'a finer one')}"
    for digits in range(1_000):
        yield Edit({"timestamp": f"{sent.timestamp}{digits:03}"}, instead)


def path_other(sent: SignedParts) -> Iterator[Edit]:
    paths = [STREAM_PATH, PREFIX, *(PREFIX + known.path for known in CATALOGUE)]
    for path in (path for path in paths if path != sent.path):
        changes = {"prefix": "", "resource": path, "slash": ""}
        yield Edit(changes, f"sign the path you request, {quote(sent.path)}")


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.encode("latin-1", "replace")).decode("latin-1")


def _encoded(text: str) -> str:
    return percent_encode(unquote_to_bytes(text.encode("latin-1", "replace")), safe="/=&")


def _sorted(query: str) -> str:
    return "&".join(sorted(query.split("&")))


Mistake = Callable[[SignedParts], Iterator[Edit]]
COMBINED: tuple[Mistake, ...] = (
    query_signed,
    prefix_wrong,
    unit_wrong,
    method_spelled,
    slash_wrong,
    body_signed,
    host_signed,
    path_encoded,
    wrapped,
    separated,
    ordered_wrongly,
    method_other,
)
"""Mistakes that are tried alone, and in pairs with mistakes in other fields, in this order."""
ALONE: tuple[Mistake, ...] = (timestamp_other, path_other, venue_host_signed, timestamp_finer)
"""Mistakes that are only tried alone, because they are many and rare."""


def attempts_of(sent: SignedParts) -> Iterator[Attempt]:
    """Yield the texts that a client may have signed for a request, likeliest first."""
    combined = (edit for make in COMBINED for edit in make(sent))
    alone = (edit for make in ALONE for edit in make(sent))
    return attempts(sent.fields, combined, render, alone)
