"""A refusal of credentials says why, out of band: in words that tell what to change.

headers explains what is refused before a signature is looked at, or has none; texts says what could have been signed in
the right text's stead, by the tables in mistakes. Trying them is done by `venues.signatures`, for all venues.
"""

from mockexchange.venues.deribit.diagnosis.headers import (
    explain_expired,
    explain_foreign_token,
    explain_missing,
    explain_no_token,
    explain_scheme,
    explain_secret,
    explain_time,
    explain_unknown_key,
)
from mockexchange.venues.deribit.diagnosis.offline import explain_offline
from mockexchange.venues.deribit.diagnosis.texts import Make, request_case, stream_case
from mockexchange.venues.diagnosis.hmac_signatures import explain

__all__ = [
    "Make",
    "explain",
    "explain_expired",
    "explain_foreign_token",
    "explain_missing",
    "explain_no_token",
    "explain_offline",
    "explain_scheme",
    "explain_secret",
    "explain_time",
    "explain_unknown_key",
    "request_case",
    "stream_case",
]
