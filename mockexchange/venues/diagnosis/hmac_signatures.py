"""The diagnosis of a wrong HMAC signature: a search for the text and the secret from which it was computed.

A venue gives the texts that could have been signed and the ways in which its secrets could have been decoded. The
search tries a bounded number of them, and explains only a combination whose digest equals the signature.
"""

import hashlib
import hmac
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

from mockexchange.venues.diagnosis.credentials import KnownKey, explain_signer, explain_text
from mockexchange.venues.diagnosis.search import Attempt, finish, first_found
from mockexchange.venues.quoting import plural, quote
from mockexchange.venues.request import Pause

ATTEMPTS_MAX = 200
"""Largest number of digests in one diagnosis. Each takes some 2 us for an ordinary text, 0.1 ms for one of 32 kB."""
TEXTS_MAX = 120
TEXTS_PER_SECRET_MAX = 4
"""Largest number of texts, likeliest first, that are tried with each misread secret."""
OTHERS_MAX = 48
ATTEMPTS_PER_STEP = 20
EXPECTED_CHARS_MAX = 1_000
ALGORITHMS = {16: "md5", 20: "sha1", 28: "sha224", 32: "sha256", 48: "sha384", 64: "sha512"}
"""Hash algorithms by the size of their digest in bytes."""
HEX_CHARS_MIN = 32

_HEX = re.compile(r"(0x)?((?:[0-9a-fA-F]{2})+)")


class Secret(NamedTuple):
    """Bytes that a client may have used as the secret; `advice` is empty for the right bytes."""

    key: bytes
    advice: str = ""


KnownSecret = KnownKey[bytes]
"""A key that signs with a secret; its `key` is the bytes that the HMAC needs."""


class Case(NamedTuple):
    """A wrong signature, with the texts (`attempts`) and secrets from which it may have been computed.

    The first text and the first secret are the right ones; `spelling` is the venue's encoding, hex or base64.
    """

    signature: str
    spelling: str
    attempts: Callable[[], Iterator[Attempt]]
    secrets: Sequence[Secret]
    claimed: KnownSecret
    others: Sequence[KnownSecret] = ()


class DecodedSignature(NamedTuple):
    """The bytes of a signature (None if unreadable), and the encoding in which it was sent."""

    data: bytes | None
    spelling: str


class Finding(NamedTuple):
    attempt: Attempt
    secret: Secret
    signer: KnownSecret | None = None
    way: str = ""


def explain(case: Case, pause: Pause) -> str:
    """Return an explanation of a wrong signature; calls `pause` between the steps. Never raises."""
    return finish(explain_steps(case), pause)


def explain_steps(case: Case) -> Generator[None, None, str]:
    """Find the explanation of a wrong signature in steps of some attempts each, and return it at the end."""
    spelled = read_signature(case.signature)
    algorithm = ALGORITHMS.get(len(spelled.data or b""))
    if spelled.data is None or algorithm is None:
        return _explain_unreadable(case, spelled)
    tries = ((finding if digest == spelled.data else None, 1) for finding, digest in _digests(case, algorithm))
    finding = yield from first_found(islice(tries, ATTEMPTS_MAX), ATTEMPTS_PER_STEP)
    return _explain_finding(case, finding, spelled, algorithm) if finding else _explain_nothing(case, spelled)


def read_signature(text: str) -> DecodedSignature:
    """Decode the text of a signature; return its bytes and the encoding in which it was sent."""
    bare = unquote(text).strip(" \t\r\n\"'")
    hexadecimal = _HEX.fullmatch(bare)
    if hexadecimal and len(bare) >= HEX_CHARS_MIN:
        digits = hexadecimal[2]
        is_plain = bare == text and digits == digits.lower() and not hexadecimal[1]
        return DecodedSignature(bytes.fromhex(digits), "hex" if is_plain else _hex_spelling(text, bare, digits))
    return _read_base64(text, bare)


def _hex_spelling(text: str, bare: str, digits: str) -> str:
    if bare != text:
        return "hex with something around it"
    return "hex in upper case" if digits == bare else 'hex with "0x" in front'


def _read_base64(text: str, bare: str) -> DecodedSignature:
    standard = bare.replace("-", "+").replace("_", "/").replace(" ", "+").rstrip("=")
    padded = standard + "=" * (-len(standard) % 4)
    try:
        data = b64decode(padded, validate=True)
    except (Error, ValueError):
        return DecodedSignature(None, "")
    inner = _HEX.fullmatch(data.decode("latin-1"))
    if inner and len(data) >= HEX_CHARS_MIN:
        return DecodedSignature(bytes.fromhex(inner[2]), "base64 of its hex digits")
    if padded == text:
        return DecodedSignature(data, "base64")
    is_url_safe = "-" in bare or "_" in bare
    return DecodedSignature(data, "url-safe base64" if is_url_safe else "base64 with its padding or a + lost")


def _digests(case: Case, algorithm: str) -> Iterator[tuple[Finding, bytes]]:
    own, *misread = case.secrets
    right = next(case.attempts())
    for attempt in islice(case.attempts(), TEXTS_MAX):
        yield Finding(attempt, own), hmac.digest(own.key, attempt.text, algorithm)
    for way, digest in _other_ways(own.key, right.text, algorithm):
        yield Finding(right, own, way=way), digest
    for other in case.others[:OTHERS_MAX]:
        yield Finding(right, own, other), hmac.digest(other.key, right.text, algorithm)
    for secret in misread:
        for attempt in islice(case.attempts(), TEXTS_PER_SECRET_MAX):
            yield Finding(attempt, secret), hmac.digest(secret.key, attempt.text, algorithm)


def _other_ways(key: bytes, text: bytes, algorithm: str) -> Iterator[tuple[str, bytes]]:
    yield "a plain hash of the secret and the text", hashlib.new(algorithm, key + text).digest()
    yield "a plain hash of the text and the secret", hashlib.new(algorithm, text + key).digest()
    yield "a plain hash of the text", hashlib.new(algorithm, text).digest()
    yield "an HMAC with text and secret exchanged", hmac.digest(text, key, algorithm)


def _explain_finding(case: Case, finding: Finding, spelled: DecodedSignature, algorithm: str) -> str:
    wrong = []
    if finding.signer:
        signer = explain_signer(case.claimed, finding.signer)
        wrong.append(f"{signer}, or sign with the secret of {case.claimed.label}")
    if finding.way:
        wrong.append(f"it is {finding.way}: make an HMAC-SHA256 with the secret as its key")
    if finding.attempt.advice:
        wrong.append(f"you signed {_shown(finding.attempt.text)}; {finding.attempt.advice}")
    if finding.secret.advice:
        wrong.append(finding.secret.advice)
    if algorithm != "sha256" and not finding.way:
        wrong.append(f"you took {algorithm.upper()}: take HMAC-SHA256")
    wrong += _spelling_advice(case, spelled)
    return "; ".join(wrong) or "the signature verifies"


def _spelling_advice(case: Case, spelled: DecodedSignature) -> list[str]:
    if spelled.spelling == case.spelling:
        return []
    wanted = "lower-case hex" if case.spelling == "hex" else "standard base64 with its padding"
    return [f"the signature is in {spelled.spelling}: send {wanted}"]


def _explain_unreadable(case: Case, spelled: DecodedSignature) -> str:
    wanted = "64 hex digits" if case.spelling == "hex" else "44 characters of base64"
    if not case.signature:
        return f"the signature is empty: send {wanted}; {_expected(case)}"
    if spelled.data is None:
        return f"the signature {quote(case.signature, 100)} is no {case.spelling}: send {wanted}; {_expected(case)}"
    data, spelling = spelled.data, spelled.spelling
    if case.spelling == "hex" and (digits := _HEX.fullmatch(case.signature)):
        data, spelling = bytes.fromhex(digits[2]), "hex"
    size = plural(len(data), "byte")
    return f"the signature has {size} in {spelling}: an HMAC-SHA256 has 32, {wanted}; {_expected(case)}"


def _explain_nothing(case: Case, spelled: DecodedSignature) -> str:
    tried = min(len(case.others), OTHERS_MAX)
    others = f", nor with {plural(tried, 'other key')} of this sandbox" if tried else ""
    known = f"nothing known fits: the signature was not made with the secret of {case.claimed.label}{others}"
    return "; ".join([known, *_spelling_advice(case, spelled), _expected(case)])


def _expected(case: Case) -> str:
    return explain_text(next(case.attempts()).text, EXPECTED_CHARS_MAX)


def _shown(text: bytes) -> str:
    return quote(text.decode("latin-1"), EXPECTED_CHARS_MAX)
