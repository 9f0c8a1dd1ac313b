"""Authentication of a request: headers, key, timestamp and signature are checked in that order.

The body of a 401 is the venue's and does not contain the reason, which goes to the journal. If the reason takes work to
find, the rejection carries a function that finds it, and that a worker thread calls.
"""

from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.deferred import functions_of
from mockexchange.venues.diagnosis.search import finish
from mockexchange.venues.kalshi import signatures
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.settings import KalshiSettings
from mockexchange.venues.kalshi.signatures import Credentials, KnownKey
from mockexchange.venues.keys.public_keys import load_public_key
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.timestamps import check_window

_function = functions_of(f"{__package__}.diagnosis")
_diagnose_steps = _function("signature_search.diagnose_steps")
_explain_missing = _function("headers.explain_missing")
_explain_salt = _function("signature_search.explain_salt")
_explain_unknown_key = _function("headers.explain_unknown_key")
MARKETS = "GetMarkets"
KEYS_IGNORED_SINCE = "2026-05-17"
"""First day, approximately, on which `/markets` answers requests with an unknown key: reported, not recorded."""


def verifies_key(settings: KalshiSettings, operation: str, api_date: ApiDate) -> bool:
    """Return whether a public operation verifies the key of a request that names a key."""
    if settings.public_keys == "dated":
        return operation == MARKETS and not api_date.holds(KEYS_IGNORED_SINCE)
    return settings.public_keys == "verify"


def authenticate(
    state: State,
    settings: KalshiSettings,
    request: Request,
    credentials: Credentials,
    at: int,
    host_at: int,
    reply: Answer,
) -> Key:
    """Verify a request and return its key; set the key id and the account of `reply`. Raises Rejected."""
    reply.key_id = key_id = credentials.key_id
    timestamp, encoded = credentials.timestamp, credentials.signature
    is_off = settings.auth_mode == "off"
    if key_id is None or (None in (timestamp, encoded) and not is_off):
        raise _missing(request, credentials)
    key = state.keys.get(key_id)
    if key is None or state.accounts[key.account].venue:  # only accounts of other venues name theirs
        raise _unknown_key(state, key_id)
    reply.account = key.account
    if is_off:
        return key

    clock = at if settings.auth_clock == "exchange" else host_at
    problem = check_window(timestamp or "", clock, settings.window_past_us, settings.window_future_us)
    if problem:
        raise Rejected(Situation.TIMESTAMP_EXPIRED, problem)

    signature = signatures.decode_signature(encoded or "")
    message = signatures.signed_message(timestamp or "", request)
    public_key = load_public_key(key.public_key)
    verdict = "bad" if signature is None else signatures.verify(public_key, signature, message)
    if verdict == "good":
        return key
    if verdict == "bad" or signature is None:
        others = [known for known in known_keys(state) if known.key_id != key_id]
        steps = _diagnose_steps(request, credentials, _known(key), others, request.header(b"host") or "")
        raise Rejected(Situation.BAD_SIGNATURE, lambda pause: finish(steps, pause))
    finding = _explain_salt(public_key, signature, message)
    if settings.auth_salt == "32":
        raise Rejected(Situation.BAD_SIGNATURE, finding)
    reply.findings.append(finding)
    return key


def _unknown_key(state: State, key_id: str) -> Rejected:
    foreign = state.keys.get(key_id) or state.secret_keys.get(key_id)
    if foreign:
        venue = state.accounts[foreign.account].venue
        message = (
            f"key {foreign.name} of {foreign.account} is of an account at {venue}: send the id of one of this venue"
        )
        return Rejected(Situation.UNKNOWN_KEY, message)
    known = known_keys(state)
    return Rejected(Situation.UNKNOWN_KEY, lambda pause: _explain_unknown_key(key_id, known))


def _missing(request: Request, credentials: Credentials) -> Rejected:
    """Return the rejection of a request that lacks one of the headers."""
    if credentials.key_id is None:
        situation = Situation.NO_CREDENTIALS
    elif credentials.signature is None:
        situation = Situation.NO_SIGNATURE if credentials.timestamp else Situation.NO_CREDENTIALS
    else:
        situation = Situation.TIMESTAMP_EXPIRED
    return Rejected(situation, _explain_missing(request))


def known_keys(state: State) -> list[KnownKey]:
    return [_known(key) for key in state.keys.values() if not state.accounts[key.account].venue]


def _known(key: Key) -> KnownKey:
    return KnownKey(key.key_id, key.account, key.name, key.public_key)
