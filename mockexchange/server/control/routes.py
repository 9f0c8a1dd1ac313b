"""The control API under /_mock and the front page: how a test sees and moves an exchange.

Documented in contracts/control/openapi.yaml. A request that fails changes nothing: it is read and checked whole before
anything happens.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from mockexchange.core.commands import AddKey
from mockexchange.core.model.state import State
from mockexchange.sandbox.journal_json import entry_to_json, frame_to_json
from mockexchange.sandbox.ledger import history
from mockexchange.sandbox.ledger import state as truth
from mockexchange.sandbox.sandbox import Sandbox, SandboxEnded
from mockexchange.sandbox.sandboxes import SandboxError
from mockexchange.scenario.errors import ScenarioError
from mockexchange.server.control import errors
from mockexchange.server.control.access import ControlAccess
from mockexchange.server.control.answers import clock_of, sandbox_of, streams_of, summary_of
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.events import WATCHERS_MAX, EventStream, Feeds
from mockexchange.server.control.faults import FAULT_RULES
from mockexchange.server.control.json_text import ControlJson
from mockexchange.server.control.requests import (
    Handler,
    find_entries,
    find_frames,
    move_clock,
    read_json,
    read_object,
    read_steps,
    read_watch,
)
from mockexchange.server.control.rules import handlers_of_all, handlers_of_one
from mockexchange.server.control.sandbox_creation import SandboxCreation, parse_creation
from mockexchange.server.control.script import script_handlers
from mockexchange.server.control.streams import move_streams
from mockexchange.server.control.stubs import STUB_ANSWERS
from mockexchange.server.control.wait_requests import read_wait
from mockexchange.server.control.waits import wait_for
from mockexchange.server.http.document_pages import document_routes
from mockexchange.server.http.front_page import render_page
from mockexchange.server.http.listener import PortInUse
from mockexchange.server.metrics import MEDIA_TYPE as METRICS_TYPE
from mockexchange.server.metrics import exposition
from mockexchange.server.server_state import ServerState
from mockexchange.server.websocket.stream_endpoint import streams_drained
from mockexchange.store.codec import write_log

ACCOUNTS_NAMED_MAX = 20
STEPS_AT_ONCE = 200
"""A few milliseconds: then others have their turn."""
Description = Callable[[], dict[str, Any]]


def control_app(server_state: ServerState, token: str, allow_hosts: list[str], describe: Description) -> ASGIApp:
    """Build the application; `describe` returns what the ready file says, for the front page."""
    handlers: dict[Any, Any] = {
        ControlError: errors.answer_control_error,
        SandboxError: errors.answer_control_error,
        SandboxEnded: errors.answer_sandbox_ended,
        ScenarioError: errors.answer_scenario_error,
        PortInUse: errors.answer_port_in_use,
        Exception: errors.answer_failure,
        404: errors.answer_no_path,
        405: errors.answer_wrong_method,
    }
    routes = [*_routes(Control(server_state, describe)), *document_routes()]
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return ControlAccess(app, token, frozenset(allow_hosts))


def _routes(api: "Control") -> list[Route]:
    one = "/_mock/sandboxes/{name}"
    return [
        _resource("/", GET=api.page),
        _resource("/_mock/live", GET=api.live),
        _resource("/_mock/ready", GET=api.ready),
        _resource("/_mock/health", GET=api.ready),
        _resource("/_mock/metrics", GET=api.metrics),
        _resource("/_mock/sandboxes", GET=api.list_sandboxes, POST=api.create),
        _resource(one, GET=api.show, PUT=api.put, DELETE=api.delete),
        _resource(f"{one}/reset", POST=api.reset),
        _resource(f"{one}/commands", POST=api.commands),
        _resource(f"{one}/clock", GET=api.show_clock, POST=api.set_clock),
        _resource(f"{one}/script", **script_handlers(api.server_state)),
        _resource(f"{one}/faults", **handlers_of_all(api.server_state, FAULT_RULES)),
        _resource(f"{one}/faults/{{fault:path}}", **handlers_of_one(api.server_state, FAULT_RULES)),
        _resource(f"{one}/stubs", **handlers_of_all(api.server_state, STUB_ANSWERS)),
        _resource(f"{one}/stubs/{{stub:path}}", **handlers_of_one(api.server_state, STUB_ANSWERS)),
        _resource(f"{one}/journal", GET=api.journal, DELETE=api.clear_journal),
        _resource(f"{one}/frames", GET=api.frames),
        _resource(f"{one}/streams", GET=api.streams, POST=api.move_streams),
        _resource(f"{one}/events", GET=api.events),
        _resource(f"{one}/wait", POST=api.wait),
        _resource(f"{one}/log", GET=api.log),
        _resource(f"{one}/accounts/{{account}}/positions", GET=api.positions),
        _resource(f"{one}/accounts/{{account}}/ledger", GET=api.ledger),
    ]


def _resource(path: str, **handlers: Handler) -> Route:
    """One route a path, so that a wrong method is told all the right ones."""

    async def answer(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, answer, methods=list(handlers))


class Control:
    """The handlers, one an operation."""

    def __init__(self, server_state: ServerState, describe: Description) -> None:
        self.server_state = server_state
        self.describe = describe
        self.feeds = Feeds()

    async def page(self, request: Request) -> Response:
        return render_page(self.describe())

    async def live(self, request: Request) -> Response:
        return ControlJson({"live": True})

    async def ready(self, request: Request) -> Response:
        is_ready = len(self.server_state.sandboxes) > 0
        return ControlJson({"live": True, "ready": is_ready}, status_code=200 if is_ready else 503)

    async def metrics(self, request: Request) -> Response:
        await self.server_state.drop_expired()
        text = exposition([slot.sandbox for slot in self.server_state.sandboxes])
        return Response(text, headers={"content-type": METRICS_TYPE})

    async def list_sandboxes(self, request: Request) -> Response:
        await self.server_state.drop_expired()
        found = [slot.sandbox for slot in self.server_state.sandboxes]
        return ControlJson([summary_of(sandbox, self.server_state.base_url(sandbox.name)) for sandbox in found])

    async def create(self, request: Request) -> Response:
        wanted = parse_creation(read_object(await read_json(request)))
        return await self._open(wanted, wanted.options.name or self.server_state.sandboxes.new_name())

    async def show(self, request: Request) -> Response:
        return self._shown(await self._sandbox(request))

    async def put(self, request: Request) -> Response:
        name = request.path_params["name"]
        wanted = parse_creation(read_object(await read_json(request)), name)
        if any(slot.sandbox.name == name for slot in self.server_state.sandboxes):
            return self._shown(await self._sandbox(request))
        return await self._open(wanted, name)

    async def delete(self, request: Request) -> Response:
        await self.server_state.delete(request.path_params["name"])
        return Response(status_code=204)

    async def reset(self, request: Request) -> Response:
        return self._shown(await self.server_state.reset(request.path_params["name"]))

    async def commands(self, request: Request) -> Response:
        steps = read_steps(await read_json(request))
        sandbox = await self._sandbox(request)
        outcomes = []
        for count, step in enumerate(steps, start=1):
            outcome = await sandbox.submit(step.command)
            outcomes.append(truth.outcome_of(sandbox.exchange.state.sequence, sandbox.exchange.last_at, outcome))
            if count % STEPS_AT_ONCE == 0:
                await streams_drained(sandbox)
        await sandbox.run_due()
        sandbox.require_open()
        sandbox.streams.flush()
        if any(isinstance(step.command, AddKey) for step in steps):
            self._route_keys(sandbox)
        return ControlJson(outcomes)

    async def show_clock(self, request: Request) -> Response:
        return ControlJson(clock_of(await self._sandbox(request)))

    async def set_clock(self, request: Request) -> Response:
        body = read_object(await read_json(request))
        sandbox = await self._sandbox(request)
        await move_clock(sandbox, body)
        sandbox.streams.flush()
        return ControlJson(clock_of(sandbox))

    async def journal(self, request: Request) -> Response:
        entries = find_entries((await self._sandbox(request)).journal, request)
        return ControlJson([entry_to_json(entry) for entry in entries])

    async def clear_journal(self, request: Request) -> Response:
        (await self._sandbox(request)).journal.clear()
        return Response(status_code=204)

    async def frames(self, request: Request) -> Response:
        found = find_frames((await self._sandbox(request)).journal, request)
        return ControlJson([frame_to_json(number, frame) for number, frame in found])

    async def streams(self, request: Request) -> Response:
        return ControlJson(streams_of(await self._sandbox(request)))

    async def move_streams(self, request: Request) -> Response:
        body = read_object(await read_json(request))
        sandbox = await self._sandbox(request)
        count = move_streams(sandbox, body)
        sandbox.streams.flush()
        return ControlJson({"connections": count})

    async def events(self, request: Request) -> Response:
        kinds, last_event_id, is_following = read_watch(request)
        feed = self.feeds.of(await self._sandbox(request))
        if feed.watchers >= WATCHERS_MAX:
            raise ControlError(409, "too_many_watchers", f"at most {WATCHERS_MAX} can watch one sandbox")
        return EventStream(feed, kinds, last_event_id, is_following)

    async def wait(self, request: Request) -> Response:
        make, timeout_us = read_wait(read_object(await read_json(request)))
        sandbox = await self._sandbox(request)
        found = await wait_for(sandbox, make(sandbox), timeout_us, request.receive)
        return ControlJson({"found": found})

    async def log(self, request: Request) -> Response:
        return StreamingResponse(_lines(await self._sandbox(request)), media_type="application/jsonl")

    async def positions(self, request: Request) -> Response:
        return ControlJson(truth.positions_of(*await self._account(request)))

    async def ledger(self, request: Request) -> Response:
        return ControlJson(history.ledger_of(*await self._account(request)))

    async def _account(self, request: Request) -> tuple[State, str]:
        sandbox, name = await self._sandbox(request), request.path_params["account"]
        state = sandbox.exchange.state
        if name not in state.accounts:
            known = ", ".join(list(state.accounts)[:ACCOUNTS_NAMED_MAX]) or "none"
            raise ControlError(404, "unknown_account", f"no account {name!r}; known: {known}")
        return state, name

    async def _sandbox(self, request: Request) -> Sandbox:
        return await self.server_state.sandboxes.caught_up(request.path_params["name"])

    def _shown(self, sandbox: Sandbox, status: int = 200) -> Response:
        return ControlJson(sandbox_of(sandbox, self.server_state.urls(sandbox.name)), status_code=status)

    async def _open(self, wanted: SandboxCreation, name: str) -> Response:
        try:
            sandbox = await self.server_state.open(wanted.plan, wanted.named(name), wanted.port, wanted.idle_us_max)
        except OSError as error:  # of the port: whatever else is opened says so in errors of its own
            reason = error.strerror or error
            raise ControlError(409, "port_unusable", f"port {wanted.port} cannot be used: {reason}", "port") from None
        return self._shown(sandbox, 201)

    def _route_keys(self, sandbox: Sandbox) -> None:
        """A key that was added is found on the main port from now on, if its sandbox lives there."""
        if not self.server_state.sandboxes.get(sandbox.name).has_own_port:
            self.server_state.sandboxes.index_keys(sandbox)


async def _lines(sandbox: Sandbox) -> AsyncIterator[bytes]:
    for line in write_log(sandbox.log):
        yield line
