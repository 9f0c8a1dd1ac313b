"""Defines the errors of the control API: {"error": {code, message, where?}}, with a status and a code for programs."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mockexchange.sandbox.interface import (
    CommandFailed,
    KeyInUse,
    SandboxBroken,
    SandboxEnded,
    SandboxError,
    StoreUnavailable,
    log_failure,
)
from mockexchange.sandbox.quotas import QuotaReached
from mockexchange.scenario.errors import ScenarioError, TooLarge
from mockexchange.server.control.access import GRANT, grant_of
from mockexchange.server.control.answers import ControlJson
from mockexchange.server.http.listener import PortInUse
from mockexchange.server.http.rest_endpoint import pause_before_refusal
from mockexchange.store.log import LogUnavailable

TOO_LARGE = "body_too_large"


class ControlError(Exception):
    """Raised to refuse a request to the control API: a message of one line and, if known, the path in the body."""

    def __init__(self, status: int, code: str, message: str, where: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.where = status, code, where


def misread(code: str, error: ScenarioError) -> ControlError:
    """Return a ControlError for an error that the scenario reader raised when it parsed a body or a step."""
    if isinstance(error, TooLarge):
        return ControlError(413, TOO_LARGE, error.message, _place_of(error))
    return ControlError(400, code, error.message, _place_of(error))


def error_answer(status: int, code: str, message: str, where: str | None = None) -> Response:
    error = {"code": code, "message": message, **({"where": where} if where else {})}
    return ControlJson({"error": error}, status_code=status)


async def answer_control_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ControlError | SandboxError)
    return error_answer(error.status, error.code, str(error), getattr(error, "where", None))


async def answer_key_in_use(request: Request, error: Exception) -> Response:
    """Name the sandbox that has the key to a token that may see it."""
    assert isinstance(error, KeyInUse)
    is_seen = GRANT in request.scope and grant_of(request).sees(error.owner)
    message = error.naming(f"sandbox {error.owner!r}") if is_seen else str(error)
    return error_answer(error.status, error.code, message, error.where)


async def answer_sandbox_ended(request: Request, error: Exception) -> Response:
    return error_answer(409, "sandbox_ended", str(error))


async def answer_sandbox_broken(request: Request, error: Exception) -> Response:
    return error_answer(503, "sandbox_broken", str(error))


async def answer_store_unavailable(request: Request, error: Exception) -> Response:
    if isinstance(error, QuotaReached):
        await pause_before_refusal(error)
        return error_answer(409, "quota_reached", str(error))
    return error_answer(503, "store_unavailable", str(error))


async def answer_command_failed(request: Request, error: Exception) -> Response:
    return error_answer(500, "internal_error", log_failure(f"{request.method} {request.url.path}", error))


async def answer_scenario_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ScenarioError)
    wrong = misread("bad_scenario", error)
    return error_answer(wrong.status, wrong.code, str(wrong), wrong.where)


def _place_of(error: ScenarioError) -> str | None:
    place = ":".join(str(part) for part in (error.file, error.line) if part)
    return " ".join(part for part in (place, error.path) if part) or None


async def answer_port_in_use(request: Request, error: Exception) -> Response:
    assert isinstance(error, PortInUse)
    return error_answer(409, "port_in_use", str(error))


async def answer_disconnected(request: Request, error: Exception) -> Response:
    """Return a response for a client that disconnected in the middle of its body; nothing of it is sent."""
    return error_answer(400, "disconnected", "the body is incomplete")


async def answer_no_path(request: Request, error: Exception) -> Response:
    return error_answer(404, "not_found", f"{request.url.path} is no path of the control API")


async def answer_wrong_method(request: Request, error: Exception) -> Response:
    """Answer 405 with the supported methods in `Allow`, as HTTP requires."""
    assert isinstance(error, HTTPException)
    assert error.headers is not None, "a route names its methods"
    allowed = ", ".join(sorted(error.headers["Allow"].split(", ")))
    message = f"{request.url.path} does not answer {request.method}: expected one of {allowed}"
    answer = error_answer(405, "method_not_allowed", message)
    answer.headers["Allow"] = allowed
    return answer


async def answer_failure(request: Request, error: Exception) -> Response:
    """Answer 500 with the type of an internal error; its traceback is in the server's output."""
    message = f"the server made a mistake ({type(error).__name__}): its output tells where; please report it"
    return error_answer(500, "internal_error", message)


HANDLERS: Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    ControlError: answer_control_error,
    SandboxError: answer_control_error,
    KeyInUse: answer_key_in_use,
    SandboxEnded: answer_sandbox_ended,
    SandboxBroken: answer_sandbox_broken,
    StoreUnavailable: answer_store_unavailable,
    LogUnavailable: answer_store_unavailable,
    CommandFailed: answer_command_failed,
    ScenarioError: answer_scenario_error,
    PortInUse: answer_port_in_use,
    ClientDisconnect: answer_disconnected,
    Exception: answer_failure,
    404: answer_no_path,
    405: answer_wrong_method,
}
"""The functions that answer exceptions, by class, and requests without a route, by status."""


def answer_function(error: Exception) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return the function that answers an exception, by the nearest of its classes."""
    return next(HANDLERS[kind] for kind in type(error).__mro__ if kind in HANDLERS)
