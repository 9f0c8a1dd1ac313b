"""The control API under /_mock and the front page: how a test sees and moves an exchange.

Token in the Authorization header, Host checked against DNS rebinding. A request that fails changes nothing: its body
is read and checked whole before anything happens. Errors are {"error": {code, message, where?}}.
"""

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mockexchange.core.instants import format_instant, parse_duration
from mockexchange.core.refusals import Refusal
from mockexchange.journal import Entry
from mockexchange.sandbox import Sandbox
from mockexchange.sandboxes import SandboxError
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.source import Located, locate
from mockexchange.scenario.steps import STEP, Step
from mockexchange import truth
from mockexchange.server.creation import parse_creation
from mockexchange.server.hub import Hub
from mockexchange.journal_json import entry_to_json
from mockexchange.server.listener import PortInUse
from mockexchange.server.page import render_page
from mockexchange.store.codec import write_log

BODY_BYTES_MAX = 64 * 1024 * 1024
"""A scenario given inline; longer histories come from a file."""
STEPS_MAX = 100_000
LOOPBACK_NAMES = frozenset(("127.0.0.1", "localhost", "::1"))
JOURNAL_FILTERS = ("operation", "account", "method", "path", "key_id")
OPEN_PATHS = frozenset(("/", "/_mock/live", "/_mock/ready", "/_mock/health"))

Handler = Callable[[Request], Awaitable[Response]]


class ControlError(Exception):
    """A control request that cannot be carried out: one line and, where it helps, the place."""

    def __init__(self, status: int, code: str, message: str, where: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.where = status, code, where


class Guard:
    """Lets through only the right Host and the right token."""

    def __init__(self, app: ASGIApp, token: str, hosts: frozenset[str]) -> None:
        self.app, self.token, self.hosts = app, token, LOOPBACK_NAMES | hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(Request(scope))
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        host = _host_name(request.headers.get("host", ""))
        if host not in self.hosts:
            message = f"Host {host[:80]!r} is not allowed here: start with --allow-host {host[:80] or 'NAME'}"
            return _error(403, "host_not_allowed", message)
        if request.url.path in OPEN_PATHS:
            return None
        given = request.headers.get("authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            return None
        message = "expected `Authorization: Bearer TOKEN` with the token from the ready file or MOCKEXCHANGE_TOKEN"
        return _error(401, "unauthorized", message)


def control_app(hub: Hub, token: str, allow_hosts: list[str], describe: Callable[[], dict[str, Any]]) -> Starlette:
    """Build the application; `describe` returns what the ready file says, for the front page."""
    api = Control(hub, describe)
    one = "/_mock/sandboxes/{name}"
    routes = [
        Route("/", api.page),
        Route("/_mock/live", api.live),
        Route("/_mock/ready", api.ready),
        Route("/_mock/health", api.ready),
        Route("/_mock/sandboxes", api.list_sandboxes),
        Route("/_mock/sandboxes", api.create, methods=["POST"]),
        Route(one, api.show),
        Route(one, api.put, methods=["PUT"]),
        Route(one, api.delete, methods=["DELETE"]),
        Route(f"{one}/reset", api.reset, methods=["POST"]),
        Route(f"{one}/commands", api.commands, methods=["POST"]),
        Route(f"{one}/clock", api.show_clock),
        Route(f"{one}/clock", api.set_clock, methods=["POST"]),
        Route(f"{one}/journal", api.journal),
        Route(f"{one}/journal", api.clear_journal, methods=["DELETE"]),
        Route(f"{one}/log", api.log),
        Route(f"{one}/accounts/{{account}}/positions", api.positions),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, token=token, hosts=frozenset(allow_hosts))],
        exception_handlers={
            ControlError: _control_error,
            SandboxError: _control_error,
            ScenarioError: _scenario_error,
            PortInUse: _port_in_use,
            404: _not_found,
            405: _wrong_method,
        },
    )


class Control:
    """The handlers, one an operation."""

    def __init__(self, hub: Hub, describe: Callable[[], dict[str, Any]]) -> None:
        self.hub = hub
        self.describe = describe

    async def page(self, request: Request) -> Response:
        return render_page(self.describe())

    async def live(self, request: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(self, request: Request) -> Response:
        is_ready = len(self.hub.sandboxes) > 0
        return JSONResponse({"live": True, "ready": is_ready}, status_code=200 if is_ready else 503)

    async def list_sandboxes(self, request: Request) -> Response:
        await self.hub.drop_expired()
        return JSONResponse([self._brief(slot.sandbox) for slot in self.hub.sandboxes])

    async def create(self, request: Request) -> Response:
        wanted = parse_creation(await _json_object(request), self.hub.sandboxes.new_name)
        sandbox = await self.hub.open(wanted.plan, wanted.options, wanted.port, wanted.idle_us_max)
        return JSONResponse(self._whole(sandbox), status_code=201)

    async def show(self, request: Request) -> Response:
        return JSONResponse(self._whole(self._sandbox(request)))

    async def put(self, request: Request) -> Response:
        name = request.path_params["name"]
        wanted = parse_creation(await _json_object(request), lambda: name)
        if any(slot.sandbox.name == name for slot in self.hub.sandboxes):
            return JSONResponse(self._whole(self._sandbox(request)))
        sandbox = await self.hub.open(wanted.plan, wanted.options, wanted.port, wanted.idle_us_max)
        return JSONResponse(self._whole(sandbox), status_code=201)

    async def delete(self, request: Request) -> Response:
        await self.hub.delete(request.path_params["name"])
        return Response(status_code=204)

    async def reset(self, request: Request) -> Response:
        return JSONResponse(self._whole(await self.hub.sandboxes.reset(request.path_params["name"])))

    async def commands(self, request: Request) -> Response:
        sandbox = self._sandbox(request)
        steps = _read_steps(await _json(request))
        outcomes = [await self._submit(sandbox, step) for step in steps]
        return JSONResponse(outcomes)

    async def show_clock(self, request: Request) -> Response:
        return JSONResponse(_clock(self._sandbox(request)))

    async def set_clock(self, request: Request) -> Response:
        sandbox = self._sandbox(request)
        _move_clock(sandbox, await _json_object(request))
        return JSONResponse(_clock(sandbox))

    async def journal(self, request: Request) -> Response:
        entries = _find_entries(self._sandbox(request), request)
        return JSONResponse([entry_to_json(entry) for entry in entries])

    async def clear_journal(self, request: Request) -> Response:
        self._sandbox(request).journal.clear()
        return Response(status_code=204)

    async def log(self, request: Request) -> Response:
        return StreamingResponse(_chunks(self._sandbox(request)), media_type="application/jsonl")

    async def positions(self, request: Request) -> Response:
        state, name = self._sandbox(request).exchange.state, request.path_params["account"]
        if name not in state.accounts:
            known = ", ".join(list(state.accounts)[:20]) or "none"
            raise ControlError(404, "unknown_account", f"no account {name!r}; known: {known}")
        return JSONResponse(truth.positions_of(state, name))

    def _sandbox(self, request: Request) -> Sandbox:
        return self.hub.sandboxes.get(request.path_params["name"]).sandbox

    async def _submit(self, sandbox: Sandbox, step: Step) -> dict[str, Any]:
        outcome = await sandbox.submit(step.command)
        if not isinstance(outcome, Refusal) and not self.hub.sandboxes.get(sandbox.name).has_own_port:
            self.hub.sandboxes.index_keys(sandbox)
        return truth.outcome_of(sandbox.exchange.state.sequence, sandbox.exchange.last_at, outcome)

    def _brief(self, sandbox: Sandbox) -> dict[str, Any]:
        return {
            "id": sandbox.name,
            "scenario": sandbox.plan.name,
            "api_date": sandbox.options.api_date.name,
            "clock": _clock(sandbox),
            "base_url": self.hub.base_url(sandbox.name),
            "commands": len(sandbox.log),
            "requests": sandbox.journal.count,
        }

    def _whole(self, sandbox: Sandbox) -> dict[str, Any]:
        accounts = [
            {
                "name": one.account,
                "key": one.key,
                "kind": one.kind.value,
                "venue": "kalshi",
                "key_id": one.key_id,
                "private_key_pem": one.private_pem,
                "subtraders": one.subtraders,
            }
            for one in sandbox.credentials()
        ]
        return {**self._brief(sandbox), "ws_url": None, "accounts": accounts}


def _read_steps(body: Any) -> list[Step]:
    if not isinstance(body, list):
        raise ControlError(400, "bad_body", "expected a list of steps, such as [{'settle': {...}}]")
    if len(body) > STEPS_MAX:
        raise ControlError(400, "too_many_steps", f"expected at most {STEPS_MAX} steps, got {len(body)}")
    steps = [STEP.read(locate(item, ""), f"[{place}]") for place, item in enumerate(body)]
    for place, step in enumerate(steps):
        if step.at is not None or step.after_us is not None:
            message = "a step here happens now: expected neither `at` nor `after`"
            raise ControlError(400, "bad_body", message, f"[{place}]")
    return steps


def _move_clock(sandbox: Sandbox, body: dict[str, Located]) -> None:
    words = {name: node.value for name, node in body.items()}
    try:
        match words:
            case {"advance": str(duration), **rest} if not rest:
                sandbox.clock.advance(parse_duration(duration))
            case {"run": str(mode), **rest} if not rest:
                sandbox.clock.run(mode)
            case _:
                raise ValueError('expected {"advance": "5s"} or {"run": "paused"}')
    except ValueError as error:
        raise ControlError(400, "bad_body", str(error)) from None


def _clock(sandbox: Sandbox) -> dict[str, str]:
    return {"mode": sandbox.clock.mode, "now": format_instant(sandbox.clock.now())}


def _find_entries(sandbox: Sandbox, request: Request) -> list[Entry]:
    asked = dict(request.query_params)
    numbers = {name: _number(name, asked.pop(name)) for name in ("status", "after", "last") if name in asked}
    unknown = [name for name in asked if name not in JOURNAL_FILTERS]
    if unknown:
        known = ", ".join((*JOURNAL_FILTERS, "status", "after", "last"))
        raise ControlError(400, "bad_query", f"unknown filter {unknown[0]!r}; known: {known}")
    wanted = {**asked, **({"status": numbers["status"]} if "status" in numbers else {})}
    found = [entry for entry in sandbox.journal.find(**wanted) if entry.number > numbers.get("after", 0)]
    return found[-numbers["last"] :] if numbers.get("last") else found


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ControlError(400, "bad_query", f"{name}: expected a whole number, got {text[:40]!r}")
    return int(text)


async def _chunks(sandbox: Sandbox) -> Any:
    for line in write_log(sandbox.log):
        yield line


async def _json(request: Request) -> Any:
    size = 0
    parts = []
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise ControlError(413, "body_too_large", f"expected at most {BODY_BYTES_MAX} bytes")
        parts.append(part)
    try:
        text = b"".join(parts).decode()
        return json.loads(text or "{}", parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise ControlError(400, "bad_json", f"the body is not JSON: {error}") from None


async def _json_object(request: Request) -> dict[str, Located]:
    body = await _json(request)
    if not isinstance(body, dict):
        raise ControlError(400, "bad_body", "expected a JSON object")
    return {name: locate(value, "") for name, value in body.items()}


def _host_name(host: str) -> str:
    name = host.rpartition(":")[0] if not host.endswith("]") and host.rpartition(":")[2].isdigit() else host
    return name.strip("[]").lower()


def _error(status: int, code: str, message: str, where: str | None = None) -> Response:
    error = {"code": code, "message": message, **({"where": where} if where else {})}
    return JSONResponse({"error": error}, status_code=status)


async def _control_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ControlError | SandboxError)
    return _error(error.status, error.code, str(error), getattr(error, "where", None))


async def _scenario_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ScenarioError)
    place = ":".join(str(part) for part in (error.file, error.line) if part)
    where = " ".join(part for part in (place, error.path) if part)
    return _error(400, "bad_scenario", error.message, where or None)


async def _port_in_use(request: Request, error: Exception) -> Response:
    return _error(409, "port_in_use", str(error))


async def _not_found(request: Request, error: Exception) -> Response:
    return _error(404, "not_found", f"{request.url.path} is no path of the control API")


async def _wrong_method(request: Request, error: Exception) -> Response:
    return _error(405, "method_not_allowed", f"{request.url.path} does not answer {request.method}")
