"""Checks each request to the control API: its Host (against DNS rebinding), its origin, its token and the token's
role.

The check wraps the whole application, so that answers to internal errors have the headers of the mock too.
"""

from collections.abc import Callable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockexchange.server.control.access.audit import AuditFile
from mockexchange.server.control.access.roles import GRANT, Access, Grant, Role
from mockexchange.server.control.access.tokens import Tokens
from mockexchange.server.control.errors import error_answer
from mockexchange.server.control.route_table import FOUND, Found, RouteTable
from mockexchange.server.http.listener import LOOPBACK_NAMES
from mockexchange.server.http.request_cycle import send_whole

HOST_CHARS_SHOWN_MAX = 80
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


class Checked(NamedTuple):
    """What the check of a request found: its route, the grant of its token if it has a valid one, and the refusal."""

    found: Found
    grant: Grant | None
    refusal: Response | None


class ControlAccess:
    """Refuses a request whose Host is not allowed, that comes from a page of another site, or that has no valid token.

    A request that the role of its token does not allow is refused too. The route of the request says what it needs. The
    file `audit` gets a line for each request that changes something, or tries to.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: RouteTable,
        tokens: Tokens,
        hosts: frozenset[str],
        audit: AuditFile | None = None,
    ) -> None:
        self.app, self.routes, self.tokens, self.audit = app, routes, tokens, audit
        self.hosts = LOOPBACK_NAMES | hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "listeners answer handshakes themselves"
        checked = self.check(scope["method"], scope["path"], scope["headers"])
        scope[FOUND], scope[GRANT] = checked.found, checked.grant
        if self.audit and checked.found.access is Access.CHANGE:
            send = _auditing(send, self.audit, Request(scope), checked.grant)
        is_admin = checked.grant is not None and checked.grant.role is Role.ADMIN
        marking = _marking(send, self.tokens.hidden.hide_bytes, hidden_from=400 if is_admin else 0)
        await (checked.refusal or self.app)(scope, receive, marking)

    def check(self, method: str, path: str, headers: list[tuple[bytes, bytes]]) -> Checked:
        """Decide whether a request is allowed. `path` is the routed one: that of the URL ends at an encoded "?"."""
        named = dict(reversed(headers))  # the first of several counts
        found = self.routes.find(method, path)
        grant = self.tokens.grant_of(named.get(b"authorization", b"").decode("latin-1"))
        refusal = self._refusal_of_sender(found, method, named)
        if refusal is None and found.access is not Access.OPEN:
            refusal = _refusal_of_grant(found, grant, method, path)
        return Checked(found, grant, refusal)

    def _refusal_of_sender(self, found: Found, method: str, headers: dict[bytes, bytes]) -> Response | None:
        host = _host_name(headers.get(b"host", b"").decode("latin-1"))
        if host not in self.hosts:
            shown = host[:HOST_CHARS_SHOWN_MAX]
            message = f"Host {shown!r} is not allowed here: start with --allow-host {shown or 'NAME'}"
            return error_answer(403, "host_not_allowed", message)
        may_be_linked = found.access is Access.OPEN and _is_followed_link(method, headers)
        if headers.get(FETCH_SITE) == b"cross-site" and not may_be_linked:
            return error_answer(403, "cross_site", "pages of other sites may link here, and send no other request")
        return None


def _refusal_of_grant(found: Found, grant: Grant | None, method: str, path: str) -> Response | None:
    if grant is not None:
        why = grant.refusal(found.access, method, path, found.sandbox)
        return error_answer(403, "not_allowed", why) if why else None
    message = "expected `Authorization: Bearer TOKEN` with the token from the ready file or MOCKEXCHANGE_TOKEN"
    refusal = error_answer(401, "unauthorized", message)
    refusal.headers["WWW-Authenticate"] = "Bearer"
    return refusal


def _is_followed_link(method: str, headers: dict[bytes, bytes]) -> bool:
    """Return whether a browser opens the URL as a page of its own."""
    return headers.get(b"sec-fetch-dest") == b"document" and method == "GET"


def _marking(send: Send, hide: Callable[[bytes], bytes], *, hidden_from: int) -> Send:
    """Return a `send` that adds the marks, and that sends an answer of one part in one piece.

    `hide` removes the tokens of the control API from bodies of answers with the status `hidden_from` and above: a
    client may have sent them anywhere.
    """
    head: Message = {}
    status = 0

    async def marked(message: Message) -> None:
        nonlocal head, status
        status = message.get("status", status)
        if status >= hidden_from and message.get("body"):
            message = _without_tokens(message, head, hide)
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


def _without_tokens(message: Message, head: Message, hide: Callable[[bytes], bytes]) -> Message:
    """Return a part of an answer without tokens; the length in the head, which is not sent yet, is put right."""
    body = hide(message["body"])
    if body == message["body"]:
        return message
    if head:
        length = (LENGTH, b"%d" % len(body))
        head["headers"] = [length if name == LENGTH else (name, value) for name, value in head["headers"]]
    return {**message, "body": body}


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
