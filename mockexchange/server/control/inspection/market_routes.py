"""The routes of a sandbox's markets and derivatives, which return prices, status and order books."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.core.model.state import State
from mockexchange.sandbox.ledger import markets
from mockexchange.scenario.errors import did_you_mean
from mockexchange.server.control.access.roles import Access
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.json_text import ControlJson, answer_unchanged, list_pieces
from mockexchange.server.control.route_table import Resource, resource
from mockexchange.server.server_state import ServerState

COMPARED_MAX = 300
"""The most names with which a misspelt name is compared for a suggestion: a few milliseconds."""
NAME_CHARS_SHOWN_MAX = 80


def market_routes(server_state: ServerState) -> list[Resource]:
    api, one = MarketHandlers(server_state), "/_mock/sandboxes/{name}"
    return [
        resource(f"{one}/markets", GET=(Access.LOOK, api.list_markets)),
        resource(f"{one}/markets/{{market:path}}", GET=(Access.LOOK, api.market)),
        resource(f"{one}/instruments", GET=(Access.LOOK, api.list_instruments)),
        resource(f"{one}/instruments/{{instrument:path}}", GET=(Access.LOOK, api.instrument)),
    ]


class MarketHandlers:
    """The handlers of requests about markets and derivatives, one for each operation of the control API."""

    def __init__(self, server_state: ServerState) -> None:
        self.server_state = server_state

    async def list_markets(self, request: Request) -> Response:
        state = await self._state(request)
        return await answer_unchanged(lambda: list_pieces(markets.market_rows(state)), lambda: state.sequence)

    async def market(self, request: Request) -> Response:
        state, name = await self._state(request), request.path_params["market"]
        return _shown("market", name, state, state.markets, markets.market_with_book)

    async def list_instruments(self, request: Request) -> Response:
        state = await self._state(request)
        return await answer_unchanged(lambda: list_pieces(markets.instrument_rows(state)), lambda: state.sequence)

    async def instrument(self, request: Request) -> Response:
        state, name = await self._state(request), request.path_params["instrument"]
        return _shown("instrument", name, state, state.derivatives.listed, markets.instrument_with_book)

    async def _state(self, request: Request) -> State:
        sandbox = await self.server_state.sandboxes.caught_up(request.path_params["name"])
        return sandbox.exchange.state


def _shown(
    kind: str, name: str, state: State, known: Mapping[str, object], show: Callable[[State, str], dict[str, Any]]
) -> Response:
    """Return the response with one row. Raises ControlError, with the nearest name, if it is unknown."""
    if name not in known:
        advice = did_you_mean(name, list(known)[:COMPARED_MAX])
        raise ControlError(404, f"unknown_{kind}", f"no {kind} {name[:NAME_CHARS_SHOWN_MAX]!r}{advice}")
    return ControlJson(show(state, name))
