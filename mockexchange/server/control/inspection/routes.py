"""Lists the routes of the control API that look into a sandbox, and those of scenarios and reports."""

from mockexchange.server.control.documents.report_routes import report_routes
from mockexchange.server.control.documents.scenario_routes import scenario_routes
from mockexchange.server.control.inspection.history_routes import history_routes
from mockexchange.server.control.inspection.market_routes import market_routes
from mockexchange.server.control.route_table import Resource
from mockexchange.server.server_state import ServerState


def inspection_routes(server_state: ServerState) -> list[Resource]:
    return [
        *market_routes(server_state),
        *history_routes(server_state),
        *scenario_routes(server_state),
        *report_routes(),
    ]
