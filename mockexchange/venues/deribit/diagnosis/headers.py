"""The diagnosis of credentials that are wrong without regard to a signature.

It explains wrong schemes, client ids, timestamps, secrets and tokens.
"""

from collections.abc import Callable, Sequence

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.state import State
from mockexchange.venues.deribit.signatures import SCHEME, Credentials
from mockexchange.venues.diagnosis.hmac_signatures import KnownSecret
from mockexchange.venues.diagnosis.timestamps import format_duration
from mockexchange.venues.quoting import plural, quote

NEEDED = f"send Authorization: {SCHEME} id=<client id>,ts=<Unix milliseconds>,sig=<hex>,nonce=<any text>"
LOGIN = "send Authorization: Bearer <access_token of public/auth>, or access_token among the parameters"
SHOWN_CHARS_MAX = 100
PARTS = ("id", "ts", "sig", "nonce")


def explain_scheme(scheme: str) -> str:
    return f"the Authorization header begins with {quote(scheme, SHOWN_CHARS_MAX)}: expected {SCHEME}, Bearer or Basic"


def explain_missing(sent: Credentials) -> str:
    absent = [name for name, value in zip(PARTS, sent, strict=True) if not value]
    return f"missing in the Authorization header: {', '.join(absent)}; {NEEDED}"


def explain_unknown_key(key_id: str, state: State) -> str:
    """Return an explanation of an unknown client id: it is a key of another venue, or a misspelling."""
    shown = quote(key_id, SHOWN_CHARS_MAX)
    key = state.secret_keys.get(key_id) or state.keys.get(key_id)
    if key is not None:
        venue = state.accounts[key.account].venue or "another venue"
        return (
            f'{shown} is the id of {key.account}\'s key "{key.name}", which is of {venue}: send a client id of deribit'
        )
    for known in state.secret_keys.values():
        label = f'{known.account}\'s key "{known.name}"'
        if key_id == known.secret:
            return f"this is the secret of {label}, not its id: send {quote(known.key_id)}"
        if _bare(key_id) == _bare(known.key_id):
            return f"{shown} is spelt otherwise than the id of {label}: send {quote(known.key_id)}"
    return f"there is no client id {shown} in this sandbox, which has {plural(_count(state), 'key')} of deribit"


def _count(state: State) -> int:
    return sum(state.accounts[key.account].venue == "deribit" for key in state.secret_keys.values())


def _bare(text: str) -> str:
    return text.strip(" \t\r\n\"'").lower()


def explain_secret(secret: str, claimed: KnownSecret, all_known: Sequence[KnownSecret]) -> str:
    """Return why a secret is wrong: another key's secret or id, a misspelling of the right secret, or unknown."""
    given, right = secret.encode(errors="replace"), claimed.key
    if not given:
        return f"the secret is empty: send that of {claimed.label}"
    for other in all_known:
        if given == other.key:
            return f"this is the secret of {other.label}; you sent the id of {claimed.label}"
        if secret == other.key_id:
            return f"this is the id of {other.label}, not its secret"
    text = right.decode("latin-1")
    if _bare(secret) == text.lower():
        wrong = "letters of the other case" if secret.lower() == text.lower() else "something around it"
        return f"the secret of {claimed.label} with {wrong}: send it as it is"
    if text.startswith(secret) or secret.startswith(text):
        sizes = f"{plural(len(secret), 'character')}, that of {claimed.label} {len(text)}"
        return f"the secret is cut off, or too long: it has {sizes}"
    return f"this is not the secret of {claimed.label}, nor of any other key of this sandbox"


def explain_no_token(text: object, reads: Callable[[str], object]) -> str:
    """Return an explanation of an invalid access token.

    The function `reads` returns a true value for a text that is a token.
    """
    if not isinstance(text, str):
        return f"access_token: expected a string; {LOGIN}"
    if not text:
        return f"the access token is empty: {LOGIN}"
    bare = text.strip(" \t\r\n\"'").removeprefix("Bearer ").removeprefix("bearer ").strip("<> ")
    if bare != text and reads(bare):
        return f"the access token has something around it: send {quote(bare, SHOWN_CHARS_MAX)} alone"
    return f"{quote(text, SHOWN_CHARS_MAX)} is no token of this server: {LOGIN}"


def explain_foreign_token(key_id: str, is_known: bool) -> str:
    shown = quote(key_id, SHOWN_CHARS_MAX)
    if is_known:
        return (
            f"the token of client id {shown} was changed, or made with a secret that the key no longer has: log in anew"
        )
    return f"the token is of client id {shown}, which this sandbox does not know: log in here"


def explain_expired(late_us: int, lifetime_s: int) -> str:
    late = format_duration(late_us // 1_000)
    lifetime = format_duration(lifetime_s * MICROSECONDS_PER_SECOND // 1_000)
    return f"the token expired {late} ago, after {lifetime}: call public/auth with grant_type refresh_token"
