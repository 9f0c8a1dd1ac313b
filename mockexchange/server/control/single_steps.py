"""Answers requests with one plain step without ASGI: tests send most of these, and wait for their frames."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from mockexchange.sandbox.collector import collect_early
from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.scenario.steps import Step
from mockexchange.server.app import COMMANDS
from mockexchange.server.control.access.access import MARKS, ControlAccess
from mockexchange.server.control.access.roles import GRANT, Grant
from mockexchange.server.control.errors import answer_failure, answer_function
from mockexchange.server.control.json_text import MEDIA_TYPE
from mockexchange.server.control.route_table import SANDBOXES
from mockexchange.server.control.sandboxes.step_requests import execute_steps, read_single_step
from mockexchange.server.http.request_cycle import received_body, send_whole
from mockexchange.server.http.sequence_headers import sequence_header

if TYPE_CHECKING:  # it needs httptools
    from mockexchange.server.http.request_cycle import RequestCycle

JSON_TYPE = (b"content-type", MEDIA_TYPE.encode())
OK = 200


class SingleSteps:
    """Wraps the control API's application, which answers all requests but those with one plain step."""

    def __init__(self, app: ControlAccess, sandboxes: Sandboxes) -> None:
        self._app, self._sandboxes = app, sandboxes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def answer_step(self, cycle: "RequestCycle") -> Awaitable[None] | None:
        """Return the answering of a request with one plain step; None if the application has to answer it."""
        path = cycle.raw_path
        name = path.removeprefix(f"{SANDBOXES}/").removesuffix(COMMANDS)
        if path != f"{SANDBOXES}/{name}{COMMANDS}" or cycle.method != "POST" or cycle.query or self._app.audit:
            return None
        asgi: Any = cycle  # uvicorn has a type for each message
        raw = received_body(asgi.receive)
        if not raw or self._sandboxes.find(name) is None:
            return None
        checked = self._app.check(cycle.method, path, cycle.headers)
        step = None if checked.refusal else read_single_step(raw)
        return self._answer(asgi, name, step, checked.grant) if step else None

    async def _answer(self, cycle: Any, name: str, step: Step, grant: Grant | None) -> None:
        try:
            sandbox = await self._sandboxes.caught_up(name)
            [outcome] = await execute_steps(sandbox, [step])
            await self._send(cycle, name, OK, b"[%b]" % outcome)
            collect_early()
        except Exception as error:
            answer = answer_function(error)
            response = await answer(Request({**cycle.scope, GRANT: grant}), error)
            await self._send(cycle, name, response.status_code, bytes(response.body))
            if answer is answer_failure:
                raise  # a mistake of the server: its traceback is logged

    async def _send(self, cycle: Any, name: str, status: int, body: bytes) -> None:
        """Send an answer with the headers that the application gives it."""
        sandbox = self._sandboxes.find(name)
        numbers = [] if sandbox is None else [sequence_header(sandbox)]
        length = (b"content-length", b"%d" % len(body))
        await send_whole(cycle.send, status, [length, JSON_TYPE, *numbers, *MARKS], body)
