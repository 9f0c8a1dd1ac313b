"""Checks each request to the control API: its Host (against DNS rebinding), its origin, its token and the token's
role.

The check wraps the whole application, so that answers to internal errors have the headers of the mock too.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockexchange.server.control.access.audit import AuditFile, is_audited
from mockexchange.server.control.access.roles import GRANT, Grant
from mockexchange.server.control.access.tokens import Tokens
from mockexchange.server.control.errors import error_answer
from mockexchange.server.http.listener import LOOPBACK_NAMES
from mockexchange.server.http.whole_answer import send_whole

OPEN_PATHS = frozenset(("/", "/_mock/console", "/_mock/docs", "/_mock/live", "/_mock/ready", "/_mock/health"))
OPEN_PREFIXES = ("/_mock/docs/", "/_mock/console/")
"""Beginnings of paths that need no token: documents and the console's files hold no secret."""
HOST_CHARS_SHOWN_MAX = 80
KNOWN_MAX = 64
"""The most pairs of a Host and a token that are known to be allowed."""
FETCH_SITE = b"sec-fetch-site"
LENGTH = b"content-length"
IN_PROCESS = "mockexchange.in_process"
"""The ASGI extension that marks requests which this process makes without a socket."""
MARKS = [
    (b"x-mock-exchange", b"1"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),  # answers hold private keys
]


def is_in_process(request: Request) -> bool:
    """Return whether this process made the request itself, without a socket. No client can pretend this."""
    return IN_PROCESS in request.scope.get("extensions", {})


class ControlAccess:
    """Refuses a request whose Host is not allowed, that comes from a page of another site, or that has no valid token.

    A few paths need no token. A request that the role of its token does not allow is refused too. The file `audit` gets
    a line for each request that changes something.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens, hosts: frozenset[str], audit: AuditFile | None = None) -> None:
        self.app, self.tokens, self.hosts, self.audit = app, tokens, LOOPBACK_NAMES | hosts, audit
        self._known: dict[tuple[bytes | None, bytes | None], Grant] = {}
        """The grants of allowed requests, by their headers Host and Authorization."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(reversed(scope["headers"]))  # the first of several counts
        grant = self.tokens.grant_of(headers.get(b"authorization", b"").decode("latin-1"))
        refusal = self._refusal(scope, headers, grant)
        if self.audit and is_audited(request := Request(scope)):
            send = _auditing(send, self.audit, request, grant)
        scope[GRANT] = grant
        if grant is not None and refusal is None:
            self._remember(headers, grant)
        await (refusal or self.app)(scope, receive, _marking(send))

    def grant_at_once(self, method: str, path: str, headers: list[tuple[bytes, bytes]]) -> Grant | None:
        """Return the grant of a certainly allowed request: one with its Host and token was, and no page sent it.

        None for any other request, which needs the whole check, and for each while an audit file is written.
        """
        named = dict(reversed(headers))
        grant = self._known.get((named.get(b"host"), named.get(b"authorization")))
        is_doubtful = grant is None or self.audit or FETCH_SITE in named or grant.refusal(method, path)
        return None if is_doubtful else grant

    def _remember(self, headers: dict[bytes, bytes], grant: Grant) -> None:
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[headers.get(b"host"), headers.get(b"authorization")] = grant

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes], grant: Grant | None) -> Response | None:
        host = _host_name(headers.get(b"host", b"").decode("latin-1"))
        if host not in self.hosts:
            shown = host[:HOST_CHARS_SHOWN_MAX]
            message = f"Host {shown!r} is not allowed here: start with --allow-host {shown or 'NAME'}"
            return error_answer(403, "host_not_allowed", message)
        path: str = scope["path"]  # the routed path; that of the URL ends at an encoded question mark
        is_open = path in OPEN_PATHS or path.startswith(OPEN_PREFIXES)
        if headers.get(FETCH_SITE) == b"cross-site" and not (is_open and _is_followed_link(scope, headers)):
            return error_answer(403, "cross_site", "pages of other sites may link here, and send no other request")
        if is_open:
            return None
        if grant is not None:
            why = grant.refusal(scope["method"], path)
            return error_answer(403, "not_allowed", why) if why else None
        message = "expected `Authorization: Bearer TOKEN` with the token from the ready file or MOCKEXCHANGE_TOKEN"
        refusal = error_answer(401, "unauthorized", message)
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal


def _is_followed_link(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Return whether a browser opens the URL as a page of its own."""
    return headers.get(b"sec-fetch-dest") == b"document" and scope["method"] == "GET"


def _marking(send: Send) -> Send:
    """Return a `send` that adds the marks, and that sends an answer of one part in one piece."""
    head: Message = {}

    async def marked(message: Message) -> None:
        nonlocal head
        if message["type"] == "http.response.start":
            head = {**message, "headers": [*message["headers"], *MARKS]}
        elif head and not message.get("more_body") and any(name == LENGTH for name, _ in head["headers"]):
            await send_whole(send, head["status"], head["headers"], message.get("body", b""))
        else:
            if head:
                begun, head = head, {}
                await send(begun)
            await send(message)

    return marked


def _auditing(send: Send, audit: AuditFile, request: Request, grant: Grant | None) -> Send:
    """Return a `send` that notes the answer in the audit file as it begins."""

    async def audited(message: Message) -> None:
        if message["type"] == "http.response.start":
            audit.note(request, grant, message["status"])
        await send(message)

    return audited


def _host_name(host: str) -> str:
    name = host.rpartition(":")[0] if not host.endswith("]") and host.rpartition(":")[2].isdigit() else host
    return name.strip("[]").lower()
