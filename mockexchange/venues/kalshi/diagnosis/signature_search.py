"""The diagnosis of a wrong signature: decode it, open it with the claimed key, then with other keys, compare texts.

Only a text that fits exactly is explained. The work is bounded and runs in steps, so that other threads can run in
between and a refusal does not delay other requests.
"""

from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from mockexchange.venues.diagnosis.credentials import explain_signer, explain_text
from mockexchange.venues.diagnosis.search import VERIFIES, Attempt, finish, first_found
from mockexchange.venues.kalshi.diagnosis.mistakes import SignedParts, attempts_of, path_text, plain_text, render
from mockexchange.venues.kalshi.diagnosis.signature_reading import (
    ED25519_BYTES,
    Ed25519Reading,
    PssReading,
    Reading,
    explain_length,
    open_signature,
    read_signature,
)
from mockexchange.venues.kalshi.signatures import SALT_LENGTH_BYTES, Credentials, KnownKey
from mockexchange.venues.keys.public_keys import PublicKey, UnusableKey, load_public_key
from mockexchange.venues.quoting import plural, quote
from mockexchange.venues.request import Request

# --- the result as text: what was wrong and what to change


EXPECTED_CHARS_MAX = 2_000
PATH_FIELDS = frozenset({"host", "prefix", "resource", "slash", "query"})


class Case(Struct, frozen=True):
    """A request with a wrong signature.

    `spelling` is the advice on the signature's base64, None if that is right.
    """

    sent: SignedParts
    key: KnownKey
    public_key: PublicKey
    signature: bytes
    spelling: str | None


class Finding(NamedTuple):
    """The result of a search for the origin of a wrong signature.

    `attempt` is the text that was signed, None if unknown; `reading` has the signature scheme; `signer` is the key if
    it is not the claimed one.
    """

    attempt: Attempt | None
    reading: Reading
    signer: KnownKey | None = None


def explain_finding(case: Case, finding: Finding) -> str:
    wrong = [message for message in (finding.reading.advice(), case.spelling) if message]
    signer = [_explain_signer(case.key, finding.signer)] if finding.signer else []
    if finding.attempt is None:
        return "; ".join([*signer, _explain_unknown_text(case, finding.signer), *wrong])
    if finding.attempt.edits:
        return "; ".join([*signer, _explain_attempt(finding.attempt), *wrong])
    if wrong and not signer:
        return "; ".join(["you signed the right text with the right key", *wrong])
    return "; ".join([*signer, *wrong]) or VERIFIES


def _explain_signer(key: KnownKey, signer: KnownKey) -> str:
    return f"{explain_signer(key, signer)} or sign with the private key of {key.label}"


def _explain_attempt(attempt: Attempt) -> str:
    is_path_alone = all(PATH_FIELDS.issuperset(edit.changes) for edit in attempt.edits)
    signed = path_text(attempt.fields) if is_path_alone else plain_text(attempt.fields)
    return f"you signed {quote(signed)}; {attempt.advice}"


def _explain_unknown_text(case: Case, signer: KnownKey | None) -> str:
    by = "" if signer else f"{case.key.label} made this signature, but "
    return f"{by}you signed a text that is none of the known mistakes; {_expected(case.sent)}"


def _expected(sent: SignedParts) -> str:
    return explain_text(render(sent.fields), EXPECTED_CHARS_MAX)


def explain_nothing(case: Case, tried_count: int, others_count: int) -> str:
    length = explain_length(case.signature, case.public_key)
    if length:
        return "; ".join(filter(None, [length, case.spelling]))
    others = plural(tried_count, "other key") + (f" (of {others_count:,})" if others_count > tried_count else "")
    if isinstance(case.public_key, RSAPublicKey):
        verdict = f"{case.key.label} did not make this signature" + (
            f", nor did {others} of this sandbox" if tried_count else ""
        )
    else:
        verdict = f"no known text fits {case.key.label}" + (
            f", nor the right one {others} of this sandbox" if tried_count else ""
        )
    return "; ".join(filter(None, [f"nothing known fits: {verdict}", case.spelling, _expected(case.sent)]))


def explain_salt(key: PublicKey, signature: bytes, message: bytes) -> str:
    """Return an explanation of a signature that verifies with another salt length than the documented one.

    Never raises.
    """
    readings = open_signature(key, signature) if isinstance(key, RSAPublicKey) else []
    for reading in readings:
        if isinstance(reading, PssReading) and reading.fits(message):
            return (
                f"the signature verifies with {reading.describe_salt()}; the documented length is {SALT_LENGTH_BYTES}"
            )
    return "the signature does not verify, with a salt of any length"


# --- the search


VERIFICATIONS_MAX = 200
"""Largest number of public key operations in one diagnosis; RSA-2048 takes 0.2 ms each, Ed25519 0.1 ms."""
OTHER_KEYS_MAX = 64
TEXTS_MAX = 6_000
"""Largest number of texts tried in one diagnosis. A request has 4,000 to 6,000; each costs some 4 us of hashing."""
TEXT_BYTES_MAX = 4_194_304
"""Largest sum of the tried texts' bytes; a target of 64 kB is still tried with the likeliest mistakes."""
TEXTS_PER_STEP = 120
BYTES_PER_TEXT = 4_096
READINGS_MAX = 3
"""Largest number of interpretations tried; more than one arises by chance, once in some thousand signatures."""

Search = Generator[None, None, Finding | None]


def explain_signature(
    request: Request, credentials: Credentials, key: KnownKey, others: Sequence[KnownKey], host: str
) -> str:
    """Explain why a signature does not verify and what to change, or return "verifies". Never raises.

    `key` is the claimed key, `others` the other keys of the sandbox, `host` the Host header.
    """
    return finish(diagnose_steps(request, credentials, key, others, host))


def diagnose_steps(
    request: Request, credentials: Credentials, key: KnownKey, others: Sequence[KnownKey], host: str
) -> Generator[None, None, str]:
    """Find out why a signature does not verify; return the explanation at the end.

    Yields after each step, so that other work can run between two steps; at most VERIFICATIONS_MAX verifications.
    """
    timestamp, key_id = credentials.timestamp or "", credentials.key_id or ""
    sent = SignedParts(timestamp, request.method, request.path, request.query, request.body, host, key_id)
    message = yield from _explain(sent, credentials.signature or "", key, others)
    return f"{key.account}: {message}" if key.account else message


def _explain(
    sent: SignedParts, signature: str, key: KnownKey, others: Sequence[KnownKey]
) -> Generator[None, None, str]:
    data, spelling = read_signature(signature)
    if data is None:
        return spelling or ""
    try:
        case = Case(sent, key, load_public_key(key.key), data, spelling)
    except UnusableKey as unusable:
        return f"its public key cannot be used: {unusable}"
    tried = sorted(others, key=lambda other: other.account != key.account)[:OTHER_KEYS_MAX]
    finding = yield from _find(case, tried)
    return explain_finding(case, finding) if finding else explain_nothing(case, len(tried), len(others))


def _find(case: Case, others: Sequence[KnownKey]) -> Search:
    finding = yield from _find_own(case, VERIFICATIONS_MAX - len(others))
    for other in others:
        finding = finding or (yield from _find_other(case, other))
    return finding


def _find_own(case: Case, verifications_max: int) -> Search:
    readings = _read(case.public_key, case.signature)
    yield
    if isinstance(case.public_key, Ed25519PublicKey):
        return (yield from _search(case.sent, readings, verifications_max - 1, 1))
    return (yield from _search(case.sent, readings, TEXTS_MAX, TEXTS_PER_STEP))


def _find_other(case: Case, other: KnownKey) -> Search:
    """Try another key: with all texts if it certainly made the signature, otherwise with the right text alone."""
    readings = _read_with(other, case.signature)
    texts_max = TEXTS_MAX if readings and readings[0].is_certain else 1
    yield
    finding = yield from _search(case.sent, readings, texts_max, TEXTS_PER_STEP)
    return finding._replace(signer=other) if finding else None


def _read_with(other: KnownKey, signature: bytes) -> Sequence[Reading]:
    try:
        return _read(load_public_key(other.key), signature)
    except UnusableKey:
        return []


def _read(key: PublicKey, signature: bytes) -> Sequence[Reading]:
    if isinstance(key, Ed25519PublicKey):
        return [Ed25519Reading(key, signature)] if len(signature) == ED25519_BYTES else []
    return open_signature(key, signature)[:READINGS_MAX]


def _search(sent: SignedParts, readings: Sequence[Reading], texts_max: int, texts_per_step: int) -> Search:
    """Return how the signature was made, without the text if no known text fits; None if the key may not fit."""
    if not readings:
        return None
    finding = yield from first_found(_tries(sent, readings, texts_max), texts_per_step)
    return finding or (Finding(None, readings[0]) if readings[0].is_certain else None)


def _tries(sent: SignedParts, readings: Sequence[Reading], texts_max: int) -> Iterator[tuple[Finding | None, int]]:
    """Compare the texts with every reading; a long text costs as much as several."""
    texts_bytes = 0
    for attempt in islice(attempts_of(sent), texts_max):
        reading = next((reading for reading in readings if reading.fits(attempt.text)), None)
        yield Finding(attempt, reading) if reading else None, 1 + len(attempt.text) // BYTES_PER_TEXT
        texts_bytes += len(attempt.text)
        if texts_bytes > TEXT_BYTES_MAX:
            break
