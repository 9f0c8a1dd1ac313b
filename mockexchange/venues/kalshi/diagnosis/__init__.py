"""The diagnosis of a 401: texts about what was wrong and what to change, outside the answer's body.

`headers` explains refusals that do not depend on a signature; `signature_search` explains a wrong signature. For the
search, `signature_reading` decodes the signature and recovers the signed digest from it, and `mistakes` is the table of
texts that may have been signed.
"""

from mockexchange.venues.kalshi.diagnosis.headers import explain_missing, explain_unknown_key
from mockexchange.venues.kalshi.diagnosis.offline import explain_offline
from mockexchange.venues.kalshi.diagnosis.signature_search import (
    OTHER_KEYS_MAX,
    VERIFICATIONS_MAX,
    diagnose_steps,
    explain_salt,
    explain_signature,
)
from mockexchange.venues.kalshi.signatures import KnownKey
from mockexchange.venues.timestamps import explain_timestamp

__all__ = [
    "OTHER_KEYS_MAX",
    "VERIFICATIONS_MAX",
    "KnownKey",
    "diagnose_steps",
    "explain_missing",
    "explain_offline",
    "explain_salt",
    "explain_signature",
    "explain_timestamp",
    "explain_unknown_key",
]
