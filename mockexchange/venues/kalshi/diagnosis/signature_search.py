"""The diagnosis of a wrong signature: decode it, open it with the claimed key, then with other keys, compare texts.

Only a text that fits exactly is explained. The work is bounded and runs in steps, so that other threads can run in
between and a refusal does not delay other requests.
"""

from collections.abc import Generator, Iterator, Sequence
from itertools import islice

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mockexchange.venues.diagnosis.search import finish, first_found
from mockexchange.venues.kalshi.diagnosis.explanations import Case, Finding, explain_finding, explain_nothing
from mockexchange.venues.kalshi.diagnosis.mistakes import attempts_of
from mockexchange.venues.kalshi.diagnosis.signature_contents import Ed25519Reading, Reading, open_signature
from mockexchange.venues.kalshi.diagnosis.signature_encodings import read_signature
from mockexchange.venues.kalshi.diagnosis.signature_lengths import ED25519_BYTES
from mockexchange.venues.kalshi.diagnosis.signed_text import SignedParts
from mockexchange.venues.kalshi.known_keys import KnownKey
from mockexchange.venues.kalshi.signatures import Credentials
from mockexchange.venues.keys.public_keys import PublicKey, UnusableKey, load_public_key
from mockexchange.venues.request import Request

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
