"""The diagnosis of refused credentials: texts about what was wrong and what to change, outside the answer's body.

`headers` explains refusals that do not depend on a signature; `signature_cases` lists the texts that a client may have
signed, by the tables in `mistakes`; `venues.diagnosis` searches them for the text that was signed.
"""

from mockexchange.venues.deribit.diagnosis.headers import (
    explain_expired,
    explain_foreign_token,
    explain_missing,
    explain_no_token,
    explain_scheme,
    explain_secret,
    explain_unknown_key,
)
from mockexchange.venues.deribit.diagnosis.offline import explain_offline
from mockexchange.venues.deribit.diagnosis.signature_cases import MakeCase, request_case, stream_case
from mockexchange.venues.diagnosis.hmac_signatures import explain

__all__ = [
    "MakeCase",
    "explain",
    "explain_expired",
    "explain_foreign_token",
    "explain_missing",
    "explain_no_token",
    "explain_offline",
    "explain_scheme",
    "explain_secret",
    "explain_unknown_key",
    "request_case",
    "stream_case",
]
