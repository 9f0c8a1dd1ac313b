"""The routes of sandboxes: creation, reset, commands, clock, log and accounts."""

from collections.abc import Callable, Iterator

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.core.model.state import State
from mockexchange.sandbox.ledger.accounts import ledger_lists, position_rows
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import did_you_mean
from mockexchange.server.control.access.roles import Access, grant_of
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.events import Feeds
from mockexchange.server.control.json_text import (
    MEDIA_TYPE,
    ControlJson,
    answer_in_slices,
    answer_unchanged,
    encoded_pieces,
    list_pieces,
    object_pieces,
)
from mockexchange.server.control.requests import (
    move_clock,
    read_body,
    read_clock_change,
    read_object,
    read_steps,
)
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource, resource
from mockexchange.server.control.sandboxes.answers import accounts_of, clock_of, sandbox_of, summary_of
from mockexchange.server.control.sandboxes.forks import ForkTarget, files_for, open_forked
from mockexchange.server.control.sandboxes.sandbox_creation import SandboxCreation, parse_creation
from mockexchange.server.control.sandboxes.step_requests import execute_steps
from mockexchange.server.control.traffic.journal_queries import read_query, read_switch
from mockexchange.server.server_state import ServerState

COMPARED_MAX = 300
"""The most names with which a misspelt name is compared for a suggestion: a few milliseconds."""
ACCOUNTS_NAMED_MAX = 20
KEYS_AT_ONCE_MAX = 100
"""The most keys whose JSON is made at once, which takes a quarter of a millisecond."""
MINIMAL = "return=minimal"
"""The value of the header Prefer (RFC 7240) with which a client gets only the summary of a sandbox, without keys."""
EVENTS = "events"
"""The query parameter with which a client leaves out the events of executed steps."""


def sandbox_routes(server_state: ServerState, feeds: Feeds) -> list[Resource]:
    api = SandboxHandlers(server_state, feeds)
    return [
        resource("/_mock/sandboxes", GET=(Access.LOOK, api.list_sandboxes), POST=(Access.CHANGE, api.create)),
        resource(
            ONE_SANDBOX, GET=(Access.LOOK, api.show), PUT=(Access.CHANGE, api.put), DELETE=(Access.CHANGE, api.delete)
        ),
        resource(f"{ONE_SANDBOX}/reset", POST=(Access.CHANGE, api.reset)),
        resource(f"{ONE_SANDBOX}/commands", POST=(Access.CHANGE, api.commands)),
        resource(f"{ONE_SANDBOX}/clock", GET=(Access.LOOK, api.show_clock), POST=(Access.CHANGE, api.set_clock)),
        resource(f"{ONE_SANDBOX}/accounts", GET=(Access.LOOK, api.accounts)),
        resource(f"{ONE_SANDBOX}/accounts/{{account}}/positions", GET=(Access.LOOK, api.positions)),
        resource(f"{ONE_SANDBOX}/accounts/{{account}}/ledger", GET=(Access.LOOK, api.ledger)),
    ]


class SandboxHandlers:
    """The handlers of requests about sandboxes, one for each operation of the control API."""

    def __init__(self, server_state: ServerState, feeds: Feeds) -> None:
        self.server_state, self.feeds = server_state, feeds

    async def list_sandboxes(self, request: Request) -> Response:
        await self.server_state.drop_expired()
        sees = grant_of(request).sees
        found = [slot.sandbox for slot in self.server_state.sandboxes if sees(slot.sandbox.name)]
        return ControlJson([summary_of(sandbox, self.server_state.base_url(sandbox.name)) for sandbox in found])

    async def create(self, request: Request) -> Response:
        files = files_for(self.server_state, request)
        wanted = await read_body(request, lambda body: parse_creation(read_object(body), files=files))
        return await self._open(request, wanted, wanted.options.name or self.server_state.sandboxes.new_name())

    async def show(self, request: Request) -> Response:
        return await self._shown(request, await self._inspectable(request))

    async def put(self, request: Request) -> Response:
        name = request.path_params["name"]
        files = files_for(self.server_state, request)
        wanted = await read_body(request, lambda body: parse_creation(read_object(body), name, files))
        found = self.server_state.sandboxes.find(name)
        if found is not None and found.aside is None:
            return await self._shown(request, await self._inspectable(request))
        return await self._open(request, wanted, name)

    async def delete(self, request: Request) -> Response:
        await self.server_state.delete(request.path_params["name"])
        return Response(status_code=204)

    async def reset(self, request: Request) -> Response:
        return await self._shown(request, await self.server_state.reset(request.path_params["name"]))

    async def commands(self, request: Request) -> Response:
        steps = await read_body(request, read_steps)
        has_events = read_switch(read_query(request, (EVENTS,), ()), EVENTS, default=True)
        sandbox = await self._sandbox(request)
        outcomes = await execute_steps(sandbox, steps, has_events=has_events)
        if len(outcomes) == 1:  # whole, though this process was interrupted for longer than a slice
            return Response(b"[%b]" % outcomes[0], media_type=MEDIA_TYPE)
        return await answer_in_slices(encoded_pieces(outcomes))

    async def show_clock(self, request: Request) -> Response:
        return ControlJson(clock_of(await self._sandbox(request)))

    async def set_clock(self, request: Request) -> Response:
        change, text = await read_body(request, read_clock_change)
        sandbox = await self._sandbox(request)
        try:
            await move_clock(sandbox, change, text)
        finally:
            self.feeds.note_clock(sandbox, clock_of(sandbox))  # an advance that stops early moves time too
        sandbox.streams.flush()
        return ControlJson(clock_of(sandbox))

    async def accounts(self, request: Request) -> Response:
        sandbox = await self._sandbox(request)
        return await _unchanged(sandbox, lambda: list_pieces(accounts_of(sandbox)))

    async def positions(self, request: Request) -> Response:
        sandbox, state, name = await self._account(request)
        return await _unchanged(sandbox, lambda: list_pieces(position_rows(state, name)))

    async def ledger(self, request: Request) -> Response:
        sandbox, state, name = await self._account(request)
        return await _unchanged(sandbox, lambda: object_pieces(ledger_lists(state, name).items()))

    async def _account(self, request: Request) -> tuple[Sandbox, State, str]:
        sandbox = await self._sandbox(request)
        return sandbox, sandbox.exchange.state, known_account(sandbox, request.path_params["account"])

    async def _sandbox(self, request: Request) -> Sandbox:
        return await self.server_state.sandboxes.caught_up(request.path_params["name"])

    async def _inspectable(self, request: Request) -> Sandbox:
        return await self.server_state.sandboxes.inspectable(request.path_params["name"])

    async def _shown(self, request: Request, sandbox: Sandbox, status: int = 200) -> Response:
        if request.headers.get("prefer") == MINIMAL or grant_of(request).is_viewer:
            return ControlJson(summary_of(sandbox, self.server_state.base_url(sandbox.name)), status)
        members = sandbox_of(sandbox, self.server_state.urls(sandbox.name))
        if len(sandbox.keys) <= KEYS_AT_ONCE_MAX:
            return ControlJson({**members, "accounts": list(members["accounts"])}, status)
        return await answer_in_slices(object_pieces(members.items()), status)

    async def _open(self, request: Request, wanted: SandboxCreation, name: str) -> Response:
        try:
            sandbox = await self._made(request, wanted, name)
        except OSError as error:  # of the port: other problems have errors of their own
            reason = error.strerror or error
            raise ControlError(409, "port_unusable", f"port {wanted.port} cannot be used: {reason}", "port") from None
        return await self._shown(request, sandbox, 201)

    async def _made(self, request: Request, wanted: SandboxCreation, name: str) -> Sandbox:
        options = wanted.named(name)
        if wanted.fork is None:
            return await self.server_state.open(wanted.plan, options, wanted.port, wanted.idle_us_max)
        target = ForkTarget(options, wanted.port, wanted.idle_us_max)
        return await open_forked(self.server_state, wanted.fork, target, request)


def known_account(sandbox: Sandbox, name: str) -> str:
    """Return `name` if the sandbox has an account of that name.

    Else raise ControlError, which suggests similar names.
    """
    accounts = sandbox.exchange.state.accounts
    if name not in accounts:
        known = ", ".join(list(accounts)[:ACCOUNTS_NAMED_MAX]) or "none"
        advice = did_you_mean(name, list(accounts)[:COMPARED_MAX]) or ";"
        raise ControlError(404, "unknown_account", f"no account {name!r}{advice} known: {known}")
    return name


async def _unchanged(sandbox: Sandbox, make: Callable[[], Iterator[bytes]]) -> Response:
    return await answer_unchanged(make, lambda: sandbox.exchange.state.sequence)
