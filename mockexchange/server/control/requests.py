"""Reads the bodies and the queries of requests to the control API.

Each is checked completely before any of it takes effect.
"""

import asyncio
from collections.abc import Callable
from threading import Event
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from mockexchange.sandbox.garbage_collection import collector_paused
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.loader import builtin_names
from mockexchange.scenario.located_text import Located, let_go, located_json
from mockexchange.scenario.loop_turns import giving_turns
from mockexchange.server.control.errors import TOO_LARGE, ControlError, misread

BODY_BYTES_MAX = 64 * 1024 * 1024
"""The size of the largest body, enough for a scenario in it; longer histories are read from a file."""
READ_AT_ONCE_BYTES = 16 * 1024
"""The size from which a body is parsed in a thread; starting one takes a tenth of a millisecond."""
NUMBER_DIGITS_MAX = 18
TURN_S_MAX = 1.0
"""The longest wait for a turn of the loop: one that has stopped meanwhile does not keep the thread."""
Result = TypeVar("Result")
SHORT, REDACT = "short", "redact"


# --- bodies


async def read_body(request: Request, read: Callable[[Located], Result]) -> Result:
    """Parse the body as JSON and return what `read` makes of it. Raises ControlError, and the errors of `read`.

    All scalars are text; an empty body becomes an empty object. Long bodies are parsed in a thread, one after the
    other, so that only one thread competes with the event loop. It also frees what it parsed, unless the result refers
    to it.
    """
    return await read_raw(request, await receive(request), read)


async def read_raw(request: Request, raw: bytes, read: Callable[[Located], Result]) -> Result:
    """Parse the bytes of a body, and return what `read` makes of them, as `read_body` does."""
    if len(raw) <= READ_AT_ONCE_BYTES and not _names_file(parsed := _parse(raw)):
        return read(parsed)

    def read_and_free() -> Result:  # in the thread too: on the loop, to free what was parsed would take a long turn
        parsed = _parse(raw)
        try:
            return read(parsed)
        except (ControlError, ScenarioError) as error:
            error.__context__ = error.__traceback__ = None
            raise
        finally:
            let_go(parsed)

    async with request.app.state.long_bodies:
        return await beside_loop(read_and_free)


def _names_file(body: Located) -> bool:
    """Return whether a short body may name a scenario in a file, which is as long as files are."""
    named = body.value.get("scenario") if isinstance(body.value, dict) else None
    text = None if named is None else named.value
    return isinstance(text, str) and "\n" not in text and text not in builtin_names()


def _parse(raw: bytes) -> Located:
    try:
        return located_json(raw or b"{}", "", 0)
    except UnicodeDecodeError as error:
        raise ControlError(400, "bad_json", f"not valid JSON: not UTF-8 text at byte {error.start}") from None
    except ScenarioError as error:
        raise misread("bad_json", error) from None


async def beside_loop(work: Callable[[], Result]) -> Result:
    """Return what a function returns, which a thread calls; the loop turns whenever it calls `take_turn`.

    The collector is paused meanwhile: it would walk all values of a long document, with the interpreter held, again and
    again, and none of them is garbage.
    """
    loop = asyncio.get_running_loop()

    def wait() -> None:
        turned = Event()
        try:
            loop.call_soon_threadsafe(turned.set)
        except RuntimeError:
            return  # the loop has ended
        turned.wait(TURN_S_MAX)

    def worked() -> Result:
        with giving_turns(wait), collector_paused():
            return work()

    return await asyncio.to_thread(worked)


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


def read_object(body: Located) -> dict[str, Located]:
    if not isinstance(body.value, dict):
        raise ControlError(400, "bad_body", "expected a JSON object")
    return body.value


# --- queries


def read_query(request: Request, texts: tuple[str, ...], numbers: tuple[str, ...]) -> dict[str, Any]:
    """Return the query parameters by name, `numbers` as integers; each may occur once. Raises ControlError."""
    asked: dict[str, Any] = {}
    if not request.scope["query_string"]:
        return asked
    for name, value in request.query_params.multi_items():
        if name not in (*texts, *numbers):
            raise ControlError(
                400, "bad_query", f"unknown filter {name[:40]!r}; known: {', '.join((*texts, *numbers)) or 'none'}"
            )
        if name in asked:
            raise ControlError(400, "bad_query", f"{name}: expected it once")
        if name in numbers and not (value.isascii() and value.isdigit() and len(value) <= NUMBER_DIGITS_MAX):
            raise ControlError(400, "bad_query", f"{name}: expected a whole number, got {value[:40]!r}")
        asked[name] = int(value) if name in numbers else value
    return asked


def read_switch(asked: dict[str, Any], name: str, *, default: bool) -> bool:
    """Remove a parameter that is true or false from a query, and return its value. Raises ControlError."""
    word = asked.pop(name, None)
    if word not in (None, "true", "false"):
        raise ControlError(400, "bad_query", f"{name}: expected true or false, got {word[:40]!r}")
    return default if word is None else bool(word == "true")


def require_known(name: str, wanted: dict[str, Any], known: tuple[str, ...]) -> None:
    """Raise ControlError if the wanted value is not one of the known values."""
    word = wanted.get(name)
    if word is not None and word not in known:
        choices = ", ".join(filter(None, known))
        advice = did_you_mean(word[:40], filter(None, known)) or f": expected one of {choices}"
        raise ControlError(400, "bad_query", f"{name}: no {name} {word[:40]!r}{advice}")
