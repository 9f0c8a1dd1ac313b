"""The text that a client signs, as a dictionary of independent fields. Texts are wire bytes decoded as latin-1."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple

from mockexchange.venues.diagnosis.search import Fields
from mockexchange.venues.kalshi.catalogue import PREFIX, STREAM_PATH


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
