"""The diagnosis of a signature for a user who has the secret, without a server."""

from mockexchange.venues.diagnosis.hmac_signatures import KnownSecret, explain
from mockexchange.venues.diagnosis.search import VERIFIES, no_pause
from mockexchange.venues.diagnosis.timestamps import explain_digits
from mockexchange.venues.keys import secrets
from mockexchange.venues.request import Request
from mockexchange.venues.signalplus.diagnosis.mistakes import case_of_key
from mockexchange.venues.signalplus.signatures import Credentials, check_secret, secret_bytes, signature_of

UNUSABLE = "the key cannot be used"


def explain_offline(timestamp: str, nonce: str, signature: str, secret: str) -> str:
    """Return an explanation of a signature: "verifies" if it is right. The clock is not checked. Never raises."""
    try:
        check_secret(secret)
    except ValueError as error:
        return f"{UNUSABLE}: {error}"
    sent = Credentials(None, timestamp, nonce, signature)
    right = signature_of(secret_bytes(secret), sent.text).decode()
    if secrets.are_equal(right.encode(), signature.encode("latin-1", "replace")):
        doubt = explain_digits(timestamp)
        return f"the signature fits, and {doubt}" if doubt else VERIFIES
    known = KnownSecret("", "", "", secret_bytes(secret))
    return explain(case_of_key(Request("POST", "/", ""), sent, secret, known), no_pause)
