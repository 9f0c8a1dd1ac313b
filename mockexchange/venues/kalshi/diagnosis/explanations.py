"""Writes the result of a diagnosis as text: what was wrong and what to change."""

from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from msgspec import Struct

from mockexchange.venues.diagnosis.credentials import explain_signer, explain_text
from mockexchange.venues.diagnosis.search import VERIFIES, Attempt
from mockexchange.venues.kalshi.diagnosis.signature_contents import PssReading, Reading, open_signature
from mockexchange.venues.kalshi.diagnosis.signature_lengths import explain_length
from mockexchange.venues.kalshi.diagnosis.signed_text import SignedParts, path_text, plain_text, render
from mockexchange.venues.kalshi.known_keys import KnownKey
from mockexchange.venues.kalshi.signatures import SALT_LENGTH_BYTES
from mockexchange.venues.keys.public_keys import PublicKey
from mockexchange.venues.quoting import plural, quote

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
