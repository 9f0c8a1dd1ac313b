"""Reads the bodies of requests to the control API. Each body is checked completely before any of it takes effect."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from mockexchange.core.instants import parse_duration
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.script.schedule import ScriptOverrun
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import builtin_names
from mockexchange.scenario.located_text import Located, let_go, located_json
from mockexchange.scenario.steps import STEP, Step
from mockexchange.scenario.turns import ITEMS_PER_TURN, take_turn
from mockexchange.server.control.beside_loop import beside_loop
from mockexchange.server.control.errors import TOO_LARGE, ControlError, misread

BODY_BYTES_MAX = 64 * 1024 * 1024
"""The size of the largest body, enough for a scenario in it; longer histories are read from a file."""
READ_AT_ONCE_BYTES = 16 * 1024
"""The size from which a body is parsed in a thread; starting one takes a tenth of a millisecond."""
STEPS_MAX = 100_000
NUMBER_DIGITS_MAX = 18
Body = TypeVar("Body")


async def read_body(request: Request, read: Callable[[Located], Body]) -> Body:
    """Parse the body as JSON and return what `read` makes of it. Raises ControlError, and the errors of `read`.

    All scalars are text; an empty body becomes an empty object. Long bodies are parsed in a thread, one after the
    other, so that only one thread competes with the event loop. It also frees what it parsed, unless the result refers
    to it.
    """
    return await read_raw(request, await receive(request), read)


async def read_raw(request: Request, raw: bytes, read: Callable[[Located], Body]) -> Body:
    if len(raw) <= READ_AT_ONCE_BYTES and not _names_file(parsed := _parse(raw)):
        return read(parsed)
    async with request.app.state.long_bodies:
        return await beside_loop(partial(_read_long, read, raw))


def _names_file(body: Located) -> bool:
    """Return whether a short body may name a scenario in a file, which is as long as files are."""
    named = body.value.get("scenario") if isinstance(body.value, dict) else None
    text = named.value if named is not None else None
    return isinstance(text, str) and "\n" not in text and text not in builtin_names()


def _read_long(read: Callable[[Located], Body], raw: bytes) -> Body:
    """Parse and read a body in a thread, and free what was parsed there: on the loop that would take a long turn."""
    parsed = _parse(raw)
    try:
        return read(parsed)
    except (ControlError, ScenarioError) as error:
        error.__context__ = error.__traceback__ = None
        raise
    finally:
        let_go(parsed)


async def receive(request: Request, bytes_max: int | None = None) -> bytes:
    """Return the body's bytes. Raises ControlError once the client announces or sends more than `bytes_max`.

    The default limit is BODY_BYTES_MAX.
    """
    bytes_max = BODY_BYTES_MAX if bytes_max is None else bytes_max
    declared = dict(request.scope["headers"]).get(b"content-length", b"")
    if declared.isdigit() and len(declared) <= NUMBER_DIGITS_MAX and int(declared) > bytes_max:
        raise _too_large(bytes_max, f"{int(declared):,}")
    size, parts, has_more = 0, [], True
    while has_more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > bytes_max:
            raise _too_large(bytes_max, "more")
        parts.append(part)
        has_more = message.get("more_body", False)
    return b"".join(parts)


def _too_large(bytes_max: int, got: str) -> ControlError:
    advice = ": send it in parts, or name a scenario in a file (see serve --scenario-dir)"
    message = f"expected a body of at most {bytes_max:,} bytes, got {got}"
    return ControlError(413, TOO_LARGE, message + (advice if bytes_max == BODY_BYTES_MAX else ""))


def _parse(raw: bytes) -> Located:
    try:
        return located_json(raw or b"{}", "", 0)
    except UnicodeDecodeError as error:
        raise ControlError(400, "bad_json", f"not valid JSON: not UTF-8 text at byte {error.start}") from None
    except ScenarioError as error:
        raise misread("bad_json", error) from None


def read_object(body: Located) -> dict[str, Located]:
    if not isinstance(body.value, dict):
        raise ControlError(400, "bad_body", "expected a JSON object")
    return body.value


def read_steps(body: Located) -> list[Step]:
    """Parse a list of steps that are executed now, without a time. Raises ControlError."""
    if not isinstance(body.value, list):
        raise ControlError(400, "bad_body", "expected a list of steps, such as [{'settle': {...}}]")
    if len(body.value) > STEPS_MAX:
        raise ControlError(400, "too_many_steps", f"expected at most {STEPS_MAX} steps, got {len(body.value)}")
    steps = []
    for place, node in enumerate(body.value):
        try:
            step = STEP.read(node, f"[{place}]")
        except ScenarioError as error:
            raise misread("bad_step", error) from None
        if step.at is not None or step.after_us is not None:
            message = "a step here happens now: expected neither `at` nor `after`"
            raise ControlError(400, "bad_step", message, f"[{place}]")
        steps.append(step)
        if len(steps) % ITEMS_PER_TURN == 0:
            take_turn()
    return steps


def read_clock_change(body: Located) -> tuple[str, str]:
    """Return what a body asks of a clock: `advance` and a duration, or `run` and a mode. Raises ControlError."""
    members = read_object(body)
    for name in ("advance", "run"):
        if len(members) == 1 and name in members and isinstance(text := members[name].value, str):
            return name, text
    raise ControlError(400, "bad_body", 'expected {"advance": "5s"} or {"run": "paused"}')


async def move_clock(sandbox: Sandbox, change: str, text: str) -> None:
    """Change a sandbox's clock as `read_clock_change` returned it. Raises ControlError.

    Either the clock is advanced, and everything that is due on the way is executed, or its mode is changed.
    """
    try:
        if change == "advance":
            await sandbox.advance(parse_duration(text))
        else:
            await sandbox.run_clock(text)
    except ValueError as error:
        raise ControlError(400, "bad_body", str(error)) from None
    except ScriptOverrun as overrun:
        raise ControlError(409, "too_many_steps", str(overrun)) from None
