"""The control API under /_mock, with which a test observes and controls an exchange, and the front page.

Documented in contracts/control/openapi.yaml. A request that fails changes nothing: it is read and checked completely
before anything happens.
"""

from mockexchange.server.control.about_server.server_routes import Description, server_routes
from mockexchange.server.control.access.access import ControlAccess
from mockexchange.server.control.access.audit import AuditFile
from mockexchange.server.control.access.link_codes import LinkCodes
from mockexchange.server.control.access.tokens import Tokens
from mockexchange.server.control.events import Feeds
from mockexchange.server.control.inspection.routes import inspection_routes
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource, RouteTable, resource
from mockexchange.server.control.rules.faults import FAULT_RULES
from mockexchange.server.control.rules.installed_rules import handlers_of_all, handlers_of_one
from mockexchange.server.control.rules.stubs import STUB_ANSWERS
from mockexchange.server.control.sandboxes.sandbox_routes import sandbox_routes
from mockexchange.server.control.script import script_handlers
from mockexchange.server.control.traffic.traffic_routes import traffic_routes
from mockexchange.server.http.console_pages import console_routes
from mockexchange.server.http.document_pages import document_routes
from mockexchange.server.server_state import ServerState


def control_app(
    server_state: ServerState,
    tokens: Tokens,
    allow_hosts: list[str],
    describe: Description,
    audit: AuditFile | None = None,
) -> ControlAccess:
    """Return the application with the control API; `describe` returns the ready file's content, for the front page."""
    routes = RouteTable([*_routes(server_state, describe), *document_routes(), *console_routes(LinkCodes())])
    return ControlAccess(routes, server_state.sandboxes, tokens, frozenset(allow_hosts), audit)


def _routes(server_state: ServerState, describe: Description) -> list[Resource]:
    feeds = Feeds()
    return [
        *sandbox_routes(server_state, feeds),  # first, since routes are tried in turn, and steps come most often
        *server_routes(server_state, describe),
        *inspection_routes(server_state),
        resource(f"{ONE_SANDBOX}/script", **script_handlers(server_state)),
        resource(f"{ONE_SANDBOX}/faults", **handlers_of_all(server_state, FAULT_RULES)),
        resource(f"{ONE_SANDBOX}/faults/{{fault:path}}", **handlers_of_one(server_state, FAULT_RULES)),
        resource(f"{ONE_SANDBOX}/stubs", **handlers_of_all(server_state, STUB_ANSWERS)),
        resource(f"{ONE_SANDBOX}/stubs/{{stub:path}}", **handlers_of_one(server_state, STUB_ANSWERS)),
        *traffic_routes(server_state, feeds),
    ]
