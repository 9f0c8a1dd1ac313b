"""Calls methods of JSON-RPC venues: posts the envelope to the path of the method, and decodes the response exactly."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from mockexchange.kit.target import UNJUDGEABLE_STATUSES, Answer, NotAnswered, NotJudged, Target
from mockexchange.kit.venue import Signer

CHARS_SHOWN_MAX = 200
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
NUMBER = re.compile(r"-?[0-9][0-9.eE+-]*")
PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]{1,9})?")


def encode_json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def decode_exact(answer: Answer) -> Any:
    """Return the decoded JSON of a response, with numbers as `Decimal`. Raises NotJudged if it is not JSON."""
    try:
        return json.loads(answer.content, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        raise NotJudged(f"{answer.where} was answered {answer.text[:CHARS_SHOWN_MAX]!r}, which is no JSON") from None


def result_of(answer: Answer) -> Any:
    """Return the result in the response to a call, with numbers as `Decimal`.

    Raises NotAnswered if there is none, NotJudged if the key or the exchange's load is the reason.
    """
    if answer.status == 200:
        body = decode_exact(answer)
        if isinstance(body, dict) and "result" in body:
            return body["result"]
    seen = f"{answer.status} {answer.text[:CHARS_SHOWN_MAX]}"
    if answer.status in UNJUDGEABLE_STATUSES:
        raise NotJudged(f"{answer.where} was answered {seen}")
    raise NotAnswered(answer.where, seen)


def post(
    target: Target, method: str, envelope: Mapping[str, Any], signer: Signer | None, *, is_base: bool = False
) -> Answer:
    """Post an envelope to its method's path, or to the base URL if `is_base`. Raises Unreachable.

    The answer's `where` names method and parameters.
    """
    answer = target.post(f"/{method}", encode_json(envelope), signer, is_base=is_base)
    return answer._replace(where=f"{answer.where} {method} {json.dumps(envelope.get('params', {}))}")


def unusual_numbers(text: str) -> list[str]:
    """Return those numbers of a JSON text that have an exponent, leading zeros or more than nine decimals."""
    found: list[str] = NUMBER.findall(STRING.sub('""', text))
    return [one for one in found if not PLAIN.fullmatch(one)]


# What a request does, and which status its error would have: every error is a 400, and every call may be a POST.


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
