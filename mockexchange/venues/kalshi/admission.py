"""Who sends a request, whatever it is for: asked where something else than the venue's own operations answers."""

from mockexchange.venues.dated import ApiDate
from mockexchange.venues.kalshi import signing
from mockexchange.venues.kalshi.authentication import authenticate
from mockexchange.venues.kalshi.catalogue import PREFIX
from mockexchange.venues.kalshi.context import Desk, date_of
from mockexchange.venues.kalshi.errors import Rejected, reject
from mockexchange.venues.kalshi.operations.call import Operation, PublicOperation
from mockexchange.venues.kalshi.routes import match
from mockexchange.venues.kalshi.signing import Credentials
from mockexchange.venues.request import Answer, Request

OF_ACCOUNTS = tuple(f"{PREFIX}/{part}" for part in ("portfolio", "fcm", "account", "api_keys", "communications"))
"""What is below these needs a key, emulated or not. Where else nothing is emulated, who sends no key at all is let in,
for most of it is public: a choice, which a stub's `signed` makes otherwise."""
NOBODY = Credentials(None, None, None)


def admit(desk: Desk, request: Request, now: int, host_now: int, must_sign: bool) -> Answer:
    """Return an answer without a body, or the refusal where a request does not prove whose it is."""
    credentials = signing.read_credentials(request)
    api_date = date_of(desk, desk.state.keys.get(credentials.key_id or ""))
    found = match(request.method, request.path, api_date)
    operation = found.operation if found else None
    reply = Answer(0, b"", operation=operation.name if operation else None)
    if must_sign or _needs_key(request, credentials, operation, api_date):
        try:
            authenticate(desk.state, desk.settings, request, now, host_now, reply)
        except Rejected as rejected:
            reject(reply, rejected, api_date)
    return reply


def _needs_key(request: Request, credentials: Credentials, operation: Operation | None, api_date: ApiDate) -> bool:
    if isinstance(operation, PublicOperation):
        return operation.needs_key(api_date)
    return operation is not None or credentials != NOBODY or request.path.startswith(OF_ACCOUNTS)
