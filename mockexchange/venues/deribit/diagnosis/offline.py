"""The diagnosis of a signed request for a user who has the secret, without a server."""

from mockexchange.venues.deribit.diagnosis.headers import SHOWN_CHARS_MAX, explain_missing
from mockexchange.venues.deribit.diagnosis.signature_cases import request_case
from mockexchange.venues.deribit.signatures import (
    AUTHORIZATION,
    SCHEME,
    read_authorization,
    read_credentials,
    request_text,
    verifies,
)
from mockexchange.venues.diagnosis.hmac_signatures import KnownSecret, explain
from mockexchange.venues.diagnosis.search import VERIFIES, no_pause
from mockexchange.venues.diagnosis.timestamps import explain_digits
from mockexchange.venues.quoting import quote
from mockexchange.venues.request import Request


def explain_offline(method: str, target: str, body: bytes, authorization: str, secret: str) -> str:
    """Return an explanation of a signed request: "verifies" if its signature is right. Never raises.

    `target` may be a whole URL. The clock and the client id are not checked.
    """
    host, target = _split(target)
    path, _, query = target.partition("?")
    headers = (
        (AUTHORIZATION, authorization.encode("latin-1", "replace")),
        (b"host", host.encode("latin-1", "replace")),
    )
    request = Request(method, path, query, headers, body)
    scheme, rest = read_authorization(request) or ("", "")
    if scheme != SCHEME:
        return f"the header begins with {quote(scheme, SHOWN_CHARS_MAX)}: {SCHEME} alone is signed, expected that"
    sent = read_credentials(rest)
    if not all(sent):
        return explain_missing(sent)
    if verifies(secret, request_text(sent.timestamp, sent.nonce, request), sent.signature):
        doubt = explain_digits(sent.timestamp)
        return f"the signature fits, and {doubt}" if doubt else VERIFIES
    given = KnownSecret(sent.key_id, "", "", secret.encode(errors="replace"))
    return explain(request_case(request, sent)(given, ()), no_pause)


def _split(target: str) -> tuple[str, str]:
    """Return the host of a URL ("" without one) and its signed target."""
    _, scheme, rest = target.partition("://")
    host, _, target_of_url = rest.partition("/")
    return (host, f"/{target_of_url}") if scheme and "?" not in target.partition("://")[0] else ("", target)
