"""Decides about requests of JSON-RPC venues whether they only read, and which HTTP status fits their error.

Every error of these venues is a 400, and every call may be a POST, so both are decided by the body.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

PRIVATE, PRIVATE_READ = "private/", "private/get_"
VERBS = ("GET", "HEAD", "POST")
STATUSES = {13004: 401, 13009: 401, 13021: 403, 10028: 429}
"""HTTP statuses that correspond to error codes: wrong credentials, no scope, too many requests."""


def is_read(method: str, path: str, body: bytes) -> bool:
    """Return whether a request to a path below the prefix only reads: all methods that it names only read.

    The name of a method is in the path, in the body, or in both; a body that is not JSON names none.
    """
    return method in VERBS and all(map(_only_reads, (unquote(path).strip("/"), *_called(body))))


def status_of(status: int, body: bytes) -> int:
    """Return the HTTP status that an answer would have at a venue that does not send 400 for every error."""
    if status != 400:
        return status
    try:
        document = json.loads(body)
        return STATUSES.get(document["error"]["code"], status)
    except (ValueError, TypeError, KeyError):
        return status


def _only_reads(name: str) -> bool:
    """Return whether a method is a read, or none: every method that changes something is a private one."""
    bare = name.lower().strip("/ ")
    return bare.startswith(PRIVATE_READ) or not bare.startswith(PRIVATE)


def _called(body: bytes) -> Iterator[str]:
    """Yield the methods that a body names, those of repeated keys and of a batch too."""
    found: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        found.extend(value for name, value in pairs if name == "method" and isinstance(value, str))

    try:
        json.loads(body or b"null", object_pairs_hook=note)
    except (ValueError, RecursionError):
        return
    yield from found
