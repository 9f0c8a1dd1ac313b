"""A 401 says why, out of band: in words that tell what to change.

headers explains what is refused before a signature is looked at, mistakes is the table of texts and secrets that were
taken in the right ones' stead; what tries them is shared with other venues of shared secrets.
"""

from mockexchange.venues.diagnosis.hmac_signatures import explain as explain_signature
from mockexchange.venues.signalplus.diagnosis.headers import explain_missing, explain_unknown_key
from mockexchange.venues.signalplus.diagnosis.mistakes import case_of
from mockexchange.venues.signalplus.diagnosis.offline import explain_offline

__all__ = ["case_of", "explain_missing", "explain_offline", "explain_signature", "explain_unknown_key"]
