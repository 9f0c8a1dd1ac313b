"""Authenticates a request: checks its headers, key, timestamp and signature, in that order.

The body of a 401 is always the same and does not contain the reason. If the reason takes work to find, the rejection
carries a function that finds it, and that a worker thread calls.
"""

from mockexchange.core.model.accounts import Key
from mockexchange.core.model.state import State
from mockexchange.venues.diagnosis.hmac_signatures import explain
from mockexchange.venues.keys import secrets
from mockexchange.venues.request import Answer, Call, Request
from mockexchange.venues.signalplus import diagnosis, signatures
from mockexchange.venues.signalplus.context import SignalPlusContext, key_of
from mockexchange.venues.signalplus.errors import Rejected, Situation
from mockexchange.venues.signalplus.settings import SignalPlusSettings
from mockexchange.venues.signalplus.signatures import Credentials
from mockexchange.venues.timestamps import check_window


def authenticate(
    context: SignalPlusContext, request: Request, at: int, host_at: int, reply: Answer, *, with_query: bool = False
) -> Key:
    """Return the key that signed a request, and store the claimed key id in `reply`. Raises Rejected.

    A call on a stream was authenticated by the handshake.
    """
    credentials = signatures.read_credentials(request, with_query=with_query)
    reply.key_id = credentials.key_id
    is_proven = context.settings.auth_mode == "off" or isinstance(request, Call)
    if credentials.key_id is None or (not is_proven and None in credentials):
        raise _refused(diagnosis.explain_missing(request, credentials, with_query))
    key = key_of(context.state, credentials.key_id)
    if key is None:
        raise _refused(diagnosis.explain_unknown_key(context.state, credentials.key_id))
    reply.account = key.account
    if not is_proven:
        _require_time(context.settings, credentials, at if context.settings.auth_clock == "exchange" else host_at)
        _require_signature(context.state, request, credentials, key)
    return key


def _require_time(settings: SignalPlusSettings, credentials: Credentials, at: int) -> None:
    problem = check_window(credentials.timestamp or "", at, settings.window_us, settings.window_us)
    if problem:
        raise _refused(problem)


def _require_signature(state: State, request: Request, credentials: Credentials, key: Key) -> None:
    wanted = signatures.signature_of(signatures.secret_bytes(key.secret), credentials.text)
    if secrets.are_equal(wanted, (credentials.signature or "").encode("latin-1", "replace")):
        return
    case = diagnosis.case_of(state, request, credentials, key)
    raise Rejected(Situation.UNAUTHORIZED, lambda pause: explain(case, pause))


def _refused(message: str) -> Rejected:
    return Rejected(Situation.UNAUTHORIZED, message)
