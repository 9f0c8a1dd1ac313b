"""The application of the control API under /_mock, with which a test observes and controls an exchange.

Documented in contracts/control/openapi.yaml. Each request is checked: its Host (against DNS rebinding), its origin, its
token and the token's role. One that fails changes nothing: it is read and checked completely before anything happens.
Each answer is sent from here, so that answers to internal errors have the headers of the mock too.
"""

from collections.abc import Callable
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from mockexchange.sandbox.garbage_collection import collect_early
from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.server.control.about_server import Description, server_routes
from mockexchange.server.control.access import GRANT, Access, Grant, Role, Tokens
from mockexchange.server.control.audit import AuditFile
from mockexchange.server.control.calls import call_routes
from mockexchange.server.control.console import console_routes
from mockexchange.server.control.document_pages import document_routes
from mockexchange.server.control.errors import answer_failure, answer_function, error_answer
from mockexchange.server.control.events import Feeds, event_routes
from mockexchange.server.control.inspection import inspection_routes
from mockexchange.server.control.journal import journal_routes
from mockexchange.server.control.reports import report_routes
from mockexchange.server.control.route_table import Found, RouteTable
from mockexchange.server.control.rules import rule_routes
from mockexchange.server.control.sandboxes import sandbox_routes
from mockexchange.server.control.scenarios import scenario_routes
from mockexchange.server.control.script import script_routes
from mockexchange.server.control.streams import stream_routes
from mockexchange.server.control.waits import wait_routes
from mockexchange.server.http.listener import LOOPBACK_NAMES
from mockexchange.server.http.request_cycle import send_whole
from mockexchange.server.http.rest_endpoint import sequence_header
from mockexchange.server.server_state import ServerState

HOST_CHARS_SHOWN_MAX = 80
HOSTS_MAX = 64
"""The most headers `Host` whose name is kept."""
MARKS = [
    (b"x-mock-exchange", b"1"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),  # answers hold private keys
]


def control_app(
    server_state: ServerState,
    tokens: Tokens,
    allow_hosts: list[str],
    describe: Description,
    audit: AuditFile | None = None,
) -> "ControlApp":
    """Return the application with the control API; `describe` returns the ready file's content, for the front page."""
    feeds = Feeds()
    routes = [
        *sandbox_routes(server_state, feeds),  # first, since routes are tried in turn, and steps come most often
        *server_routes(server_state, describe),
        *inspection_routes(server_state),
        *scenario_routes(server_state),
        *report_routes(),
        *script_routes(server_state),
        *rule_routes(server_state),
        *journal_routes(server_state),
        *call_routes(server_state),
        *stream_routes(server_state),
        *event_routes(server_state, feeds),
        *wait_routes(server_state),
        *document_routes(),
        *console_routes(),
    ]
    return ControlApp(RouteTable(routes), server_state.sandboxes, tokens, frozenset(allow_hosts), audit)


class ControlApp:
    """The ASGI application of the control API: it checks a request, has the handler of its route answer, and sends.

    It refuses a request whose Host is not allowed, that comes from a page of another site, that has no valid token, or
    whose token has a role that does not allow it. The route of the request says what it needs. The file `audit` gets a
    line for each request that changes something, or tries to. Answers about one sandbox have the header `X-Mock-Seq`.
    """

    def __init__(
        self,
        routes: RouteTable,
        sandboxes: Sandboxes,
        tokens: Tokens,
        hosts: frozenset[str],
        audit: AuditFile | None = None,
    ) -> None:
        self.routes, self.sandboxes, self.tokens, self.audit = routes, sandboxes, tokens, audit
        self.hosts = LOOPBACK_NAMES | hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "listeners answer handshakes themselves"
        method, path = scope["method"], scope["path"]  # that of the URL would end at an encoded "?"
        headers = dict(reversed(scope["headers"]))  # the first of several counts
        found = self.routes.find(method, path)
        grant = self.tokens.grant_of(headers.get(b"authorization", b"").decode("latin-1"))
        response = self._refusal(found, grant, method, path, headers)
        scope["app"], scope["path_params"], scope[GRANT] = self.routes, found.parameters, grant
        request, mistake = Request(scope, receive), None
        if response is None:
            try:
                response = await found.handler(request)
            except Exception as error:  # noqa: BLE001  # each has its answer
                answer = answer_function(error)
                response = await answer(request, error)
                mistake = error if answer is answer_failure else None
            sandbox = None if found.sandbox is None else self.sandboxes.find(found.sandbox)
            if sandbox is not None:
                response.raw_headers.append(sequence_header(sandbox))
        if self.audit and found.access in (Access.CHANGE, Access.EXCHANGE):
            self.audit.note(request, request.scope[GRANT], response.status_code)  # an exchange finds its grant
        response.raw_headers.extend(MARKS)
        is_admin = grant is not None and grant.role is Role.ADMIN
        may_see = response.status_code < 400 and (is_admin or found.access is Access.EXCHANGE)  # answered by a token
        hide = None if may_see else self.tokens.hidden.hide_bytes
        if isinstance(response, StreamingResponse):
            await response(scope, receive, send if hide is None else _hiding(send, hide))
        else:
            body = bytes(response.body)
            if hide is not None and (hidden := hide(body)) != body:
                body = hidden
                response.headers["content-length"] = str(len(body))
            await send_whole(scope, send, response.status_code, response.raw_headers, body)
        collect_early()
        if mistake is not None:
            raise mistake  # of the server: its traceback is logged

    def _refusal(
        self, found: Found, grant: Grant | None, method: str, path: str, headers: dict[bytes, bytes]
    ) -> Response | None:
        """Return the answer to a request that is not allowed; None if it is."""
        host = _host_name(headers.get(b"host", b"").decode("latin-1"))
        if host not in self.hosts:
            shown = host[:HOST_CHARS_SHOWN_MAX]
            message = f"Host {shown!r} is not allowed here: start with --allow-host {shown or 'NAME'}"
            return error_answer(403, "host_not_allowed", message)
        is_followed_link = method == "GET" and headers.get(b"sec-fetch-dest") == b"document"  # by a browser, as a page
        may_be_linked = found.access is Access.OPEN and is_followed_link
        if headers.get(b"sec-fetch-site") == b"cross-site" and not may_be_linked:
            return error_answer(403, "cross_site", "pages of other sites may link here, and send no other request")
        if found.access in (Access.OPEN, Access.EXCHANGE):
            return None
        if grant is None:
            message = "expected `Authorization: Bearer TOKEN` with the token from the ready file or MOCKEXCHANGE_TOKEN"
            refusal = error_answer(401, "unauthorized", message)
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        why = grant.refusal(found.access, method, path, found.sandbox)
        return error_answer(403, "not_allowed", why) if why else None


def _hiding(send: Send, hide: Callable[[bytes], bytes]) -> Send:
    """Return a `send` that removes the tokens of the control API from bodies: a client may have sent them anywhere."""

    async def hiding(message: Message) -> None:
        await send({**message, "body": hide(message["body"])} if message.get("body") else message)

    return hiding


@lru_cache(HOSTS_MAX)
def _host_name(host: str) -> str:
    name = host.rpartition(":")[0] if not host.endswith("]") and host.rpartition(":")[2].isdigit() else host
    return name.strip("[]").lower()
