"""The diagnosis of a 401, out of band: what was wrong and what to change.

`headers` explains refusals that need no look into a signature; `steps` drives the rest: `encodings` reads a signature,
`signature_contents` opens it, and `mistakes` is the table of texts that may have been signed.
"""

from mockexchange.venues.diagnosis.timestamps import explain_timestamp
from mockexchange.venues.kalshi.diagnosis.headers import explain_missing, explain_unknown_key
from mockexchange.venues.kalshi.diagnosis.known_keys import KnownKey
from mockexchange.venues.kalshi.diagnosis.offline import explain_offline
from mockexchange.venues.kalshi.diagnosis.steps import (
    OTHER_KEYS_MAX,
    VERIFICATIONS_MAX,
    diagnose_steps,
    explain_signature,
)
from mockexchange.venues.kalshi.diagnosis.verdicts import explain_salt

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
