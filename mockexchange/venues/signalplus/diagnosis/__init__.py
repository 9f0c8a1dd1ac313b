"""The diagnosis of a 401: texts about what was wrong and what to change, outside the answer's body.

`headers` explains refusals that do not depend on a signature; `mistakes` has the tables of texts and secrets that may
have been used; `venues.diagnosis` searches them for the text and the secret that were used.
"""

from mockexchange.venues.diagnosis.hmac_signatures import explain as explain_signature
from mockexchange.venues.signalplus.diagnosis.headers import explain_missing, explain_unknown_key
from mockexchange.venues.signalplus.diagnosis.mistakes import case_of
from mockexchange.venues.signalplus.diagnosis.offline import explain_offline

__all__ = ["case_of", "explain_missing", "explain_offline", "explain_signature", "explain_unknown_key"]
